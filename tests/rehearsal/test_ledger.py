"""What clients tell becomes rows, in the order in which things ended."""

from __future__ import annotations

import asyncio

from gitlab_completions import events
from gitlab_completions.errors import RouteTimeoutError
from gitlab_completions.models import Intent, Route, RouteReason
from gitlab_completions.rehearsal.ledger import Ledger, quantile, since
from tests.rehearsal.parts import call


def started(call_id: int, *, context: bool = False) -> events.CallStarted:
    item = events.ContextSize(kind="file", file_extension="py", size_bytes=3)
    return events.CallStarted(
        call_id=call_id,
        intent=Intent.COMPLETION,
        streams=False,
        language=None,
        file_extension="py",
        above_chars=1,
        below_chars=0,
        above_bytes=1,
        below_bytes=0,
        context=(item,) if context else (),
    )


def finished(call_id: int, route: Route | None) -> events.CallFinished:
    error = None if route else RouteTimeoutError("late", route=Route.DIRECT)
    return events.CallFinished(
        call_id=call_id,
        elapsed_s=0.5,
        route=route,
        reason=RouteReason.PREFERRED,
        error=error,
    )


async def test_a_call_is_a_row_when_it_ends() -> None:
    ledger = Ledger()
    ledger.turn(0)
    tell = ledger.observer(3)
    tell(started(1, context=True))
    await asyncio.sleep(2)
    ledger.turn(2)
    tell(events.FellBack(call_id=1, route=Route.INDIRECT, reason=RouteReason.FELL_BACK))
    tell(finished(1, Route.INDIRECT))
    [row] = ledger.calls
    assert (row.author, row.phase, row.ended_s, row.began_s) == (3, 0, 2, 1.5)
    assert (row.route, row.had_context, row.rerouted) == (Route.INDIRECT, True, True)
    assert not row.lost


async def test_a_call_that_ends_in_an_error_is_lost() -> None:
    ledger = Ledger()
    tell = ledger.observer(0)
    tell(started(1))
    tell(finished(1, None))
    assert (ledger.lost, ledger.losses) == (1, {"timeout": 1})
    assert ledger.calls[0].lost


async def test_a_call_that_its_first_route_answers_beside_a_hedge_stays_on_it() -> None:
    ledger = Ledger()
    tell = ledger.observer(0)
    tell(started(1))
    tell(events.Hedged(call_id=1, route=Route.INDIRECT))
    tell(finished(1, Route.DIRECT))
    assert not ledger.calls[0].rerouted


async def test_a_superseded_call_is_counted_and_has_no_row() -> None:
    ledger = Ledger()
    tell = ledger.observer(0)
    tell(started(1))
    tell(events.Superseded(call_id=1, elapsed_s=0.1))
    hedged = events.Hedged(call_id=1, route=Route.INDIRECT)
    tell(hedged)
    tell(finished(1, Route.DIRECT))
    assert (ledger.superseded, ledger.calls) == (1, [])


async def test_an_attempt_belongs_to_the_phase_that_it_was_sent_in() -> None:
    ledger = Ledger()
    ledger.turn(0)
    tell = ledger.observer(0)
    await asyncio.sleep(10)
    ledger.turn(9.5)
    good = events.AttemptSucceeded(
        call_id=1, route=Route.DIRECT, elapsed_s=1, status_code=200, request_id=None
    )
    error = RouteTimeoutError("late", route=Route.DIRECT)
    bad = events.AttemptFailed(
        call_id=2, route=Route.DIRECT, elapsed_s=0.1, error=error
    )
    tell(good)
    tell(bad)
    tell(events.ClockJumped())
    assert [(row.phase, row.failed) for row in ledger.attempts] == [
        (0, False),
        (1, True),
    ]


def test_a_window_is_a_slice() -> None:
    rows = [call(1), call(2), call(3)]
    assert since(rows, 2) == rows[1:]
    assert since(rows, 9) == []


def test_a_quantile_is_one_of_the_values() -> None:
    assert quantile([], 0.5) is None
    assert quantile([3, 1, 2], 0.5) == 2
    assert quantile([3, 1, 2], 1) == 3
