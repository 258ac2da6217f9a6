"""When details are renewed ahead, and how the clients of one instance come apart."""

from __future__ import annotations

import math

import pytest

from gitlab_completions._core import renewal
from gitlab_completions.policy import DetailsPolicy

POLICY = DetailsPolicy()


@pytest.mark.parametrize(
    ("life_s", "margin_s"), [(3600, 40), (400, 40), (100, 10), (10, 1)]
)
def test_details_are_not_used_up_to_their_end(life_s: float, margin_s: float) -> None:
    assert renewal.margin_s(POLICY, life_s) == margin_s


@pytest.mark.parametrize(
    ("jitter", "usual", "spread"),
    [(0.0, 2880, 180), (0.5, 2970, 1620), (1.0, 3060, 3060)],
)
def test_a_spread_renewal_comes_at_any_time_up_to_the_latest_usual_one(
    jitter: float, usual: float, spread: float
) -> None:
    after_s = renewal.after_s
    assert after_s(POLICY, 3600, jitter) == pytest.approx(usual)
    assert after_s(POLICY, 3600, jitter, math.inf) == pytest.approx(spread)


def test_what_no_timer_renews_is_not_spread() -> None:
    assert renewal.after_s(POLICY, 59.9, 0.0, math.inf) == pytest.approx(0.8 * 59.9)
    assert renewal.after_s(POLICY, 60.0, 0.0, math.inf) == pytest.approx(0.05 * 60.0)


def test_a_policy_may_forbid_the_spread() -> None:
    policy = DetailsPolicy(renew_at=0.5, renew_from=0.9)
    assert renewal.after_s(policy, 3600, 0.0, math.inf) == 1800


def test_a_renewal_is_never_later_than_the_margin() -> None:
    policy = DetailsPolicy(renew_at=0.9, renew_spread=0.09)
    assert renewal.after_s(policy, 3600, 1.0) == 3560


def test_a_renewal_that_was_tried_in_time_keeps_its_place() -> None:
    after_s = renewal.after_s
    kept_s = after_s(POLICY, 3600, 0.5, 1200, tried=True)
    assert kept_s == pytest.approx(2970 - 1200)
    too_late_s = after_s(POLICY, 3600, 0.5, 2700, tried=True)
    assert too_late_s == pytest.approx(1620)
