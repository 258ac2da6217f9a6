"""What a person is told of an exchange that broke below HTTP, and what mends it.

A sender says which step failed; here that becomes a class, a code, a sentence and the
name of the setting to look at. Nothing that a server or a proxy wrote goes into it, nor
the name of a certificate's issuer: whoever answers in a server's place chooses that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._records import Record
from gitlab_completions.errors import (
    ErrorCode,
    MalformedAnswerError,
    RouteConnectionError,
    RouteError,
    RouteTimeoutError,
)

if TYPE_CHECKING:
    from gitlab_completions.senders import SendError, SendErrorDetail, SendErrorKind

LARGEST = 1 << 20
"""Bytes of an answer; our sender refuses more."""

_PROXY_URL = "HTTPS_PROXY or HttpxSender(proxy=...)"
_AUTHORITY = "HttpxSender(verify='ca.pem') or SSL_CERT_FILE"


class Break(Record):
    """What a break means to a person.

    Args:
        words: A sentence with `{host}` for who was to be spoken to.
        code: What went wrong.
        remedy: What mends it, where the code's own remedy is not enough.
        kind: The error's class.
    """

    words: str
    code: ErrorCode
    remedy: str | None = None
    kind: type[RouteError] = RouteConnectionError


_KINDS: dict[SendErrorKind, Break] = {
    "connect": Break(words="{host} could not be reached", code=ErrorCode.OFFLINE),
    "tls": Break(
        words="{host} could not be spoken to over TLS: its certificate is not trusted",
        code=ErrorCode.TLS_UNTRUSTED,
    ),
    "proxy": Break(
        words="{host} could not be reached through the proxy", code=ErrorCode.PROXY
    ),
    "timeout": Break(
        words="{host} did not answer in time",
        code=ErrorCode.TIMEOUT,
        kind=RouteTimeoutError,
    ),
    "broken": Break(words="{host} broke the connection", code=ErrorCode.OFFLINE),
    "protocol": Break(
        words="{host} gave an answer that is not HTTP as it should be",
        code=ErrorCode.MALFORMED,
        kind=MalformedAnswerError,
    ),
    "pool": Break(words="{host} had no free connection left", code=ErrorCode.TIMEOUT),
}

_DETAILS: dict[SendErrorDetail, Break] = {
    "proxy_url": Break(
        words="{host} was not asked: the proxy's URL is none",
        code=ErrorCode.PROXY,
        remedy=f"write it in {_PROXY_URL} as http://user:password@host:port, what is "
        "special in the password as %XX",
    ),
    "proxy_package": Break(
        words="{host} was not asked: its proxy speaks SOCKS",
        code=ErrorCode.PROXY,
        remedy="install what speaks it: pip install 'httpx[socks]'",
    ),
    "proxy_unreachable": Break(
        words="{host} was not reached: the proxy on the way could not be",
        code=ErrorCode.PROXY,
        remedy=f"check the proxy's host and port: {_PROXY_URL}; "
        "NO_PROXY names hosts that need none",
    ),
    "proxy_untrusted": Break(
        words="{host} was not reached: the proxy's certificate is not trusted",
        code=ErrorCode.TLS_UNTRUSTED,
        remedy=f"pass the authority that signed the proxy's certificate: {_AUTHORITY}",
    ),
    "proxy_handshake": Break(
        words="{host} was not reached: the proxy does not speak TLS as its URL says",
        code=ErrorCode.PROXY,
        remedy=f"write http:// in the proxy's URL, as most proxies want: {_PROXY_URL}",
    ),
    "proxy_silent": Break(
        words="{host} was not reached: the proxy did not answer, or not as it should",
        code=ErrorCode.PROXY,
        remedy=f"check the proxy, and whether it may connect there: {_PROXY_URL}",
    ),
    "proxy_credentials": Break(
        words="{host} was not reached: the proxy wants credentials that it accepts "
        "(407)",
        code=ErrorCode.PROXY,
        remedy=f"put them into {_PROXY_URL} as http://user:password@host:port, what is "
        "special in the password as %XX",
    ),
    "proxy_refused": Break(
        words="{host} was not reached: the proxy does not let us there",
        code=ErrorCode.PROXY,
        remedy="ask who runs the proxy to allow that host, or name the host in "
        "NO_PROXY if it needs no proxy",
    ),
    "proxy_cannot_reach": Break(
        words="{host} could not be reached by the proxy",
        code=ErrorCode.OFFLINE,
        remedy="check the URL, and name the host in NO_PROXY if it needs no proxy; "
        "HttpxSender(proxy={route: None}) leaves the proxy out for one route",
    ),
    "untrusted": Break(
        words="{host} could not be spoken to over TLS: its certificate is not trusted",
        code=ErrorCode.TLS_UNTRUSTED,
    ),
    "self_signed": Break(
        words="{host} could not be spoken to over TLS: its certificate is self-signed",
        code=ErrorCode.TLS_UNTRUSTED,
    ),
    "host_name": Break(
        words="{host} could not be spoken to over TLS: the certificate is for another "
        "host",
        code=ErrorCode.TLS_UNTRUSTED,
        remedy="check the URL, and whether this network's sign-in page or a proxy "
        "answers instead",
    ),
    "expired": Break(
        words="{host} could not be spoken to over TLS: its certificate has expired",
        code=ErrorCode.TLS_UNTRUSTED,
        remedy="tell who runs the server to renew it, or set this machine's clock",
    ),
    "not_yet_valid": Break(
        words="{host} could not be spoken to over TLS: its certificate is not valid "
        "yet",
        code=ErrorCode.TLS_UNTRUSTED,
        remedy="set this machine's clock, which seems to be behind",
    ),
    "client_certificate": Break(
        words="{host} refused us in the TLS handshake: it wants a client certificate, "
        "or another one",
        code=ErrorCode.CONFIGURATION,
        remedy="pass one that it accepts: HttpxSender(cert=('cert.pem', 'key.pem'))",
    ),
    "certificate_file": Break(
        words="{host} was not asked: a certificate file is missing or holds none",
        code=ErrorCode.CONFIGURATION,
        remedy="check SSL_CERT_FILE, SSL_CERT_DIR, HttpxSender(verify=..., cert=...)",
    ),
    "handshake": Break(
        words="{host} could not agree with us on TLS",
        code=ErrorCode.OFFLINE,
        remedy="check the URL's scheme and port, and any proxy that opens TLS",
    ),
}


def meaning_of(error: SendError, host: str) -> Break:
    """Return what the error means, `host` being who was to be spoken to."""
    found = _KINDS[error.kind]
    if error.detail is not None:
        found = _DETAILS[error.detail]
    words = found.words
    if error.kind == "protocol":
        words = _protocol_words(error)
    return Break(
        words=words.replace("{host}", host),
        code=found.code,
        remedy=found.remedy,
        kind=found.kind,
    )


def _protocol_words(error: SendError) -> str:
    """Tell an answer that is not as it should be from a client that does not work."""
    cause = error.__cause__
    if error.bytes_received > LARGEST:
        return "{host} gave an answer that is too large"
    if cause is None or type(cause).__module__.startswith(("httpx", "httpcore")):
        return _KINDS["protocol"].words
    return f"{{host}} was not asked: the HTTP client raised {type(cause).__name__}"
