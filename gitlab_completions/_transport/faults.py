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

    from gitlab_completions._wire.messages import SendErrorDetail, SendErrorKind

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

_VERIFY_CODES: dict[int, SendErrorDetail] = {
    9: "not_yet_valid",
    10: "expired",
    18: "self_signed",
    62: "host_name",
    64: "host_name",  # the same of an IP address
}
"""OpenSSL's `X509_V_ERR_*`; what is not here comes to an authority nobody trusts."""
_CLIENT_CERTIFICATE = frozenset(
    {
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        "SSLV3_ALERT_CERTIFICATE_REVOKED",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        "SSLV3_ALERT_HANDSHAKE_FAILURE",  # how TLS 1.2 says that it wants one
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
        "TLSV13_ALERT_CERTIFICATE_REQUIRED",
        "TLSV1_ALERT_ACCESS_DENIED",
        "TLSV1_ALERT_UNKNOWN_CA",
    }
)
"""OpenSSL's names of the alerts with which a server refuses who we say we are."""

_PROXY_ANSWERS: dict[str, SendErrorDetail] = {
    # HTTP: the text begins with the status; the rest is the proxy's own words.
    "407": "proxy_credentials",
    "502": "proxy_cannot_reach",
    "503": "proxy_cannot_reach",
    "504": "proxy_cannot_reach",
    # SOCKS: all of it is httpcore's.
    "Requested": "proxy_credentials",
    "Invalid username/password": "proxy_credentials",
    "Proxy Server could not connect: Connection not allowed": "proxy_refused",
    "Proxy Server could not connect": "proxy_cannot_reach",
}
"""How the text of a `ProxyError` begins, the longer beginnings first."""
_IN_A_PROXYS_PLACE: dict[SendErrorKind, SendErrorDetail] = {
    "connect": "proxy_unreachable",
    "tls": "proxy_untrusted",
}

_CLIENT_IS_SOUND = frozenset({"DecodingError", "InvalidURL", "UnsupportedProtocol"})
"""Faults of one message, after which the client's connections are as good as before."""


def meaning_of(
    error: Exception, *, at_proxy: bool
) -> tuple[SendErrorKind, SendErrorDetail | None]:
    """Return what the exception means, and what more it tells.

    Args:
        error: What the HTTP library raised.
        at_proxy: Whether it was a proxy that was spoken to, and not yet a server.
    """
    kind = kind_of(error)
    if kind == "proxy":
        return kind, answer_of_proxy(str(error))
    detail = _tls_detail(error) if kind == "tls" else None
    if not at_proxy or kind == "pool":
        return kind, detail
    if detail == "handshake":
        return "proxy", "proxy_handshake"
    return "proxy", _IN_A_PROXYS_PLACE.get(kind, "proxy_silent")


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


def answer_of_proxy(text: str) -> SendErrorDetail:
    """Return what a proxy's answer to CONNECT means, which begins with the status."""
    for beginning, detail in _PROXY_ANSWERS.items():
        if text.startswith(beginning):
            return detail
    return "proxy_refused"


def _tls_detail(error: Exception) -> SendErrorDetail:
    fault = next(link for link in _chain(error) if _is_tls(link))
    if isinstance(fault, ssl.SSLCertVerificationError):
        return _VERIFY_CODES.get(fault.verify_code, "untrusted")
    reason = getattr(fault, "reason", None)
    return "client_certificate" if reason in _CLIENT_CERTIFICATE else "handshake"


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
