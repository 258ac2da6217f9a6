"""What arrived at an endpoint, as tests look at it: whole, but for its secrets."""

import hashlib
import json as jsonlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gitlab_completions.emulator.answers import Request

__all__ = ("SeenRequest", "seen_of")

_SECRET_HEADERS: Final = frozenset({"authorization", "private-token", "cookie"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRequest:
    """A request that arrived; credentials in `headers` are replaced by a short digest.

    The digest lets a test tell one token from another.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def body_size(self) -> int:
        """The size of the body in bytes."""
        return len(self.body)

    def json(self) -> object:
        """Decode the body.

        Raises:
            ValueError: If it is not JSON.
        """
        document: object = jsonlib.loads(self.body)
        return document


def seen_of(request: Request) -> SeenRequest:
    """Return the record of `request`, without its secrets."""
    headers = {name: _shown(name, text) for name, text in request.headers.items()}
    return SeenRequest(
        method=request.method, path=request.path, headers=headers, body=request.body
    )


def _shown(name: str, value: str) -> str:
    """Replace the value of a secret header by a digest."""
    if name not in _SECRET_HEADERS:
        return value
    return f"sha256:{hashlib.sha256(value.encode()).hexdigest()[:8]}"
