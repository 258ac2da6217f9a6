"""When an attempt counts as slow, and how many hedges may be spent.

A fixed timeout is wrong twice: too long for a gateway that has gone silent, too short
for one that is always slow. A window of latencies is wrong as soon as the route is: it
learns that slow is normal. So the delay is a quantile of what the route delivered while
it was well, and lies within bounds that no fault can move.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import deque
from typing import TYPE_CHECKING

from gitlab_completions.policy import HEDGE_DELAY_S

if TYPE_CHECKING:
    from gitlab_completions.policy import HedgePolicy

TINY = 1e-9
"""By how much ten tenths of a hedge may be less than one."""


class Pace:
    """How fast a route answers.

    Args:
        policy: What the delay is made of; `None` for one that is never learnt.
        compared: How many of the latest answers the median is of.
    """

    __slots__ = ("_policy", "_recent", "_samples", "_sorted", "delay_s")

    def __init__(self, policy: HedgePolicy | None, compared: int) -> None:
        self.delay_s = HEDGE_DELAY_S
        self._samples: deque[float] = deque()
        self._sorted: list[float] = []
        self._recent: deque[float] = deque()
        self.reconfigure(policy, compared)

    def reconfigure(self, policy: HedgePolicy | None, compared: int) -> None:
        """Go by another policy; what was learnt stays, as far as it reaches."""
        self._policy = policy
        self._recent = deque(self._recent, maxlen=compared)
        self._samples = deque(self._samples, maxlen=policy.samples if policy else 0)
        self._sorted = sorted(self._samples)
        self.delay_s = self._learnt_s()

    def learn(self, elapsed_s: float) -> None:
        """Take note of an answer that took so many seconds."""
        self._recent.append(elapsed_s)
        samples, in_order = self._samples, self._sorted
        if samples.maxlen == 0:
            return
        if len(samples) == samples.maxlen:
            del in_order[bisect_left(in_order, samples[0])]
        samples.append(elapsed_s)
        insort(in_order, elapsed_s)
        self.delay_s = self._learnt_s()

    def median_s(self, least: int) -> float | None:
        """Return the median of the latest answers, or `None` below the `least`."""
        if len(self._recent) < least:
            return None
        in_order = sorted(self._recent)
        middle = len(in_order) // 2
        return (in_order[middle] + in_order[~middle]) / 2

    def start_over(self) -> None:
        """Compare new answers only: the old ones were of another time."""
        self._recent.clear()

    def _learnt_s(self) -> float:
        policy = self._policy
        if policy is None:
            return HEDGE_DELAY_S
        if len(self._sorted) < policy.least_samples:
            return policy.max_delay_s
        rank = max(1, math.ceil(policy.quantile * len(self._sorted)))
        learnt_s = self._sorted[rank - 1]
        return min(max(learnt_s, policy.min_delay_s), policy.max_delay_s)


class HedgeBudget:
    """How many hedges may be spent: a share of the calls, and a few at once.

    Args:
        policy: The share and the burst; `None` for no hedges at all.
    """

    __slots__ = ("_left", "policy")

    def __init__(self, policy: HedgePolicy | None) -> None:
        self._left = 0.0 if policy is None else float(policy.budget_burst)
        self.policy = policy

    def reconfigure(self, policy: HedgePolicy | None) -> None:
        """Go by another policy; what was spent under the old one stays spent."""
        if policy is not None:
            had = policy.budget_burst if self.policy is None else self._left
            self._left = min(had, policy.budget_burst)
        self.policy = policy

    def earn(self) -> None:
        """Take note of a call: it pays for a part of a hedge."""
        if self.policy is not None:
            earned = self._left + self.policy.budget_share
            self._left = min(earned, self.policy.budget_burst)

    def allows(self, price: int = 1) -> bool:
        """Tell whether a hedge may be sent now, at the price of so many."""
        return self.policy is not None and self._left >= price - TINY

    def spend(self, price: int = 1) -> None:
        """Count a hedge that is sent now, at the price of so many."""
        self._left -= price
