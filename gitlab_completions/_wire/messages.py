"""What crosses the border to the HTTP library: plain values, and no type of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from gitlab_completions._records import Record
from gitlab_completions._secrets import HostHeaders

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from gitlab_completions.models import Route

Purpose = Literal["completion", "stream", "details", "warm_up", "inquiry"]
SendErrorKind = Literal[
    "connect", "tls", "proxy", "timeout", "broken", "protocol", "pool"
]
SendErrorDetail = Literal[
    # `proxy`: its URL or the package that speaks its protocol cannot be used,
    "proxy_url",
    "proxy_package",
    # it could not be reached, could not be spoken to over TLS, or did not answer,
    "proxy_unreachable",
    "proxy_untrusted",
    "proxy_handshake",
    "proxy_silent",
    # or it answered: who are you (407), not there (403 and others), I cannot (5xx).
    "proxy_credentials",
    "proxy_refused",
    "proxy_cannot_reach",
    # `tls`: what is wrong with the server's certificate,
    "untrusted",
    "self_signed",
    "host_name",
    "expired",
    "not_yet_valid",
    # with ours, with a file that was named, or with the protocol.
    "client_certificate",
    "certificate_file",
    "handshake",
]
"""What more a sender may know of a `tls` or `proxy` error, for a remedy that helps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WireRequest:
    """A request as it goes on the wire.

    A dataclass, so that who wraps a sender can `dataclasses.replace` its headers.

    Args:
        route: Which host it belongs to: the gateway's or the instance's.
        method: HTTP method.
        url: Absolute URL.
        headers: All header pairs that matter; secrets among them. Those of the library
            go to the host that their token is for: with another URL they are refused.
        body: The body, encoded; may hold the author's source.
        timeout_s: Seconds until the exchange must have ended; a stream may have
            `math.inf`, and then ends after 55 s without a byte.
        purpose: What it is for. Completions pass a gate, so that a sender keeps two
            connections for the rest; streams have a gate and connections of their own.
        last_resort: No other route is left in this call, so that the connection may
            take longer to be made.

    Raises:
        ValueError: When the headers hold a token for another host.
    """

    route: Route
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    timeout_s: float
    purpose: Purpose
    last_resort: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.headers, HostHeaders) and not self.headers.allow(self.url):
            raise ValueError("headers with a token go to no other host than its own")

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

    async def read(self) -> bytes:
        """Return the body, when the last of it has come.

        It is put together as it comes: a list of crumbs of two bytes would take thirty
        times what they are.
        """
        body = bytearray()
        async for chunk in self.chunks:
            body += chunk
        return bytes(body)

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
        detail: What more is known of a `tls` or `proxy` error; `None` for no more.
    """

    def __init__(
        self,
        kind: SendErrorKind,
        bytes_received: int = 0,
        *,
        detail: SendErrorDetail | None = None,
    ) -> None:
        super().__init__(kind if detail is None else f"{kind}: {detail}")
        self.kind: SendErrorKind = kind
        self.bytes_received: int = bytes_received
        self.detail: SendErrorDetail | None = detail
