"""How often typing may ask the instance: its requests of the last minute.

GitLab allows a user 60 completions a minute, in all windows together. An author who
types for a minute has keys for 300, and who runs into the limit gets nothing for the
rest of it. So as the minute fills, the wait before each request grows, and with it the
share of keys that nothing is asked for: slowly from half of the requests on, to more
than a full share's distance (1.2 s for 50 a minute) at the end.
"""

from __future__ import annotations

from collections import deque

SPAN_S = 60.0
"""The span that GitLab's limit counts."""
FREE_SHARE = 0.5
"""Share of the requests that cost no wait: a burst of keys after a pause is free."""


class Minute:
    """What typing has asked the instance for; told the time."""

    __slots__ = ("_heard", "_indirect", "_sent")

    def __init__(self) -> None:
        self._sent: deque[float] = deque()
        self._heard = 0
        self._indirect = False

    def hear(self, used: int, *, indirect: bool) -> None:
        """Take in how things stand now.

        Args:
            used: Completions that the whole client asked of the instance this minute.
            indirect: The next request would go there.
        """
        self._heard = used
        self._indirect = indirect

    def spend(self, now: float) -> None:
        """Count a request of typing's that is sent now, should it go there."""
        if self._indirect:
            self._sent.append(now)

    def used(self, now: float) -> int:
        """Return the requests of the last minute, by whatever counts more."""
        while self._sent and self._sent[0] + SPAN_S <= now:
            self._sent.popleft()
        return max(len(self._sent), self._heard)

    def allows(self, limit: int, now: float) -> bool:
        """Tell whether typing may send a request now."""
        return not self._indirect or self.used(now) < limit

    def extra_wait_s(self, limit: int, now: float) -> float:
        """Return the seconds that a request of typing's waits for the minute's sake."""
        if not self._indirect:
            return 0.0
        full = min(1.0, self.used(now) / limit)
        beyond = max(0.0, full - FREE_SHARE) / (1 - FREE_SHARE)
        return SPAN_S / limit * beyond**2
