"""What an attempt's end teaches is told in order: observers, circuit, details, gate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitlab_completions._core.circuit import Circuit, CircuitState
from gitlab_completions._core.commands import Send
from gitlab_completions._core.freshness import DetailsState, Freshness
from gitlab_completions._core.hedging import Pace
from gitlab_completions._core.user_access import UserAccess
from gitlab_completions._core.verdicts import Body, Observation
from gitlab_completions._records import replace
from gitlab_completions._shell.bulletin import Bulletin
from gitlab_completions._shell.endings import Ending
from gitlab_completions._shell.flight import Flight
from gitlab_completions._shell.keeper import Entry
from gitlab_completions._shell.settlement import Settlement
from gitlab_completions._wire.suggestions import Suggestion
from gitlab_completions.details import ConnectionDetails, Endpoint
from gitlab_completions.errors import RouteStatusError
from gitlab_completions.events import DetailsRefused, EndpointRefused
from gitlab_completions.models import Choice, Route, RouteReason
from gitlab_completions.policy import CircuitPolicy, DetailsPolicy, HedgePolicy
from gitlab_completions.testing import VirtualClock
from tests._shell.parts import GATEWAY, REQUEST, Diary

if TYPE_CHECKING:
    from collections.abc import Callable


WORDS = {403: "unauthorized_code_suggestions"}
DETAILS = ConnectionDetails(base_url=GATEWAY, token="a", headers={}, lifetime_s=3600.0)


class Court:
    """A settlement, what it changes, and who waits at the gates."""

    def __init__(self) -> None:
        self.diary = Diary()
        self.looks = 0
        self.refused: list[Callable[[Send], bool]] = []
        policy = DetailsPolicy()
        policies = CircuitPolicy(losses_in_a_row=1)
        paces = [Pace(HedgePolicy(), 20) for _ in Route]
        rival = Circuit(policies, lambda: 0.5, pace=paces[1])
        direct = Circuit(policies, lambda: 0.5, pace=paces[0], rival=rival)
        self.circuits = {Route.DIRECT: direct, Route.INDIRECT: rival}
        self.entry = Entry(None, Freshness(policy, lambda: 0.5, UserAccess(policy)))
        self.entry.freshness.granted(0.0, DETAILS)
        self.settlement = Settlement(
            circuits=self.circuits,
            clock=VirtualClock(),
            bulletin=Bulletin([self.diary]),
            look_at_clock=self._look,
            turn_away=self.refused.append,
        )

    def _look(self) -> None:
        self.looks += 1
        assert self.diary.events == []

    def send(
        self,
        route: Route,
        reason: RouteReason = RouteReason.PREFERRED,
        *,
        last: bool = False,
    ) -> Send:
        return Send(
            route=route,
            reason=reason,
            until=1.0,
            ends_at=5.0,
            last_resort=last,
            details=DETAILS if route is Route.DIRECT else None,
        )

    def flight(self, route: Route, endpoint: Endpoint = Endpoint.V2) -> Flight:
        return Flight(
            call_id=1,
            request=REQUEST,
            send=replace(self.send(route), endpoint=endpoint),
            permit=self.circuits[route].admit(0.0),
            entry=self.entry,
            started_at=0.0,
            since=0.0,
        )

    def settle(
        self, route: Route, status: int, endpoint: Endpoint = Endpoint.V2
    ) -> Flight:
        flight = self.flight(route, endpoint)
        self.settlement.settle(flight, ending(route, status))
        return flight


def ending(route: Route, status: int) -> Ending:
    if status == 200:
        return Ending(
            seen=Observation(status=200, body=Body.GOOD),
            suggestion=Suggestion(choices=(Choice(text="x"),), model=None),
        )
    return Ending(
        seen=Observation(status=status, body=Body.JSON, word=WORDS.get(status, "")),
        error=RouteStatusError("no", route=route, status_code=status),
    )


@pytest.fixture
async def court() -> Court:
    return Court()


@pytest.mark.parametrize("route", Route)
async def test_an_answer_is_told_and_settles_the_permit(
    court: Court, route: Route
) -> None:
    flight = court.settle(route, 200)
    assert flight.answered
    assert flight.permit.settled
    assert court.looks == 1
    assert court.diary.kinds == ["AttemptSucceeded"]
    assert court.refused == []


@pytest.mark.parametrize("route", Route)
async def test_a_refusal_is_no_loss_but_a_probe_that_is_refused_rests(
    court: Court, route: Route
) -> None:
    for status in (403, 500):
        assert court.circuits[route].state(0.0) is CircuitState.CLOSED
        court.settle(route, status)
        court.diary.events.clear()
    court.circuits[route].jump(0.0)
    court.settle(route, 403)
    assert court.circuits[route].state(0.0) is CircuitState.OPEN


@pytest.mark.parametrize(
    ("route", "other", "status", "stays"),
    [
        (Route.DIRECT, Route.INDIRECT, 500, "calls with no other route"),
        (Route.DIRECT, Route.INDIRECT, 429, "a last try"),
        (Route.INDIRECT, Route.DIRECT, 429, "a last try"),
    ],
)
async def test_a_route_that_trips_turns_away_who_waits_for_it(
    court: Court, route: Route, other: Route, status: int, stays: str
) -> None:
    court.settle(route, status)
    assert court.circuits[route].state(0.0) is CircuitState.OPEN
    assert court.diary.kinds == ["AttemptFailed", "CircuitTripped"]
    (refused,) = court.refused
    assert refused(court.send(route))
    assert not refused(court.send(other))
    last = court.send(route, last=True)
    assert refused(last) is (stays == "a last try")
    assert not refused(court.send(route, RouteReason.LAST_TRY, last=True))


async def test_an_instance_that_trips_by_itself_turns_nobody_away(court: Court) -> None:
    court.settle(Route.INDIRECT, 500)
    (refused,) = court.refused
    assert not refused(court.send(Route.INDIRECT, RouteReason.CIRCUIT_OPEN))
    assert not refused(court.send(Route.DIRECT))


@pytest.mark.parametrize(
    ("status", "state"), [(401, DetailsState.ABSENT), (402, DetailsState.BARRED)]
)
async def test_refused_details_turn_away_who_waits_with_them(
    court: Court, status: int, state: DetailsState
) -> None:
    court.settle(Route.DIRECT, status)
    assert court.entry.freshness.state(0.0) is state
    (refused,) = court.refused
    assert refused(court.send(Route.DIRECT))
    assert not refused(court.send(Route.INDIRECT))


async def test_a_refused_body_turns_nobody_away(court: Court) -> None:
    court.settle(Route.DIRECT, 422)
    assert court.refused == []


# The gateway's endpoints.


async def test_a_refused_endpoint_is_told_and_turns_away_who_waits_for_it(
    court: Court,
) -> None:
    flight = court.settle(Route.DIRECT, 404)
    assert court.entry.freshness.usable(0.0) is DETAILS
    assert court.entry.freshness.endpoint(DETAILS) is Endpoint.V4
    assert court.circuits[Route.DIRECT].state(0.0) is CircuitState.CLOSED
    assert flight.verdict is not None
    assert not flight.verdict.passing
    assert court.diary.kinds == ["AttemptFailed", "EndpointRefused"]
    assert court.diary.events[1] == EndpointRefused(
        project_path=None,
        endpoint=Endpoint.V2,
        instead=Endpoint.V4,
        status_code=404,
    )
    (refused,) = court.refused
    waiting = court.send(Route.DIRECT)
    assert refused(waiting)
    assert not refused(replace(waiting, endpoint=Endpoint.V4))
    assert not refused(court.send(Route.INDIRECT))


async def test_an_endpoint_that_is_refused_again_is_no_news(court: Court) -> None:
    court.settle(Route.DIRECT, 404)
    court.diary.events.clear()
    court.settle(Route.DIRECT, 404)
    assert court.diary.kinds == ["AttemptFailed"]
    assert len(court.refused) == 1


@pytest.mark.parametrize("status", [403, 404, 405])
async def test_both_endpoints_refused_bar_direct_for_half_an_hour(
    court: Court, status: int
) -> None:
    court.settle(Route.DIRECT, 405)
    court.diary.events.clear()
    court.settle(Route.DIRECT, status, Endpoint.V4)
    assert court.diary.kinds == ["AttemptFailed", "DetailsRefused"]
    assert court.entry.freshness.state(0.0) is DetailsState.BARRED
    told = court.diary.events[-1]
    assert isinstance(told, DetailsRefused)
    assert (told.again_in_s, told.problem.status_code) == (1800, status)
    assert court.refused[-1](court.send(Route.DIRECT))


@pytest.mark.parametrize(
    ("endpoint", "state"),
    [(Endpoint.V2, DetailsState.BARRED), (Endpoint.V4, DetailsState.FRESH)],
)
async def test_what_is_refused_to_users_is_an_endpoint_on_v4_alone(
    court: Court, endpoint: Endpoint, state: DetailsState
) -> None:
    court.settle(Route.DIRECT, 403, endpoint)
    assert court.entry.freshness.state(0.0) is state
