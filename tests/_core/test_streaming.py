"""The flow of a streamed call, step by step: what it orders after each outcome."""

from __future__ import annotations

import math

import pytest

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
from gitlab_completions.models import Intent, Route, RouteReason
from gitlab_completions.policy import DirectMode
from tests._core.test_call import DETAILS, NOW, World, near

DIRECT, INDIRECT = Route


class Told:
    """A flow, and what it orders when it is told what happened."""

    def __init__(
        self,
        world: World,
        intent: Intent = Intent.COMPLETION,
        deadline_s: float = math.inf,
    ) -> None:
        self.flow = world.router.stream(intent, world.freshness, NOW, deadline_s)

    def first(self) -> Command | object:
        return next(self.flow)

    def then(self, outcome: Outcome) -> object:
        try:
            return self.flow.send(outcome)
        except StopIteration as end:
            return end.value


def send(
    route: Route,
    reason: RouteReason,
    *,
    until: float,
    ends_at: float = math.inf,
    last: bool = False,
) -> Send:
    return Send(
        route=route,
        reason=reason,
        until=near(until),
        ends_at=near(ends_at),
        last_resort=last,
        least_s=near(0.9),
        details=DETAILS if route is DIRECT else None,
    )


def failed(route: Route, at: float, *, passing: bool = True) -> Failed:
    return Failed(route=route, at=at, final=False, passing=passing)


def test_direct_goes_first_and_the_first_piece_ends_the_flow() -> None:
    told = Told(World())
    ordered = send(DIRECT, RouteReason.PREFERRED, until=NOW + 0.9)
    assert told.first() == ordered
    answered = Answered(route=DIRECT, at=NOW + 0.2)
    assert told.then(answered) == Chosen(route=DIRECT, reason=RouteReason.PREFERRED)


def test_it_is_never_hedged_and_given_up_at_its_timeout() -> None:
    told = Told(World())
    told.first()
    assert told.then(Slow(at=NOW + 0.9)) == Wait(until=near(NOW + 5))
    assert told.then(Slow(at=NOW + 5)) == send(
        INDIRECT, RouteReason.FELL_BACK, until=math.inf, last=True
    )
    # What was given up is ended, and that is all there is to it.
    ended = failed(DIRECT, NOW + 5)
    assert told.then(ended) == Wait(until=math.inf)
    assert told.then(failed(INDIRECT, NOW + 8)) is GaveUp.EXHAUSTED


def test_a_deadline_leaves_the_last_route_a_share() -> None:
    told = Told(World(), deadline_s=2)
    told.first()
    assert told.then(Slow(at=NOW + 0.9)) == Wait(until=near(NOW + 1.2))
    last = send(
        INDIRECT,
        RouteReason.FELL_BACK,
        until=NOW + 2,
        ends_at=NOW + 2,
        last=True,
    )
    assert told.then(Slow(at=NOW + 1.2)) == last
    assert told.then(Slow(at=NOW + 2)) is GaveUp.DEADLINE


def test_direct_is_not_ended_before_the_instance_has_room() -> None:
    told = Told(World().spent(55))
    told.first()
    told.then(Slow(at=NOW + 0.9))
    assert told.then(Slow(at=NOW + 5)) == Wait(until=near(NOW + 59))
    assert told.then(Slow(at=NOW + 59)) == send(
        INDIRECT, RouteReason.FELL_BACK, until=math.inf, last=True
    )


def test_what_waits_for_the_instance_is_given_up_for_direct_all_the_same() -> None:
    told = Told(World().tripped(DIRECT).spent(55))
    told.first()
    told.then(Slow(at=NOW + 0.9))
    assert told.then(Slow(at=NOW + 9)) == send(
        DIRECT, RouteReason.LAST_TRY, until=math.inf, last=True
    )


def test_a_failure_hands_over_in_the_same_instant() -> None:
    told = Told(World())
    told.first()
    assert told.then(failed(DIRECT, NOW + 0.1)) == send(
        INDIRECT, RouteReason.FELL_BACK, until=math.inf, last=True
    )


def test_a_generation_goes_indirect_for_as_long_as_it_takes() -> None:
    told = Told(World(), Intent.GENERATION)
    assert told.first() == send(
        INDIRECT, RouteReason.GENERATION, until=math.inf, last=True
    )


def test_an_attempt_in_the_gate_makes_way_after_the_hedge_delay() -> None:
    told = Told(World())
    told.first()
    assert told.then(Busy(route=DIRECT, at=NOW + 0.9)) == send(
        INDIRECT, RouteReason.SATURATED, until=NOW + 9.9
    )


def test_details_that_are_on_their_way_are_awaited_as_by_any_call() -> None:
    told = Told(World(had=False).fetches())
    assert told.first() == AwaitDetails(until=near(NOW + 0.25))
    ordered = told.then(DetailsSettled(at=NOW + 0.25))
    assert isinstance(ordered, Send)
    assert (ordered.route, ordered.reason) == (INDIRECT, RouteReason.DETAILS_ABSENT)


def test_a_probe_goes_alone_on_a_leash() -> None:
    told = Told(World().half_open())
    assert told.first() == send(DIRECT, RouteReason.PREFERRED, until=NOW + 0.9)
    assert told.then(Slow(at=NOW + 0.9)) == send(
        INDIRECT, RouteReason.FELL_BACK, until=math.inf, last=True
    )


def test_only_one_stream_probes() -> None:
    world = World().half_open()
    world.direct.admit(NOW, whole=False)
    told = Told(world)
    ordered = told.first()
    assert isinstance(ordered, Send)
    assert (ordered.route, ordered.reason) == (INDIRECT, RouteReason.CIRCUIT_OPEN)
    assert ordered.until > NOW


def test_the_slower_route_is_no_matter_for_a_stream_to_find_out() -> None:
    told = Told(World().slower(since=NOW - 60))
    ordered = told.first()
    assert isinstance(ordered, Send)
    assert (ordered.route, ordered.reason) == (INDIRECT, RouteReason.SLOWER)
    assert ordered.until > NOW


def test_nothing_is_probed_beside_it() -> None:
    world = World().half_open()
    probe = world.direct.admit(NOW, whole=False)
    told = Told(world)
    told.first()
    probe.release()
    assert isinstance(told.then(Slow(at=NOW + 0.9)), Wait)


def test_the_instances_failure_brings_direct_its_last_try() -> None:
    told = Told(World().tripped(DIRECT))
    told.first()
    ordered = told.then(failed(INDIRECT, NOW + 0.1))
    assert isinstance(ordered, Send)
    assert (ordered.route, ordered.reason) == (DIRECT, RouteReason.LAST_TRY)


@pytest.mark.parametrize("intent", Intent)
def test_a_policy_of_direct_alone_holds_for_streams(intent: Intent) -> None:
    told = Told(World(DirectMode.ONLY), intent)
    try:
        ordered = told.first()
    except StopIteration as end:
        ordered = end.value
    if intent is Intent.GENERATION:
        assert ordered is GaveUp.EXHAUSTED
        return
    assert ordered == send(DIRECT, RouteReason.POLICY, until=math.inf, last=True)
    assert told.then(failed(DIRECT, NOW + 1)) is GaveUp.EXHAUSTED


def test_without_hedges_it_goes_as_with_them() -> None:
    told = Told(World(hedge=None))
    told.first()
    assert told.then(Slow(at=NOW + 0.9)) == Wait(until=near(NOW + 5))


def test_a_closed_flow_changes_nothing() -> None:
    world = World()
    told = Told(world)
    told.first()
    before = world.budget.used(NOW), world.hedges.allows(5), world.direct.state(NOW)
    told.flow.close()
    after = world.budget.used(NOW), world.hedges.allows(5), world.direct.state(NOW)
    assert after == before
