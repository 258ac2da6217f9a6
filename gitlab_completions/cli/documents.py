"""What `--json` prints, as plain objects; times are milliseconds or named `*_s`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitlab_completions.errors import GitLabCompletionsError
    from gitlab_completions.models import Attempt, Completion
    from gitlab_completions.status import Availability, RoutingStatus

__all__ = (
    "attempt_document",
    "availability_document",
    "completion_document",
    "error_document",
    "status_document",
)


def completion_document(completion: Completion) -> dict[str, object]:
    """Return a completion, with its attempts."""
    model = completion.model
    return {
        "text": completion.text,
        "choices": [
            {"text": one.text, "index": one.index, "finish_reason": one.finish_reason}
            for one in completion.choices
        ],
        "route": completion.route.value,
        "reason": completion.reason.value,
        "elapsed_ms": _ms(completion.elapsed_s),
        "attempts": [attempt_document(one) for one in completion.attempts],
        "model": model and {"engine": model.engine, "name": model.name},
        "request_id": completion.request_id,
    }


def attempt_document(attempt: Attempt) -> dict[str, object]:
    """Return one attempt."""
    return {
        "route": attempt.route.value,
        "started_ms": _ms(attempt.started_s),
        "elapsed_ms": _ms(attempt.elapsed_s),
        "status_code": attempt.status_code,
        "error": error_document(attempt.error),
        "superseded": attempt.superseded,
    }


def error_document(error: GitLabCompletionsError | None) -> dict[str, object] | None:
    """Return what an error says, `None` when there is none."""
    if error is None:
        return None
    return {"code": error.code.value, "message": error.message, "remedy": error.remedy}


def status_document(status: RoutingStatus) -> dict[str, object]:
    """Return a status."""
    return {
        "health": status.health.value,
        "route": None if status.route is None else status.route.value,
        "reason": status.reason.value,
        "problem": error_document(status.problem),
        "at": status.at.isoformat(),
        "recheck_in_s": status.recheck_in_s,
        "token_age_s": status.token_age_s,
        "token_expires_in_s": status.token_expires_in_s,
        "circuits": {route.value: word for route, word in status.circuits.items()},
        "indirect_used": status.indirect_used,
        "in_flight": status.in_flight,
        "counts": dict(status.counts),
    }


def availability_document(found: Availability) -> dict[str, object]:
    """Return whether code suggestions work, for a status to take in."""
    return {
        "gitlab_version": found.gitlab_version,
        "available": found.available,
        "unavailable_because": error_document(found.problem),
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 1)
