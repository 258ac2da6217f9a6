"""What an exception of the HTTP library means, told by the name of its class.

By name, because httpx and httpx2 have the same names in two families of classes, and
neither may be imported for a user who brings the other. The most specific class with
a meaning decides, as in httpx's own mapping of httpcore's exceptions.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitlab_completions._wire.messages import SendErrorKind

_KINDS: dict[str, SendErrorKind] = {
    "ConnectError": "connect",
    "ConnectTimeout": "connect",
    "ProxyError": "proxy",
    "PoolTimeout": "pool",
    "TimeoutException": "timeout",
    "TimeoutError": "timeout",
    "NetworkError": "broken",
    "OSError": "broken",
}

_ENDED = (
    "disconnected",  # httpcore: no byte of an answer came
    "closed connection",  # h11: the body is shorter than was promised
    "ConnectionTerminated",  # h2: GOAWAY
    "StreamReset",  # h2: the server gave this stream up
)
"""What a `RemoteProtocolError` says when the connection ended; it has no other sign."""

_CLIENT_IS_SOUND = frozenset({"DecodingError", "InvalidURL", "UnsupportedProtocol"})
"""Faults of one message, after which the client's connections are as good as before."""


def kind_of(error: Exception) -> SendErrorKind:
    """Return what the exception means for the exchange."""
    if any(_is_tls(link) for link in _chain(error)):
        return "tls"
    for kind in type(error).__mro__:
        if kind.__name__ == "RemoteProtocolError":
            return "broken" if any(s in str(error) for s in _ENDED) else "protocol"
        if kind.__name__ in _KINDS:
            return _KINDS[kind.__name__]
    return "protocol"


def spoils_client(error: Exception) -> bool:
    """Whether the client that raised this may go on failing: the pool or the protocol.

    httpx 0.28 never frees a connection whose request was cancelled twice (its issue
    3782), and an HTTP/2 connection never again after it ran out of streams.
    """
    if _names(error) & _CLIENT_IS_SOUND:
        return False
    return kind_of(error) in {"pool", "protocol"}


def _is_tls(error: BaseException) -> bool:
    """Whether TLS is at fault: a certificate, or an alert.

    The other subclasses of `SSLError` say that bytes are awaited (one is behind every
    timeout on TLS) or that the connection ended.
    """
    return type(error) in {ssl.SSLError, ssl.SSLCertVerificationError}


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__


def _names(error: Exception) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}
