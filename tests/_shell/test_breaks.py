"""Each way to break says who broke, and names the setting to look at."""

from __future__ import annotations

from typing import get_args

import pytest

from gitlab_completions._shell.breaks import LARGEST, meaning_of
from gitlab_completions.errors import ErrorCode, RouteConnectionError
from gitlab_completions.models import Route
from gitlab_completions.senders import SendError, SendErrorDetail, SendErrorKind

DETAILS: tuple[SendErrorDetail, ...] = get_args(SendErrorDetail)
NAMED: dict[SendErrorDetail, tuple[ErrorCode, tuple[str, ...]]] = {
    "proxy_url": (
        ErrorCode.PROXY,
        ("HTTPS_PROXY", "HttpxSender(proxy=", "user:password@", "%XX"),
    ),
    "proxy_package": (ErrorCode.PROXY, ("pip install 'httpx[socks]'",)),
    "proxy_unreachable": (
        ErrorCode.PROXY,
        ("HTTPS_PROXY", "HttpxSender(proxy=", "NO_PROXY"),
    ),
    "proxy_untrusted": (
        ErrorCode.TLS_UNTRUSTED,
        ("HttpxSender(verify=", "SSL_CERT_FILE", "proxy"),
    ),
    "proxy_handshake": (ErrorCode.PROXY, ("http://", "HTTPS_PROXY")),
    "proxy_silent": (ErrorCode.PROXY, ("HTTPS_PROXY", "HttpxSender(proxy=")),
    "proxy_credentials": (
        ErrorCode.PROXY,
        ("HTTPS_PROXY", "HttpxSender(proxy=", "user:password@", "%XX"),
    ),
    "proxy_refused": (ErrorCode.PROXY, ("who runs the proxy", "NO_PROXY")),
    "proxy_cannot_reach": (ErrorCode.OFFLINE, ("URL", "NO_PROXY", "{route: None}")),
    "untrusted": (ErrorCode.TLS_UNTRUSTED, ()),
    "self_signed": (ErrorCode.TLS_UNTRUSTED, ()),
    "host_name": (ErrorCode.TLS_UNTRUSTED, ("URL", "sign-in page", "proxy")),
    "expired": (ErrorCode.TLS_UNTRUSTED, ("renew", "clock")),
    "not_yet_valid": (ErrorCode.TLS_UNTRUSTED, ("clock",)),
    "client_certificate": (ErrorCode.CONFIGURATION, ("HttpxSender(cert=",)),
    "certificate_file": (
        ErrorCode.CONFIGURATION,
        ("SSL_CERT_FILE", "SSL_CERT_DIR", "verify=", "cert="),
    ),
    "handshake": (ErrorCode.OFFLINE, ("scheme", "port", "proxy")),
}


@pytest.mark.parametrize("detail", DETAILS)
def test_every_detail_names_what_to_configure(detail: SendErrorDetail) -> None:
    kind: SendErrorKind = "proxy" if detail.startswith("proxy") else "tls"
    told = meaning_of(SendError(kind, detail=detail), "GitLab")
    code, names = NAMED[detail]
    error = RouteConnectionError(
        told.words, route=Route.INDIRECT, code=told.code, remedy=told.remedy
    )
    assert error.code is code
    assert error.message.startswith("GitLab ")
    assert error.remedy is not None
    for name in names:
        assert name in error.remedy
    if code is ErrorCode.TLS_UNTRUSTED and not names:
        assert "HttpxSender(verify=" in error.remedy
        assert "company's proxy" in error.remedy
    assert "\n" not in str(error)
    assert not str(error).endswith(".")


@pytest.mark.parametrize("kind", get_args(SendErrorKind))
def test_every_kind_has_a_meaning_without_a_detail(kind: SendErrorKind) -> None:
    told = meaning_of(SendError(kind), "the AI Gateway")
    assert told.words.startswith("the AI Gateway ")
    assert told.remedy is None


def test_a_proxy_on_the_way_is_told_from_the_host_behind_it() -> None:
    before = meaning_of(SendError("proxy", detail="proxy_unreachable"), "GitLab")
    behind = meaning_of(SendError("proxy", detail="proxy_cannot_reach"), "GitLab")
    assert "the proxy on the way could not be" in before.words
    assert "could not be reached by the proxy" in behind.words


def test_an_answer_that_is_too_large_says_so() -> None:
    told = meaning_of(SendError("protocol", LARGEST + 1), "GitLab")
    assert told.words == "GitLab gave an answer that is too large"


def test_a_client_that_does_not_work_is_named_by_its_exception() -> None:
    error = SendError("protocol")
    error.__cause__ = RuntimeError("s3cret")
    words = meaning_of(error, "GitLab").words
    assert "RuntimeError" in words
    assert "s3cret" not in words
