"""What events come to, as attributes: words of ours and numbers, never others' text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._plain_names import plain_name
from gitlab_completions.errors import RouteStatusError
from gitlab_completions.events import AttemptSucceeded, DetailsRefreshed
from gitlab_completions.otel import names

if TYPE_CHECKING:
    from gitlab_completions.errors import GitLabCompletionsError, RouteError
    from gitlab_completions.events import AttemptFailed, CallFinished, DetailsRefused
    from gitlab_completions.models import Model, Route, RouteReason

    Attributes = dict[str, str | bool | int | float]

_STATUSES = range(100, 600)


def way(route: Route | None, reason: RouteReason | None) -> Attributes:
    """Return where it went, and why, as far as that is known."""
    found: Attributes = {}
    if route is not None:
        found[names.ROUTE] = route.value
    if reason is not None:
        found[names.REASON] = reason.value
    return found


def of_error(error: GitLabCompletionsError | None) -> Attributes:
    """Return which error it was, if it was one."""
    return {} if error is None else {names.ERROR_TYPE: error.code.value}


def of_status(status_code: int | None) -> Attributes:
    """Return the status of an HTTP answer, if there was one."""
    if status_code is None or status_code not in _STATUSES:
        return {}
    return {names.STATUS_CODE: status_code}


def of_end(event: CallFinished) -> Attributes:
    """Return how a call ended."""
    outcome = "suggestion" if event.choices else "nothing"
    return {
        names.OUTCOME: outcome if event.error is None else "error",
        **way(event.route, event.reason),
        **of_error(event.error),
    }


def of_model(model: Model | None) -> Attributes:
    """Return the name of the model, if it is fit to be one."""
    name = None if model is None else plain_name(model.name)
    return {} if name is None else {names.RESPONSE_MODEL: name}


def of_attempt(event: AttemptSucceeded | AttemptFailed) -> Attributes:
    """Return how an attempt ended: the attributes of its span and its metric."""
    found = way(event.route, event.reason)
    found[names.SUPERSEDED] = event.superseded
    if isinstance(event, AttemptSucceeded):
        return found | of_status(event.status_code)
    found |= of_error(event.error)
    # Nothing was sent without an access token, or when the request fits no limit.
    return found | _of_answer(event.error) if event.bytes_sent else found


def _of_answer(error: RouteError) -> Attributes:
    if not isinstance(error, RouteStatusError):
        return {}
    return {
        names.ERROR_ORIGIN: error.origin.value,
        **of_status(error.status_code),
    }


def of_traffic(event: AttemptSucceeded | AttemptFailed) -> Attributes:
    """Return what an attempt's span alone has: its metric would be split by it."""
    found: Attributes = {
        names.METHOD: "POST",
        names.REQUEST_SIZE: event.bytes_sent,
        names.RESPONSE_SIZE: event.bytes_received,
    }
    if event.token_age_s is not None:
        found[names.TOKEN_AGE_S] = round(event.token_age_s, 3)
    return found


def of_fetch(event: DetailsRefreshed | DetailsRefused) -> Attributes:
    """Return how a fetch of connection details ended."""
    if isinstance(event, DetailsRefreshed):
        return {names.OUTCOME: "granted", names.SHARED: event.shared}
    return {
        names.OUTCOME: "refused",
        **of_error(event.problem),
        **of_status(event.problem.status_code),
    }
