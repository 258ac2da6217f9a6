"""What a line lets through of what users and servers were free to choose."""

from __future__ import annotations

import math

import pytest

from gitlab_completions.errors import (
    AllRoutesFailedError,
    ClientClosedError,
    ErrorCode,
    MalformedAnswerError,
    Origin,
    RouteConnectionError,
    RouteError,
    RouteStatusError,
    RouteUnauthorizedError,
    StreamBrokenError,
)
from gitlab_completions.event_log._wording import (
    deciding,
    on,
    seconds,
    status_code,
    why,
)
from gitlab_completions.models import Attempt, Route


@pytest.mark.parametrize(
    ("span_s", "told"),
    [(None, None), (math.inf, None), (math.nan, None), (0.12345678, 0.123457)],
)
def test_a_span_is_a_number_of_json(span_s: float | None, told: float | None) -> None:
    assert seconds(span_s) == told


@pytest.mark.parametrize(
    ("number", "told"),
    [(200, 200), (599, 599), (600, None), (999, None), (0, None), (None, None)],
)
def test_a_status_is_one_that_gitlab_takes(
    number: int | None, told: int | None
) -> None:
    assert status_code(number) == told


def test_a_route_is_told_in_our_words_and_in_gitlabs() -> None:
    assert on(Route.DIRECT) == {
        "is_direct_connection": True,
        "route": "direct",
        "token_issuer": "gitlab-ai-gateway",
    }
    assert on(Route.INDIRECT)["token_issuer"] == "instance"
    assert set(on(None).values()) == {None}


BROKEN = RouteConnectionError("x", route=Route.DIRECT)
FORBIDDEN = RouteStatusError(
    "x", route=Route.INDIRECT, status_code=403, origin=Origin.INSTANCE
)
NO_TOKEN = RouteUnauthorizedError(
    "x", route=Route.INDIRECT, status_code=401, code=ErrorCode.TOKEN_SOURCE
)

UNSENDABLE = RouteStatusError(
    "x", route=Route.DIRECT, status_code=413, code=ErrorCode.REQUEST
)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (None, (None, None, None)),
        (BROKEN, (None, "offline", "transport")),
        (FORBIDDEN, (403, "server", "instance")),
        (MalformedAnswerError("x", route=Route.DIRECT), (None, "malformed", None)),
        (NO_TOKEN, (None, "token_source", None)),  # nobody answered that 401
        (UNSENDABLE, (None, "request", None)),  # nor that 413
    ],
)
def test_why_an_attempt_failed_is_a_code_and_who_said_so(
    error: RouteError | None, told: tuple[object, ...]
) -> None:
    assert tuple(why(error).values()) == told


def test_the_deciding_attempt_is_the_last_with_the_calls_code() -> None:
    attempts = tuple(
        Attempt(route=one.route, started_s=0.0, elapsed_s=0.1, error=one)
        for one in (FORBIDDEN, BROKEN)
    )
    failed = AllRoutesFailedError("x", attempts=attempts, code=ErrorCode.SERVER)
    assert deciding(failed) is FORBIDDEN
    other = AllRoutesFailedError("x", attempts=attempts, code=ErrorCode.TIMEOUT)
    assert deciding(other) is BROKEN


def test_where_no_attempt_decided_none_is_named() -> None:
    assert deciding(AllRoutesFailedError("x")) is None
    assert deciding(ClientClosedError("x")) is None


def test_a_broken_stream_decides_by_itself() -> None:
    broken = StreamBrokenError("x", route=Route.DIRECT)
    assert deciding(broken) is broken
