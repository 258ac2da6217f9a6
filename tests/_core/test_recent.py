"""When a route's latest attempts leave it in doubt, or in trouble."""

from __future__ import annotations

import pytest

from gitlab_completions._core.recent import Recent
from gitlab_completions.policy import CircuitPolicy


def recent(outcomes: str, now: float = 0.0) -> Recent:
    """Return what is remembered of attempts: `x` was late or failed."""
    one = Recent(CircuitPolicy())
    for letter in outcomes:
        one.note(now, bad=letter == "x")
    return one


@pytest.mark.parametrize(
    ("outcomes", "doubtful"),
    [("", False), ("x", False), ("xx", True), ("x.x", True), ("x..x", False)],
)
def test_two_bad_ones_of_the_last_three_are_a_doubt(
    outcomes: str, doubtful: bool
) -> None:
    assert recent(outcomes).is_doubtful(0.0) is doubtful


def test_doubt_passes_after_three_minutes() -> None:
    one = recent("xx")
    assert [one.is_doubtful(at) for at in (179.9, 180.0)] == [True, False]


@pytest.mark.parametrize(
    ("outcomes", "troubled"),
    [
        ("xx", False),
        ("xxx", True),
        ("x..x....x", True),
        ("x..x.....x", True),
        ("x..x......x", False),
    ],
)
def test_three_bad_ones_of_the_last_ten_are_trouble(
    outcomes: str, troubled: bool
) -> None:
    assert recent(outcomes).is_troubled() is troubled


def test_nothing_is_left_when_it_is_cleared() -> None:
    one = recent("xxxx")
    one.clear()
    assert [one.is_doubtful(0.0), one.is_troubled()] == [False, False]


def test_another_policy_reaches_as_far_back_as_there_is_something() -> None:
    one = recent("xxx.")
    one.reconfigure(CircuitPolicy(window=4, doubted=4, troubled=4))
    assert one.is_doubtful(0.0)
    assert not one.is_troubled()
    one.note(0.0, bad=True)
    one.note(0.0, bad=True)
    assert not one.is_troubled(), "only four are remembered"
