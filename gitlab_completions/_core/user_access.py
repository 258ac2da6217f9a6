"""What the direct access of all projects of a user has in common.

The instance counts fetches per user and refuses some users altogether, whichever
project they are in: one bar and one budget for all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._core.budget import FetchBudget

if TYPE_CHECKING:
    from gitlab_completions.errors import DirectAccessError
    from gitlab_completions.policy import DetailsPolicy


class Bar:
    """A no that holds until a time, and why."""

    __slots__ = ("problem", "until")

    def __init__(self) -> None:
        self.until = 0.0
        self.problem: DirectAccessError | None = None

    def put(self, until: float, problem: DirectAccessError) -> None:
        """Bar until then, unless it is barred for longer."""
        if until > self.until:
            self.until, self.problem = until, problem

    def lift(self) -> None:
        """Bar no longer."""
        self.until, self.problem = 0.0, None


class UserAccess:
    """The direct access of a user, of which every project has a part.

    A refusal that concerns the user bars all projects at once, and all fetches share
    a budget: one a second (but for the first of a project, forced ones, and the first
    after a change of the access token), and `fetches_per_minute`.
    """

    __slots__ = ("bar", "minute", "second")

    def __init__(self, policy: DetailsPolicy) -> None:
        self.bar = Bar()
        self.second = FetchBudget(1, 1.0)
        self.minute = FetchBudget(policy.fetches_per_minute, 60.0)

    def reconfigure(self, policy: DetailsPolicy) -> None:
        """Go by another policy's budget."""
        self.minute.allow(policy.fetches_per_minute)

    def free_at(self, now: float, *, urgent: bool) -> float:
        """Return when the next project may fetch: now, or a time to come."""
        minute = self.minute.free_at(now)
        return minute if urgent else max(minute, self.second.free_at(now))

    def spend(self, now: float) -> None:
        """Count a fetch that starts now."""
        self.minute.spend(now)
        self.second.spend(now)

    def refund(self, at: float) -> None:
        """Forget a fetch that asked nobody."""
        self.minute.refund(at)
        self.second.refund(at)
