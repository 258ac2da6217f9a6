"""What events say of a request and its answer, by GitLab's names: sizes and codes.

Names are those of its schema of telemetry, which takes nothing else, and no `null`
where something is not known: such a field is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._plain_names import plain_name
from gitlab_completions.errors import AllRoutesFailedError, RouteStatusError
from gitlab_completions.models import Route

if TYPE_CHECKING:
    from gitlab_completions.editor._core.places import Place
    from gitlab_completions.editor._core.stories import Fields
    from gitlab_completions.errors import GitLabCompletionsError
    from gitlab_completions.models import Completion

LANGUAGE_CHARS = 32
"""As the schema bounds it."""
LONGEST_MS = 4000
"""The longest debounce that the schema knows."""
_STATUS_CODES = range(100, 600)


def request_fields(
    place: Place, language: str | None, waited_s: float, *, explicit: bool
) -> Fields:
    """Return what there is to say of a request that is sent."""
    fields: Fields = {
        "suggestion_source": "network",
        "debounce_interval": min(LONGEST_MS, round(waited_s * 1000)),
        "is_invoked": explicit,
        "is_streaming": False,
        "prefix_length": len(place.above),
        "suffix_length": len(place.below),
    }
    return fields | _known({"language": plain_name(language, LANGUAGE_CHARS)})


def answer_fields(completion: Completion) -> Fields:
    """Return what there is to say of an answer."""
    model = completion.model
    status = None
    for attempt in completion.attempts:
        if attempt.route is completion.route and attempt.error is None:
            status = attempt.status_code
    return _known(
        {
            "is_direct_connection": completion.route is Route.DIRECT,
            "model_engine": None if model is None else plain_name(model.engine),
            "model_name": None if model is None else plain_name(model.name),
            "api_status_code": _status_code(status),
            "options_count": len(completion.choices),
        }
    )


def problem_fields(problem: GitLabCompletionsError) -> Fields:
    """Return what there is to say of a failure."""
    errors = [problem]
    if isinstance(problem, AllRoutesFailedError):
        errors += [one.error for one in problem.attempts if one.error is not None]
    statuses = [one for one in errors if isinstance(one, RouteStatusError)]
    alike = [one for one in statuses if one.code is problem.code] or statuses
    if not alike:
        return {}
    return _known({"api_status_code": _status_code(alike[-1].status_code)})


def _status_code(number: int | None) -> int | None:
    return number if number in _STATUS_CODES else None


def _known(fields: dict[str, str | int | None]) -> Fields:
    return {name: value for name, value in fields.items() if value is not None}
