"""What became of a route's latest attempts: whether another one is worth its while.

Two questions about the same outcomes. Of the route that would be asked: did its last
ones come late, or not at all (doubt)? Of the route that keeps a call waiting: is it in
trouble, or is the call one of those that are slow everywhere? Only both together say
that the two are slow for one reason.

Doubt looks at the last `doubted` within `doubt_s`: it speaks against asking a route,
and one that is not asked must not stay in doubt for want of newer outcomes. Trouble
looks at all of `window`, whatever their age: it is of a route that calls are sent to,
so that newer outcomes soon replace them, and alone it holds nothing back.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitlab_completions.policy import CircuitPolicy


class Recent:
    """The latest attempts; told the time.

    Args:
        policy: How many there are, and how many bad ones are too many.
    """

    __slots__ = ("_bad", "_policy")

    def __init__(self, policy: CircuitPolicy) -> None:
        self._policy = policy
        self._bad: deque[tuple[float, bool]] = deque(maxlen=policy.window)

    def reconfigure(self, policy: CircuitPolicy) -> None:
        """Go by another policy; what is remembered stays, as far as it reaches."""
        self._policy = policy
        self._bad = deque(self._bad, maxlen=policy.window)

    def note(self, now: float, *, bad: bool) -> None:
        """Remember an attempt, and whether it was late or failed."""
        self._bad.append((now, bad))

    def clear(self) -> None:
        """Remember nothing."""
        self._bad.clear()

    def is_doubtful(self, now: float) -> bool:
        """Tell whether more than one of the last few was late or failed.

        What was longer ago than `doubt_s` says nothing any more.
        """
        since = now - self._policy.doubt_s
        few = islice(reversed(self._bad), self._policy.doubted)
        return sum(bad and at > since for at, bad in few) > 1

    def is_troubled(self) -> bool:
        """Tell whether they were late, or failed, more than now and then."""
        return sum(bad for _, bad in self._bad) >= self._policy.troubled
