"""How often the instance is asked: for completions, and for connection details.

GitLab counts completions per user and answers 429 beyond its limit (60 a minute by
default), so that a client which spends them on extras takes them from the author's next
keystrokes. Most instances serve the indirect route only; there this is the tightest
resource of all. The shares are those of the default: from 45 on no extras, from 55 on
calls wait, which leaves a little to the user's other editor windows.
"""

from __future__ import annotations

import math
from collections import deque

SPAN_S = 60.0
"""The span that GitLab's limit counts."""
EXTRAS_SHARE = 45 / 60
"""Share from which on no extras go out: the last quarter is for calls that have no
other route.
"""
CALLS_SHARE = 55 / 60
"""Share from which on calls wait: five a minute are left to the user's other windows,
which nobody here can count, before GitLab answers 429 to all of them.
"""


class InstanceBudget:
    """The instance completions of the last minute; told the time.

    Args:
        per_minute: GitLab's limit, or `None` for no limit.
    """

    __slots__ = ("_sent", "per_minute")

    def __init__(self, per_minute: int | None) -> None:
        self.per_minute = per_minute
        self._sent: deque[float] = deque()

    def spend(self, now: float) -> None:
        """Count a completion that is sent to the instance now."""
        self._sent.append(now)

    def used(self, now: float) -> int:
        """Return the completions sent in the last minute."""
        while self._sent and self._sent[0] + SPAN_S <= now:
            self._sent.popleft()
        return len(self._sent)

    def allows_extras(self, now: float) -> bool:
        """Tell whether a hedge, or a probe's companion, may go to the instance."""
        limit = self.per_minute
        return limit is None or self.used(now) < self._most(limit, EXTRAS_SHARE)

    def free_at(self, now: float) -> float:
        """Return when the next completion may be sent: now, or the next free slot."""
        if self.per_minute is None:
            return now
        over = self.used(now) - self._most(self.per_minute, CALLS_SHARE)
        return now if over < 0 else self._sent[over] + SPAN_S

    @staticmethod
    def _most(limit: int, share: float) -> int:
        return max(1, math.floor(limit * share))


class FetchBudget:
    """At most so many fetches in a span of time, some kept for forced renewals."""

    __slots__ = ("_most", "_reserve", "_span_s", "_times")

    def __init__(self, most: int, span_s: float, reserve: int = 0) -> None:
        self._span_s = span_s
        self._times: deque[float] = deque()
        self.allow(most, reserve)

    def allow(self, most: int, reserve: int = 0) -> None:
        """Allow so many from now on; what was spent stays counted."""
        self._most = most
        self._reserve = min(reserve, most - 1)

    def allows(self, now: float, *, forced: bool = False) -> bool:
        """Tell whether a fetch may start now."""
        return self.free_at(now, forced=forced) <= now

    def free_at(self, now: float, *, forced: bool = False) -> float:
        """Return when the next fetch may start: now, or when enough are forgotten.

        Nothing is forgotten by asking: that may be of a time to come.
        """
        recent = [at for at in self._times if at + self._span_s > now]
        over = len(recent) - self._most + (0 if forced else self._reserve)
        return now if over < 0 else recent[over] + self._span_s

    def spend(self, now: float) -> None:
        """Count a fetch that starts now."""
        while self._times and self._times[0] + self._span_s <= now:
            self._times.popleft()
        self._times.append(now)

    def refund(self, at: float) -> None:
        """Forget what was spent at that moment: nobody was asked after all."""
        if at in self._times:
            self._times.remove(at)
