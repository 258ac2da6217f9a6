"""Who goes direct while direct is rolled out: a share of the users, or those of a flag.

The share is decided here, by GitLab's own hash, and nobody is asked: whoever operates a
fleet of clients can roll direct connections out by a percentage, whatever the instance
can do. The hash goes over the name of GitLab's own flag and the actor, so that the
actor `User:42` is in at the same percentage here as it was on the instance; who is in
at 25 % is in at 50 %; and nothing has to be remembered.

GitLab had a flag for direct connections in 17.0 and 17.1 only. A flag that is gone
reads as if it were off, and `false` for it from a later instance means nothing: taken
at its word it would keep everybody from a feature that is on for all.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

from gitlab_completions._records import Record
from gitlab_completions.models import RouteReason
from gitlab_completions.policy import DirectMode

if TYPE_CHECKING:
    from gitlab_completions.policy import RoutingPolicy

DIRECT_FLAG = "code_suggestions_direct_completions"
"""GitLab's flag for direct connections, and what our own percentage is hashed with."""
BUCKETS = 100_000
"""GitLab's percentages step by a thousandth (Flipper's `SCALING_FACTOR` is 1000)."""

_FLAG_SINCE = (17, 0)
_FLAG_UNTIL = (17, 2)
"""GitLab's first version without the flag: direct connections were for all then."""
_VERSION = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})(?![0-9])")


class Switch:
    """The last word of a flag; told by the shell, and on until somebody says no."""

    __slots__ = ("on",)

    def __init__(self) -> None:
        self.on = True


class Rollout(Record):
    """Whether direct is rolled out to this user.

    Args:
        in_share: The user is in the policy's share.
        switch: The last word of the flag, as it is now.
    """

    in_share: bool
    switch: Switch

    @property
    def reaches(self) -> bool:
        """Whether the user may go direct."""
        return self.in_share and self.switch.on


def barrier(policy: RoutingPolicy, rollout: Rollout | None) -> RouteReason | None:
    """Return why direct is out of the question, whatever the instance says.

    `None` when it is not; without a rollout it is for all.
    """
    if policy.direct is DirectMode.NEVER:
        return RouteReason.POLICY
    if rollout is not None and not rollout.reaches:
        return RouteReason.ROLLOUT
    return None


def bucket(flag: str, actor: str) -> int:
    """Return an actor's place among the `BUCKETS` of a flag, as GitLab counts them."""
    return zlib.crc32(f"{flag}{actor}".encode(errors="replace")) % BUCKETS


def is_in_share(percentage: float, actor: str, *, flag: str = DIRECT_FLAG) -> bool:
    """Tell whether an actor is among the first so many per cent of a flag's actors."""
    return bucket(flag, actor) < percentage * (BUCKETS / 100)


def direct_flag_matters(version: str | None) -> bool:
    """Tell whether the flag for direct connections is one on a GitLab of that version.

    Of an unknown version it may be: there, who has it off gets a 404.
    """
    known = _VERSION.match(version or "")
    if known is None:
        return True
    return _FLAG_SINCE <= (int(known[1]), int(known[2])) < _FLAG_UNTIL
