"""When connection details are usable, when they are asked for, and what bars direct."""

from __future__ import annotations

import random

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gitlab_completions._core.freshness import DetailsState, Freshness
from gitlab_completions._core.user_access import UserAccess
from gitlab_completions._core.verdicts import AccessVerdict, Scope, Standing
from gitlab_completions._records import replace
from gitlab_completions.details import (
    ConnectionDetails,
    Endpoint,
    ModelDetails,
    ModelMetadata,
)
from gitlab_completions.errors import DirectAccessError
from gitlab_completions.policy import DetailsPolicy

ABSENT, FRESH, STALE, EXPIRED, BARRED = DetailsState
USUAL = DetailsPolicy()
POLICY = DetailsPolicy(renew_from=0.8)
"""All renewals at their usual time; how the first ones are spread is tested apart."""
PROBLEM = DirectAccessError("the instance said no")
OTHER_PROBLEM = DirectAccessError("the instance said no again")

MODELS = {
    "model_details": ModelDetails(provider="gitlab", name="m"),
    "model_metadata": ModelMetadata(
        provider="gitlab", feature_setting="code_completions", identifier="m"
    ),
}
"""Of a grant that prefers v4."""

UNAVAILABLE = AccessVerdict(standing=Standing.UNAVAILABLE)
USER_BARRED = AccessVerdict(standing=Standing.BARRED, again_s=1800, spread=0.1)
TOKEN_SUSPECT = AccessVerdict(standing=Standing.BARRED, again_s=300)
PROJECT_BARRED = AccessVerdict(
    standing=Standing.BARRED, again_s=300, scope=Scope.PROJECT
)


def grant(lifetime_s: float = 3600, token: str = "a") -> ConnectionDetails:
    return ConnectionDetails(
        base_url="https://gateway", token=token, headers={}, lifetime_s=lifetime_s
    )


def absent(jitter: float = 0.5, user: UserAccess | None = None) -> Freshness:
    return Freshness(POLICY, lambda: jitter, user or UserAccess(POLICY))


def granted(
    lifetime_s: float = 3600, *, jitter: float = 0.5, token: str = "a"
) -> Freshness:
    one = absent(jitter)
    renew(one, 0.0, lifetime_s, token)
    return one


def renew(
    one: Freshness, now: float, lifetime_s: float = 3600, token: str = "a"
) -> None:
    one.fetch_starts(now)
    one.granted(now, grant(lifetime_s, token))


def refuse(one: Freshness, now: float, verdict: AccessVerdict) -> None:
    one.fetch_starts(now)
    one.refused(now, verdict, PROBLEM)


# States over time.


@pytest.mark.parametrize(
    ("lifetime_s", "jitter", "stale_at", "expired_at"),
    [
        (3600, 0.0, 2880, 3560),
        (3600, 0.5, 2970, 3560),
        (3600, 1.0, 3060, 3560),
        (400, 0.5, 330, 360),
        (100, 0.5, 82.5, 90),
        (10, 0.0, 8, 9),
    ],
)
def test_details_are_fresh_then_stale_then_expired(
    lifetime_s: float, jitter: float, stale_at: float, expired_at: float
) -> None:
    one = granted(lifetime_s, jitter=jitter)
    ends = (0.0, stale_at - 0.1, stale_at + 0.1, expired_at - 0.1, expired_at + 0.1)
    assert [one.state(at) for at in ends] == [FRESH, FRESH, STALE, STALE, EXPIRED]
    assert [one.usable(at) is not None for at in ends] == [True] * 4 + [False]


def test_a_renewal_is_never_put_off_beyond_expiry() -> None:
    policy = DetailsPolicy(renew_at=0.9, renew_spread=0.09, margin_s=1000)
    one = Freshness(policy, lambda: 0.99, UserAccess(policy))
    renew(one, 0.0, 100)
    assert [one.state(89.9), one.state(90.0)] == [FRESH, EXPIRED]


def test_a_life_counts_from_the_fetchs_start() -> None:
    one = absent()
    one.fetch_starts(100.0)
    one.granted(110.0, grant(100))
    assert one.obtained_at == 110.0
    assert one.expires_in_s(110.0) == 80
    assert [one.state(182.4), one.state(182.6), one.state(190)] == [
        FRESH,
        STALE,
        EXPIRED,
    ]


def test_details_that_a_fetch_brought_after_their_end_are_expired_and_wanted() -> None:
    one = absent()
    one.fetch_starts(0.0)
    one.granted(28800.0, grant())
    assert one.usable(28800.0) is None
    assert one.wanted(28800.0)


def test_details_that_no_fetch_brought_live_from_now() -> None:
    one = absent()
    one.granted(50.0, grant(100))
    assert one.expires_in_s(50.0) == 90


def test_details_never_had_are_absent() -> None:
    one = absent()
    assert one.state(0.0) is ABSENT
    assert one.usable(0.0) is None
    assert one.expires_in_s(0.0) is None
    assert one.problem(0.0) is None
    assert one.looks_again_at(0.0) is None


def test_the_time_to_expiry_is_told_and_never_negative() -> None:
    one = granted()
    assert [one.expires_in_s(60.0), one.expires_in_s(9999.0)] == [3500, 0]


# What is wanted.


@pytest.mark.parametrize(("at", "wanted"), [(1.0, False), (3000.0, True), (9e3, True)])
def test_details_are_wanted_when_they_are_not_fresh(at: float, wanted: bool) -> None:
    assert granted().wanted(at) is wanted
    assert absent().wanted(at)


def test_one_fetch_at_a_time() -> None:
    one = absent()
    one.fetch_starts(0.0)
    assert not one.wanted(100.0)
    one.abandoned()
    assert one.wanted(100.0)


def test_only_used_details_are_renewed_ahead() -> None:
    one = granted()
    assert one.renews_at(0.0) is None
    one.used()
    assert [one.renews_at(0.0), one.renews_at(3000.0)] == pytest.approx([2970, 3000])
    assert one.renews_at(3600.0) is None
    renew(one, 3000.0)
    assert one.renews_at(3000.0) is None


def test_nothing_is_renewed_ahead_during_a_fetch_or_a_bar() -> None:
    one = granted()
    one.used()
    one.fetch_starts(2970.0)
    assert one.renews_at(2970.0) is None
    one.refused(2970.0, PROJECT_BARRED, PROBLEM)
    assert one.renews_at(2970.0) is None


def test_short_lived_details_are_renewed_by_the_next_call() -> None:
    one = granted(59)
    one.used()
    assert one.renews_at(0.0) is None
    assert one.wanted(50.0)


# How clients that fetched together come apart.


def usual(jitter: float = 0.5) -> Freshness:
    one = Freshness(USUAL, lambda: jitter, UserAccess(USUAL))
    one.fetch_starts(0.0)
    one.granted(0.2, grant())
    one.used()
    return one


@pytest.mark.parametrize(("jitter", "at"), [(0.0, 180), (0.5, 1620), (1.0, 3060)])
def test_a_first_renewal_comes_at_any_time_between_two(
    jitter: float, at: float
) -> None:
    assert usual(jitter).renews_at(1.0) == pytest.approx(at)


def renew_used(one: Freshness, now: float) -> float:
    """Renew what is in use then; return how long after that it is renewed again."""
    renew(one, now)
    one.used()
    at = one.renews_at(now)
    assert at is not None
    return at - now


def test_a_renewal_in_time_keeps_its_distance_from_others() -> None:
    one = usual()
    assert renew_used(one, 1620.0) == 2970
    assert renew_used(one, 1620.0 + 2970.0 + 4.9) == 2970


def test_a_fetch_that_many_may_have_made_together_draws_the_next_renewal_anew() -> None:
    assert renew_used(usual(), 1625.1) == 1620, "a call after a pause"
    assert renew_used(usual(), 9000.0) == 1620, "a return after expiry"
    failed = usual()
    refuse(failed, 1620.0, UNAVAILABLE)
    assert renew_used(failed, 2620.0) == 1970, "an outage that ended: in its place"
    refused = usual()
    refused.token_refused(100.0, "a", PROBLEM)
    assert renew_used(refused, 100.0) == 1620, "a gateway that forgot its keys"


def test_details_that_others_fetched_or_no_timer_renews_are_not_spread() -> None:
    told, short = (Freshness(USUAL, lambda: 0.0, UserAccess(USUAL)) for _ in range(2))
    told.fetch_starts(1000.0)
    told.granted(900.0, grant())
    told.used()
    assert told.renews_at(1000.0) == 900 + 2880
    renew(short, 0.0, 59)
    assert [short.state(47.1), short.state(47.3)] == [FRESH, STALE]


def test_clients_that_start_together_renew_evenly_from_the_second_life_on() -> None:
    dice = random.Random(1)
    renewals = [0] * 90  # by tenths of the time between two
    for _ in range(4000):
        one = Freshness(USUAL, dice.random, UserAccess(USUAL))
        now, until = 0.0, 9 * 2970.0
        while now < until:
            renewals[int(now / 297)] += now > 0
            now += renew_used(one, now)
    later = renewals[10:]
    assert max(later) * len(later) / sum(later) < 1.3


# Refusals of direct access.


def test_a_failed_fetch_keeps_usable_details_in_use() -> None:
    one = granted()
    refuse(one, 3000.0, UNAVAILABLE)
    assert one.state(3000.0) is STALE
    assert one.usable(3000.0) is not None
    assert one.problem(3000.0) is PROBLEM


def test_failures_back_off_to_five_minutes_and_a_grant_forgets_them() -> None:
    one = absent()
    now, waits = 0.0, []
    for _ in range(11):
        refuse(one, now, UNAVAILABLE)
        at = one._retry_at
        waits.append(at - now)
        now = at
    assert waits == pytest.approx([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300])
    renew(one, now)
    refuse(one, now + 4000, UNAVAILABLE)
    assert one._retry_at == pytest.approx(now + 4001)


@pytest.mark.parametrize(("jitter", "wait_s"), [(0.0, 0.9), (1.0, 1.1)])
def test_the_back_off_is_spread_by_a_tenth(jitter: float, wait_s: float) -> None:
    one = absent(jitter)
    refuse(one, 0.0, UNAVAILABLE)
    assert one._retry_at == pytest.approx(wait_s)
    one._failures = 30
    refuse(one, 0.0, UNAVAILABLE)
    assert one._retry_at == pytest.approx(300 * wait_s), "the longest wait too"


def test_an_unavailable_instance_is_asked_again_when_it_said() -> None:
    one = absent()
    refuse(one, 0.0, AccessVerdict(standing=Standing.UNAVAILABLE, again_s=60))
    assert [one.wanted(59.9), one.wanted(60.0)] == [False, True]
    assert one.looks_again_at(0.0) == 60
    assert one.looks_again_at(60.0) is None


@pytest.mark.parametrize(("jitter", "until"), [(0.0, 1620), (0.5, 1800), (1.0, 1980)])
def test_a_bar_holds_until_its_time(jitter: float, until: float) -> None:
    one = granted(9000, jitter=jitter)
    refuse(one, 0.0, USER_BARRED)
    assert one.state(until - 1) is BARRED
    assert one.usable(until - 1) is None
    assert not one.wanted(until - 1)
    assert one.problem(until - 1) is PROBLEM
    assert one.looks_again_at(0.0) == pytest.approx(until)
    assert one.state(until + 1) is not BARRED


def test_a_bar_of_the_user_holds_for_all_projects_and_one_of_a_project_does_not() -> (
    None
):
    user = UserAccess(POLICY)
    one, other = absent(user=user), absent(user=user)
    refuse(one, 0.0, PROJECT_BARRED)
    assert [one.state(1.0), other.state(1.0)] == [BARRED, ABSENT]
    refuse(one, 0.0, TOKEN_SUSPECT)
    assert [one.state(1.0), other.state(1.0)] == [BARRED, BARRED]


def test_a_shorter_bar_does_not_shorten_a_longer_one() -> None:
    one = granted()
    one.put_bar(0.0, 1800, PROBLEM)
    one.put_bar(1.0, 300, OTHER_PROBLEM)
    assert one.looks_again_at(1.0) == 1800
    assert one.problem(1.0) is PROBLEM


def test_a_bar_that_the_gateway_put_during_a_renewal_outlasts_the_grant() -> None:
    one = granted()
    one.fetch_starts(2970.0)
    one.put_bar(2970.1, 1800, PROBLEM)
    one.granted(2970.2, grant())
    assert one.state(2971.0) is BARRED


def test_looking_again_lifts_bars_and_waits_and_keeps_details() -> None:
    one = granted()
    refuse(one, 1.0, TOKEN_SUSPECT)
    refuse(one, 1.0, PROJECT_BARRED)
    refuse(one, 1.0, UNAVAILABLE)
    one.look_again()
    assert one.state(1.0) is FRESH
    assert one._retry_at == 0


# What another process was told.


def test_details_granted_a_while_ago_are_dated_from_then() -> None:
    one = absent()
    one.fetch_starts(1000.0)
    one.granted(0.0, grant())
    assert one.state(1000.0) is FRESH
    assert one.is_fresh(1000.0)
    assert one.state(2971.0) is STALE
    assert not one.is_fresh(2971.0)
    assert one.state(3560.0) is EXPIRED
    assert one.expires_in_s(1000.0) == 2560


def test_a_refusal_told_a_while_ago_bars_from_then() -> None:
    one = absent()
    one.fetch_starts(1000.0)
    one.refused(0.0, USER_BARRED, PROBLEM)
    assert one.looks_again_at(1000.0) == 1800


@pytest.mark.parametrize(("lifetime_s", "until"), [(3600, 2880), (10, 8), (2, 1.6)])
def test_what_another_process_was_granted_is_taken_while_it_is_fresh(
    lifetime_s: float, until: float
) -> None:
    one, details = absent(), grant(lifetime_s)
    assert one.takes_grant(until - 0.1, 0.0, details)
    assert not one.takes_grant(until, 0.0, details)


def test_details_that_are_to_be_renewed_are_not_taken_for_their_renewal() -> None:
    one = absent()
    one.fetch_starts(0.0)
    one.granted(0.2, grant())
    assert not one.takes_grant(180.0, 0.0, grant())
    assert not one.takes_grant(180.0, 0.3, grant()), "each reading dates it anew"
    assert one.takes_grant(180.0, 0.3, grant(token="newer"))


def test_a_token_that_the_gateway_refused_is_not_taken_again() -> None:
    one = granted(token="old")
    one.token_refused(1.0, "old", PROBLEM)
    assert not one.takes_grant(1.0, 0.0, grant(token="old"))
    assert one.takes_grant(1.0, 0.0, grant(token="new"))


def test_what_was_granted_before_a_refused_token_is_not_taken() -> None:
    one = granted(token="old")
    renew(one, 100.0, token="new")
    one.token_refused(200.0, "new", PROBLEM)
    assert not one.takes_grant(200.0, 0.0, grant(token="old"))
    assert one.takes_grant(200.0, 100.1, grant(token="newer"))


@pytest.mark.parametrize(
    ("verdict", "until"), [(TOKEN_SUSPECT, 300), (USER_BARRED, 1620)]
)
def test_what_another_process_was_refused_is_taken_while_it_surely_holds(
    verdict: AccessVerdict, until: float
) -> None:
    one = absent()
    assert one.takes_refusal(until - 0.1, 0.0, verdict)
    assert not one.takes_refusal(until, 0.0, verdict)


def test_a_failure_of_another_process_says_nothing() -> None:
    assert not absent().takes_refusal(0.0, 0.0, UNAVAILABLE)


@pytest.mark.parametrize("answer", ["a grant", "a no"])
def test_who_was_told_to_look_again_hears_a_no_itself(answer: str) -> None:
    one = absent()
    one.look_again()
    assert not one.takes_refusal(1.0, 0.0, USER_BARRED)
    assert one.takes_grant(1.0, 0.0, grant())
    if answer == "a grant":
        renew(one, 1.0)
    else:
        refuse(one, 1.0, USER_BARRED)
    assert one.takes_refusal(2.0, 1.0, USER_BARRED)


def test_a_fetch_that_asked_nobody_costs_nothing() -> None:
    user = UserAccess(POLICY)
    one = absent(user=user)
    one.spared()
    for second in range(40):
        one.fetch_starts(second)
        one.spared()
        one.granted(second - 3600.0, grant())
    assert one.wanted(40.0)
    other = absent(user=user)
    assert other.wanted(39.5)


# What the gateway says.


def test_a_refused_token_is_dropped_and_renewed_at_once() -> None:
    one = granted(token="old")
    refuse(one, 2970.0, UNAVAILABLE)
    one.token_refused(2970.1, "old", PROBLEM)
    assert one.state(2970.1) is ABSENT
    assert one.wanted(2970.1)
    assert one.problem(2970.1) is PROBLEM


def test_a_token_that_has_been_replaced_says_nothing() -> None:
    one = granted(token="new")
    one.token_refused(1.0, "old", PROBLEM)
    assert one.state(1.0) is FRESH
    none = absent()
    none.token_refused(1.0, "old", PROBLEM)
    assert none.problem(1.0) is None


def test_a_renewed_token_refused_while_young_bars_for_longer_each_time() -> None:
    one = granted(token="0")
    one.token_refused(0.0, "0", PROBLEM)
    now, bars = 10.0, []
    for token in "12345":
        renew(one, now, token=token)
        one.token_refused(now + 59, token, PROBLEM)
        until = one.looks_again_at(now + 59)
        assert until is not None
        bars.append(until - now - 59)
        assert one.state(until) is ABSENT
        now = until + 300
    assert bars == pytest.approx([60, 240, 960, 1800, 1800])


def test_a_renewed_token_refused_for_its_age_is_renewed_at_once() -> None:
    one = granted(token="old")
    one.token_refused(0.0, "old", PROBLEM)
    renew(one, 10.0, token="new")
    one.token_refused(70.0, "new", PROBLEM)
    assert one.wanted(70.0)


def test_an_accepted_request_forgives_refused_tokens() -> None:
    one = granted(token="0")
    for at, token in ((0.0, "0"), (1000.0, "1")):
        one.token_refused(at, token, PROBLEM)
        renew(one, at + 1000, token=str(int(token) + 1))
    one.accepted()
    one.token_refused(2001.0, "2", PROBLEM)
    assert one.state(2001.0) is ABSENT


def drift(one: Freshness, now: float, details: ConnectionDetails, *names: str) -> None:
    endpoint = one.endpoint(details)
    for name in names:
        one.drifted(now, details, endpoint, name, PROBLEM)


def test_bodies_refused_on_three_files_in_a_row_bar_direct() -> None:
    one = granted()
    drift(one, 1.0, grant(), "a.py", "b.py", "a.py")
    assert one.state(1.0) is FRESH
    drift(one, 1.0, grant(), "c.py")
    assert one.state(1.0) is BARRED
    assert one.looks_again_at(1.0) == 301
    drift(one, 400.0, grant(), "d.py")
    assert one.state(400.0) is FRESH


def test_an_accepted_request_between_refused_bodies_forgets_them() -> None:
    one = granted()
    drift(one, 1.0, grant(), "a.py", "b.py")
    one.accepted()
    drift(one, 1.0, grant(), "c.py")
    assert one.state(1.0) is FRESH


# The gateway's endpoints.


def pinned() -> tuple[Freshness, ConnectionDetails]:
    """Return the details of a grant that prefers v4."""
    one, details = absent(), replace(grant(), **MODELS)
    one.fetch_starts(0.0)
    one.granted(0.0, details)
    return one, details


def test_without_details_no_endpoint_is_refused() -> None:
    assert absent().endpoint(None) is Endpoint.V2


def test_the_preferred_endpoint_is_asked_until_it_is_refused() -> None:
    one, details = pinned()
    assert one.endpoint(details) is Endpoint.V4
    one.endpoint_refused(1.0, details, Endpoint.V4, PROBLEM)
    assert one.endpoint(details) is Endpoint.V2
    assert one.state(1.0) is FRESH
    assert one.trouble is None


def test_both_endpoints_refused_bar_direct() -> None:
    one, details = pinned()
    for at, endpoint in enumerate((Endpoint.V4, Endpoint.V2)):
        one.endpoint_refused(float(at), details, endpoint, PROBLEM)
    assert one.state(1.0) is BARRED
    assert one.looks_again_at(1.0) == 1801
    assert one.problem(1.0) is PROBLEM
    assert one.state(1801.0) is FRESH
    assert one.endpoint(details) is Endpoint.V4


def test_a_refused_endpoint_is_so_to_the_next_grant_of_its_gateway() -> None:
    one, details = pinned()
    one.endpoint_refused(1.0, details, Endpoint.V4, PROBLEM)
    renewed = replace(details, token="b")
    one.granted(3000.0, renewed)
    assert one.endpoint(renewed) is Endpoint.V2
    moved = replace(renewed, base_url="https://other")
    one.granted(3001.0, moved)
    assert one.endpoint(moved) is Endpoint.V4


def test_bodies_that_v4_refuses_have_v2_asked_and_those_of_v2_bar_direct() -> None:
    one, details = pinned()
    drift(one, 1.0, details, "a.py", "b.py", "c.py")
    assert one.endpoint(details) is Endpoint.V2
    assert one.state(1.0) is FRESH
    drift(one, 2.0, details, "a.py", "b.py", "c.py")
    assert one.looks_again_at(2.0) == 302
    assert one.endpoint(details) is Endpoint.V2


def test_bodies_that_v4_refuses_bar_direct_where_v2_was_refused() -> None:
    one, details = granted(), grant()
    one.endpoint_refused(1.0, details, Endpoint.V2, PROBLEM)
    assert one.endpoint(details) is Endpoint.V4
    drift(one, 2.0, details, "a.py", "b.py", "c.py")
    assert one.state(2.0) is BARRED
    assert one.looks_again_at(2.0) == 302


# Budgets.


def spend(one: Freshness, times: int) -> None:
    for at in range(times):
        one.fetch_starts(2.0 * at)
        one.abandoned()


def test_eight_fetches_in_five_minutes_and_two_kept_for_a_refused_token() -> None:
    one = granted()
    one.policy = POLICY
    spend(one, 7)
    assert not one.wanted(100.0)
    one.token_refused(100.0, "a", PROBLEM)
    assert one.wanted(100.0)
    one.fetch_starts(100.0)
    one.abandoned()
    assert one.wanted(100.0)
    one.fetch_starts(100.0)
    one.abandoned()
    assert [one.wanted(100.0), one.wanted(299.9), one.wanted(300.0)] == [
        False,
        False,
        True,
    ]


def test_the_time_of_the_next_fetch_includes_the_budget() -> None:
    one = granted(400)
    one.used()
    spend(one, 7)
    assert one.looks_again_at(350.0) is None
    assert granted().looks_again_at(0.5) == 1
    full = granted(120)
    full.used()
    spend(full, 7)
    assert full.renews_at(100.0) == 300
    assert full.looks_again_at(100.0) == 300


def test_one_fetch_a_second_but_for_what_is_urgent() -> None:
    user = UserAccess(POLICY)
    one, other = absent(user=user), absent(user=user)
    one.fetch_starts(0.0)
    one.granted(0.0, grant(0.5))
    assert other.wanted(0.4), "a project's first"
    assert [one.wanted(0.5), one.wanted(1.0)] == [False, True]
    one.look_again()
    assert one.wanted(0.5), "the access token has changed"
    one.fetch_starts(0.5)
    one.granted(0.5, grant())
    one.token_refused(0.6, "a", PROBLEM)
    assert one.wanted(0.6), "a refused token"


def test_thirty_fetches_a_minute_whatever_their_project() -> None:
    user = UserAccess(POLICY)
    for _ in range(30):
        absent(user=user).fetch_starts(0.0)
    assert [absent(user=user).wanted(at) for at in (59.9, 60.0)] == [False, True]


@pytest.mark.parametrize("jitter", [0.0, 0.5, 0.99])
def test_a_day_costs_thirty_five_fetches_at_most_and_never_a_pause(
    jitter: float,
) -> None:
    one = Freshness(USUAL, lambda: jitter, UserAccess(USUAL))
    fetches, unusable = 0, 0
    for call in range(8640):
        now = 10.0 * call
        renews_at = one.renews_at(now)
        if one.wanted(now) or (renews_at is not None and renews_at <= now):
            one.fetch_starts(now)
            fetches += 1
        unusable += one.usable(now) is None
        if one.fetching:
            one.granted(now + 0.3, grant())
        one.used()
    assert fetches <= 35
    assert unusable == 1


class Histories(RuleBasedStateMachine):
    """The projects of one client, with fetches and attempts that end anyhow."""

    def __init__(self) -> None:
        super().__init__()
        self.jitter = 0.5
        self.now = 1000.0
        self.user = UserAccess(POLICY)
        self.projects = [
            Freshness(USUAL, lambda: self.jitter, self.user) for _ in range(4)
        ]
        self.fetches: list[list[float]] = [[] for _ in self.projects]
        self.forced: list[list[float]] = [[] for _ in self.projects]
        self.plain: list[float] = []
        self.refused: set[str] = set()
        self.bars = [0.0] * len(self.projects)
        self.expires = [0.0] * len(self.projects)
        self.tokens = 0

    which = st.integers(0, 3)

    def recent(self, times: list[float], span_s: float) -> int:
        return sum(at + span_s > self.now for at in times)

    @rule(
        span_s=st.one_of(st.floats(0, 2), st.floats(0, 4000)),
        jitter=st.floats(0, 0.999),
    )
    def time_passes(self, span_s: float, jitter: float) -> None:
        self.now += span_s
        self.jitter = jitter

    @rule(which=which)
    def a_call_wants_direct(self, which: int) -> None:
        one = self.projects[which]
        if not one.wanted(self.now):
            return
        urgent = one._forced or one._urgent
        assert not one.fetching
        if not urgent:
            everything = [at for times in self.fetches for at in times]
            assert self.recent(everything, 1.0) == 0
        one.fetch_starts(self.now)
        self.fetches[which].append(self.now)
        most = POLICY.fetches_per_5_min
        mine = self.recent(self.fetches[which], 300.0)
        assert mine <= (most if one._forced else most - POLICY.forced_reserve)
        assert sum(self.recent(times, 60.0) for times in self.fetches) <= 30

    @rule(which=which, lifetime_s=st.sampled_from([1.0, 30.0, 300.0, 3600.0]))
    def a_fetch_is_granted(self, which: int, lifetime_s: float) -> None:
        one = self.projects[which]
        if one.fetching:
            self.tokens += 1
            one.granted(self.now, grant(lifetime_s, str(self.tokens)))
            self.expires[which] = self.now + 0.9 * lifetime_s

    @rule(
        which=which,
        verdict=st.sampled_from([UNAVAILABLE, TOKEN_SUSPECT, PROJECT_BARRED]),
    )
    def a_fetch_is_refused(self, which: int, verdict: AccessVerdict) -> None:
        one = self.projects[which]
        usable = one.usable(self.now)
        if not one.fetching:
            return
        one.refused(self.now, verdict, PROBLEM)
        if verdict is UNAVAILABLE:
            assert one.usable(self.now) is usable
            return
        barred = range(len(self.projects)) if verdict is TOKEN_SUSPECT else [which]
        for at in barred:
            self.bars[at] = max(self.bars[at], self.now + 300)

    @rule(which=which)
    def direct_is_used(self, which: int) -> None:
        self.projects[which].used()

    @rule(which=which)
    def the_gateway_accepts(self, which: int) -> None:
        self.projects[which].accepted()

    @rule(which=which, age=st.integers(0, 2))
    def the_gateway_refuses_a_token(self, which: int, age: int) -> None:
        one = self.projects[which]
        token = str(self.tokens - age)
        current = one.details is not None and one.details.token == token
        before = one.state(self.now)
        one.token_refused(self.now, token, PROBLEM)
        if current:
            self.refused.add(token)
            assert one.details is None
        else:
            assert one.state(self.now) is before

    @rule(which=which, bar_s=st.sampled_from([300.0, 1800.0]))
    def the_gateway_says_no(self, which: int, bar_s: float) -> None:
        self.projects[which].put_bar(self.now, bar_s, PROBLEM)
        self.bars[which] = max(self.bars[which], self.now + 0.9 * bar_s)

    @precondition(lambda self: self.now > 2000)
    @rule()
    def the_access_token_changes(self) -> None:
        usable = [one.usable(self.now) for one in self.projects]
        for one in self.projects:
            one.look_again()
            assert one.bar(self.now) is None
        self.bars = [0.0] * len(self.projects)
        after = [one.usable(self.now) for one in self.projects]
        assert all(
            old is None or old is new for old, new in zip(usable, after, strict=True)
        )

    @invariant()
    def what_is_usable_is_neither_expired_nor_barred_nor_refused(self) -> None:
        for which, one in enumerate(self.projects):
            details = one.usable(self.now)
            if details is not None:
                assert self.now < self.expires[which] or details.lifetime_s > 400
                assert self.now < one.obtained_at + details.lifetime_s
                assert self.now >= self.bars[which]
                assert details.token not in self.refused

    @invariant()
    def what_is_not_wanted_now_has_a_time_or_a_fetch(self) -> None:
        for one in self.projects:
            if not one.wanted(self.now) and one.state(self.now) is not FRESH:
                again_at = one.looks_again_at(self.now)
                assert one.fetching or (again_at is not None and again_at > self.now)

    @invariant()
    def a_renewal_is_due_no_sooner_than_it_may_start(self) -> None:
        for one in self.projects:
            at = one.renews_at(self.now)
            assert at is None or one.state(at) is not STALE or one.wanted(at)


TestHistories = Histories.TestCase


def test_another_policy_reaches_the_budgets() -> None:
    policy = DetailsPolicy()
    user = UserAccess(policy)
    one = Freshness(policy, lambda: 0.5, user)
    one.fetch_starts(0.0)
    one.abandoned()
    strict = DetailsPolicy(fetches_per_5_min=1, forced_reserve=0, fetches_per_minute=1)
    assert one.wanted(5.0)
    one.reconfigure(strict)
    assert one.policy is strict
    assert not one.wanted(5.0)
    user.reconfigure(strict)
    other = Freshness(policy, lambda: 0.5, user)
    assert not other.wanted(59.0)
    assert other.wanted(60.0)
    assert not one.wanted(299.0)
    assert one.wanted(300.0)


def test_a_fetch_that_has_ended_is_told_from_one_under_way() -> None:
    policy = DetailsPolicy()
    one = Freshness(policy, lambda: 0.5, UserAccess(policy))
    assert not one.was_fetched
    one.fetch_starts(0.0)
    assert not one.was_fetched
    one.abandoned()
    assert one.was_fetched
