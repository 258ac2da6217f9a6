"""What a call ends with, put together from its flights."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

import pytest

from gitlab_completions._core.commands import Chosen, GaveUp
from gitlab_completions._shell import results
from gitlab_completions._shell.handover import Handover
from gitlab_completions.errors import (
    AllRoutesFailedError,
    DeadlineExceededError,
    DirectAccessBarredError,
    ErrorCode,
    GitLabCompletionsError,
    RequestRejectedError,
    RouteServerError,
    RouteTimeoutError,
    StreamBrokenError,
)
from gitlab_completions.models import Route, RouteReason
from gitlab_completions.senders import SendError
from gitlab_completions.testing import wait_all_tasks_blocked
from tests._shell.parts import REQUEST
from tests._shell.test_race import Track

if TYPE_CHECKING:
    from gitlab_completions._shell.flight import Flight
    from gitlab_completions.errors import DirectAccessError

REFUSAL = DirectAccessBarredError("not here", retry_after_s=1800.0)


async def flown(track: Track, route: Route, status: int | None) -> Flight:
    """Return a flight that was answered, or that is still under way."""
    flight = await track.start(route)
    if status == 200:
        (await track.sender.next()).complete()
    elif status == 0:
        (await track.sender.next()).fail(SendError("tls"))
    elif status is not None:
        (await track.sender.next()).refuse(status)
    await wait_all_tasks_blocked()
    return flight


def fail(
    gave_up: GaveUp,
    flights: list[Flight],
    *,
    refusal: DirectAccessError | None = None,
    wait_s: float | None = None,
    deadline: float = 100.0,
) -> GitLabCompletionsError:
    return results.failure(
        gave_up,
        flights,
        started_at=0.0,
        deadline=deadline,
        now=2.0,
        direct_refusal=refusal,
        wait_s=wait_s,
    )


async def test_a_completion_tells_of_every_send() -> None:
    track = Track()
    slow = await flown(track, Route.DIRECT, None)
    await asyncio.sleep(1)
    quick = await flown(track, Route.INDIRECT, 200)
    chosen = Chosen(route=Route.INDIRECT, reason=RouteReason.HEDGED)
    done = results.completion(REQUEST, chosen, [slow, quick], started_at=0.0, now=1.5)
    assert (done.text, done.route, done.reason) == (
        "return 1",
        Route.INDIRECT,
        RouteReason.HEDGED,
    )
    first, second = done.attempts
    assert (first.superseded, first.started_s, first.elapsed_s) == (True, 0, 1.5)
    assert (second.superseded, second.started_s, second.elapsed_s) == (False, 1, 0)


async def test_the_instances_error_decides() -> None:
    track = Track()
    flights = [
        await flown(track, Route.INDIRECT, 403),
        await flown(track, Route.DIRECT, 503),
    ]
    error = fail(GaveUp.EXHAUSTED, flights)
    assert isinstance(error, AllRoutesFailedError)
    assert error.code is ErrorCode.FORBIDDEN
    assert [one.status_code for one in error.attempts] == [403, 503]


async def test_what_broke_the_connection_is_the_cause() -> None:
    error = fail(GaveUp.EXHAUSTED, [await flown(Track(), Route.INDIRECT, 0)])
    assert error.code is ErrorCode.TLS_UNTRUSTED
    assert isinstance(error.__cause__, SendError)


async def test_directs_error_decides_where_the_instance_was_not_asked() -> None:
    error = fail(GaveUp.EXHAUSTED, [await flown(Track(), Route.DIRECT, 503)])
    assert error.code is ErrorCode.SERVER


async def test_an_attempt_that_has_had_its_time_has_timed_out() -> None:
    error = fail(GaveUp.EXHAUSTED, [await flown(Track(), Route.INDIRECT, None)])
    assert isinstance(error, AllRoutesFailedError)
    assert error.code is ErrorCode.TIMEOUT
    (attempt,) = error.attempts
    assert isinstance(attempt.error, RouteTimeoutError)
    assert not attempt.superseded
    assert not isinstance(error, DeadlineExceededError)


async def test_an_attempt_that_had_all_the_calls_time_ran_into_its_deadline() -> None:
    flight = await flown(Track(), Route.INDIRECT, None)
    error = fail(GaveUp.EXHAUSTED, [flight], deadline=flight.send.ends_at)
    assert isinstance(error, DeadlineExceededError)


async def test_a_deadline_tells_what_failed_before() -> None:
    track = Track()
    flights = [
        await flown(track, Route.DIRECT, 503),
        await flown(track, Route.INDIRECT, None),
    ]
    error = fail(GaveUp.DEADLINE, flights)
    assert isinstance(error, DeadlineExceededError)
    assert error.code is ErrorCode.TIMEOUT
    kinds = [type(one.error) for one in error.attempts]
    assert kinds == [RouteServerError, RouteTimeoutError]


async def test_without_an_attempt_the_refusal_of_direct_access_decides() -> None:
    error = fail(GaveUp.EXHAUSTED, [], refusal=REFUSAL)
    assert isinstance(error, AllRoutesFailedError)
    assert (error.code, error.retry_after_s) == (ErrorCode.DIRECT_BARRED, 1800)
    assert error.direct_refusal is REFUSAL


async def test_without_any_reason_it_is_the_policy() -> None:
    assert fail(GaveUp.EXHAUSTED, []).code is ErrorCode.CONFIGURATION


@pytest.mark.parametrize("gave_up", [GaveUp.DEADLINE, GaveUp.EXHAUSTED])
async def test_one_that_was_never_let_through_tells_why(gave_up: GaveUp) -> None:
    track = Track(most=1)
    await track.start(Route.INDIRECT)
    held = [await track.start(Route.INDIRECT)]
    limited = fail(gave_up, held, wait_s=12.0)
    assert (limited.code, limited.retry_after_s) == (ErrorCode.RATE_LIMITED, 12)
    assert fail(gave_up, held).code is ErrorCode.TIMEOUT
    await track.race.aclose()


async def test_one_that_was_let_through_after_all_tells_what_came_of_it() -> None:
    track = Track(most=1)
    await track.start(Route.INDIRECT)
    turned_away = await track.start(Route.INDIRECT)
    track.race.withdraw(turned_away)
    (await track.sender.next()).complete()
    flights = [turned_away, await flown(track, Route.INDIRECT, 403)]
    error = fail(GaveUp.EXHAUSTED, flights, wait_s=12.0)
    assert (error.code, error.retry_after_s) == (ErrorCode.FORBIDDEN, 12)


async def test_a_rate_limit_tells_when_to_try_again() -> None:
    error = fail(GaveUp.RATE_LIMITED, [], wait_s=4.0)
    assert (error.code, error.retry_after_s) == (ErrorCode.RATE_LIMITED, 4)


async def test_a_rejected_request_is_its_own_error() -> None:
    error = fail(GaveUp.REJECTED, [await flown(Track(), Route.INDIRECT, 400)])
    assert isinstance(error, RequestRejectedError)
    assert "s3cret" not in str(error)


async def test_what_a_reader_had_when_it_left_names_where_it_came_from() -> None:
    track = Track()
    flight = await track.start(handover=Handover())
    feed = (await track.sender.next()).begin()
    feed.send(b"x")
    await wait_all_tasks_blocked()
    track.race.detach(flight)
    planned = Chosen(route=Route.INDIRECT, reason=RouteReason.POLICY)
    done = results.so_far("x", planned, [flight], started_at=0.0, now=1.0)
    assert (done.text, done.route, done.reason) == (
        "x",
        Route.DIRECT,
        RouteReason.PREFERRED,
    )
    assert [one.superseded for one in done.attempts] == [True]
    await track.race.aclose()


def test_a_reader_that_left_before_anything_was_sent_is_told_the_plan() -> None:
    planned = Chosen(route=Route.INDIRECT, reason=RouteReason.POLICY)
    done = results.so_far(" ", planned, [], started_at=0.0, now=1.0)
    assert (done.choices, done.route, done.reason) == (
        (),
        Route.INDIRECT,
        RouteReason.POLICY,
    )


async def test_a_call_whose_stream_broke_has_an_error_of_its_own() -> None:
    track = Track()
    flight = await track.start(handover=Handover())
    chosen = Chosen(route=Route.DIRECT, reason=RouteReason.PREFERRED)
    feed = (await track.sender.next()).begin()
    feed.send(b"x")
    await wait_all_tasks_blocked()
    assert results.broken([flight], chosen) is None
    feed.fail(SendError("broken"))
    await wait_all_tasks_blocked()
    error = results.broken([flight], chosen)
    assert isinstance(error, StreamBrokenError)
    assert flight.ending is not None
    assert error is not flight.ending.error
    assert isinstance(error.__cause__, SendError)
    await track.race.aclose()


@pytest.mark.parametrize("deadline", [5.0, math.inf])
async def test_silence_is_the_deadlines_only_where_there_is_one(
    deadline: float,
) -> None:
    track = Track()
    flight = await track.start(Route.INDIRECT)
    (await track.sender.next()).fail(SendError("timeout"))
    await wait_all_tasks_blocked()
    error = fail(GaveUp.EXHAUSTED, [flight], deadline=deadline)
    assert isinstance(error, DeadlineExceededError) is math.isfinite(deadline)
    assert error.code is ErrorCode.TIMEOUT
    await track.race.aclose()
