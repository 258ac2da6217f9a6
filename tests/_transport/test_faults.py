"""Every exception of httpx and httpx2 has a meaning."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import httpx
import httpx2
import pytest

from gitlab_completions._transport.faults import kind_of, meaning_of, spoils_client

if TYPE_CHECKING:
    from types import ModuleType

    from gitlab_completions.senders import SendErrorDetail, SendErrorKind

ENDED = "peer closed connection without sending complete message body"

TABLE: list[tuple[str, str, SendErrorKind, bool]] = [
    ("ConnectError", "", "connect", False),
    ("ConnectTimeout", "", "connect", False),
    ("ReadTimeout", "", "timeout", False),
    ("WriteTimeout", "", "timeout", False),
    ("PoolTimeout", "", "pool", True),
    ("ReadError", "", "broken", False),
    ("WriteError", "", "broken", False),
    ("CloseError", "", "broken", False),
    ("ProxyError", "407 Proxy Authentication Required", "proxy", False),
    ("RemoteProtocolError", "Server disconnected", "broken", False),
    ("RemoteProtocolError", ENDED, "broken", False),
    ("RemoteProtocolError", "<ConnectionTerminated error_code:0>", "broken", False),
    ("RemoteProtocolError", "illegal status line", "protocol", True),
    ("LocalProtocolError", "Max outbound streams is 250", "protocol", True),
    ("DecodingError", "", "protocol", False),
    ("UnsupportedProtocol", "", "protocol", False),
    ("InvalidURL", "", "protocol", False),
]


@pytest.mark.parametrize("module", [httpx, httpx2], ids=["httpx", "httpx2"])
@pytest.mark.parametrize(("name", "text", "kind", "spoils"), TABLE)
def test_a_library_exception_has_a_kind(
    module: ModuleType, name: str, text: str, kind: SendErrorKind, spoils: bool
) -> None:
    error = getattr(module, name)(text)
    assert kind_of(error) == kind
    assert spoils_client(error) is spoils


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TimeoutError(), "timeout"),
        (ConnectionResetError(), "broken"),
        (RuntimeError("Cannot send a request, as the client has been closed."), None),
        (ValueError("semaphore released too many times"), None),
    ],
)
def test_any_other_exception_has_one_too(error: Exception, kind: str | None) -> None:
    assert kind_of(error) == (kind or "protocol")
    assert spoils_client(error) is (kind is None)


@pytest.mark.parametrize("module", [httpx, httpx2], ids=["httpx", "httpx2"])
def test_tls_is_found_in_the_chain_of_causes(module: ModuleType) -> None:
    error = module.ConnectError("certificate verify failed")
    error.__cause__ = OSError()
    error.__cause__.__context__ = ssl.SSLCertVerificationError("self-signed")
    assert kind_of(error) == "tls"


def test_tls_that_ended_or_waits_is_not_at_fault() -> None:
    broken, late = httpx.ReadError(""), httpx.ReadTimeout("")
    broken.__cause__ = ssl.SSLEOFError()
    late.__context__ = ssl.SSLWantReadError()
    assert (kind_of(broken), kind_of(late)) == ("broken", "timeout")


def test_a_chain_that_goes_round_ends() -> None:
    first, second = httpx.ReadError(""), httpx.ReadError("")
    first.__context__, second.__context__ = second, first
    assert kind_of(first) == "broken"


def distrust(verify_code: int) -> Exception:
    """Return what httpx raises of a certificate, with OpenSSL's number for why."""
    error = httpx.ConnectError("certificate verify failed")
    error.__cause__ = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.__cause__.verify_code = verify_code
    return error


def alert(reason: str | None) -> Exception:
    error = httpx.ReadError("")
    error.__cause__ = ssl.SSLError(1, "alert")
    if reason is not None:
        error.__cause__.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (distrust(18), "self_signed"),
        (distrust(19), "untrusted"),
        (distrust(20), "untrusted"),
        (distrust(10), "expired"),
        (distrust(9), "not_yet_valid"),
        (distrust(62), "host_name"),
        (distrust(64), "host_name"),
        (alert("TLSV13_ALERT_CERTIFICATE_REQUIRED"), "client_certificate"),
        (alert("TLSV1_ALERT_UNKNOWN_CA"), "client_certificate"),
        (alert("WRONG_VERSION_NUMBER"), "handshake"),
        (alert(None), "handshake"),
    ],
)
def test_what_is_wrong_in_tls_is_told(
    error: Exception, detail: SendErrorDetail
) -> None:
    assert meaning_of(error, at_proxy=False) == ("tls", detail)
    its_own = "proxy_handshake" if detail == "handshake" else "proxy_untrusted"
    assert meaning_of(error, at_proxy=True) == ("proxy", its_own)


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("407 Proxy Authentication Required", "proxy_credentials"),
        ("403 Forbidden", "proxy_refused"),
        ("302 Found", "proxy_refused"),
        ("502 Bad Gateway", "proxy_cannot_reach"),
        ("503 ", "proxy_cannot_reach"),
        ("504 Gateway Timeout", "proxy_cannot_reach"),
        ("Invalid username/password", "proxy_credentials"),
        ("Requested NO AUTH from proxy server, but got X.", "proxy_credentials"),
        ("Proxy Server could not connect: Host unreachable.", "proxy_cannot_reach"),
        (
            "Proxy Server could not connect: Connection not allowed by ruleset.",
            "proxy_refused",
        ),
    ],
)
@pytest.mark.parametrize("module", [httpx, httpx2], ids=["httpx", "httpx2"])
@pytest.mark.parametrize("at_proxy", [True, False])
def test_what_a_proxy_answers_is_told(
    module: ModuleType, text: str, detail: SendErrorDetail, at_proxy: bool
) -> None:
    error = module.ProxyError(text)
    assert meaning_of(error, at_proxy=at_proxy) == ("proxy", detail)


@pytest.mark.parametrize(
    ("name", "kind", "of_proxy"),
    [
        ("ConnectError", "connect", "proxy_unreachable"),
        ("ConnectTimeout", "connect", "proxy_unreachable"),
        ("ReadTimeout", "timeout", "proxy_silent"),
        ("ReadError", "broken", "proxy_silent"),
        ("RemoteProtocolError", "protocol", "proxy_silent"),
    ],
)
def test_a_fault_on_the_way_to_a_proxy_is_the_proxys(
    name: str, kind: SendErrorKind, of_proxy: SendErrorDetail
) -> None:
    error = getattr(httpx, name)("")
    assert meaning_of(error, at_proxy=False) == (kind, None)
    assert meaning_of(error, at_proxy=True) == ("proxy", of_proxy)


def test_a_pool_without_a_free_connection_is_no_proxys_fault() -> None:
    assert meaning_of(httpx.PoolTimeout(""), at_proxy=True) == ("pool", None)
