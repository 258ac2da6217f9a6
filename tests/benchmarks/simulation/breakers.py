"""The reference client's breakers, as they are described: neither ever half-opens."""

from __future__ import annotations

FIRST_S, GROWTH, LONGEST_S = 1.0, 5.0, 600.0
"""X: 1 s, five times as long each time, to ten minutes."""
ERRORS, OPEN_S = 4, 10.0
"""F: four errors since the last success, ten seconds."""


class ExponentialBreaker:
    """X: guards the gateway; opens at each error, longer each time, and forgets none.

    A success does not reset it, and an error while it is open does not count.
    """

    __slots__ = ("_next_s", "_open_until", "trips")

    def __init__(self) -> None:
        self._open_until = 0.0
        self._next_s = FIRST_S
        self.trips = 0

    def is_open(self, now: float) -> bool:
        """Tell whether nothing is let through now."""
        return now < self._open_until

    def error(self, now: float) -> None:
        """Count an exception."""
        if self.is_open(now):
            return
        self.trips += 1
        self._open_until = now + self._next_s
        self._next_s = min(LONGEST_S, self._next_s * GROWTH)


class FixedBreaker:
    """F: guards everything; after it has closed, one more error opens it again."""

    __slots__ = ("_errors", "_open_until", "trips")

    def __init__(self) -> None:
        self._errors = 0
        self._open_until = 0.0
        self.trips = 0

    def is_open(self, now: float) -> bool:
        """Tell whether nothing is let through now."""
        return now < self._open_until

    def error(self, now: float) -> None:
        """Count a call that ended in an exception."""
        self._errors += 1
        if self._errors >= ERRORS and not self.is_open(now):
            self.trips += 1
            self._open_until = now + OPEN_S

    def success(self) -> None:
        """Forget all errors."""
        self._errors = 0
        self._open_until = 0.0
