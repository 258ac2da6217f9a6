"""The last answers' latencies, in the plainest form: healthy or not, they count.

Unlike the library's own, it learns from a slow route how slow it is, and then waits.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque

from tests.benchmarks.simulation.tally import percentile

WINDOW, LEAST = 100, 20
"""How many are looked back on, and before how many nothing is said."""


class Latencies:
    """A window of latencies, kept sorted."""

    __slots__ = ("_last", "_ordered")

    def __init__(self) -> None:
        self._last: deque[float] = deque()
        self._ordered: list[float] = []

    def add(self, elapsed_s: float) -> None:
        """Take note of one; the oldest is forgotten."""
        if len(self._last) == WINDOW:
            oldest = self._last.popleft()
            del self._ordered[bisect_left(self._ordered, oldest)]
        self._last.append(elapsed_s)
        insort(self._ordered, elapsed_s)

    def percentile(self, share: float) -> float | None:
        """Return a percentile, or `None` before there are enough."""
        enough = len(self._ordered) >= LEAST
        return percentile(self._ordered, share) if enough else None
