"""What is printed as JSON is JSON, and says what the values say."""

from __future__ import annotations

import json

from gitlab_completions.cli.documents import (
    attempt_document,
    completion_document,
    error_document,
)
from gitlab_completions.errors import RouteTimeoutError
from gitlab_completions.models import (
    Attempt,
    Choice,
    Completion,
    Model,
    Route,
    RouteReason,
)

ATTEMPT = Attempt(
    route=Route.DIRECT,
    started_s=0.0,
    elapsed_s=0.90012,
    error=RouteTimeoutError("no answer", route=Route.DIRECT),
)


def test_a_completion_and_its_attempts() -> None:
    completion = Completion(
        choices=(Choice(text="é", finish_reason="length"),),
        model=Model(engine="e", name="n"),
        route=Route.INDIRECT,
        reason=RouteReason.HEDGED,
        attempts=(ATTEMPT,),
        elapsed_s=1.2345678,
        request_id=None,
    )
    assert json.loads(json.dumps(completion_document(completion))) == {
        "text": "é",
        "choices": [{"text": "é", "index": 0, "finish_reason": "length"}],
        "route": "indirect",
        "reason": "hedged",
        "elapsed_ms": 1234.6,
        "attempts": [attempt_document(ATTEMPT)],
        "model": {"engine": "e", "name": "n"},
        "request_id": None,
    }


def test_an_attempt_with_its_error() -> None:
    assert attempt_document(ATTEMPT) == {
        "route": "direct",
        "started_ms": 0.0,
        "elapsed_ms": 900.1,
        "status_code": None,
        "error": error_document(ATTEMPT.error),
        "superseded": False,
    }


def test_no_error_is_null() -> None:
    assert error_document(None) is None
