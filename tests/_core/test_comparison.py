"""When a route is the slower one, by the medians of both."""

from __future__ import annotations

import math

import pytest

from gitlab_completions._core.comparison import Comparison
from gitlab_completions._core.hedging import Pace
from gitlab_completions.policy import CircuitPolicy, HedgePolicy

POLICY = CircuitPolicy()


def pace(span_s: float, answers: int = 10) -> Pace:
    one = Pace(HedgePolicy(), POLICY.compared)
    for _ in range(answers):
        one.learn(span_s)
    return one


@pytest.mark.parametrize(
    ("ours_s", "theirs_s", "slower"),
    [
        (0.61, 0.5, True),
        (0.59, 0.5, False),  # less than a fifth
        (0.16, 0.12, False),  # a third, but 40 ms
        (0.18, 0.12, True),
        (0.2, 0.5, False),
    ],
)
def test_slower_is_by_a_fifth_and_by_50_ms(
    ours_s: float, theirs_s: float, slower: bool
) -> None:
    assert Comparison(pace(ours_s), pace(theirs_s)).is_slower(POLICY, 0.0) is slower


@pytest.mark.parametrize("answers", [(9, 20), (20, 9)])
def test_nothing_is_compared_before_there_are_ten_answers_of_both(
    answers: tuple[int, int],
) -> None:
    ours, theirs = pace(0.8, answers[0]), pace(0.2, answers[1])
    assert not Comparison(ours, theirs).is_slower(POLICY, 0.0)


def test_routes_are_compared_every_half_minute() -> None:
    ours = pace(0.2)
    one = Comparison(ours, pace(0.2))
    assert not one.is_slower(POLICY, 0.0)
    for _ in range(20):
        ours.learn(0.8)
    assert [one.is_slower(POLICY, at) for at in (29.9, 30.0)] == [False, True]


def test_what_is_not_slower_is_so_by_neither_measure() -> None:
    assert Comparison(pace(0.8), pace(0.2)).no_slower_s(POLICY) == pytest.approx(0.24)
    assert Comparison(pace(0.8), pace(0.5)).no_slower_s(POLICY) == pytest.approx(0.55)
    assert Comparison(pace(0.8), pace(0.5, 9)).no_slower_s(POLICY) == math.inf
