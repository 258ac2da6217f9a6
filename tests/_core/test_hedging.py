"""How the hedge delay is learnt, and what hedges cost."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given, strategies as st

from gitlab_completions._core.hedging import HedgeBudget, Pace
from gitlab_completions.policy import HedgePolicy

SPANS = st.floats(0.001, 60)


def taught(*spans_s: float, policy: HedgePolicy | None = None) -> Pace:
    pace = Pace(policy or HedgePolicy(), 20)
    for span_s in spans_s:
        pace.learn(span_s)
    return pace


# The delay.


def test_before_there_are_twenty_answers_the_delay_is_the_longest() -> None:
    assert taught(*[0.1] * 19).delay_s == 0.9
    assert taught(*[0.1] * 20).delay_s == 0.4


def test_the_delay_is_the_98th_percentile_of_the_last_two_hundred_answers() -> None:
    spans_s = [0.400 + 0.001 * number for number in range(1, 201)]
    assert taught(*spans_s).delay_s == pytest.approx(0.596)
    assert taught(*[0.8] * 50, *spans_s).delay_s == pytest.approx(0.596)


def test_four_stray_answers_in_two_hundred_do_not_move_the_delay() -> None:
    assert taught(*[0.5] * 196, *[5.0] * 4).delay_s == 0.5
    assert taught(*[0.5] * 195, *[5.0] * 5).delay_s == 0.9


@given(spans_s=st.lists(SPANS, max_size=250), quantile=st.floats(0, 0.999))
def test_the_delay_is_the_nearest_rank_within_its_bounds(
    spans_s: list[float], quantile: float
) -> None:
    policy = HedgePolicy(quantile=quantile)
    pace = taught(*spans_s, policy=policy)
    latest = sorted(spans_s[-policy.samples :])
    assert policy.min_delay_s <= pace.delay_s <= policy.max_delay_s
    if len(latest) < policy.least_samples:
        assert pace.delay_s == policy.max_delay_s
        return
    not_slow = sum(span_s <= pace.delay_s for span_s in latest)
    assert not_slow >= quantile * len(latest) or pace.delay_s == policy.max_delay_s
    at = max(0, math.ceil(quantile * len(latest)) - 1)
    assert pace.delay_s in {latest[at], policy.min_delay_s, policy.max_delay_s}


def test_without_a_policy_nothing_is_learnt_but_the_median() -> None:
    pace = Pace(None, 20)
    for _ in range(30):
        pace.learn(0.1)
    assert pace.delay_s == 0.9
    assert pace.median_s(10) == 0.1


def test_another_policy_keeps_what_was_learnt_as_far_as_it_reaches() -> None:
    pace = taught(*[0.8] * 80, *[0.5] * 20)
    pace.reconfigure(HedgePolicy(samples=20), 5)
    assert pace.delay_s == 0.5
    pace.reconfigure(HedgePolicy(samples=20, min_delay_s=0.6), 5)
    assert pace.delay_s == 0.6
    pace.reconfigure(None, 5)
    assert pace.delay_s == 0.9


# The median.


@given(spans_s=st.lists(SPANS, max_size=60))
def test_the_median_is_of_the_latest_answers(spans_s: list[float]) -> None:
    pace = taught(*spans_s)
    if len(spans_s) < 10:
        assert pace.median_s(10) is None
    else:
        assert pace.median_s(10) == pytest.approx(statistics.median(spans_s[-20:]))


def test_starting_over_forgets_the_median_and_keeps_the_delay() -> None:
    pace = taught(*[0.5] * 30)
    pace.start_over()
    assert pace.median_s(1) is None
    assert pace.delay_s == 0.5


# The budget.


def test_a_few_hedges_may_follow_each_other_and_then_one_in_ten_calls() -> None:
    budget = HedgeBudget(HedgePolicy())
    for _ in range(5):
        assert budget.allows()
        budget.spend()
    assert not budget.allows()
    for _ in range(9):
        budget.earn()
        assert not budget.allows()
    budget.earn()
    assert budget.allows()


@given(
    calls=st.lists(st.booleans(), max_size=300),
    share=st.floats(0, 0.99),
    burst=st.integers(1, 20),
)
def test_hedges_are_never_more_than_the_burst_and_their_share(
    calls: list[bool], share: float, burst: int
) -> None:
    budget = HedgeBudget(HedgePolicy(budget_share=share, budget_burst=burst))
    hedges = 0
    for number, slow in enumerate(calls, start=1):
        budget.earn()
        if slow and budget.allows():
            budget.spend()
            hedges += 1
        assert hedges <= burst + share * number + 1e-6


def test_a_hedge_may_cost_more_than_one() -> None:
    budget = HedgeBudget(HedgePolicy())
    assert budget.allows(5)
    budget.spend(3)
    assert [budget.allows(price) for price in (2, 3)] == [True, False]


def test_a_long_quiet_time_saves_up_no_more_than_the_burst() -> None:
    budget = HedgeBudget(HedgePolicy())
    for _ in range(1000):
        budget.earn()
    spent = 0
    while budget.allows():
        budget.spend()
        spent += 1
    assert spent == 5


def test_without_a_policy_there_are_no_hedges() -> None:
    budget = HedgeBudget(None)
    budget.earn()
    assert not budget.allows()
    budget.reconfigure(HedgePolicy())
    assert budget.allows(), "it begins as a new one does"


def test_another_policy_keeps_what_was_spent() -> None:
    budget = HedgeBudget(HedgePolicy())
    budget.spend()
    budget.reconfigure(HedgePolicy(budget_burst=2))
    for _ in range(2):
        assert budget.allows()
        budget.spend()
    assert not budget.allows()
    budget.reconfigure(None)
    assert not budget.allows()
