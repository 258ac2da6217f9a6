"""What was asked of the instance of late, and what that leaves to spend."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from gitlab_completions._core.budget import FetchBudget, InstanceBudget


def spent(
    times: int, *, at: float = 0.0, per_minute: int | None = 60
) -> InstanceBudget:
    budget = InstanceBudget(per_minute)
    for _ in range(times):
        budget.spend(at)
    return budget


@pytest.mark.parametrize(
    ("per_minute", "used", "extras"),
    [
        (60, 0, True),
        (60, 44, True),
        (60, 45, False),
        (10, 6, True),
        (10, 7, False),
        (1, 0, True),
        (1, 1, False),
        (None, 1000, True),
    ],
)
def test_extras_are_allowed_below_three_quarters(
    per_minute: int | None, used: int, extras: bool
) -> None:
    assert spent(used, per_minute=per_minute).allows_extras(1.0) is extras


@pytest.mark.parametrize(
    ("per_minute", "used", "free_at"),
    [(60, 54, 1), (60, 55, 60), (60, 60, 60), (1, 0, 1), (1, 1, 60), (None, 1000, 1)],
)
def test_calls_wait_from_eleven_twelfths_on(
    per_minute: int | None, used: int, free_at: float
) -> None:
    assert spent(used, per_minute=per_minute).free_at(1.0) == free_at


def test_a_completion_counts_for_a_minute() -> None:
    budget = spent(1)
    assert [budget.used(59.9), budget.used(60.0)] == [1, 0]


def test_the_next_slot_is_free_when_enough_are_a_minute_old() -> None:
    budget = InstanceBudget(60)
    for at in range(57):
        budget.spend(float(at))
    assert budget.free_at(57.0) == 62.0


@given(st.lists(st.floats(0, 100), max_size=40), st.integers(1, 30))
def test_a_call_may_be_sent_when_the_budget_said_it_would_be_free(
    times: list[float], per_minute: int
) -> None:
    budget = InstanceBudget(per_minute)
    for at in sorted(times):
        budget.spend(at)
    free_at = budget.free_at(100.0)
    assert budget.free_at(free_at) == free_at


# Fetches of connection details.


@given(
    st.lists(st.floats(0, 300), max_size=30),
    st.integers(1, 12),
    st.integers(0, 3),
    st.booleans(),
)
def test_a_fetch_is_allowed_when_the_budget_said_it_would_be_free(
    times: list[float], most: int, reserve: int, forced: bool
) -> None:
    budget = FetchBudget(most, 300.0, reserve)
    for at in sorted(times):
        budget.spend(at)
    free_at = budget.free_at(300.0, forced=forced)
    assert budget.allows(300.0, forced=forced) is (free_at == 300.0)
    assert budget.allows(free_at, forced=forced)


def test_another_limit_counts_what_was_spent_before() -> None:
    budget = FetchBudget(3, 60.0)
    for _ in range(2):
        budget.spend(0.0)
    assert budget.allows(1.0)
    budget.allow(2)
    assert not budget.allows(59.0)
    assert budget.allows(60.0)


def test_what_asked_nobody_is_not_counted() -> None:
    budget = FetchBudget(1, 60.0)
    budget.spend(1.0)
    budget.refund(2.0)
    assert not budget.allows(3.0)
    budget.refund(1.0)
    assert budget.allows(3.0)


def test_asking_about_a_time_to_come_forgets_nothing() -> None:
    budget = FetchBudget(1, 60.0)
    budget.spend(0.0)
    assert budget.free_at(100.0) == 100.0
    assert budget.free_at(1.0) == 60.0
