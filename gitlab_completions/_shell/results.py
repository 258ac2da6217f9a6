"""What a caller gets: a completion, or the error that says most."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING

from gitlab_completions._core.commands import GaveUp
from gitlab_completions._shell.endings import NAMES
from gitlab_completions._wire.limits import restore_line_ends, uses_crlf
from gitlab_completions.errors import (
    AllRoutesFailedError,
    DeadlineExceededError,
    DirectAccessBarredError,
    ErrorCode,
    GitLabCompletionsError,
    RequestRejectedError,
    RouteTimeoutError,
)
from gitlab_completions.models import Attempt, Choice, Completion, Route

if TYPE_CHECKING:
    from gitlab_completions._core.commands import Chosen
    from gitlab_completions._shell.flight import Flight
    from gitlab_completions.errors import DirectAccessError, RouteError
    from gitlab_completions.models import CompletionRequest


def completion(
    request: CompletionRequest,
    chosen: Chosen,
    flights: list[Flight],
    *,
    started_at: float,
    now: float,
) -> Completion:
    """Put the completion together that a call has got."""
    ending = winner(flights, chosen).ending
    suggestion = ending.suggestion if ending is not None else None
    return Completion(
        choices=_fitting(request, suggestion.choices if suggestion else ()),
        model=suggestion.model if suggestion else None,
        route=chosen.route,
        reason=chosen.reason,
        attempts=attempts(flights, started_at=started_at, now=now),
        elapsed_s=now - started_at,
        request_id=ending.request_id if ending is not None else None,
    )


def winner(flights: list[Flight], chosen: Chosen) -> Flight:
    """Return the attempt that brought a call its answer, or the beginning of it."""
    return next(one for one in flights if one.answered and one.route is chosen.route)


def so_far(
    text: str,
    planned: Chosen,
    flights: list[Flight],
    *,
    started_at: float,
    now: float,
) -> Completion:
    """Put together what a streamed call has got that its reader has left.

    Args:
        text: All that had come.
        planned: Where it would have gone, if it was not sent.
        flights: The call's attempts.
        started_at: When it began.
        now: When its reader left.
    """
    last = flights[-1] if flights else None
    pour = last.pour if last is not None else None
    return Completion(
        choices=(Choice(text=text),) if text.strip() else (),
        model=pour.model if pour is not None else None,
        route=planned.route if last is None else last.route,
        reason=planned.reason if last is None else last.send.reason,
        attempts=attempts(flights, started_at=started_at, now=now),
        elapsed_s=now - started_at,
        request_id=None,
    )


def broken(flights: list[Flight], chosen: Chosen) -> RouteError | None:
    """Return why a call that had begun to get its answer did not get all of it."""
    flight = winner(flights, chosen)
    ending = flight.ending
    if ending is None or ending.error is None:
        return None
    error = copy.copy(ending.error)  # that one is the observers'
    error.__cause__ = ending.cause
    _advise(error, flight.send.ends_at)
    return error


def _advise(error: GitLabCompletionsError, deadline: float) -> None:
    """Where there was no deadline, more time is no remedy for silence."""
    if error.code is ErrorCode.TIMEOUT and math.isinf(deadline):
        error.remedy = "try again"


def _fitting(
    request: CompletionRequest, choices: tuple[Choice, ...]
) -> tuple[Choice, ...]:
    """Give suggestions the line ends of the file that they go into."""
    if not any("\n" in choice.text for choice in choices) or not uses_crlf(request):
        return choices
    return tuple(
        Choice(
            text=restore_line_ends(choice.text, crlf=True),
            index=choice.index,
            finish_reason=choice.finish_reason,
        )
        for choice in choices
    )


def attempts(
    flights: list[Flight], *, started_at: float, now: float, timed_out: bool = False
) -> tuple[Attempt, ...]:
    """Tell of every send of a call; `timed_out`: what is in flight has had its time.

    A sender that keeps its time tells so itself, but mostly a moment too late.
    """
    return tuple(
        _attempt(flight, started_at, now, timed_out=timed_out)
        for flight in flights
        if flight.sent
    )


def _attempt(
    flight: Flight, started_at: float, now: float, *, timed_out: bool
) -> Attempt:
    ending = flight.ending
    ended_at = now if flight.ended_at is None else flight.ended_at
    elapsed_s = ended_at - flight.started_at
    error = _error_of(flight, now) if ending is not None or timed_out else None
    return Attempt(
        route=flight.route,
        started_s=flight.started_at - started_at,
        elapsed_s=elapsed_s,
        status_code=ending.seen.status if ending is not None else None,
        error=error,
        superseded=ending is None and not timed_out,
    )


def _no_answer(route: Route, elapsed_s: float) -> RouteTimeoutError:
    return RouteTimeoutError(
        f"{NAMES[route]} did not answer within {elapsed_s:.1f} s",
        route=route,
        elapsed_s=elapsed_s,
    )


def failure(
    gave_up: GaveUp,
    flights: list[Flight],
    *,
    started_at: float,
    deadline: float,
    now: float,
    direct_refusal: DirectAccessError | None,
    wait_s: float | None,
) -> GitLabCompletionsError:
    """Put the error together that a call without a completion ends with.

    Args:
        gave_up: Why the flow ended.
        flights: The call's attempts.
        started_at: When the call began.
        deadline: When it had to end.
        now: When it ended.
        direct_refusal: Why direct was no choice.
        wait_s: Seconds until the call's last route takes completions again.
    """
    decider = _decider(flights)
    cause = decider.ending.cause if decider is not None and decider.ending else None
    if gave_up is GaveUp.REJECTED and isinstance(cause, RequestRejectedError):
        return cause
    decided = _error_of(decider, now) if decider is not None else None
    if _ran_out(decider, decided, deadline):
        gave_up = GaveUp.DEADLINE  # told by the sender, a moment before our own timer
    error = _error(gave_up, flights, decided, direct_refusal, wait_s)
    _advise(error, deadline)
    if isinstance(error, AllRoutesFailedError):
        error.attempts = attempts(
            flights, started_at=started_at, now=now, timed_out=True
        )
        error.direct_refusal = direct_refusal
    error.__cause__ = cause or decided
    return error


def not_rolled_out() -> DirectAccessBarredError:
    """Return why direct was no choice when a percentage or a flag kept it back."""
    return DirectAccessBarredError(
        "direct connections are not rolled out to this user",
        code=ErrorCode.DIRECT_BARRED,
        remedy="see RoutingPolicy.direct_percentage, GITLAB_COMPLETIONS_DIRECT and the "
        "flag code_suggestions_direct_completions",
    )


def _ran_out(
    decider: Flight | None, decided: RouteError | None, deadline: float
) -> bool:
    """Tell whether the deciding attempt had all the call's time, and used it up."""
    if decider is None or not isinstance(decided, RouteTimeoutError):
        return False
    if math.isinf(deadline):  # there was no deadline: it was silent for too long
        return False
    return decider.send.ends_at >= deadline


def _decider(flights: list[Flight]) -> Flight | None:
    """Return the attempt whose error says most: the instance's, else direct's."""
    by_route = {one.route: one for one in flights if one.sent}
    return by_route.get(Route.INDIRECT) or by_route.get(Route.DIRECT)


def _error_of(flight: Flight, now: float) -> RouteError | None:
    """Return why an attempt gave nothing, be it that it has not ended yet."""
    if flight.ending is None:
        return _no_answer(flight.route, now - flight.started_at)
    return flight.ending.error


def _error(
    gave_up: GaveUp,
    flights: list[Flight],
    decided: RouteError | None,
    direct_refusal: DirectAccessError | None,
    wait_s: float | None,
) -> GitLabCompletionsError:
    held = {one.route for one in flights} - {one.route for one in flights if one.sent}
    if gave_up is GaveUp.REJECTED and decided is not None:
        return RequestRejectedError(f"the request was refused: {decided.message}")
    if gave_up is GaveUp.RATE_LIMITED or (held and wait_s is not None):
        return AllRoutesFailedError(
            "too many completions were asked for of late",
            code=ErrorCode.RATE_LIMITED,
            retry_after_s=wait_s,
        )
    if gave_up is GaveUp.DEADLINE:
        return DeadlineExceededError("no route answered before the deadline")
    if held and decided is None and not _was_refused(held, direct_refusal):
        return AllRoutesFailedError(
            "no connection was free in time", code=ErrorCode.TIMEOUT
        )
    return _exhausted(decided or direct_refusal, wait_s)


def _was_refused(held: set[Route], direct_refusal: DirectAccessError | None) -> bool:
    """Tell whether what was never sent waited for direct alone, which was refused."""
    return direct_refusal is not None and held == {Route.DIRECT}


def _exhausted(
    reason: RouteError | DirectAccessError | None, wait_s: float | None
) -> AllRoutesFailedError:
    if reason is None:
        return AllRoutesFailedError(
            "the policy allows no route for this request",
            code=ErrorCode.CONFIGURATION,
            remedy="allow both: RoutingPolicy(direct=DirectMode.AUTO)",
        )
    return AllRoutesFailedError(
        f"no route gave a completion: {reason.message}",
        code=reason.code,
        remedy=reason.remedy,
        retry_after_s=reason.retry_after_s or wait_s,
    )
