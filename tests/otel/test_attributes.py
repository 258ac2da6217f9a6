"""Attributes say what happened on the wire, and nothing of what did not."""

from __future__ import annotations

import pytest

from gitlab_completions.errors import (
    ErrorCode,
    MalformedAnswerError,
    Origin,
    RouteError,
    RouteServerError,
    RouteUnauthorizedError,
)
from gitlab_completions.events import AttemptFailed, CallFinished
from gitlab_completions.models import Route, RouteReason
from gitlab_completions.otel import _attributes as attributes

INDIRECT = Route.INDIRECT


def failed(error: RouteError, *, bytes_sent: int = 10) -> AttemptFailed:
    return AttemptFailed(
        call_id=1, route=INDIRECT, elapsed_s=0.1, error=error, bytes_sent=bytes_sent
    )


def test_an_answer_has_its_status_and_who_wrote_it() -> None:
    error = RouteServerError("no", route=INDIRECT, status_code=502, origin=Origin.EDGE)
    assert attributes.of_attempt(failed(error)) == {
        "route": "indirect",
        "superseded": False,
        "error.type": "server",
        "error_origin": "edge",
        "http.response.status_code": 502,
    }


@pytest.mark.parametrize(
    ("error", "bytes_sent"),
    [
        (
            RouteUnauthorizedError(
                "no token",
                route=INDIRECT,
                status_code=401,
                code=ErrorCode.TOKEN_SOURCE,
            ),
            0,
        ),
        (MalformedAnswerError("no completion", route=INDIRECT), 10),
    ],
)
def test_where_no_status_is_known_there_is_none(
    error: RouteError, bytes_sent: int
) -> None:
    found = attributes.of_attempt(failed(error, bytes_sent=bytes_sent))
    assert found == {
        "route": "indirect",
        "superseded": False,
        "error.type": error.code.value,
    }


@pytest.mark.parametrize("status_code", [None, 0, 99, 600, 10**9])
def test_what_is_no_status_of_http_is_none(status_code: int | None) -> None:
    assert attributes.of_status(status_code) == {}


def test_a_call_without_suggestions_has_nothing() -> None:
    event = CallFinished(
        call_id=1,
        elapsed_s=0.1,
        route=INDIRECT,
        reason=RouteReason.BARRED,
        error=None,
    )
    assert attributes.of_end(event) == {
        "outcome": "nothing",
        "route": "indirect",
        "reason": "barred",
    }
