"""What the routes could do for a call: each question by itself."""

from __future__ import annotations

import math

import pytest

from gitlab_completions._core.budget import InstanceBudget
from gitlab_completions._core.circuit import Circuit
from gitlab_completions._core.freshness import Freshness
from gitlab_completions._core.hedging import HedgeBudget, Pace
from gitlab_completions._core.prospects import Prospects
from gitlab_completions._core.user_access import UserAccess
from gitlab_completions.details import ConnectionDetails
from gitlab_completions.errors import DirectAccessError
from gitlab_completions.models import Intent, Route, RouteReason
from gitlab_completions.policy import DirectMode, HedgePolicy, RoutingPolicy

DIRECT, INDIRECT = Route
NOW = 100.0
DETAILS = ConnectionDetails(
    base_url="https://gateway", token="token", headers={}, lifetime_s=3600
)
PROBLEM = DirectAccessError("the instance said no")


def prospects(
    mode: DirectMode = DirectMode.AUTO,
    *,
    intent: Intent = Intent.COMPLETION,
    had: bool = True,
    hedge: HedgePolicy | None = None,
) -> Prospects:
    policy = RoutingPolicy(direct=mode, hedge=hedge)
    paces = [Pace(hedge, policy.circuit.compared) for _ in Route]
    indirect = Circuit(policy.circuit, lambda: 0.5, pace=paces[1])
    direct = Circuit(policy.circuit, lambda: 0.5, pace=paces[0], rival=indirect)
    freshness = Freshness(policy.details, lambda: 0.5, UserAccess(policy.details))
    if had:
        freshness.fetch_starts(NOW - 1)
        freshness.granted(NOW - 1, DETAILS)
    return Prospects(
        policy=policy,
        direct=direct,
        indirect=indirect,
        budget=InstanceBudget(60),
        hedges=HedgeBudget(hedge),
        freshness=freshness,
        intent=intent,
        deadline=NOW + 10,
    )


def trip(circuit: Circuit, at: float = NOW) -> None:
    for _ in range(2):
        circuit.admit(at).fail(at)


def make_slower(one: Prospects, at: float = NOW) -> None:
    for _ in range(10):
        one.indirect.pace.learn(0.1)
        one.direct.pace.learn(0.8)
    one.direct.admit(at - 0.8).succeed(at)


# Direct.


def test_the_first_reason_against_direct_is_told() -> None:
    assert prospects().refusal(NOW) is None
    generation = prospects(intent=Intent.GENERATION)
    assert generation.refusal(NOW) is RouteReason.GENERATION
    assert prospects(DirectMode.NEVER).refusal(NOW) is RouteReason.POLICY
    assert prospects(had=False).refusal(NOW) is RouteReason.DETAILS_ABSENT
    assert prospects().refusal(NOW + 3600) is RouteReason.DETAILS_EXPIRED
    barred = prospects()
    barred.freshness.put_bar(NOW, 60, PROBLEM)
    assert barred.refusal(NOW) is RouteReason.BARRED
    tripped = prospects()
    trip(tripped.direct)
    assert tripped.refusal(NOW) is RouteReason.CIRCUIT_OPEN
    slower = prospects(hedge=HedgePolicy())
    make_slower(slower)
    assert slower.refusal(NOW) is RouteReason.SLOWER


@pytest.mark.parametrize("intent", Intent)
@pytest.mark.parametrize("mode", DirectMode)
def test_what_a_call_may_do_at_all(mode: DirectMode, intent: Intent) -> None:
    one = prospects(mode, intent=intent)
    completion = intent is Intent.COMPLETION
    assert one.direct_only is (mode is DirectMode.ONLY)
    assert one.indirect_allowed is (mode is not DirectMode.ONLY)
    assert one.direct_allowed is (mode is not DirectMode.NEVER and completion)


def test_only_a_circuits_refusal_can_be_probed() -> None:
    one = prospects()
    trip(one.direct, NOW - 5)
    assert one.may_probe_direct(RouteReason.CIRCUIT_OPEN, NOW)
    assert one.may_probe_direct(RouteReason.SLOWER, NOW)
    assert not one.may_probe_direct(RouteReason.BARRED, NOW)
    assert not one.may_probe_direct(None, NOW)
    one.direct.admit(NOW)
    assert not one.may_probe_direct(RouteReason.CIRCUIT_OPEN, NOW)


def test_a_fetch_in_flight_is_waited_for_as_long_as_it_saves() -> None:
    one = prospects(had=False)
    assert one.waits_for_details_until(NOW) is None, "nobody fetches"
    one.freshness.fetch_starts(NOW - 0.1)
    assert one.details_to_come(NOW)
    assert one.waits_for_details_until(NOW) == pytest.approx(NOW + 0.15)
    assert one.waits_for_details_until(NOW + 0.15) is None
    trip(one.direct)
    assert one.waits_for_details_until(NOW) is None, "they are of no use"


def test_what_is_there_or_forbidden_or_barred_is_not_waited_for() -> None:
    assert prospects().waits_for_details_until(NOW) is None
    never = prospects(DirectMode.NEVER, had=False)
    never.freshness.fetch_starts(NOW)
    assert never.waits_for_details_until(NOW) is None
    barred = prospects(had=False)
    barred.freshness.fetch_starts(NOW)
    barred.freshness.put_bar(NOW, 60, PROBLEM)
    assert barred.waits_for_details_until(NOW) is None


def test_direct_only_waits_until_the_deadline_and_over_failures() -> None:
    one = prospects(DirectMode.ONLY, had=False)
    assert one.details_might_come_by(NOW) is None
    one.freshness.fetch_starts(NOW)
    assert one.waits_for_details_until(NOW) == NOW + 10
    assert one.details_might_come_by(NOW) == NOW + 10
    one.freshness.abandoned()
    one.freshness.put_bar(NOW, 60, PROBLEM)
    assert one.details_might_come_by(NOW) is None


@pytest.mark.parametrize("spent", [1, 10])
def test_direct_only_waits_for_the_next_fetch_if_it_comes_in_time(spent: int) -> None:
    one = prospects(DirectMode.ONLY, had=False)
    for number in range(spent):
        one.freshness.fetch_starts(NOW - spent + number)
        one.freshness.abandoned()
    again_at = one.freshness.looks_again_at(NOW)
    by = one.details_might_come_by(NOW)
    assert by == (again_at if again_at is not None and again_at < NOW + 10 else None)


def test_a_rest_for_lateness_or_for_being_slower_is_for_nothing_but_being_slow() -> (
    None
):
    late = prospects(hedge=HedgePolicy())
    assert not late.is_merely_slow(NOW)
    for _ in range(2):
        late.direct.admit(NOW - 1).left(NOW)
    assert late.is_merely_slow(NOW)
    late.freshness.put_bar(NOW, 60, PROBLEM)
    assert not late.is_merely_slow(NOW)
    slower = prospects(hedge=HedgePolicy())
    make_slower(slower)
    assert slower.is_merely_slow(NOW)
    failed = prospects()
    trip(failed.direct)
    assert not failed.is_merely_slow(NOW)


# Indirect.


def test_a_probes_companion_needs_room_at_the_instance() -> None:
    one = prospects()
    assert one.companion_has_room(NOW)
    trip(one.indirect)
    assert one.companion_has_room(NOW), "it serves the call, rest or not"
    one.indirect.admit(NOW).rest(NOW, 60)
    assert not one.companion_has_room(NOW)
    full = prospects()
    for _ in range(45):
        full.budget.spend(NOW)
    assert not full.companion_has_room(NOW)


def test_the_instance_is_spent_when_the_next_call_would_wait_for_a_slot() -> None:
    one = prospects()
    for _ in range(54):
        one.budget.spend(NOW)
    assert not one.instance_is_spent(NOW)
    one.budget.spend(NOW)
    assert one.instance_is_spent(NOW)
    assert not one.instance_is_spent(NOW + 60)


@pytest.mark.parametrize("intent", Intent)
def test_attempts_take_their_routes_time_and_generations_all_there_is(
    intent: Intent,
) -> None:
    one = prospects(intent=intent)
    spans = [one.timeout_s(route) for route in Route]
    assert spans == ([5, 9] if intent is Intent.COMPLETION else [math.inf] * 2)


# The other route.


def test_direct_takes_a_slow_call_unless_it_rests_or_is_refused() -> None:
    one = prospects(hedge=HedgePolicy())
    assert one.takes(DIRECT, NOW)
    trip(one.direct)
    assert not one.takes(DIRECT, NOW)
    assert one.takes(DIRECT, NOW + 2), "as a probe"
    assert not prospects(had=False).takes(DIRECT, NOW)
    slower = prospects(hedge=HedgePolicy())
    make_slower(slower)
    assert slower.takes(DIRECT, NOW)


def test_indirect_takes_a_slow_call_unless_it_is_forbidden_or_limited() -> None:
    one = prospects()
    assert one.takes(INDIRECT, NOW)
    trip(one.indirect)
    assert one.takes(INDIRECT, NOW)
    one.indirect.admit(NOW).rest(NOW, 60)
    assert not one.takes(INDIRECT, NOW)
    assert not prospects(DirectMode.ONLY).takes(INDIRECT, NOW)


def test_the_delay_is_the_routes_or_the_least_while_another_attempt_is_silent() -> None:
    one = prospects(hedge=HedgePolicy())
    for _ in range(20):
        one.direct.admit(NOW).succeed(NOW + 0.6)
    one.direct.admit(NOW)
    assert one.hedge_delay_s(DIRECT, NOW + 0.6) == pytest.approx(0.6)
    assert one.hedge_delay_s(DIRECT, NOW + 0.61) == 0.4
    assert one.hedge_delay_s(INDIRECT, NOW + 0.61) == 0.9


def test_without_a_policy_the_delay_is_fixed_and_nothing_is_hedged() -> None:
    one = prospects()
    one.direct.admit(NOW)
    assert one.hedge_delay_s(DIRECT, NOW + 5) == 0.9
    assert not one.hedges_at_all
    assert [one.hedge_price(route, NOW) for route in Route] == [None, None]
    assert one.give_up_s(DIRECT, INDIRECT, NOW) is None


@pytest.mark.parametrize("route", Route)
def test_a_hedge_needs_a_sound_route_and_the_budget(route: Route) -> None:
    one = prospects(hedge=HedgePolicy())
    assert one.hedge_price(route, NOW) == 1
    while one.hedges.allows():
        one.hedges.spend()
    assert one.hedge_price(route, NOW) is None
    for _ in range(10):
        one.hedges.earn()
    trip(one.circuit(route), NOW - 5)
    assert one.hedge_price(route, NOW) == 1, "as the probe of its circuit"
    one.circuit(route).admit(NOW)
    assert one.hedge_price(route, NOW) is None


@pytest.mark.parametrize("route", Route)
def test_when_both_routes_are_late_hedges_are_dear_and_nothing_is_given_up(
    route: Route,
) -> None:
    one = prospects(hedge=HedgePolicy())
    slow = INDIRECT if route is DIRECT else DIRECT
    assert one.give_up_s(slow, route, NOW) == pytest.approx(1.35)
    for _ in range(2):
        one.circuit(route).admit(NOW - 9).succeed(NOW)
    assert one.hedge_price(route, NOW) == 1, "the slow one is well but for this"
    for _ in range(3):
        one.circuit(slow).admit(NOW - 9).succeed(NOW)
    assert one.hedge_price(route, NOW) == 5, "all that can be saved up"
    one.hedges.spend()
    assert one.hedge_price(route, NOW) is None
    assert one.give_up_s(slow, route, NOW) is None


def test_a_full_instance_gets_no_hedge_but_a_call_that_was_given_up() -> None:
    one = prospects(hedge=HedgePolicy())
    for _ in range(45):
        one.budget.spend(NOW)
    assert one.hedge_price(INDIRECT, NOW) is None
    assert one.give_up_s(DIRECT, INDIRECT, NOW) == pytest.approx(1.35)
    trip(one.indirect)
    assert one.give_up_s(DIRECT, INDIRECT, NOW) is None
