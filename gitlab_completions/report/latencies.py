"""Response times counted in narrow bins: as small for two million calls as for ten.

Each bin is one percent wider than the last, as in a DDSketch (Masson, Rim and Lee,
2019): the bins of two logs, routes or hours add up exactly, and a quantile read from
them is half a percent off at most, which no eye sees in a picture.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("Latencies",)

_WIDTH = math.log(1.01)
LEAST_S, MOST_S = 1e-4, 1e5
"""Seconds; what is beyond counts as these, so that there are 2100 bins at most."""
DRAWN_TOGETHER = 8
"""Bins of a bar in a picture: eight percent wide."""


class Latencies:
    """How many calls took how long."""

    __slots__ = ("_bins", "total")

    def __init__(self) -> None:
        self._bins: dict[int, int] = {}
        self.total: int = 0

    def add(self, seconds: float) -> None:
        """Count one call."""
        number = math.ceil(math.log(min(max(seconds, LEAST_S), MOST_S)) / _WIDTH)
        self._bins[number] = self._bins.get(number, 0) + 1
        self.total += 1

    def merge(self, other: Latencies) -> None:
        """Count all calls of another one too."""
        for number, count in other._bins.items():
            self._bins[number] = self._bins.get(number, 0) + count
        self.total += other.total

    def quantile(self, share: float) -> float | None:
        """Return the seconds in which that share of the calls was done, at least.

        The nearest rank: of ten calls the 95th percentile is the slowest.
        """
        rank = max(1, math.ceil(share * self.total))
        seen = 0
        for number in sorted(self._bins):
            seen += self._bins[number]
            if seen >= rank:
                return math.exp((number - 0.5) * _WIDTH)
        return None

    def bars(self) -> Iterator[tuple[float, float]]:
        """Give the lower edges of wider bins in seconds, and the share of calls.

        Empty ones between others are given too, and one after the last: a line through
        all of them is the distribution's outline.
        """
        grouped: dict[int, int] = {}
        for number, count in self._bins.items():
            key = math.floor((number - 1) / DRAWN_TOGETHER)
            grouped[key] = grouped.get(key, 0) + count
        if not grouped:
            return
        for key in range(min(grouped) - 1, max(grouped) + 2):
            edge = math.exp(key * DRAWN_TOGETHER * _WIDTH)
            yield edge, grouped.get(key, 0) / self.total
