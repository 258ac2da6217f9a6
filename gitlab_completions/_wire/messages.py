"""What crosses the border to the HTTP library: plain values, and no type of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from gitlab_completions._records import Record

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from gitlab_completions.models import Route

Purpose = Literal["completion", "details", "warm_up"]
SendErrorKind = Literal[
    "connect", "tls", "proxy", "timeout", "broken", "protocol", "pool"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class WireRequest:
    """A request as it goes on the wire.

    A dataclass, so that who wraps a sender can `dataclasses.replace` its headers.

    Args:
        route: Which host it belongs to: the gateway's or the instance's.
        method: HTTP method.
        url: Absolute URL.
        headers: All header pairs that matter; secrets among them.
        body: The body, encoded; may hold the author's source.
        timeout_s: Seconds until the exchange must have ended.
        purpose: What it is for; completions alone pass a gate, so that a sender keeps
            two connections for the others.
        last_resort: No other route is left in this call, so that the connection may
            take longer to be made.
    """

    route: Route
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    timeout_s: float
    purpose: Purpose
    last_resort: bool = False

    def __repr__(self) -> str:
        return (
            f"WireRequest({self.method} {self.url}, {self.purpose} on {self.route}, "
            f"headers=<{len(self.headers)}>, body=<{len(self.body)} bytes>)"
        )


class WireResponse(Record):
    """An answer whose body is still to be read.

    Args:
        status_code: HTTP status.
        headers: Header pairs; names in lower case.
        chunks: The body as it comes, content encodings undone.
    """

    status_code: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]

    def __repr__(self) -> str:
        return f"WireResponse({self.status_code}, headers=<{len(self.headers)}>)"


class Answer(Record):
    """An answer that has been read to its end.

    Args:
        status_code: HTTP status.
        headers: Header pairs; names in lower case.
        body: The body; a grant's holds the gateway's token.
    """

    status_code: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"Answer({self.status_code}, body=<{len(self.body)} bytes>)"


class SendError(Exception):
    """The exchange broke below HTTP; what a sender raises, and nothing else.

    Args:
        kind: `connect` (no connection), `tls` (the certificate is not trusted, or no
            handshake), `proxy`, `timeout` (no byte in time), `broken` (the connection
            ended in the midst), `protocol` (not HTTP), `pool` (no free connection).
        bytes_received: Bytes of the answer's body that had arrived.
    """

    def __init__(self, kind: SendErrorKind, bytes_received: int = 0) -> None:
        super().__init__(kind)
        self.kind: SendErrorKind = kind
        self.bytes_received: int = bytes_received
