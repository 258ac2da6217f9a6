"""The flow of one call, step by step: what it orders after each outcome."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest

from gitlab_completions._core.budget import InstanceBudget
from gitlab_completions._core.circuit import Circuit
from gitlab_completions._core.commands import (
    Answer,
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
from gitlab_completions._core.freshness import Freshness
from gitlab_completions._core.hedging import HedgeBudget, Pace
from gitlab_completions._core.router import Router
from gitlab_completions._core.user_access import UserAccess
from gitlab_completions._core.verdicts import AccessVerdict, Standing
from gitlab_completions.details import ConnectionDetails, Endpoint
from gitlab_completions.errors import DirectAccessError
from gitlab_completions.models import Intent, Route, RouteReason
from gitlab_completions.policy import DirectMode, HedgePolicy, RoutingPolicy

if TYPE_CHECKING:
    from gitlab_completions._core.call import Flow

DIRECT, INDIRECT = Route
NOW = 100.0
DEFAULT_HEDGE = HedgePolicy()
DETAILS = ConnectionDetails(
    base_url="https://gateway", token="token", headers={}, lifetime_s=3600
)
PROBLEM = DirectAccessError("the instance said no")


class World:
    """What a call finds: by default, direct is usable and nothing has failed."""

    def __init__(
        self,
        mode: DirectMode = DirectMode.AUTO,
        *,
        had: bool = True,
        hedge: HedgePolicy | None = DEFAULT_HEDGE,
    ) -> None:
        self.policy = RoutingPolicy(direct=mode, hedge=hedge)
        circuits = self.policy.circuit
        paces = [Pace(self.policy.hedge, circuits.compared) for _ in Route]
        direct, indirect = paces
        self.indirect = Circuit(circuits, lambda: 0.5, pace=indirect)
        self.direct = Circuit(circuits, lambda: 0.5, pace=direct, rival=self.indirect)
        self.hedges = HedgeBudget(self.policy.hedge)
        self.budget = InstanceBudget(60)
        details = self.policy.details
        self.freshness = Freshness(details, lambda: 0.5, UserAccess(details))
        self.router = Router(
            policy=self.policy,
            direct=self.direct,
            indirect=self.indirect,
            budget=self.budget,
            hedges=self.hedges,
        )
        if had:
            self.freshness.fetch_starts(NOW - 1)
            self.freshness.granted(NOW - 1, DETAILS)

    def call(
        self, *, intent: Intent = Intent.COMPLETION, deadline_s: float = 10.0
    ) -> Flow:
        return self.router.complete(intent, self.freshness, NOW, deadline_s)

    def fetches(self, since: float = NOW) -> World:
        self.freshness.fetch_starts(since)
        return self

    def barred(self) -> World:
        self.freshness.put_bar(NOW, 1800, PROBLEM)
        return self

    def spent(self, completions: int = 45) -> World:
        for _ in range(completions):
            self.budget.spend(NOW - 1)
        return self

    def circuit(self, route: Route) -> Circuit:
        return self.direct if route is DIRECT else self.indirect

    def taught(self, route: Route, span_s: float) -> World:
        for _ in range(20):
            self.circuit(route).admit(NOW - 2).succeed(NOW - 2 + span_s)
        return self

    def without_hedges(self) -> World:
        while self.hedges.allows():
            self.hedges.spend()
        return self

    def late(self, route: Route) -> World:
        """Have a route be in trouble: it answers, but late."""
        for _ in range(3):
            self.circuit(route).admit(NOW - 5).succeed(NOW - 4)
        return self

    def doubted(self, route: Route) -> World:
        for _ in range(2):
            self.circuit(route).admit(NOW - 5).left(NOW - 4)
        return self

    def slower(self, since: float = NOW - 0.1) -> World:
        """Have direct be the slower route; by default it rests for a second yet."""
        for _ in range(10):
            self.indirect.pace.learn(0.3)
            self.direct.pace.learn(0.8)
        self.direct.admit(since - 0.8).succeed(since)
        return self

    def tripped_by_lateness(self) -> World:
        for _ in range(2):
            self.direct.admit(NOW - 1).left(NOW - 0.1)
        return self

    def tripped(self, route: Route, at: float = NOW - 0.5) -> World:
        """Open a circuit; by default it is half-open half a second from now."""
        circuit = self.direct if route is DIRECT else self.indirect
        for _ in range(2):
            circuit.admit(at).fail(at)
        return self

    def half_open(self, route: Route = DIRECT) -> World:
        return self.tripped(route, NOW - 10)

    def rate_limited(self, route: Route = INDIRECT, at: float = NOW) -> World:
        circuit = self.direct if route is DIRECT else self.indirect
        circuit.admit(at).rest(at, 60)
        return self


def near(at: float) -> float:
    return cast("float", pytest.approx(at))


def send(
    route: Route,
    reason: RouteReason,
    *,
    until: float,
    ends_at: float,
    last: bool = False,
    price: int = 0,
) -> Send:
    return Send(
        route=route,
        reason=reason,
        until=near(until),
        ends_at=near(ends_at),
        last_resort=last,
        price=price,
        least_s=near(0.9),
        details=DETAILS if route is DIRECT else None,
    )


def wait(until: float) -> Wait:
    return Wait(until=near(until))


def failed(
    route: Route, at: float, *, passing: bool = True, final: bool = False
) -> Failed:
    return Failed(route=route, at=at, final=final, passing=passing)


def chosen(route: Route, reason: RouteReason) -> Chosen:
    return Chosen(route=route, reason=reason)


def answer(flow: Flow, outcome: Outcome | None = None) -> Answer:
    """Return what the flow ends with, now or after an outcome."""
    with pytest.raises(StopIteration) as end:
        next(flow) if outcome is None else flow.send(outcome)
    given: Answer = end.value.value
    return given


def after(flow: Flow, *outcomes: Outcome) -> Command:
    """Return what the flow orders after these outcomes."""
    command = next(flow)
    for outcome in outcomes:
        command = flow.send(outcome)
    return command


PREFERRED = send(DIRECT, RouteReason.PREFERRED, until=NOW + 0.9, ends_at=NOW + 5)
FIRST_SLOW = Slow(at=NOW + 0.9)
GIVEN_UP = Slow(at=NOW + 1.36)


# The first send.


def test_direct_goes_first_when_it_is_usable() -> None:
    flow = World().call()
    assert next(flow) == PREFERRED
    end = answer(flow, Answered(route=DIRECT, at=NOW + 0.3))
    assert end == chosen(DIRECT, RouteReason.PREFERRED)


def test_direct_asks_the_endpoint_that_was_not_refused() -> None:
    world = World()
    world.freshness.endpoint_refused(NOW - 1, DETAILS, Endpoint.V2, PROBLEM)
    command = next(world.call())
    assert isinstance(command, Send)
    assert (command.details, command.endpoint) == (DETAILS, Endpoint.V4)


@pytest.mark.parametrize(
    ("world", "reason"),
    [
        (World(DirectMode.NEVER), RouteReason.POLICY),
        (World(had=False), RouteReason.DETAILS_ABSENT),
        (World().barred(), RouteReason.BARRED),
    ],
)
def test_indirect_goes_first_when_direct_cannot(
    world: World, reason: RouteReason
) -> None:
    flow = world.call()
    alone = send(INDIRECT, reason, until=NOW + 9, ends_at=NOW + 9, last=True)
    assert next(flow) == alone
    end = answer(flow, Answered(route=INDIRECT, at=NOW + 0.3))
    assert end == chosen(INDIRECT, reason)


def test_indirect_goes_first_when_the_details_have_expired() -> None:
    world = World(had=False)
    world.freshness.fetch_starts(NOW - 4000)
    world.freshness.granted(NOW - 4000, DETAILS)
    reason = RouteReason.DETAILS_EXPIRED
    only = send(INDIRECT, reason, until=NOW + 9, ends_at=NOW + 9, last=True)
    assert next(world.call()) == only


def test_indirect_goes_first_while_the_direct_circuit_is_open() -> None:
    world = World().tripped(DIRECT)
    first = send(INDIRECT, RouteReason.CIRCUIT_OPEN, until=NOW + 0.9, ends_at=NOW + 9)
    assert next(world.call()) == first


def test_a_generation_goes_indirect_only_and_is_never_hedged() -> None:
    flow = World().call(intent=Intent.GENERATION, deadline_s=60)
    reason = RouteReason.GENERATION
    only = send(INDIRECT, reason, until=NOW + 60, ends_at=NOW + 60, last=True)
    assert next(flow) == only
    assert answer(flow, failed(INDIRECT, NOW + 1)) is GaveUp.EXHAUSTED


@pytest.mark.parametrize(
    ("world", "intent", "at", "end"),
    [
        (World().half_open(), Intent.GENERATION, NOW + 60, GaveUp.DEADLINE),
        (
            World(DirectMode.NEVER).half_open(),
            Intent.COMPLETION,
            NOW + 9,
            GaveUp.EXHAUSTED,
        ),
        (
            World(had=False).half_open(),
            Intent.COMPLETION,
            NOW + 9,
            GaveUp.EXHAUSTED,
        ),
    ],
    ids=["generation", "forbidden", "absent"],
)
def test_what_may_not_go_direct_is_no_probe_either(
    world: World, intent: Intent, at: float, end: GaveUp
) -> None:
    flow = world.call(intent=intent, deadline_s=60)
    next(flow)
    assert answer(flow, Slow(at=at)) is end


# Waiting for details.


def test_a_call_waits_a_quarter_second_for_details_from_the_start_of_the_fetch() -> (
    None
):
    flow = World(had=False).fetches(NOW - 0.1).call()
    assert next(flow) == AwaitDetails(until=near(NOW + 0.15))
    first = send(
        INDIRECT,
        RouteReason.DETAILS_ABSENT,
        until=NOW + 0.15 + 0.9,
        ends_at=NOW + 0.15 + 9,
    )
    assert flow.send(DetailsSettled(at=NOW + 0.15)) == first


def test_a_call_goes_direct_with_details_that_came_in_time() -> None:
    world = World(had=False).fetches()
    flow = world.call()
    next(flow)
    world.freshness.granted(NOW + 0.1, DETAILS)
    command = flow.send(DetailsSettled(at=NOW + 0.1))
    until, end = NOW + 1.0, NOW + 5.1
    assert command == send(DIRECT, RouteReason.PREFERRED, until=until, ends_at=end)


@pytest.mark.parametrize(
    "world",
    [
        World(had=False).fetches(NOW - 0.3),
        World(had=False).fetches().barred(),
        World(had=False).fetches().tripped(DIRECT),
        World(DirectMode.NEVER, had=False).fetches(),
    ],
    ids=["long enough ago", "barred", "circuit open", "forbidden"],
)
def test_a_call_does_not_wait_for_details_that_it_would_not_use(world: World) -> None:
    command = next(world.call())
    assert isinstance(command, Send)
    assert command.route is INDIRECT


def test_nothing_is_sent_when_the_wait_for_details_used_up_the_time() -> None:
    flow = World(had=False).fetches().call(deadline_s=0.1)
    assert next(flow) == AwaitDetails(until=near(NOW + 0.1))
    assert answer(flow, DetailsSettled(at=NOW + 0.1)) is GaveUp.DEADLINE


def test_details_that_come_after_the_wait_serve_the_hedge() -> None:
    world = World(had=False).fetches(NOW - 0.3)
    flow = world.call()
    next(flow)
    world.freshness.granted(NOW + 0.1, DETAILS)
    hedge = send(
        DIRECT,
        RouteReason.HEDGED,
        until=NOW + 5.9,
        ends_at=NOW + 5.9,
        last=True,
        price=1,
    )
    assert flow.send(FIRST_SLOW) == hedge


# Falling back.


def test_a_failed_direct_attempt_falls_back_at_once() -> None:
    flow = World().call()
    command = after(flow, failed(DIRECT, NOW + 0.2, passing=False))
    end = NOW + 0.2 + 9
    reason = RouteReason.FELL_BACK
    assert command == send(INDIRECT, reason, until=end, ends_at=end, last=True)
    assert answer(flow, Answered(route=INDIRECT, at=NOW + 1)) == chosen(
        INDIRECT, reason
    )


def test_a_call_whose_routes_have_failed_gives_up() -> None:
    flow = World().call()
    after(flow, failed(DIRECT, NOW + 0.2))
    assert answer(flow, failed(INDIRECT, NOW + 1)) is GaveUp.EXHAUSTED


def test_a_rejected_request_ends_the_call() -> None:
    flow = World().tripped(DIRECT).call()
    next(flow)
    end = answer(flow, failed(INDIRECT, NOW + 0.2, final=True))
    assert end is GaveUp.REJECTED


def test_a_rejected_request_waits_for_direct_that_may_still_answer() -> None:
    flow = World().call()
    after(flow, FIRST_SLOW)
    assert flow.send(failed(INDIRECT, NOW + 1, final=True)) == wait(NOW + 5)
    assert answer(flow, Answered(route=DIRECT, at=NOW + 1.2)) == Chosen(
        route=DIRECT, reason=RouteReason.PREFERRED
    )


def test_a_rejected_request_is_rejected_when_direct_fails_too() -> None:
    flow = World().call()
    after(flow, FIRST_SLOW, failed(INDIRECT, NOW + 1, final=True))
    assert answer(flow, failed(DIRECT, NOW + 2)) is GaveUp.REJECTED


def test_a_fall_back_to_a_rate_limited_instance_is_refused() -> None:
    flow = World().rate_limited(at=NOW - 1).call()
    next(flow)
    assert answer(flow, failed(DIRECT, NOW + 1)) is GaveUp.RATE_LIMITED


def test_a_fall_back_to_a_rate_limited_instance_goes_once_in_five_seconds() -> None:
    flow = World().rate_limited(at=NOW - 5).call()
    command = after(flow, failed(DIRECT, NOW + 1))
    end = NOW + 10
    reason = RouteReason.FELL_BACK
    assert command == send(INDIRECT, reason, until=end, ends_at=end, last=True)


# Hedging.


def test_a_slow_first_attempt_is_hedged_and_the_first_answer_wins() -> None:
    flow = World().call()
    hedge = send(
        INDIRECT,
        RouteReason.HEDGED,
        until=NOW + 5,
        ends_at=NOW + 9.9,
        last=True,
        price=1,
    )
    assert after(flow, FIRST_SLOW) == hedge
    end = answer(flow, Answered(route=INDIRECT, at=NOW + 1.2))
    assert end == chosen(INDIRECT, RouteReason.HEDGED)


@pytest.mark.parametrize("first", [DIRECT, INDIRECT])
def test_a_hedge_that_failed_leaves_the_other_attempt_in_flight(first: Route) -> None:
    flow = World().call()
    other = INDIRECT if first is DIRECT else DIRECT
    after(flow, FIRST_SLOW)
    ends = {DIRECT: NOW + 5, INDIRECT: NOW + 9.9}
    assert flow.send(failed(other, NOW + 1)) == wait(ends[first])
    reason = {DIRECT: RouteReason.PREFERRED, INDIRECT: RouteReason.HEDGED}[first]
    end = answer(flow, Answered(route=first, at=NOW + 2))
    assert end == chosen(first, reason)


def test_a_call_gives_up_when_attempt_and_hedge_have_failed() -> None:
    flow = World().call()
    after(flow, FIRST_SLOW, failed(INDIRECT, NOW + 1))
    assert answer(flow, failed(DIRECT, NOW + 2)) is GaveUp.EXHAUSTED


def test_a_hedge_outlives_the_attempt_beside_it() -> None:
    flow = World().call()
    command = after(flow, FIRST_SLOW, Slow(at=NOW + 5))
    assert command == wait(NOW + 9.9)
    assert answer(flow, Slow(at=NOW + 9.9)) is GaveUp.EXHAUSTED


def test_a_slow_attempt_is_not_hedged_to_a_route_that_is_rate_limited() -> None:
    flow = World().rate_limited().call()
    assert after(flow, FIRST_SLOW) == wait(NOW + 5)


def test_a_slow_attempt_is_hedged_to_an_instance_when_its_rest_is_over() -> None:
    flow = World().tripped(INDIRECT, NOW).call()
    assert after(flow, FIRST_SLOW) == wait(NOW + 1)
    command = flow.send(Slow(at=NOW + 1))
    assert isinstance(command, Send)
    assert (command.route, command.reason) == (INDIRECT, RouteReason.HEDGED)


def test_a_slow_attempt_looks_again_for_a_hedge_less_and_less_often() -> None:
    world = World().half_open(INDIRECT)
    world.indirect.admit(NOW)  # its probe is out
    flow = world.call()
    assert after(flow, FIRST_SLOW) == wait(NOW + 1.3)
    assert flow.send(Slow(at=NOW + 1.31)) == wait(NOW + 2.11)
    assert flow.send(Slow(at=NOW + 2.12)) == wait(NOW + 3.72)
    assert flow.send(Slow(at=NOW + 3.73)) == wait(NOW + 5)


def test_details_that_come_late_serve_a_hedge_that_is_looked_for_again() -> None:
    world = World(had=False).fetches(NOW - 0.3)
    flow = world.call()
    assert after(flow, FIRST_SLOW) == wait(NOW + 1.3)
    world.freshness.granted(NOW + 1.2, DETAILS)
    command = flow.send(Slow(at=NOW + 1.31))
    assert isinstance(command, Send)
    assert (command.route, command.reason) == (DIRECT, RouteReason.HEDGED)


@pytest.mark.parametrize(
    "world",
    [World().half_open(INDIRECT), World().rate_limited(at=NOW - 3600)],
    ids=["failures", "rate limit"],
)
def test_a_hedge_probes_an_instance_whose_rest_is_over(world: World) -> None:
    flow = world.call()
    command = after(flow, FIRST_SLOW)
    assert isinstance(command, Send)
    assert (command.route, command.reason) == (INDIRECT, RouteReason.HEDGED)
    world.indirect.admit(NOW)
    assert after(world.call(), FIRST_SLOW) == wait(NOW + 1.3)


def test_a_slow_attempt_without_budget_for_a_hedge_is_given_up_for_this_call() -> None:
    flow = World().spent().call()
    assert after(flow, FIRST_SLOW) == wait(NOW + 1.35)
    fallen = send(
        INDIRECT,
        RouteReason.FELL_BACK,
        until=NOW + 5,
        ends_at=NOW + 10,
        last=True,
    )
    assert flow.send(GIVEN_UP) == fallen


def test_an_attempt_given_up_may_still_answer_when_the_other_has_failed() -> None:
    flow = World().spent().call()
    after(flow, FIRST_SLOW, GIVEN_UP)
    assert flow.send(failed(INDIRECT, NOW + 1.4)) == wait(NOW + 5)
    end = answer(flow, Answered(route=DIRECT, at=NOW + 2))
    assert end == chosen(DIRECT, RouteReason.PREFERRED)


def test_an_attempt_that_fails_before_it_is_given_up_falls_back_once() -> None:
    flow = World().spent().call()
    command = after(flow, FIRST_SLOW, failed(DIRECT, NOW + 1))
    assert isinstance(command, Send)
    assert command.until == near(NOW + 10)
    assert flow.send(GIVEN_UP) == wait(NOW + 10)


def test_a_route_that_is_rate_limited_meanwhile_is_not_fallen_back_to() -> None:
    world = World().spent()
    flow = world.call()
    after(flow, FIRST_SLOW)
    world.rate_limited(at=NOW + 1)
    assert flow.send(GIVEN_UP) == wait(NOW + 5)


# The learnt delay, the budget, and doubt.


def test_an_attempt_is_hedged_after_the_delay_of_its_route() -> None:
    world = World().taught(DIRECT, 0.5)
    command = next(world.call())
    assert isinstance(command, Send)
    assert (command.until, command.least_s) == (near(NOW + 0.5), near(0.5))
    indirect = World().taught(INDIRECT, 0.6).tripped(DIRECT, NOW)
    command = next(indirect.call())
    assert isinstance(command, Send)
    assert command.until == near(NOW + 0.6)


def test_while_another_attempt_is_silent_a_call_waits_for_the_least_delay() -> None:
    world = World()
    world.direct.admit(NOW - 1)
    command = next(world.call())
    assert isinstance(command, Send)
    assert command.until == near(NOW + 0.4)


def test_when_no_hedge_is_left_a_slow_attempt_is_given_up_instead() -> None:
    world = World().without_hedges()
    flow = world.call()
    assert after(flow, FIRST_SLOW) == wait(NOW + 1.35)
    command = flow.send(GIVEN_UP)
    assert isinstance(command, Send)
    assert (command.route, command.reason) == (INDIRECT, RouteReason.FELL_BACK)


def test_a_call_is_given_up_by_the_learnt_delay() -> None:
    world = World().without_hedges().taught(DIRECT, 0.6)
    flow = world.call()
    assert after(flow, Slow(at=NOW + 0.6)) == wait(NOW + 0.9)


def test_when_both_routes_are_late_nothing_more_is_sent_before_the_timeout() -> None:
    world = World().doubted(INDIRECT).late(DIRECT)
    world.hedges.spend()
    flow = world.call()
    assert isinstance(after(flow, FIRST_SLOW), Wait)
    for at in (1.3, 2.1, 3.7):
        assert isinstance(flow.send(Slow(at=NOW + at)), Wait)
    command = flow.send(Slow(at=NOW + 5))
    assert isinstance(command, Send)
    assert (command.route, command.reason) == (INDIRECT, RouteReason.FELL_BACK)


def test_when_both_routes_are_late_one_hedge_in_fifty_calls_looks_again() -> None:
    world = World().doubted(INDIRECT).late(DIRECT)
    command = after(world.call(), FIRST_SLOW)
    assert isinstance(command, Send)
    assert (command.reason, command.price) == (RouteReason.HEDGED, 5)


def test_without_a_hedge_policy_nothing_is_hedged_or_given_up() -> None:
    world = World(hedge=None)
    flow = world.call()
    assert after(flow, FIRST_SLOW) == wait(NOW + 5)


def test_without_a_hedge_policy_a_half_open_circuit_is_probed_all_the_same() -> None:
    flow = World(hedge=None).half_open().call()
    next(flow)
    command = flow.send(Slow(at=NOW))
    assert isinstance(command, Send)
    assert command.route is DIRECT


# The slower route.


def test_indirect_serves_while_direct_is_the_slower_route() -> None:
    flow = World().slower().call()
    command = next(flow)
    assert isinstance(command, Send)
    assert (command.route, command.reason) == (INDIRECT, RouteReason.SLOWER)
    end = answer(flow, Answered(route=INDIRECT, at=NOW + 0.5))
    assert end == chosen(INDIRECT, RouteReason.SLOWER)


def test_a_slower_route_is_as_good_a_hedge_as_any() -> None:
    world = World().slower()
    flow = world.call()
    command = after(flow, Slow(at=NOW + 0.9))
    assert isinstance(command, Send)
    assert (command.route, command.reason) == (DIRECT, RouteReason.HEDGED)


def test_a_slower_route_is_probed_beside_a_call_when_its_rest_is_over() -> None:
    flow = World().slower(NOW - 10).call()
    command = next(flow)
    assert isinstance(command, Send)
    assert (command.route, command.until) == (INDIRECT, NOW)
    probe = flow.send(Slow(at=NOW))
    assert isinstance(probe, Send)
    assert (probe.route, probe.reason) == (DIRECT, RouteReason.HEDGED)


# A route that rests for being slow.


def test_a_late_route_gets_what_the_instance_refuses() -> None:
    """A completion that comes late is better than none."""
    flow = World().tripped_by_lateness().call()
    command = after(flow, failed(INDIRECT, NOW + 0.1, passing=False))
    assert isinstance(command, Send)
    assert (command.route, command.reason) == (DIRECT, RouteReason.LAST_TRY)


def test_a_late_route_is_better_than_to_wait_for_the_instances_next_slot() -> None:
    command = next(World().tripped_by_lateness().spent(55).call())
    assert isinstance(command, Send)
    assert (command.route, command.reason) == (DIRECT, RouteReason.SATURATED)


def test_a_late_route_is_better_than_to_wait_in_the_gate() -> None:
    flow = World().tripped_by_lateness().call()
    command = after(flow, Busy(route=INDIRECT, at=NOW + 0.5))
    assert isinstance(command, Send)
    assert (command.route, command.reason) == (DIRECT, RouteReason.SATURATED)
    assert command.until == near(NOW + 1.4), "it may be silent: not for long"
    command = flow.send(Slow(at=NOW + 1.4))
    assert isinstance(command, Send)
    assert (command.route, command.reason) == (INDIRECT, RouteReason.FELL_BACK)


# Probes.


def test_a_probe_goes_beside_the_indirect_attempt_without_delaying_it() -> None:
    flow = World().half_open().call()
    reason = RouteReason.CIRCUIT_OPEN
    served = send(INDIRECT, reason, until=NOW, ends_at=NOW + 9, last=True)
    assert next(flow) == served
    probe = send(DIRECT, RouteReason.HEDGED, until=NOW + 5, ends_at=NOW + 5, last=True)
    assert flow.send(Slow(at=NOW)) == probe
    end = answer(flow, Answered(route=DIRECT, at=NOW + 0.1))
    assert end == chosen(DIRECT, RouteReason.HEDGED)


def test_a_failed_probe_costs_the_call_nothing() -> None:
    flow = World().half_open().call()
    command = after(flow, Slow(at=NOW), failed(DIRECT, NOW + 0.1))
    assert command == wait(NOW + 9)
    end = answer(flow, Answered(route=INDIRECT, at=NOW + 8))
    assert end == chosen(INDIRECT, RouteReason.CIRCUIT_OPEN)


def test_one_probe_at_a_time() -> None:
    world = World().half_open()
    world.direct.admit(NOW)
    command = next(world.call())
    assert isinstance(command, Send)
    assert (command.route, command.until) == (INDIRECT, near(NOW + 0.9))


def test_a_probe_that_another_call_was_quicker_with_is_left_to_it() -> None:
    world = World().half_open()
    flow = world.call()
    next(flow)
    world.direct.admit(NOW)
    assert flow.send(Slow(at=NOW)) == wait(NOW + 0.9)
    assert flow.send(FIRST_SLOW) == wait(NOW + 1.3)


@pytest.mark.parametrize(
    "world",
    [
        World().half_open().spent(),
        World().half_open().rate_limited(at=NOW - 6),
    ],
    ids=["budget", "rate limit"],
)
def test_a_probe_goes_alone_when_the_instance_has_no_room(world: World) -> None:
    flow = world.call()
    assert next(flow) == PREFERRED


def test_a_probe_has_company_though_indirect_has_failed_too() -> None:
    flow = World().half_open().tripped(INDIRECT).call()
    command = next(flow)
    assert isinstance(command, Send)
    assert (command.route, command.until) == (INDIRECT, NOW)


def test_a_slow_call_probes_a_circuit_that_has_become_half_open() -> None:
    flow = World().tripped(DIRECT).call()
    hedge = send(
        DIRECT,
        RouteReason.HEDGED,
        until=NOW + 5.9,
        ends_at=NOW + 5.9,
        last=True,
        price=1,
    )
    assert after(flow, FIRST_SLOW) == hedge


def test_a_slow_call_looks_again_when_the_rest_of_the_other_route_is_over() -> None:
    flow = World().tripped(DIRECT, NOW).call()
    assert after(flow, FIRST_SLOW) == wait(NOW + 1)
    command = flow.send(Slow(at=NOW + 1))
    assert command == send(
        DIRECT,
        RouteReason.HEDGED,
        until=NOW + 6,
        ends_at=NOW + 6,
        last=True,
        price=1,
    )


# The last try.


@pytest.mark.parametrize(
    "world",
    [World().tripped(DIRECT, NOW), World().rate_limited(DIRECT)],
    ids=["open", "rate-limited"],
)
def test_direct_gets_a_last_try_against_its_circuit(world: World) -> None:
    flow = world.call()
    command = after(flow, failed(INDIRECT, NOW + 0.5))
    end = NOW + 5.5
    reason = RouteReason.LAST_TRY
    assert command == send(DIRECT, reason, until=end, ends_at=end, last=True)
    assert answer(flow, failed(DIRECT, NOW + 1)) is GaveUp.EXHAUSTED


def test_a_timeout_of_indirect_leaves_time_for_a_last_try() -> None:
    flow = World().rate_limited(DIRECT).call()
    assert after(flow, FIRST_SLOW) == wait(NOW + 6)
    command = flow.send(Slow(at=NOW + 6))
    assert command == send(
        DIRECT, RouteReason.LAST_TRY, until=NOW + 9, ends_at=NOW + 10, last=True
    )


def test_a_late_answer_of_indirect_is_taken_though_direct_failed_meanwhile() -> None:
    flow = World().rate_limited(DIRECT).call()
    after(flow, FIRST_SLOW, Slow(at=NOW + 6))
    assert flow.send(failed(DIRECT, NOW + 6.1)) == wait(NOW + 9)
    chosen = Chosen(route=INDIRECT, reason=RouteReason.CIRCUIT_OPEN)
    assert answer(flow, Answered(route=INDIRECT, at=NOW + 7)) == chosen


def test_a_refusal_that_does_not_pass_brings_no_last_try() -> None:
    flow = World().tripped(DIRECT, NOW).call()
    next(flow)
    assert answer(flow, failed(INDIRECT, NOW, passing=False)) is GaveUp.EXHAUSTED


@pytest.mark.parametrize(
    "world",
    [World().barred(), World(DirectMode.NEVER), World(had=False)],
    ids=["barred", "forbidden", "absent"],
)
def test_there_is_no_last_try_without_details(world: World) -> None:
    flow = world.call()
    next(flow)
    assert answer(flow, failed(INDIRECT, NOW + 1)) is GaveUp.EXHAUSTED


def test_a_last_try_waits_for_a_fetch_in_flight() -> None:
    world = World(had=False).fetches(NOW - 1)
    flow = world.call()
    command = after(flow, failed(INDIRECT, NOW + 1))
    assert command == AwaitDetails(until=near(NOW + 10))
    world.freshness.granted(NOW + 2, DETAILS)
    last = send(DIRECT, RouteReason.LAST_TRY, until=NOW + 7, ends_at=NOW + 7, last=True)
    assert flow.send(DetailsSettled(at=NOW + 2)) == last


@pytest.mark.parametrize(
    ("at", "end"), [(NOW + 2, GaveUp.EXHAUSTED), (NOW + 10, GaveUp.DEADLINE)]
)
def test_a_fetch_that_brings_nothing_ends_the_call(at: float, end: GaveUp) -> None:
    world = World(had=False).fetches(NOW - 1)
    flow = world.call()
    after(flow, failed(INDIRECT, NOW + 1))
    world.freshness.abandoned()
    assert answer(flow, DetailsSettled(at=at)) is end


def test_a_call_goes_back_to_the_gate_of_direct_when_the_instance_refuses() -> None:
    flow = World().call()
    busy = Busy(route=DIRECT, at=NOW + 0.9)
    command = after(flow, busy, failed(INDIRECT, NOW + 1, passing=False))
    reason, end = RouteReason.FELL_BACK, NOW + 6
    assert command == send(DIRECT, reason, until=end, ends_at=end, last=True)
    assert answer(flow, failed(DIRECT, NOW + 2)) is GaveUp.EXHAUSTED


def test_a_refusal_sends_a_call_direct_with_details_that_came_meanwhile() -> None:
    world = World(had=False).fetches(NOW - 1)
    flow = world.call()
    next(flow)
    world.freshness.granted(NOW + 0.1, DETAILS)
    command = flow.send(failed(INDIRECT, NOW + 0.5, passing=False))
    assert isinstance(command, Send)
    assert (command.route, command.reason) == (DIRECT, RouteReason.FELL_BACK)


def test_a_refusal_sends_a_call_direct_though_another_probes_it() -> None:
    world = World().half_open()
    world.direct.admit(NOW - 0.1)
    flow = world.call()
    command = next(flow)
    assert isinstance(command, Send)
    assert (command.route, command.reason) == (INDIRECT, RouteReason.CIRCUIT_OPEN)
    command = flow.send(failed(INDIRECT, NOW + 0.2, passing=False))
    assert isinstance(command, Send)
    assert (command.route, command.reason) == (DIRECT, RouteReason.LAST_TRY)


def test_a_call_that_left_the_gate_of_direct_heeds_its_rest() -> None:
    world = World()
    flow = world.call()
    after(flow, Busy(route=DIRECT, at=NOW + 0.9))
    world.tripped(DIRECT, NOW + 0.9)
    end = answer(flow, failed(INDIRECT, NOW + 1, passing=False))
    assert end is GaveUp.EXHAUSTED


# Turned away at a gate.


def turned_away(route: Route, at: float) -> Failed:
    return Failed(route=route, at=at, final=False, passing=True, sent=False)


def test_a_call_that_direct_turned_away_may_still_be_sent_there() -> None:
    world = World()
    flow = world.call()
    next(flow)
    world.tripped(DIRECT, NOW)
    command = flow.send(turned_away(DIRECT, NOW))
    assert isinstance(command, Send)
    assert (command.route, command.last_resort) == (INDIRECT, False)
    command = flow.send(failed(INDIRECT, NOW + 1))
    assert isinstance(command, Send)
    assert (command.route, command.reason) == (DIRECT, RouteReason.LAST_TRY)
    assert answer(flow, failed(DIRECT, NOW + 2)) is GaveUp.EXHAUSTED


def test_a_call_that_was_turned_away_waits_for_what_is_in_flight() -> None:
    world = World().half_open()
    flow = world.call()
    after(flow, Slow(at=NOW))  # indirect, and a probe beside it
    assert flow.send(turned_away(DIRECT, NOW + 0.5)) == wait(NOW + 9)
    command = flow.send(failed(INDIRECT, NOW + 1))
    assert isinstance(command, Send)
    assert (command.route, command.reason) == (DIRECT, RouteReason.LAST_TRY)


def test_a_call_that_a_rate_limit_turned_away_goes_direct_or_is_refused() -> None:
    world = World().tripped(DIRECT)
    flow = world.call()
    next(flow)
    world.rate_limited(INDIRECT, NOW)
    command = flow.send(turned_away(INDIRECT, NOW))
    assert isinstance(command, Send)
    assert (command.route, command.reason) == (DIRECT, RouteReason.LAST_TRY)
    assert answer(flow, failed(DIRECT, NOW + 1)) is GaveUp.RATE_LIMITED


def test_direct_only_awaits_the_details_that_replace_refused_ones() -> None:
    world = World(DirectMode.ONLY)
    flow = world.call()
    next(flow)
    world.freshness.token_refused(NOW, DETAILS.token, PROBLEM)
    world.fetches(NOW)
    assert flow.send(turned_away(DIRECT, NOW)) == AwaitDetails(until=NOW + 10)
    world.freshness.granted(NOW + 1, DETAILS)
    command = flow.send(DetailsSettled(at=NOW + 1))
    assert isinstance(command, Send)
    assert command.details is DETAILS


def test_direct_only_heeds_the_rest_that_turned_it_away() -> None:
    world = World(DirectMode.ONLY)
    flow = world.call()
    next(flow)
    world.rate_limited(DIRECT, NOW)
    assert answer(flow, turned_away(DIRECT, NOW)) is GaveUp.RATE_LIMITED


# A rate-limited instance.


def test_a_rate_limited_instance_leaves_direct_as_it_is() -> None:
    assert next(World().rate_limited().call()) == PREFERRED


@pytest.mark.parametrize("mode", [DirectMode.AUTO, DirectMode.NEVER])
def test_a_call_with_no_other_route_than_a_rate_limited_one_fails_at_once(
    mode: DirectMode,
) -> None:
    world = World(mode, had=False).rate_limited()
    assert answer(world.call()) is GaveUp.RATE_LIMITED


def test_a_generation_fails_at_once_on_a_rate_limited_instance() -> None:
    flow = World().rate_limited().call(intent=Intent.GENERATION)
    assert answer(flow) is GaveUp.RATE_LIMITED


def test_a_call_goes_to_a_rate_limited_instance_once_in_five_seconds() -> None:
    world = World(had=False).rate_limited(at=NOW - 5)
    command = next(world.call())
    assert isinstance(command, Send)
    assert command.route is INDIRECT
    world.indirect.admit(NOW)
    assert answer(world.call()) is GaveUp.RATE_LIMITED


def test_direct_is_tried_against_its_circuit_while_the_instance_is_rate_limited() -> (
    None
):
    flow = World().tripped(DIRECT).rate_limited().call()
    reason = RouteReason.LAST_TRY
    only = send(DIRECT, reason, until=NOW + 0.9, ends_at=NOW + 5)
    assert next(flow) == only


@pytest.mark.parametrize(("at", "rate_limited"), [(NOW + 1, True), (NOW + 5, False)])
def test_a_call_that_waited_for_details_in_vain_looks_at_the_instance_again(
    at: float, rate_limited: bool
) -> None:
    world = World(had=False).fetches(NOW - 1).rate_limited()
    flow = world.call()
    assert next(flow) == AwaitDetails(until=near(NOW + 10))
    world.freshness.abandoned()
    if rate_limited:
        assert answer(flow, DetailsSettled(at=at)) is GaveUp.RATE_LIMITED
    else:
        command = flow.send(DetailsSettled(at=at))
        assert isinstance(command, Send)
        assert (command.route, command.last_resort) == (INDIRECT, True)


# A saturated gate.


@pytest.mark.parametrize("busy", [DIRECT, INDIRECT])
def test_a_call_that_waited_in_the_gate_takes_the_other_route(busy: Route) -> None:
    world = World() if busy is DIRECT else World().half_open()
    other = INDIRECT if busy is DIRECT else DIRECT
    flow = world.call()
    command = after(flow, Busy(route=busy, at=NOW + 0.9))
    assert isinstance(command, Send)
    assert (command.route, command.reason) == (other, RouteReason.SATURATED)
    end = answer(flow, Answered(route=other, at=NOW + 1))
    assert end == chosen(other, RouteReason.SATURATED)


def test_a_call_goes_back_to_the_gate_it_left_when_the_other_route_failed() -> None:
    flow = World().half_open().call()
    after(flow, Busy(route=INDIRECT, at=NOW))
    command = flow.send(failed(DIRECT, NOW + 1))
    assert command == send(
        INDIRECT, RouteReason.FELL_BACK, until=NOW + 10, ends_at=NOW + 10, last=True
    )


@pytest.mark.parametrize(
    "world", [World(had=False), World().barred(), World(DirectMode.NEVER)]
)
def test_a_call_without_another_route_waits_in_the_gate_for_all_its_time(
    world: World,
) -> None:
    flow = world.call()
    command = after(flow, Busy(route=INDIRECT, at=NOW + 0.9))
    assert isinstance(command, Send)
    assert (command.route, command.last_resort) == (INDIRECT, True)
    assert command.until == command.ends_at == near(NOW + 9.9)


@pytest.mark.parametrize("direct", ["rests", "has details to come"])
def test_a_call_that_waits_in_the_gate_of_the_instance_leaves_direct_time(
    direct: str,
) -> None:
    rests = direct == "rests"
    world = World().tripped(DIRECT, NOW) if rests else World(had=False).fetches(NOW - 1)
    flow = world.call()
    command = after(flow, Busy(route=INDIRECT, at=NOW + 0.9))
    share = NOW + 0.9 + 0.6 * 9.1
    assert isinstance(command, Send)
    assert (command.route, command.last_resort) == (INDIRECT, True)
    assert (command.until, command.ends_at) == (near(share), near(NOW + 9.9))
    world.freshness.granted(NOW + 5, DETAILS)
    end, reason = NOW + 10, RouteReason.LAST_TRY
    command = flow.send(Slow(at=share))
    assert command == send(DIRECT, reason, until=NOW + 9.9, ends_at=end, last=True)


def test_a_call_that_waits_in_both_gates_ends_in_both() -> None:
    flow = World().call()
    command = after(flow, Busy(route=DIRECT, at=NOW + 0.9))
    saturated = RouteReason.SATURATED
    share = NOW + 0.9 + 0.6 * 9.1
    end = NOW + 0.9 + 9
    assert command == send(INDIRECT, saturated, until=share, ends_at=end)
    command = flow.send(Busy(route=INDIRECT, at=share))
    end, share = NOW + 10, share + 0.6 * (NOW + 10 - share)
    assert command == send(DIRECT, saturated, until=share, ends_at=end, last=True)
    command, fell_back = flow.send(Slow(at=share)), RouteReason.FELL_BACK
    assert command == send(INDIRECT, fell_back, until=end, ends_at=end, last=True)
    assert answer(flow, Slow(at=end)) is GaveUp.DEADLINE


def test_a_call_leaves_the_gate_of_direct_when_its_details_are_gone() -> None:
    world = World().rate_limited().tripped(DIRECT)
    flow = world.call()
    next(flow)
    world.barred()
    end = answer(flow, Busy(route=DIRECT, at=NOW + 0.9))
    assert end is GaveUp.RATE_LIMITED


def test_a_hedge_left_in_the_gate_leaves_the_attempt_beside_it() -> None:
    flow = World().call()
    assert after(flow, FIRST_SLOW, Busy(route=INDIRECT, at=NOW + 2)) == wait(NOW + 5)
    command = flow.send(failed(DIRECT, NOW + 3))
    assert isinstance(command, Send)
    assert (command.route, command.reason) == (INDIRECT, RouteReason.FELL_BACK)


# Deadlines.


@pytest.mark.parametrize(
    ("deadline_s", "share_at"), [(10, 105), (5, 103), (1.2, 100.72), (math.inf, 105)]
)
def test_an_attempt_that_is_not_the_last_is_waited_for_six_tenths_of_the_time(
    deadline_s: float, share_at: float
) -> None:
    world = World().rate_limited()
    flow = world.call(deadline_s=deadline_s)
    command = next(flow)
    if isinstance(command, Send) and command.until < share_at - 0.001:
        command = flow.send(Slow(at=command.until))
    assert isinstance(command, Send | Wait)
    assert command.until == near(share_at)


@pytest.mark.parametrize(
    ("deadline_s", "ends_at"), [(10, 109), (5, 105), (math.inf, 109)]
)
def test_the_last_attempt_gets_all_the_time(deadline_s: float, ends_at: float) -> None:
    command = next(World(had=False).call(deadline_s=deadline_s))
    assert isinstance(command, Send)
    assert command.ends_at == near(ends_at)


@pytest.mark.parametrize(
    "outcome",
    [Slow(at=NOW + 10), failed(DIRECT, NOW + 10), Busy(route=DIRECT, at=NOW + 10)],
)
def test_nothing_is_sent_after_the_deadline(outcome: Outcome) -> None:
    flow = World().call()
    next(flow)
    assert answer(flow, outcome) is GaveUp.DEADLINE


@pytest.mark.parametrize("deadline_s", [0.3, 10.0])
def test_an_exchange_has_the_hedge_delay_whatever_the_calls_deadline(
    deadline_s: float,
) -> None:
    command = next(World().call(deadline_s=deadline_s))
    assert isinstance(command, Send)
    assert command.least_s == 0.9
    impatient = World()
    impatient.policy = replace(impatient.policy, direct_timeout_s=0.5)
    impatient.router = Router(
        policy=impatient.policy,
        direct=impatient.direct,
        indirect=impatient.indirect,
        budget=impatient.budget,
        hedges=impatient.hedges,
    )
    command = next(impatient.call(deadline_s=deadline_s))
    assert isinstance(command, Send)
    assert command.least_s == 0.5, "or the policy's timeout"


def test_an_answer_at_the_deadline_is_taken() -> None:
    flow = World().call()
    next(flow)
    end = answer(flow, Answered(route=DIRECT, at=NOW + 10))
    assert end == chosen(DIRECT, RouteReason.PREFERRED)


def test_a_call_without_a_deadline_ends_with_its_attempts() -> None:
    flow = World().call(deadline_s=math.inf)
    assert after(flow, FIRST_SLOW, Slow(at=NOW + 5)) == wait(NOW + 9.9)
    assert answer(flow, Slow(at=NOW + 9.9)) is GaveUp.EXHAUSTED


def test_a_last_try_without_a_deadline_waits_for_as_long_as_the_fetch() -> None:
    flow = World(had=False).fetches(NOW - 1).call(deadline_s=math.inf)
    assert after(flow, failed(INDIRECT, NOW)) == AwaitDetails(until=math.inf)


# Direct only.


def test_direct_only_awaits_details_until_the_deadline() -> None:
    world = World(DirectMode.ONLY, had=False).fetches()
    flow = world.call()
    assert next(flow) == AwaitDetails(until=near(NOW + 10))
    world.freshness.granted(NOW + 3, DETAILS)
    only = send(DIRECT, RouteReason.POLICY, until=NOW + 8, ends_at=NOW + 8, last=True)
    assert flow.send(DetailsSettled(at=NOW + 3)) == only
    assert answer(flow, failed(DIRECT, NOW + 4)) is GaveUp.EXHAUSTED


@pytest.mark.parametrize(
    ("at", "end"), [(NOW + 1, GaveUp.EXHAUSTED), (NOW + 10, GaveUp.DEADLINE)]
)
def test_direct_only_gives_up_without_details(at: float, end: GaveUp) -> None:
    world = World(DirectMode.ONLY, had=False).fetches()
    flow = world.call()
    next(flow)
    world.freshness.refused(
        NOW + 1, AccessVerdict(standing=Standing.BARRED, again_s=300), PROBLEM
    )
    assert answer(flow, DetailsSettled(at=at)) is end


@pytest.mark.parametrize(
    ("world", "intent", "end"),
    [
        (World(DirectMode.ONLY).barred(), Intent.COMPLETION, GaveUp.EXHAUSTED),
        (World(DirectMode.ONLY), Intent.GENERATION, GaveUp.EXHAUSTED),
        (
            World(DirectMode.ONLY).rate_limited(DIRECT),
            Intent.COMPLETION,
            GaveUp.RATE_LIMITED,
        ),
    ],
    ids=["barred", "generation", "rate-limited"],
)
def test_direct_only_gives_up_at_once_when_direct_is_out(
    world: World, intent: Intent, end: GaveUp
) -> None:
    assert answer(world.call(intent=intent)) is end


@pytest.mark.parametrize("at", [NOW, NOW - 10], ids=["open", "half-open"])
def test_direct_only_goes_against_its_circuit_and_probes_alone(at: float) -> None:
    world = World(DirectMode.ONLY).tripped(DIRECT, at)
    flow = world.call()
    only = send(DIRECT, RouteReason.POLICY, until=NOW + 5, ends_at=NOW + 5, last=True)
    assert next(flow) == only


def test_direct_only_waits_in_a_saturated_gate() -> None:
    flow = World(DirectMode.ONLY).call()
    command = after(flow, Busy(route=DIRECT, at=NOW + 5))
    only = send(DIRECT, RouteReason.POLICY, until=NOW + 10, ends_at=NOW + 10, last=True)
    assert command == only


def refused(world: World, at: float, again_s: float | None = None) -> None:
    """Let a fetch fail; by itself it is tried again after a second."""
    verdict = AccessVerdict(standing=Standing.UNAVAILABLE, again_s=again_s)
    world.freshness.refused(at, verdict, PROBLEM)


def test_direct_only_waits_until_direct_access_is_asked_for_again() -> None:
    world = World(DirectMode.ONLY, had=False).fetches()
    flow = world.call()
    assert next(flow) == AwaitDetails(until=NOW + 10)
    refused(world, NOW + 0.5)
    assert flow.send(DetailsSettled(at=NOW + 0.5)) == AwaitDetails(
        until=near(NOW + 1.5)
    )
    world.fetches(NOW + 1.5)
    assert flow.send(DetailsSettled(at=NOW + 1.5)) == AwaitDetails(until=NOW + 10)
    world.freshness.granted(NOW + 2, DETAILS)
    command = flow.send(DetailsSettled(at=NOW + 2))
    assert isinstance(command, Send)
    assert command.route is DIRECT


def test_direct_only_gives_up_when_it_would_be_asked_for_too_late() -> None:
    world = World(DirectMode.ONLY, had=False).fetches()
    flow = world.call()
    next(flow)
    refused(world, NOW + 0.5, again_s=60)
    assert answer(flow, DetailsSettled(at=NOW + 0.5)) is GaveUp.EXHAUSTED
