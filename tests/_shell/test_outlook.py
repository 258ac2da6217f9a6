"""How routing stands is read, and changes nothing."""

from __future__ import annotations

import asyncio

import pytest

from gitlab_completions._core.budget import InstanceBudget
from gitlab_completions._core.freshness import Freshness
from gitlab_completions._core.router import Router
from gitlab_completions._core.user_access import UserAccess
from gitlab_completions._core.verdicts import AccessVerdict, Standing
from gitlab_completions._shell.keeper import Entry
from gitlab_completions._shell.outlook import Outlook
from gitlab_completions._shell.tally import Tally
from gitlab_completions.errors import (
    AllRoutesFailedError,
    CircuitOpenError,
    DirectAccessBarredError,
    ErrorCode,
    RequestRejectedError,
    StreamBrokenError,
)
from gitlab_completions.models import Route, RouteReason
from gitlab_completions.policy import DetailsPolicy, DirectMode, RoutingPolicy
from gitlab_completions.status import Health
from gitlab_completions.testing import VirtualClock
from tests._shell.test_race import Track

FAILED = AllRoutesFailedError("no", code=ErrorCode.OFFLINE)


class View:
    """An outlook on a track, whose details are fresh."""

    def __init__(self, direct: DirectMode = DirectMode.AUTO) -> None:
        self.track = track = Track()
        self.budget = InstanceBudget(60)
        self.outlook = Outlook(
            track.circuits, self.budget, track.race, Tally(), VirtualClock()
        )
        self.router = Router(
            policy=RoutingPolicy(direct=direct),
            direct=track.circuits[Route.DIRECT],
            indirect=track.circuits[Route.INDIRECT],
            budget=self.budget,
            hedges=track.hedges,
        )

    def look(self, *, closed: bool = False) -> tuple[Health, Route | None, RouteReason]:
        status = self.outlook.status(self.router, self.track.entry, closed=closed)
        return status.health, status.route, status.reason

    @property
    def news(self) -> Health | None:
        status = self.outlook.news(self.router, self.track.entry)
        return None if status is None else status.health

    def trip(self) -> None:
        now = asyncio.get_running_loop().time()
        for _ in range(2):
            self.track.circuits[Route.DIRECT].admit(now).fail(now)


async def test_health_goes_by_the_last_call_and_the_preferred_route() -> None:
    view = View()
    assert view.look() == (Health.READY, Route.DIRECT, RouteReason.PREFERRED)
    view.outlook.call_ended(1, None)
    assert view.look() == (Health.READY, Route.DIRECT, RouteReason.PREFERRED)
    view.trip()
    assert view.look() == (Health.DEGRADED, Route.INDIRECT, RouteReason.CIRCUIT_OPEN)
    view.outlook.call_ended(2, FAILED)
    assert view.look()[0] is Health.UNAVAILABLE
    assert view.look(closed=True)[:2] == (Health.CLOSED, None)


async def test_a_client_that_has_asked_for_nothing_is_starting() -> None:
    view = View()
    policy = DetailsPolicy()
    freshness = Freshness(policy, lambda: 0.5, UserAccess(policy))
    view.track.entry = Entry(None, freshness)
    absent = RouteReason.DETAILS_ABSENT
    assert view.look() == (Health.STARTING, Route.INDIRECT, absent)
    freshness.fetch_starts(0.0)
    assert view.look()[0] is Health.STARTING
    freshness.abandoned()
    assert view.look()[0] is Health.DEGRADED


@pytest.mark.parametrize(
    ("code", "health"),
    [
        (ErrorCode.TOKEN_EXPIRED, Health.UNAVAILABLE),
        (ErrorCode.OFFLINE, Health.UNAVAILABLE),
        (ErrorCode.DIRECT_BARRED, Health.DEGRADED),
        (ErrorCode.SERVER, Health.DEGRADED),
    ],
)
async def test_a_first_refusal_tells_whether_the_instance_would_refuse_all(
    code: ErrorCode, health: Health
) -> None:
    view = View()
    policy = DetailsPolicy()
    freshness = Freshness(policy, lambda: 0.5, UserAccess(policy))
    view.track.entry = Entry(None, freshness)
    freshness.fetch_starts(0.0)
    verdict = AccessVerdict(standing=Standing.BARRED, again_s=300.0)
    freshness.refused(0.0, verdict, DirectAccessBarredError("no", code=code))
    assert view.look()[0] is health


async def test_without_a_route_nothing_is_available() -> None:
    view = View(DirectMode.ONLY)
    view.trip()
    assert view.look() == (Health.UNAVAILABLE, None, RouteReason.CIRCUIT_OPEN)


async def test_a_call_that_began_earlier_says_nothing_new() -> None:
    view = View()
    view.outlook.call_ended(2, None)
    view.outlook.call_ended(1, FAILED)
    assert view.look()[0] is Health.READY


async def test_a_rejected_request_does_not_count() -> None:
    view = View()
    view.outlook.call_ended(1, RequestRejectedError("no"))
    assert view.look()[0] is Health.READY


async def test_a_stream_that_broke_off_came_by_a_route_that_answers() -> None:
    view = View()
    view.outlook.call_ended(1, FAILED)
    view.outlook.call_ended(2, StreamBrokenError("cut", route=Route.DIRECT))
    assert view.look()[0] is Health.READY


async def test_the_route_that_the_policy_allows_is_the_preferred_one() -> None:
    view = View(DirectMode.NEVER)
    view.outlook.call_ended(1, None)
    assert view.look() == (Health.READY, Route.INDIRECT, RouteReason.POLICY)
    only = View(DirectMode.ONLY)
    only.trip()
    assert only.look()[1] is None


async def test_news_are_told_once() -> None:
    view = View()
    assert [view.news, view.news] == [Health.READY, None]
    view.outlook.call_ended(1, FAILED)
    assert [view.news, view.news] == [Health.UNAVAILABLE, None]
    view.outlook.call_ended(2, None)
    view.trip()
    assert [view.news, view.news] == [Health.DEGRADED, None]


async def test_an_open_circuit_is_the_problem_and_says_until_when() -> None:
    view = View()
    view.trip()
    status = view.outlook.status(view.router, view.track.entry, closed=False)
    assert isinstance(status.problem, CircuitOpenError)
    assert status.problem.retry_after_s == status.recheck_in_s == pytest.approx(1)
    assert status.circuits == {Route.DIRECT: "open", Route.INDIRECT: "closed"}


@pytest.mark.parametrize(
    ("cause", "says"),
    [
        ("failures", "after failures"),
        ("lateness", "kept callers waiting"),
        ("rate_limit", "asked for it"),
        ("slower", "the slower route"),
    ],
)
async def test_an_open_circuit_says_why(cause: str, says: str) -> None:
    view = View()
    direct, indirect = view.track.circuits.values()
    if cause == "failures":
        view.trip()
    elif cause == "lateness":
        for _ in range(2):
            direct.admit(0.0).left(1.0)
    elif cause == "rate_limit":
        direct.admit(0.0).rest(0.0, 30.0)
    else:
        for _ in range(10):
            indirect.pace.learn(0.1)
            direct.pace.learn(0.8)
        direct.admit(0.0).succeed(0.8)
    status = view.outlook.status(view.router, view.track.entry, closed=False)
    assert says in str(status.problem)
    assert status.route is Route.INDIRECT
    assert status.reason is (
        RouteReason.SLOWER if cause == "slower" else RouteReason.CIRCUIT_OPEN
    )
    assert status.recheck_in_s is not None


async def test_the_wait_for_a_route_is_its_rest_or_the_next_slot() -> None:
    view = View()
    assert view.outlook.wait_s(Route.INDIRECT, 0.0) is None
    for _ in range(55):
        view.budget.spend(0.0)
    assert view.outlook.wait_s(Route.INDIRECT, 0.0) == 60
    assert view.outlook.wait_s(Route.DIRECT, 0.0) is None
    view.track.circuits[Route.DIRECT].admit(0.0).rest(0.0, 30.0)
    assert view.outlook.wait_s(Route.DIRECT, 0.0) == 5


async def test_a_status_is_of_its_moment_and_not_to_be_written_to() -> None:
    view = View()
    status = view.outlook.status(view.router, view.track.entry, closed=False)
    with pytest.raises(TypeError):
        status.counts["completed"] = 1  # type: ignore[index]
    assert status.at.tzinfo is not None
