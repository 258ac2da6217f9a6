"""What came of the calls of one run, and the figures that are made of it."""

from __future__ import annotations

import math
from dataclasses import dataclass


class Tally:
    """Counts, and the latency of each answered call.

    Each call ends once: answered, superseded, or failed. `crowded` counts the sends
    that would have found the gate of their host full.
    """

    __slots__ = (
        "answered_in_fault",
        "answered_in_first",
        "calls",
        "calls_in_fault",
        "calls_in_first",
        "crowded",
        "failed",
        "latencies_s",
        "seconds",
        "sends",
        "superseded",
        "trips",
    )

    def __init__(self) -> None:
        self.calls = 0
        self.calls_in_fault = 0
        self.answered_in_fault = 0
        self.calls_in_first = 0
        self.answered_in_first = 0
        self.superseded = 0
        self.failed = 0
        self.sends = 0
        self.trips = 0
        self.crowded = 0
        self.seconds = 0.0
        self.latencies_s: list[float] = []

    def add(self, other: Tally) -> None:
        """Take another run's calls in."""
        self.calls += other.calls
        self.calls_in_fault += other.calls_in_fault
        self.answered_in_fault += other.answered_in_fault
        self.calls_in_first += other.calls_in_first
        self.answered_in_first += other.answered_in_first
        self.superseded += other.superseded
        self.failed += other.failed
        self.sends += other.sends
        self.trips += other.trips
        self.crowded += other.crowded
        self.seconds += other.seconds
        self.latencies_s += other.latencies_s

    def figures(self) -> Figures:
        """Return the figures of what was counted."""
        ordered = sorted(self.latencies_s)
        p50, p95, p99 = (
            1000 * percentile(ordered, share) for share in (0.5, 0.95, 0.99)
        )
        return Figures(
            p50_ms=p50,
            p95_ms=p95,
            p99_ms=p99,
            extra=100 * (self.sends - self.calls) / max(1, self.calls),
            trips=1000 * self.trips / max(1, self.calls),
            answered=100 * self.answered_in_fault / max(1, self.calls_in_fault),
            answered_first=100 * self.answered_in_first / max(1, self.calls_in_first),
            failed=1000 * self.failed / max(1, self.calls),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What is compared between policies.

    Args:
        p50_ms: Median of the answered calls' latencies.
        p95_ms: Their 95th percentile.
        p99_ms: Their 99th percentile.
        extra: Requests beyond one a call, per 100 calls.
        trips: Circuits or breakers that opened, per 1 000 calls.
        answered: Per cent answered of the calls that began while the fault was on.
        answered_first: The same of the first episode, which none has met before.
        failed: Calls that ended without an answer though nobody left, per 1 000.
    """

    p50_ms: float
    p95_ms: float
    p99_ms: float
    extra: float
    trips: float
    answered: float
    answered_first: float
    failed: float


def percentile(ordered: list[float], share: float) -> float:
    """Return a percentile of sorted numbers: the least that so many do not exceed."""
    if not ordered:
        return math.nan
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
