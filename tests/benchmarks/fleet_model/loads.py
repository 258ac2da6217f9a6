"""Requests on a service, second by second of virtual time.

Single requests are counted; a client whose calls all go one way until a known moment
adds its rate instead, so that a fleet costs nothing while nothing happens.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Load:
    """What one service is asked, in seconds from 0 up to an end; later is left out."""

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._single = [0.0] * seconds
        self._steps = [0.0] * (seconds + 1)
        self._level = 0.0
        self._level_at = -1

    def add(self, at: float) -> None:
        """Count one request."""
        if at < self._seconds:
            self._single[int(at)] += 1.0

    def spread(self, rate: float, start: float, end: float) -> None:
        """Count so many requests a second from `start` to `end`."""
        end = min(end, self._seconds)
        if end <= start:
            return
        first, last = int(start), int(end)
        if first == last:
            self._single[first] += rate * (end - start)
            return
        self._single[first] += rate * (first + 1 - start)
        self._steps[first + 1] += rate
        self._steps[last] -= rate
        if last < self._seconds:
            self._single[last] += rate * (end - last)

    def in_second(self, second: int) -> float:
        """Return the requests of a second that is over; to be asked in order."""
        while self._level_at < min(second, self._seconds):
            self._level_at += 1
            self._level += self._steps[self._level_at]
        return self._level + self._single[second] if self._has(second) else 0.0

    def _has(self, second: int) -> bool:
        return 0 <= second < self._seconds

    def per_second(self) -> list[float]:
        """Return the requests of each second."""
        levels = accumulate(self._steps[: self._seconds])
        return [one + level for one, level in zip(self._single, levels, strict=True)]


def total(loads: Iterable[Load]) -> list[float]:
    """Return the requests of each second of several loads together."""
    return [
        sum(each) for each in zip(*(one.per_second() for one in loads), strict=True)
    ]


def windows(per_second: list[float], width: int) -> list[float]:
    """Return the requests of windows of so many seconds, the last one whole too."""
    whole = len(per_second) - len(per_second) % width
    return [sum(per_second[at : at + width]) for at in range(0, whole, width)]


def peak_to_mean(per_second: list[float], width: int) -> float:
    """Return the fullest window of so many seconds against the mean window."""
    counts = windows(per_second, width)
    total = sum(counts)
    return max(counts) * len(counts) / total if total else 0.0
