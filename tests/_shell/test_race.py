"""A flight settles once, whoever waits, and outlives its caller."""

from __future__ import annotations

import asyncio
import gc
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gitlab_completions._core.circuit import Circuit, CircuitState
from gitlab_completions._core.commands import Send
from gitlab_completions._core.freshness import Freshness
from gitlab_completions._core.hedging import HedgeBudget, Pace
from gitlab_completions._core.user_access import UserAccess
from gitlab_completions._shell.access_token import TokenDesk
from gitlab_completions._shell.bulletin import Bulletin
from gitlab_completions._shell.exchange import Exchanger
from gitlab_completions._shell.gate import Gate
from gitlab_completions._shell.handover import Handover
from gitlab_completions._shell.keeper import Entry
from gitlab_completions._shell.race import Race
from gitlab_completions.details import ConnectionDetails
from gitlab_completions.errors import RouteTimeoutError
from gitlab_completions.events import AttemptFailed, CircuitTripped, DetailsRefused
from gitlab_completions.models import CompletionRequest, Intent, Route, RouteReason
from gitlab_completions.policy import CircuitPolicy, DetailsPolicy, HedgePolicy
from gitlab_completions.senders import SendError
from gitlab_completions.testing import VirtualClock, wait_all_tasks_blocked
from tests._shell.parts import AGENT, GATEWAY, REQUEST, ROOT, Diary, HeldSender

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gitlab_completions._shell.flight import Flight

DETAILS = ConnectionDetails(
    base_url=GATEWAY, token="token", headers={}, lifetime_s=3600.0
)


class Track:
    """A race with its gates, circuits and one project's details."""

    def __init__(self, most: int = 2) -> None:
        clock = VirtualClock()
        self.sender = HeldSender()
        self.diary = Diary()
        self.looked_after: list[int] = []
        policy = DetailsPolicy()
        freshness = Freshness(policy, lambda: 0.5, UserAccess(policy))
        freshness.fetch_starts(0.0)
        freshness.granted(0.0, DETAILS)
        self.entry = Entry(None, freshness)
        pace = Pace(HedgePolicy(), 20)
        rival = Circuit(CircuitPolicy(), lambda: 0.5, pace=pace)
        pace = Pace(HedgePolicy(), 20)
        direct = Circuit(CircuitPolicy(), lambda: 0.5, pace=pace, rival=rival)
        self.circuits = {Route.DIRECT: direct, Route.INDIRECT: rival}
        self.hedges = HedgeBudget(HedgePolicy())
        self.gates = {route: Gate(most, clock, lambda: False) for route in Route}
        self.stream_gates = {route: Gate(4, clock, lambda: False) for route in Route}
        desk = TokenDesk("glpat-1", lambda: None)
        self.race = Race(
            exchanger=Exchanger(self.sender, desk, clock, ROOT, AGENT),
            gates=self.gates,
            stream_gates=self.stream_gates,
            circuits=self.circuits,
            hedges=self.hedges,
            clock=clock,
            bulletin=Bulletin([self.diary]),
            look_at_clock=self.looks_at_clock,
        )

    def looks_at_clock(self) -> None:
        self.looked_after.append(len(self.diary.events))

    async def start(
        self,
        route: Route = Route.DIRECT,
        request: CompletionRequest = REQUEST,
        *,
        reason: RouteReason = RouteReason.PREFERRED,
        last_resort: bool = False,
        price: int = 0,
        handover: Handover | None = None,
    ) -> Flight:
        send = Send(
            route=route,
            reason=reason,
            until=asyncio.get_running_loop().time() + 1,
            ends_at=asyncio.get_running_loop().time() + 5,
            last_resort=last_resort,
            price=price,
            details=DETAILS if route is Route.DIRECT else None,
        )
        flight = self.race.start(1, request, send, self.entry, handover=handover)
        await wait_all_tasks_blocked()
        return flight

    def state(self, route: Route) -> CircuitState:
        return self.circuits[route].state(asyncio.get_running_loop().time())


@pytest.fixture
async def track() -> AsyncIterator[Track]:
    track = Track()
    yield track
    await track.race.aclose()
    assert track.sender.in_flight == 0
    assert track.race.in_flight == 0


@pytest.mark.parametrize("route", Route)
async def test_an_answer_settles_its_permit_with_or_without_a_caller(
    track: Track, route: Route
) -> None:
    for detached in (False, True):
        flight = await track.start(route)
        if detached:
            track.race.detach(flight)
        before = flight.permit.settled
        assert not before
        (await track.sender.next()).complete()
        await wait_all_tasks_blocked()
        assert flight.permit.settled
        assert flight.answered
        assert track.race.in_flight == 0
    assert track.diary.kinds == ["AttemptSucceeded", "AttemptSucceeded"]


async def test_failures_trip_the_circuit_though_their_callers_have_left(
    track: Track,
) -> None:
    for _ in range(2):
        track.race.detach(await track.start())
        (await track.sender.next()).fail(SendError("broken"))
        await wait_all_tasks_blocked()
    assert track.state(Route.DIRECT) is CircuitState.OPEN
    assert track.diary.kinds == ["AttemptFailed", "AttemptFailed", "CircuitTripped"]
    assert track.diary.events[-1] == CircuitTripped(route=Route.DIRECT, rests_s=1.0)


async def test_silence_trips_the_circuit_though_every_caller_leaves_early(
    track: Track,
) -> None:
    """An author who types never waits for a timeout."""
    flights = [await track.start() for _ in range(2)]
    for flight in flights:
        await asyncio.sleep(0.1)
        track.race.detach(flight)
    track.race.look()
    assert track.state(Route.DIRECT) is CircuitState.CLOSED
    await asyncio.sleep(0.8)
    waiting = await track.start()
    track.race.look()
    assert track.state(Route.DIRECT) is CircuitState.OPEN
    assert track.diary.events == [
        CircuitTripped(route=Route.DIRECT, rests_s=1.0, cause="lateness")
    ]
    assert not waiting.sent
    assert waiting.ticket.turn.done()
    for exchange in track.sender.exchanges:
        exchange.complete()
    await wait_all_tasks_blocked()
    assert track.diary.kinds[1:] == ["AttemptSucceeded"] * 2
    assert track.state(Route.DIRECT) is CircuitState.OPEN


async def test_a_caller_that_leaves_late_is_a_loss_at_once(track: Track) -> None:
    flights = [await track.start() for _ in range(2)]
    await asyncio.sleep(0.7)
    for flight in flights:
        track.race.detach(flight)
    assert track.diary.kinds == ["CircuitTripped"]
    for exchange in track.sender.exchanges:
        exchange.complete()


async def test_an_attempt_that_is_given_up_is_a_loss_and_may_still_answer(
    track: Track,
) -> None:
    flights = [await track.start() for _ in range(2)]
    await asyncio.sleep(1.35)
    for flight in flights:
        track.race.give_up(flight)
    assert track.diary.kinds == ["CircuitTripped"]
    track.sender.exchanges[0].complete()
    await wait_all_tasks_blocked()
    assert flights[0].answered
    track.sender.exchanges[1].complete()


async def test_what_is_spent_in_the_gate_makes_nothing_late(track: Track) -> None:
    flights = [await track.start() for _ in range(3)]
    await asyncio.sleep(3)
    track.sender.exchanges[0].complete()
    await wait_all_tasks_blocked()
    track.race.detach(flights[2])
    assert not flights[2].permit.settled
    track.race.look()
    assert track.state(Route.DIRECT) is CircuitState.CLOSED
    for exchange in track.sender.exchanges[1:]:
        exchange.complete()


@pytest.mark.parametrize("price", [0, 1, 3])
async def test_a_hedge_costs_what_its_flow_says(track: Track, price: int) -> None:
    await track.start(Route.INDIRECT, reason=RouteReason.HEDGED, price=price)
    assert track.hedges.allows(5 - price)
    assert not track.hedges.allows(6 - price)
    (await track.sender.next()).complete()


async def test_a_generation_is_never_late(track: Track) -> None:
    request = replace(REQUEST, intent=Intent.GENERATION)
    flights = [await track.start(Route.INDIRECT, request) for _ in range(2)]
    await asyncio.sleep(4)
    for flight in flights:
        track.race.detach(flight)
    assert not track.circuits[Route.INDIRECT].is_doubtful(4.0)
    for exchange in track.sender.exchanges:
        exchange.complete()


async def test_a_rate_limit_makes_the_route_rest(track: Track) -> None:
    await track.start(Route.INDIRECT)
    (await track.sender.next()).reply(429, b"{}", {"retry-after": "30"})
    await wait_all_tasks_blocked()
    assert track.diary.events[-1] == CircuitTripped(
        route=Route.INDIRECT, rests_s=30, cause="rate_limit"
    )


async def test_a_route_that_asks_for_a_rest_turns_away_who_waits_for_it(
    track: Track,
) -> None:
    waiting = [
        await track.start(Route.INDIRECT, last_resort=last, reason=reason)
        for last, reason in (
            (False, RouteReason.PREFERRED),
            (False, RouteReason.PREFERRED),
            (False, RouteReason.PREFERRED),
            (True, RouteReason.POLICY),
            (True, RouteReason.LAST_TRY),
        )
    ][2:]
    track.sender.exchanges[0].reply(429, b"{}", {"retry-after": "30"})
    await wait_all_tasks_blocked()
    assert [flight.sent for flight in waiting] == [False, False, True]
    assert [flight.permit.settled for flight in waiting] == [True, True, False]
    for exchange in track.sender.exchanges[1:]:
        exchange.complete()


async def test_a_route_that_trips_turns_away_who_has_another(track: Track) -> None:
    sent = [await track.start() for _ in range(2)]
    waiting = [await track.start(last_resort=last) for last in (False, False, True)]
    for exchange in track.sender.exchanges[:2]:
        exchange.fail(SendError("broken"))
    await wait_all_tasks_blocked()
    assert all(flight.ended_at is not None for flight in sent)
    # The first loss made room for one; the second tripped the circuit.
    assert [flight.sent for flight in waiting] == [True, False, True]
    for exchange in track.sender.exchanges[2:]:
        exchange.complete()


async def test_two_answers_to_probes_bring_the_route_back(track: Track) -> None:
    for _ in range(2):
        await track.start()
        (await track.sender.next()).fail(SendError("broken"))
    await asyncio.sleep(2)
    for _ in range(2):
        flight = await track.start()
        assert flight.permit.probe
        (await track.sender.next()).complete()
        await wait_all_tasks_blocked()
    assert track.diary.kinds[-1] == "CircuitRecovered"


async def test_a_refused_token_is_dropped(track: Track) -> None:
    await track.start()
    (await track.sender.next()).refuse(401)
    await wait_all_tasks_blocked()
    assert track.entry.freshness.details is None
    assert track.state(Route.DIRECT) is CircuitState.CLOSED


async def test_a_no_of_the_gateway_bars_direct_and_is_told(track: Track) -> None:
    await track.start()
    (await track.sender.next()).refuse(403)
    await wait_all_tasks_blocked()
    told = track.diary.events[-1]
    assert isinstance(told, DetailsRefused)
    assert told.again_in_s == 1800
    assert track.entry.freshness.bar(1.0) is not None


@pytest.mark.parametrize("status", [401, 402, 403, 404])
async def test_what_waits_with_details_that_are_refused_is_turned_away(
    track: Track, status: int
) -> None:
    """A gateway's edge counts refused tokens, and takes many for an attack."""
    flights = [await track.start(last_resort=last) for last in (False, False, True)]
    elsewhere = await track.start(Route.INDIRECT)
    track.sender.exchanges[0].refuse(status)
    await wait_all_tasks_blocked()
    assert [flight.sent for flight in flights] == [True, True, False]
    assert [flight.permit.settled for flight in flights] == [True, False, True]
    assert elsewhere.sent
    for exchange in track.sender.exchanges[1:]:
        exchange.complete()


async def test_what_waits_goes_on_after_a_body_that_is_refused(track: Track) -> None:
    flights = [await track.start() for _ in range(3)]
    track.sender.exchanges[0].refuse(422)
    await wait_all_tasks_blocked()
    assert flights[2].sent
    for exchange in track.sender.exchanges[1:]:
        exchange.complete()


async def test_bodies_refused_on_three_files_bar_direct(track: Track) -> None:
    for number in range(3):
        assert "DetailsRefused" not in track.diary.kinds
        await track.start(request=replace(REQUEST, file_name=f"{number}.py"))
        (await track.sender.next()).refuse(422)
        await wait_all_tasks_blocked()
    assert track.diary.kinds[-1] == "DetailsRefused"


async def test_a_flight_in_the_gate_can_be_taken_back(track: Track) -> None:
    flights = [await track.start() for _ in range(3)]
    assert [flight.sent for flight in flights] == [True, True, False]
    assert not track.race.withdraw(flights[0])
    assert track.race.withdraw(flights[2])
    await wait_all_tasks_blocked()
    assert flights[2].permit.settled
    assert flights[2].task is not None
    assert flights[2].task.done()
    for exchange in track.sender.exchanges:
        exchange.complete()


@pytest.mark.parametrize("streams", [False, True])
async def test_a_flight_that_others_end_in_the_gate_takes_no_place_along(
    track: Track, *, streams: bool
) -> None:
    handovers = [Handover() if streams else None for _ in range(10)]
    flights = [await track.start(handover=one) for one in handovers]
    waiting = [one for one in flights if not one.sent]
    for flight in waiting:
        assert flight.task is not None
        flight.task.cancel()  # as whoever ends the loop does
    await wait_all_tasks_blocked()
    assert all(one.task is not None and one.task.done() for one in waiting)
    assert track.diary.kinds == []
    for flight in flights:
        track.race.detach(flight)
    await wait_all_tasks_blocked()
    for exchange in track.sender.exchanges:
        if not exchange.cancelled:
            exchange.complete()
    await wait_all_tasks_blocked()
    assert track.race.in_flight == 0


async def test_a_flight_may_be_left_before_its_task_has_begun(track: Track) -> None:
    send = Send(
        route=Route.DIRECT,
        reason=RouteReason.PREFERRED,
        until=0.0,
        ends_at=5.0,
        last_resort=False,
        details=DETAILS,
    )
    flight = track.race.start(1, REQUEST, send, track.entry)
    track.race.detach(flight)
    await wait_all_tasks_blocked()
    assert track.sender.exchanges == []
    assert flight.permit.settled


async def test_a_sender_that_outstays_the_attempt_is_ended_once(track: Track) -> None:
    flight = await track.start()
    await asyncio.sleep(5.9)
    assert track.sender.exchanges[0].cancelled == 0
    await asyncio.sleep(0.2)
    assert track.sender.exchanges[0].cancelled == 1
    (told,) = track.diary.events
    assert isinstance(told, AttemptFailed)
    assert isinstance(told.error, RouteTimeoutError)
    assert told.elapsed_s == 6
    assert flight.permit.settled
    assert track.race.in_flight == 0


async def test_closing_gives_flights_a_moment_then_ends_each_once(
    track: Track,
) -> None:
    flights = [await track.start() for _ in range(3)]
    closing = asyncio.create_task(track.race.aclose())
    await asyncio.sleep(0.05)
    track.sender.exchanges[0].complete()
    await closing
    assert asyncio.get_running_loop().time() == pytest.approx(0.1)
    assert [one.cancelled for one in track.sender.exchanges] == [0, 1]
    assert all(flight.permit.settled for flight in flights)
    assert track.diary.kinds == ["AttemptSucceeded"]
    assert track.state(Route.DIRECT) is CircuitState.CLOSED


async def test_a_race_that_has_stopped_sends_nothing(track: Track) -> None:
    track.race.stop()
    flight = await track.start()
    assert track.sender.exchanges == []
    assert flight.permit.settled


async def test_a_flight_that_has_ended_is_not_kept(track: Track) -> None:
    flight = await track.start()
    track.sender.exchanges.pop().complete()
    await wait_all_tasks_blocked()
    kept = weakref.ref(flight.task) if flight.task is not None else None
    assert kept is not None
    del flight
    gc.collect()
    assert kept() is None


@pytest.mark.parametrize("ends", ["with an answer", "broken", "by force"])
async def test_the_clock_is_looked_at_before_an_ending_teaches_anything(
    track: Track, ends: str
) -> None:
    await track.start()
    exchange = await track.sender.next()
    if ends == "with an answer":
        exchange.complete()
    elif ends == "broken":
        exchange.fail(SendError("broken"))
    else:
        await asyncio.sleep(10)
    await wait_all_tasks_blocked()
    assert len(track.diary.events) == 1
    assert track.looked_after == [0]


async def test_a_stream_is_settled_by_its_first_piece(track: Track) -> None:
    flight = await track.start(handover=Handover())
    feed = (await track.sender.next()).begin()
    await wait_all_tasks_blocked()
    before = flight.permit.settled, flight.answered
    assert before == (False, False)
    feed.send(b"x")
    await wait_all_tasks_blocked()
    assert (flight.permit.settled, flight.answered) == (True, True)
    assert flight.news is not None
    assert flight.news.done()
    assert track.diary.kinds == ["StreamBegan"]
    feed.fail(SendError("broken"))
    await wait_all_tasks_blocked()
    assert track.diary.kinds == ["StreamBegan", "AttemptFailed"]
    assert flight.answered
    assert track.state(Route.DIRECT) is CircuitState.CLOSED


async def test_a_stream_without_text_is_settled_at_its_end(track: Track) -> None:
    flight = await track.start(handover=Handover())
    (await track.sender.next()).begin().end()
    await wait_all_tasks_blocked()
    assert flight.answered
    assert track.diary.kinds == ["AttemptSucceeded"]


@pytest.mark.parametrize("fed", [False, True])
async def test_a_stream_that_is_detached_ends_and_says_nothing(
    track: Track, *, fed: bool
) -> None:
    flight = await track.start(handover=Handover())
    exchange = await track.sender.next()
    feed = exchange.begin()
    if fed:
        feed.send(b"x")
        await wait_all_tasks_blocked()
    for _ in range(2):
        track.race.detach(flight)
    await wait_all_tasks_blocked()
    assert (exchange.cancelled, flight.ending) == (1, None)
    assert flight.permit.settled
    assert track.diary.kinds == (["StreamBegan"] if fed else [])
    assert track.race.in_flight == 0


async def test_a_stream_that_is_given_up_ends_as_a_timeout(track: Track) -> None:
    flight = await track.start(handover=Handover())
    exchange = await track.sender.next()
    await asyncio.sleep(2)
    track.race.give_up(flight)
    assert flight.permit.settled
    await wait_all_tasks_blocked()
    assert exchange.cancelled == 1
    (failed,) = track.diary.events
    assert isinstance(failed, AttemptFailed)
    assert isinstance(failed.error, RouteTimeoutError)
    track.race.detach(flight)
    await wait_all_tasks_blocked()
    assert exchange.cancelled == 1


async def test_a_stream_in_its_gate_is_given_up_unsent(track: Track) -> None:
    flights = [await track.start(handover=Handover()) for _ in range(5)]
    track.race.give_up(flights[4])
    await wait_all_tasks_blocked()
    assert len(track.sender.exchanges) == 4
    assert not flights[4].sent
    assert track.diary.kinds == []
    for flight in flights:
        track.race.detach(flight)


async def test_the_end_ends_a_stream_once(track: Track) -> None:
    flight = await track.start(handover=Handover())
    exchange = await track.sender.next()
    track.race.detach(flight)
    await track.race.aclose()
    assert exchange.cancelled == 1


async def test_a_stream_whose_time_is_up_teaches_as_any_other(track: Track) -> None:
    for _ in range(2):
        await track.start(handover=Handover())
        await asyncio.sleep(10)
    assert track.diary.kinds == ["AttemptFailed", "AttemptFailed", "CircuitTripped"]
