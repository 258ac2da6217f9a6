"""Every exception of httpx and httpx2 has a meaning."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import httpx
import httpx2
import pytest

from gitlab_completions._transport.faults import kind_of, spoils_client

if TYPE_CHECKING:
    from types import ModuleType

    from gitlab_completions.senders import SendErrorKind

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
