"""A flow's commands are performed, and it is sent what came of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gitlab_completions._core.circuit import CircuitState
from gitlab_completions._core.commands import (
    Answered,
    AwaitDetails,
    Busy,
    Chosen,
    Command,
    DetailsSettled,
    Failed,
    GaveUp,
    Outcome,
    Send,
    Slow,
    Wait,
)
from gitlab_completions._shell.background import Background
from gitlab_completions._shell.bulletin import Bulletin
from gitlab_completions._shell.driver import Drive
from gitlab_completions.errors import ClientClosedError
from gitlab_completions.models import Intent, Route, RouteReason
from gitlab_completions.senders import SendError
from gitlab_completions.testing import VirtualClock, wait_all_tasks_blocked
from tests._shell.parts import REQUEST, Diary
from tests._shell.test_keeper import House
from tests._shell.test_race import DETAILS, Track

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator

    from gitlab_completions._core.commands import Answer

CHOSEN = Chosen(route=Route.DIRECT, reason=RouteReason.PREFERRED)


def send(
    route: Route = Route.DIRECT,
    *,
    until: float = 1.0,
    reason: RouteReason = RouteReason.PREFERRED,
    last_resort: bool = False,
) -> Send:
    return Send(
        route=route,
        reason=reason,
        until=until,
        ends_at=5.0,
        last_resort=last_resort,
        details=DETAILS if route is Route.DIRECT else None,
    )


class Road:
    """A drive, and a flow that notes what it is sent."""

    def __init__(self) -> None:
        self.track = Track()
        self.house = House()
        self.diary = Diary()
        self.closing: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.outcomes: list[Outcome] = []
        self.closed = False
        self.background = Background()
        self.drive = Drive(
            call_id=7,
            request=REQUEST,
            entry=self.track.entry,
            race=self.track.race,
            keeper=self.house.keeper,
            clock=VirtualClock(),
            bulletin=Bulletin([self.diary]),
            closing=self.closing,
        )
        self.track.entry.fetch = None

    def flow(self, *commands: Command) -> Generator[Command, Outcome, Answer]:
        try:
            for command in commands:
                self.outcomes.append((yield command))
        finally:
            self.closed = True
        return CHOSEN

    def start(self, *commands: Command) -> asyncio.Task[Chosen | GaveUp]:
        return asyncio.create_task(self.drive.run(self.flow(*commands)))

    @property
    def kinds(self) -> list[type]:
        return [type(outcome) for outcome in self.outcomes]


@pytest.fixture
async def road() -> AsyncIterator[Road]:
    road = Road()
    yield road
    assert road.closed
    await road.track.race.aclose()
    await road.house.background.aclose()


async def test_an_answer_is_the_outcome_of_a_send(road: Road) -> None:
    call = road.start(send())
    await asyncio.sleep(0.5)
    (await road.track.sender.next()).complete()
    assert await call == CHOSEN
    assert road.outcomes == [Answered(route=Route.DIRECT, at=0.5)]
    assert road.diary.kinds == ["RouteChosen"]


@pytest.mark.parametrize(
    ("status", "final", "passing"),
    [(503, False, True), (401, False, False), (400, True, False)],
)
async def test_a_failure_says_whether_it_is_final_or_passes(
    road: Road, status: int, *, final: bool, passing: bool
) -> None:
    call = road.start(send(Route.INDIRECT))
    (await road.track.sender.next()).refuse(status)
    await call
    assert road.outcomes == [
        Failed(route=Route.INDIRECT, at=0.0, final=final, passing=passing)
    ]


async def test_an_attempt_that_is_turned_away_was_not_sent(road: Road) -> None:
    for _ in range(2):
        await road.track.start()
    call = road.start(send(), send())
    await wait_all_tasks_blocked()
    (waiting,) = road.drive.flights
    road.track.race.withdraw(waiting)
    await wait_all_tasks_blocked()
    assert road.outcomes == [
        Failed(route=Route.DIRECT, at=0.0, final=False, passing=True, sent=False)
    ]
    for exchange in road.track.sender.exchanges:
        exchange.complete()
    (await road.track.sender.next()).complete()
    assert await call == CHOSEN
    assert road.diary.kinds == ["RouteChosen"]  # it only went on waiting there


async def test_an_attempt_under_way_is_slow_at_its_moment(road: Road) -> None:
    await road.start(send(until=0.4), Wait(until=0.9))
    assert road.outcomes == [Slow(at=0.4), Slow(at=0.9)]


async def test_a_moment_that_has_passed_is_slow_at_once(road: Road) -> None:
    call = road.start(send(until=0.0), send(Route.INDIRECT), Wait(until=2.0))
    await wait_all_tasks_blocked()
    assert road.outcomes == [Slow(at=0.0)]
    direct, indirect = road.track.sender.exchanges
    indirect.complete()
    await wait_all_tasks_blocked()
    direct.fail(SendError("broken"))
    await call
    assert road.kinds == [Slow, Answered, Failed]


async def test_an_answer_goes_before_a_failure_of_the_same_moment(road: Road) -> None:
    call = road.start(send(until=0.0), send(Route.INDIRECT), Wait(until=2.0))
    await wait_all_tasks_blocked()
    direct, indirect = road.track.sender.exchanges
    direct.fail(SendError("broken"))
    indirect.complete()
    await call
    assert road.kinds == [Slow, Answered, Failed]


async def test_an_attempt_in_the_gate_is_busy_and_is_taken_back(road: Road) -> None:
    for _ in range(2):
        await road.track.start()
    second = send(Route.INDIRECT, reason=RouteReason.SATURATED, until=2.0)
    call = road.start(send(), second)
    await asyncio.sleep(1)
    (await road.track.sender.next()).complete()
    await call
    assert road.outcomes == [
        Busy(route=Route.DIRECT, at=1.0),
        Answered(route=Route.INDIRECT, at=1.0),
    ]
    assert [flight.route for flight in road.drive.flights] == [Route.INDIRECT]


async def test_a_last_resort_in_the_gate_stays_there(road: Road) -> None:
    for _ in range(2):
        await road.track.start()
    call = road.start(send(last_resort=True), Wait(until=2.0))
    await call
    assert road.kinds == [Slow, Slow]


async def test_a_fetch_is_awaited_until_it_ends_or_the_moment_comes(
    road: Road,
) -> None:
    fetched = asyncio.Event()

    async def fetch() -> None:
        await fetched.wait()

    road.track.entry.fetch = road.background.spawn(fetch())
    call = road.start(AwaitDetails(until=0.25), AwaitDetails(until=9.0))
    await asyncio.sleep(0.5)
    fetched.set()
    await call
    assert road.outcomes == [DetailsSettled(at=0.25), DetailsSettled(at=0.5)]


async def test_without_a_fetch_a_call_waits_until_it_may_look_again(road: Road) -> None:
    await road.start(AwaitDetails(until=9.0))
    assert road.outcomes == [DetailsSettled(at=9.0)]


async def test_a_caller_that_leaves_closes_the_flow_and_is_superseded(
    road: Road,
) -> None:
    call = road.start(send(until=9.0))
    await asyncio.sleep(0.5)
    call.cancel()
    await asyncio.wait({call})
    assert call.cancelled()
    assert road.closed
    assert road.diary.kinds == ["RouteChosen", "Superseded"]
    (flight,) = road.drive.flights
    assert flight.ticket.detached
    (await road.track.sender.next()).complete()
    await wait_all_tasks_blocked()
    assert flight.permit.settled


async def test_the_clients_end_is_the_calls_end(road: Road) -> None:
    call = road.start(send(until=9.0))
    await wait_all_tasks_blocked()
    road.closing.set_result(None)
    with pytest.raises(ClientClosedError):
        await call
    assert road.outcomes == []


async def test_events_tell_a_hedge_from_a_fallback(road: Road) -> None:
    call = road.start(
        send(until=0.4),
        send(Route.INDIRECT, reason=RouteReason.HEDGED, until=0.5),
    )
    await call
    assert road.diary.kinds == ["RouteChosen", "Hedged"]


@pytest.mark.parametrize("reason", [RouteReason.FELL_BACK, RouteReason.LAST_TRY])
async def test_what_is_still_in_flight_when_a_call_falls_back_is_given_up(
    road: Road, reason: RouteReason
) -> None:
    call = road.start(send(until=1.35), send(Route.INDIRECT, reason=reason, until=2.0))
    await asyncio.sleep(1.4)
    late, fallen = road.drive.flights
    assert late.permit.late
    assert not fallen.permit.late
    for exchange in road.track.sender.exchanges:
        exchange.complete()
    await call


async def test_a_hedge_gives_nothing_up(road: Road) -> None:
    hedge = send(Route.INDIRECT, reason=RouteReason.HEDGED, until=2.0)
    call = road.start(send(until=1.35), hedge)
    await asyncio.sleep(1.4)
    assert not road.drive.flights[0].permit.late
    for exchange in road.track.sender.exchanges:
        exchange.complete()
    await call
    assert road.track.state(Route.DIRECT) is CircuitState.CLOSED


async def test_lateness_is_counted_before_a_call_chooses_its_route(road: Road) -> None:
    for _ in range(2):
        road.track.race.detach(await road.track.start())
    await asyncio.sleep(1)
    await road.start()
    assert road.track.state(Route.DIRECT) is CircuitState.OPEN
    for exchange in road.track.sender.exchanges:
        exchange.complete()


async def test_a_probe_is_told_as_such(road: Road) -> None:
    for _ in range(2):
        await road.track.start()
        (await road.track.sender.next()).fail(SendError("broken"))
    await asyncio.sleep(2)
    await road.start(send(until=3.0))
    assert road.diary.kinds == ["CircuitProbed", "RouteChosen"]


async def test_a_generation_looks_at_no_details(road: Road) -> None:
    road.drive.request = type(REQUEST)(
        file_name="f.py", content_above_cursor="", intent=Intent.GENERATION
    )
    road.drive.entry = road.house.keeper.entry(None)
    await road.start(send(Route.INDIRECT, until=0.1))
    assert road.house.fetches == 0


async def test_a_completion_has_details_looked_at_at_each_step(road: Road) -> None:
    road.drive.entry = road.house.keeper.entry(None)
    call = road.start(send(Route.INDIRECT, until=0.1))
    await wait_all_tasks_blocked()
    assert road.house.fetches == 1
    await call


async def test_a_route_that_was_busy_once_is_told_of_when_it_is_fallen_back_to(
    road: Road,
) -> None:
    for _ in range(2):
        await road.track.start()
    others = [
        send(Route.INDIRECT, reason=RouteReason.SATURATED, until=2.0),
        send(reason=RouteReason.LAST_TRY, until=3.0, last_resort=True),
    ]
    await road.start(send(), *others)
    assert road.diary.kinds == ["RouteChosen", "FellBack", "FellBack"]


async def test_a_call_that_goes_on_waiting_at_the_same_gate_is_told_of_once(
    road: Road,
) -> None:
    for _ in range(2):
        await road.track.start()
    await road.start(send(), send(until=3.0, last_resort=True))
    assert road.diary.kinds == ["RouteChosen"]
