"""How many completions the instance is asked for in a minute.

GitLab counts them per user and answers 429 beyond its limit (60 by default), so that a
client which spends them on extras takes them from the author's next keystrokes. Most
instances serve the indirect route only; there this is the tightest resource of all.
The shares are those of the default: from 45 on no extras, from 55 on calls wait, which
leaves a little to the user's other editor windows.
"""

from __future__ import annotations

import math
from collections import deque

SPAN_S = 60.0
"""The span that GitLab's limit counts."""
EXTRAS_SHARE = 45 / 60
CALLS_SHARE = 55 / 60


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
