"""Each way an exchange can end has its error, without a word of the server's."""

from __future__ import annotations

from typing import get_args

import pytest

from gitlab_completions._shell import endings
from gitlab_completions._shell.access_token import TokenSourceError
from gitlab_completions._wire.refusals import decode_refusal
from gitlab_completions._wire.unusable import StreamCutError
from gitlab_completions.errors import (
    ErrorCode,
    MissingNamespaceError,
    RequestRejectedError,
    RouteForbiddenError,
    RouteNotFoundError,
    RouteQuotaError,
    RouteRateLimitedError,
    RouteServerError,
    RouteStatusError,
    RouteTimeoutError,
    RouteUnauthorizedError,
    StreamBrokenError,
)
from gitlab_completions.models import Route
from gitlab_completions.senders import SendError, SendErrorKind


@pytest.mark.parametrize("kind", get_args(SendErrorKind))
@pytest.mark.parametrize("route", Route)
def test_every_kind_of_break_has_an_error(kind: SendErrorKind, route: Route) -> None:
    cause = SendError(kind)
    ending = endings.broken(route, cause, 0.5)
    assert ending.error is not None
    assert (ending.error.route, ending.error.elapsed_s) == (route, 0.5)
    assert ending.error.message.startswith(endings.NAMES[route])
    assert (ending.cause, ending.seen.word, ending.seen.status) == (cause, kind, None)


def test_a_break_carries_its_remedy() -> None:
    cause = SendError("proxy", detail="proxy_credentials")
    ending = endings.broken(Route.DIRECT, cause, 0.5)
    assert ending.error is not None
    assert ending.error.code is ErrorCode.PROXY
    assert "HTTPS_PROXY" in str(ending.error)
    assert ending.seen.word == "proxy"


NGINX = b"<html><title>400 No required SSL certificate was sent</title></html>"


@pytest.mark.parametrize("route", Route)
@pytest.mark.parametrize(
    ("status", "body", "code", "setting"),
    [
        (407, b"<html>who are you</html>", ErrorCode.PROXY, "user:password@"),
        (400, NGINX, ErrorCode.CONFIGURATION, "HttpxSender(cert="),
    ],
)
def test_a_refusal_that_is_about_the_connection_says_what_to_configure(
    route: Route, status: int, body: bytes, code: ErrorCode, setting: str
) -> None:
    ending = endings.refused(route, decode_refusal(status, {}, body), 0.5)
    assert ending.error is not None
    assert ending.error.code is code
    assert setting in (ending.error.remedy or "")
    assert ending.error.message.startswith(endings.NAMES[route])
    assert ending.seen.status == status


PAGE = b"<html>Blocked by canary policy</html>"


@pytest.mark.parametrize("route", Route)
def test_a_firewalls_page_is_not_gitlabs_word(route: Route) -> None:
    ending = endings.refused(route, decode_refusal(403, {}, PAGE), 0.5)
    assert ending.error is not None
    assert ending.error.message == (
        f"something in front of {endings.NAMES[route]} answered 403"
    )
    assert "proxy" in (ending.error.remedy or "")
    assert "canary" not in str(ending.error)


@pytest.mark.parametrize(("status", "body"), [(302, b""), (511, PAGE), (307, PAGE)])
def test_a_sign_in_page_is_told_as_one(status: int, body: bytes) -> None:
    ending = endings.refused(Route.INDIRECT, decode_refusal(status, {}, body), 0.5)
    assert ending.error is not None
    assert ending.error.code is ErrorCode.CAPTIVE_PORTAL
    assert ending.error.message == (
        f"a sign-in page answered in place of GitLab ({status})"
    )


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, RouteUnauthorizedError),
        (402, RouteQuotaError),
        (403, RouteForbiddenError),
        (404, RouteNotFoundError),
        (429, RouteRateLimitedError),
        (500, RouteServerError),
        (599, RouteServerError),
        (418, RouteStatusError),
    ],
)
def test_every_status_has_an_error(status: int, kind: type[RouteStatusError]) -> None:
    refusal = decode_refusal(status, {"x-request-id": "abc"}, b'{"detail": "s3cret"}')
    ending = endings.refused(Route.INDIRECT, refusal, 0.5)
    assert type(ending.error) is kind
    assert (ending.error.status_code, ending.error.request_id) == (status, "abc")
    assert "s3cret" not in str(ending.error)


def test_a_missing_namespace_has_an_error_of_its_own() -> None:
    body = b'{"error": "missing_default_duo_group"}'
    ending = endings.refused(Route.INDIRECT, decode_refusal(422, {}, body), 0.5)
    assert isinstance(ending.error, MissingNamespaceError)


def test_a_missing_token_has_the_sources_exception_as_its_cause() -> None:
    error = TokenSourceError("it raised KeyError")
    assert endings.no_token(Route.INDIRECT, error, 0.0).cause is error
    error.__cause__ = KeyError("s3cret")
    ending = endings.no_token(Route.INDIRECT, error, 0.0)
    assert ending.cause is error.__cause__
    assert ending.error is not None
    assert ending.error.code is ErrorCode.TOKEN_SOURCE


def test_what_a_sender_must_not_raise_is_named_by_its_type() -> None:
    ending = endings.unexpected(Route.DIRECT, ValueError("s3cret"), 0.5)
    assert "ValueError" in str(ending.error)
    assert "s3cret" not in str(ending.error)


def test_what_cannot_be_sent_is_the_requests_fault() -> None:
    rejected = RequestRejectedError("too large")
    ending = endings.unsendable(Route.INDIRECT, rejected)
    assert ending.cause is rejected
    assert ending.error is not None
    assert ending.error.code is ErrorCode.REQUEST


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SendError("broken"), ErrorCode.STREAM_BROKEN),
        (SendError("timeout"), ErrorCode.TIMEOUT),
        (StreamCutError("no end"), ErrorCode.STREAM_BROKEN),
        (ValueError("s3cret"), ErrorCode.STREAM_BROKEN),
    ],
)
def test_a_stream_that_breaks_off_is_told_without_its_text(
    error: Exception, code: ErrorCode
) -> None:
    ending = endings.cut_off(Route.DIRECT, error, 0.5)
    assert isinstance(ending.error, StreamBrokenError)
    assert (ending.error.text, ending.error.code) == ("", code)
    assert ending.cause is error
    assert "s3cret" not in str(ending.error)


@pytest.mark.parametrize("begun", [False, True])
def test_what_took_too_long_is_a_timeout_or_a_broken_stream(*, begun: bool) -> None:
    ending = endings.silent(Route.DIRECT, 0.5, begun=begun)
    kind = StreamBrokenError if begun else RouteTimeoutError
    assert isinstance(ending.error, kind)
    assert ending.error.code is ErrorCode.TIMEOUT


def test_what_a_sender_raises_is_told_apart_by_its_type() -> None:
    broken = endings.broke(Route.DIRECT, SendError("tls"), 0.5)
    assert broken.seen.word == "tls"
    unexpected = endings.broke(Route.DIRECT, ValueError("s3cret"), 0.5)
    assert unexpected.error is not None
    assert "ValueError" in unexpected.error.message
