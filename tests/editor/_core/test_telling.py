"""What events say: what GitLab's schema takes, and nothing that is text."""

from __future__ import annotations

import pytest

from gitlab_completions import AllRoutesFailedError, Attempt, Route
from gitlab_completions._records import replace
from gitlab_completions.editor._core.telling import (
    answer_fields,
    problem_fields,
    request_fields,
)
from gitlab_completions.errors import (
    ErrorCode,
    GitLabCompletionsError,
    RouteConnectionError,
    RouteStatusError,
)
from gitlab_completions.event_log._labels import check_fields
from tests.editor._core.scenes import completion, place


def test_a_request_is_told_in_sizes() -> None:
    fields = request_fields(place("abc|de"), "python", 0.1234, explicit=False)
    assert fields == {
        "suggestion_source": "network",
        "debounce_interval": 123,
        "is_invoked": False,
        "is_streaming": False,
        "prefix_length": 3,
        "suffix_length": 2,
        "language": "python",
    }
    check_fields(fields)


def test_what_is_no_language_is_not_told() -> None:
    fields = request_fields(place("|"), "my secret words", 99.0, explicit=True)
    assert "language" not in fields
    assert fields["debounce_interval"] == 4000
    check_fields(fields)


def test_an_answer_is_told_with_its_model_and_route() -> None:
    fields = answer_fields(completion("a", "b"))
    assert fields == {
        "is_direct_connection": True,
        "model_engine": "vertex-ai",
        "model_name": "codestral",
        "api_status_code": 200,
        "options_count": 2,
    }
    check_fields(fields)


def test_what_is_unknown_of_an_answer_is_left_out() -> None:
    bare = replace(completion("a"), model=None, attempts=())
    assert answer_fields(bare) == {"is_direct_connection": True, "options_count": 1}


def test_only_the_attempt_that_answered_has_the_answers_status() -> None:
    came = completion("a")
    failed_before = replace(came.attempts[0], route=Route.INDIRECT, status_code=503)
    both = replace(came, attempts=(*came.attempts, failed_before))
    assert answer_fields(both)["api_status_code"] == 200


def failed(*statuses: int) -> AllRoutesFailedError:
    attempts = tuple(
        Attempt(
            route=Route.INDIRECT,
            started_s=0.0,
            elapsed_s=0.1,
            error=RouteStatusError(
                "no", route=Route.INDIRECT, elapsed_s=0.1, status_code=status
            ),
        )
        for status in statuses
    )
    return AllRoutesFailedError("no", attempts=attempts, code=ErrorCode.SERVER)


@pytest.mark.parametrize(
    ("problem", "fields"),
    [
        (GitLabCompletionsError("no"), {}),
        (failed(), {}),
        (failed(403, 503), {"api_status_code": 503}),
        (failed(7), {}),
        (RouteConnectionError("no", route=Route.DIRECT, elapsed_s=0.1), {}),
    ],
)
def test_a_failure_is_told_by_the_status_that_decided(
    problem: GitLabCompletionsError, fields: dict[str, int]
) -> None:
    assert problem_fields(problem) == fields
