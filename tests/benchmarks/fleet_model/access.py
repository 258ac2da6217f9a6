"""One client's direct access: what the keeper does with the core's freshness.

The keeper's tasks and timers are here two moments: when the fetch under way ends, and
when a renewal begins or is tried again.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gitlab_completions._core.freshness import Freshness
from gitlab_completions._core.user_access import UserAccess
from gitlab_completions._core.verdicts import (
    DIRECT_ACCESS,
    Body,
    Observation,
    Standing,
    decide,
)
from gitlab_completions._shell.keeper import LATE_S, RENEWALS
from gitlab_completions.details import ConnectionDetails
from gitlab_completions.errors import DirectAccessError
from tests.benchmarks.fleet_model.world import Kind

if TYPE_CHECKING:
    from tests.benchmarks.fleet_model.world import World

LIFETIME_S = 3600.0
DETAILS = ConnectionDetails(
    base_url="https://gateway", token="token", headers={}, lifetime_s=LIFETIME_S
)
PROBLEM = DirectAccessError("the instance said no")
VERDICTS = {
    status: decide(DIRECT_ACCESS, Observation(status=status, body=Body.JSON))
    for status in (403, 429, 503)
}


class Access:
    """The direct access of one client.

    Attributes:
        fetch_ends_at: When the fetch under way will have been answered.
        renews_at: When the timer, or a renewal's wait, is over.
        expires_at: When the details that were granted last are not usable any more.
    """

    __slots__ = (
        "_fetch_status",
        "_index",
        "_is_barred",
        "_renewing",
        "_tries",
        "_world",
        "expires_at",
        "fetch_ends_at",
        "freshness",
        "renews_at",
    )

    def __init__(self, world: World, index: int) -> None:
        details = world.policy.details
        self._world = world
        self._index = index
        self.freshness = Freshness(details, world.jitter, UserAccess(details))
        self.fetch_ends_at = math.inf
        self.renews_at = math.inf
        self.expires_at = 0.0
        self._fetch_status = 0
        self._is_barred = False
        self._renewing = False
        self._tries = 0

    def is_at_rest(self, now: float) -> bool:
        """Tell whether the details are usable and next looked at by the timer.

        A renewal's timer is set for details in use only.
        """
        return now < self.expires_at and now < self.renews_at < math.inf

    def look(self, now: float) -> None:
        """Start what a call makes necessary, as `Keeper.look` does."""
        freshness = self.freshness
        if freshness.wanted(now):
            self._start_fetch(now)
        renews_at = freshness.renews_at(now)
        if renews_at is None or self._tries:
            return
        if self.renews_at == math.inf or self.renews_at > renews_at + LATE_S:
            self.renews_at = renews_at

    def pass_time(self, now: float) -> None:
        """Let happen what was due until now, in its order."""
        while min(self.fetch_ends_at, self.renews_at) <= now:
            if self.fetch_ends_at <= self.renews_at:
                self._end_fetch(self.fetch_ends_at)
            else:
                self._renew(self.renews_at)

    def _start_fetch(self, now: float) -> None:
        kind = self._kind(now)
        self.freshness.fetch_starts(now)
        answer = self._world.ask_direct_access(self._index, kind, now)
        self._fetch_status = answer.status
        self.fetch_ends_at = now + answer.takes_s
        self._world.outcomes["fetches asked"] += 1

    def _kind(self, now: float) -> Kind:
        if self._is_barred:
            return Kind.RECHECK
        if self.freshness.details is None:
            return Kind.FIRST
        usable = self.freshness.usable(now) is not None
        return Kind.RENEWAL if usable else Kind.RETURN

    def _end_fetch(self, now: float) -> None:
        status = self._fetch_status
        self.fetch_ends_at = math.inf
        if not self._tries:
            self.renews_at = math.inf
        self._world.outcomes[f"fetches answered {status}"] += 1
        verdict = VERDICTS.get(status)
        self._is_barred = verdict is not None and verdict.standing is Standing.BARRED
        if verdict is None:
            self.freshness.granted(now, DETAILS)
            self.expires_at = now + (self.freshness.expires_in_s(now) or 0.0)
        else:
            self.freshness.refused(now, verdict, PROBLEM)
        if self._renewing:
            self._renewing = False
            self._try_again(now)

    # A renewal ahead of expiry: what tenacity does with `Keeper._renew_once`.

    def _renew(self, now: float) -> None:
        self._tries += 1
        self.renews_at = math.inf
        if self.freshness.wanted(now):
            self._start_fetch(now)
            self._renewing = True
        else:
            self._try_again(now)

    def _try_again(self, now: float) -> None:
        renews_at = self.freshness.renews_at(now)
        if renews_at is None or self._tries >= RENEWALS:
            self._tries = 0
            self.renews_at = math.inf
        else:
            self.renews_at = max(now, renews_at)
