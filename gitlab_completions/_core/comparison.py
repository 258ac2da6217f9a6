"""Which of two routes is the slower one, by the medians of what both delivered."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitlab_completions._core.hedging import Pace
    from gitlab_completions.policy import CircuitPolicy


class Comparison:
    """A route's pace beside that of its rival; looked at now and then.

    Args:
        ours: The route's.
        theirs: The rival's.
    """

    __slots__ = ("_again_at", "_ours", "_theirs")

    def __init__(self, ours: Pace, theirs: Pace) -> None:
        self._ours = ours
        self._theirs = theirs
        self._again_at = -math.inf

    def is_slower(self, policy: CircuitPolicy, now: float) -> bool:
        """Tell whether the route is slower than its rival by a share and a span."""
        if now < self._again_at:
            return False
        self._again_at = now + policy.compare_every_s
        ours_s = self._ours.median_s(policy.least_compared)
        allowed = self._allowed_s(policy)
        return ours_s is not None and bool(allowed) and ours_s > max(allowed)

    def no_slower_s(self, policy: CircuitPolicy) -> float:
        """Return the longest answer that is not slower than the rival in any way."""
        return min(self._allowed_s(policy), default=math.inf)

    def _allowed_s(self, policy: CircuitPolicy) -> tuple[float, ...]:
        theirs_s = self._theirs.median_s(policy.least_compared)
        if theirs_s is None:
            return ()
        return theirs_s * (1 + policy.slower_share), theirs_s + policy.slower_s
