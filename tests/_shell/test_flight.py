"""An attempt knows where it goes, whether it was sent, and whether it answered."""

from __future__ import annotations

import asyncio

import pytest

from gitlab_completions._core.circuit import Circuit
from gitlab_completions._core.commands import Send
from gitlab_completions._core.freshness import Freshness
from gitlab_completions._core.hedging import Pace
from gitlab_completions._core.user_access import UserAccess
from gitlab_completions._core.verdicts import GATEWAY, Body, Observation, decide
from gitlab_completions._shell.flight import Flight
from gitlab_completions._shell.handover import Handover
from gitlab_completions._shell.keeper import Entry
from gitlab_completions._shell.pour import Pour
from gitlab_completions.models import Route, RouteReason
from gitlab_completions.policy import CircuitPolicy, DetailsPolicy
from tests._shell.parts import REQUEST


@pytest.fixture
async def flight() -> Flight:
    details = DetailsPolicy()
    freshness = Freshness(details, lambda: 0.5, UserAccess(details))
    return Flight(
        call_id=1,
        request=REQUEST,
        send=Send(
            route=Route.DIRECT,
            reason=RouteReason.PREFERRED,
            until=1.0,
            ends_at=5.0,
            last_resort=True,
        ),
        permit=Circuit(CircuitPolicy(), lambda: 0.5, pace=Pace(None, 20)).admit(0.0),
        entry=Entry(None, freshness),
        started_at=0.0,
        since=7.0,
    )


async def test_its_place_at_the_gate_is_its_calls(flight: Flight) -> None:
    assert flight.route is Route.DIRECT
    assert flight.ticket.since == 7
    assert flight.ticket.last_resort


@pytest.mark.parametrize("through", [True, False])
async def test_it_is_sent_once_it_is_let_through(
    flight: Flight, *, through: bool
) -> None:
    assert not flight.sent
    flight.ticket.turn.set_result(through)
    assert flight.sent is through


@pytest.mark.parametrize(("status", "body"), [(200, Body.GOOD), (500, Body.OTHER)])
async def test_it_has_answered_when_its_verdict_says_so(
    flight: Flight, status: int, body: Body
) -> None:
    assert not flight.answered
    flight.verdict = decide(GATEWAY, Observation(status=status, body=body))
    assert flight.answered is (status == 200)


async def test_it_is_cut_once_however_often_it_is_asked_to_be(flight: Flight) -> None:
    flight.cut()  # before it has a task there is nothing to end
    flight.task = asyncio.create_task(asyncio.sleep(9))
    for _ in range(2):
        flight.cut()
    await asyncio.wait({flight.task})
    assert flight.task.cancelled()
    assert flight.task.cancelling() == 1
    assert flight.news is flight.over is flight.task


async def test_a_stream_is_shut_first_and_has_news_with_its_first_piece(
    flight: Flight,
) -> None:
    pour = Pour(Handover(), crlf=False, begin=flight.cut, fall_silent=flight.cut)
    flight.pour = pour
    assert flight.news is pour.news
    assert flight.over is pour.over
    flight.cut()
    assert pour.is_shut
    assert pour.over.done()
