"""Requests and answers as plain records, shared by the servers and an in-memory fake.

`Instance` and `Gateway` map one to the other without a socket or a clock of their own,
so whatever carries the bytes (uvicorn here, a fake sender elsewhere) answers alike.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from types import MappingProxyType
from typing import cast

__all__ = (
    "NO_HEADERS",
    "Answer",
    "Request",
    "as_object",
    "dated",
    "json_answer",
    "text_answer",
)

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a client sent.

    `headers` has lower-case names. `path` starts with a slash, still carries its
    doubled or trailing slashes, and has no query.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=lambda: NO_HEADERS)
    body: bytes = field(default=b"", repr=False)

    def header(self, name: str) -> str | None:
        """Return the header called `name` (in any case), or None."""
        return self.headers.get(name.lower())


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a host answers; `pieces` is set when the body goes out as a stream."""

    status: int
    headers: Mapping[str, str] = field(default_factory=lambda: NO_HEADERS)
    body: bytes = field(default=b"", repr=False)
    pieces: tuple[bytes, ...] | None = field(default=None, repr=False)

    def json(self) -> object:
        """Decode the body.

        Raises:
            ValueError: If the body is not JSON.
        """
        document: object = json.loads(self.body)
        return document

    def with_headers(self, headers: Mapping[str, str]) -> "Answer":
        """Return a copy with `headers` on top of its own."""
        return Answer(
            status=self.status,
            headers={**self.headers, **headers},
            body=self.body,
            pieces=self.pieces,
        )


def json_answer(
    status: int, document: object, headers: Mapping[str, str] = NO_HEADERS
) -> Answer:
    """Build an answer whose body is compact JSON, as FastAPI writes it."""
    body = json.dumps(document, ensure_ascii=True, separators=(",", ":")).encode()
    return Answer(
        status=status,
        headers={"content-type": "application/json", **headers},
        body=body,
    )


def text_answer(
    status: int, text: str, content_type: str = "text/plain; charset=utf-8"
) -> Answer:
    """Build an answer with a body of another type."""
    return Answer(
        status=status,
        headers={"content-type": content_type},
        body=text.encode("utf-8", "replace"),
    )


def dated(answer: Answer, now_unix: float) -> Answer:
    """Add the `Date` header of a host whose clock shows `now_unix` seconds."""
    return answer.with_headers({"date": formatdate(now_unix, usegmt=True)})


def as_object(value: object) -> Mapping[str, object] | None:
    """Return `value` when it is a JSON object, else None."""
    if not isinstance(value, dict):
        return None
    return cast("dict[str, object]", value)
