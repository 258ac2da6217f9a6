"""Direct access over time: absent, fresh, stale, expired, barred.

Connection details are *fresh* until a jittered moment near four fifths of their
lifetime, *stale* (usable, and being renewed) until shortly before the end, then
*expired*. While the instance says no, direct is *barred* until a time. Nothing here
fetches: a keeper asks `wanted` and tells what came of it.

One rule saves both the instance and the author: details are looked at when a call
wants them, and renewed ahead only when a call has used them since they were fetched.
A client that nobody types into asks for nothing.

A fetch may be served by what another process of the same user was answered a while
ago. It counts from when the instance said it, and it is taken in place of asking only
while it is worth as much: a grant that is still fresh, a no that still holds.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING

from gitlab_completions._core import renewal
from gitlab_completions._core.budget import FetchBudget
from gitlab_completions._core.endpoints import Endpoints
from gitlab_completions._core.user_access import Bar
from gitlab_completions._core.verdicts import Scope, Standing
from gitlab_completions.details import Endpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions._core.user_access import UserAccess
    from gitlab_completions._core.verdicts import AccessVerdict
    from gitlab_completions.details import ConnectionDetails
    from gitlab_completions.errors import DirectAccessError
    from gitlab_completions.policy import DetailsPolicy

SPREAD = 0.1
"""Share by which waits are longer or shorter, so that clients do not return at once."""
FIRST_RETRY_S = 1.0
RENEWED_YOUNG_S = 60.0
"""A renewed token refused within this time is not refused for its age."""
LONGEST_BAR_S = 1800.0
DRIFT_BAR_S = 300.0


class DetailsState(StrEnum):
    """How connection details stand."""

    ABSENT = "absent"
    FRESH = "fresh"
    STALE = "stale"
    EXPIRED = "expired"
    BARRED = "barred"


class Freshness:
    """The connection details of one project; told the time, in monotonic seconds.

    Args:
        policy: Margins, waits and budgets.
        jitter: Gives a number from 0 up to 1, anew at each call.
        user: What all projects of the client have in common.
    """

    __slots__ = (
        "_asks_itself",
        "_bar",
        "_budget",
        "_endpoints",
        "_failures",
        "_forced",
        "_jitter",
        "_refused_since",
        "_refused_token",
        "_renew_at",
        "_replaces_refused",
        "_retry_at",
        "_token_bar_s",
        "_urgent",
        "_usable_until",
        "_used",
        "_user",
        "details",
        "fetch_started_at",
        "fetching",
        "obtained_at",
        "policy",
        "trouble",
    )

    def __init__(
        self, policy: DetailsPolicy, jitter: Callable[[], float], user: UserAccess
    ) -> None:
        self.policy = policy
        self._jitter = jitter
        self._user = user
        self._bar = Bar()
        self._budget = FetchBudget(
            policy.fetches_per_5_min, 300.0, policy.forced_reserve
        )
        self.details: ConnectionDetails | None = None
        self.obtained_at = 0.0
        self.fetching = False
        self.fetch_started_at: float | None = None
        self.trouble: DirectAccessError | None = None
        self._usable_until = 0.0
        self._renew_at = -math.inf
        self._used = False
        self._forced = False
        self._urgent = True
        self._asks_itself = False
        self._refused_token: str | None = None
        self._refused_since = -math.inf
        self._replaces_refused = False
        self._token_bar_s = RENEWED_YOUNG_S
        self._failures = 0
        self._retry_at = 0.0
        self._endpoints = Endpoints()

    def reconfigure(self, policy: DetailsPolicy) -> None:
        """Go by another policy; details that are here keep their times."""
        self.policy = policy
        self._budget.allow(policy.fetches_per_5_min, policy.forced_reserve)

    # What a flow and a status ask.

    def state(self, now: float) -> DetailsState:
        """Tell how the details stand now."""
        if self.bar(now) is not None:
            return DetailsState.BARRED
        if self.details is None:
            return DetailsState.ABSENT
        if now >= self._usable_until:
            return DetailsState.EXPIRED
        return DetailsState.FRESH if now < self._renew_at else DetailsState.STALE

    def is_fresh(self, now: float) -> bool:
        """Tell whether there are details that need no renewal yet."""
        return self.state(now) is DetailsState.FRESH

    def usable(self, now: float) -> ConnectionDetails | None:
        """Return the details if a direct attempt may use them now."""
        is_usable = now < self._usable_until and self.bar(now) is None
        return self.details if is_usable else None

    def endpoint(self, details: ConnectionDetails | None) -> Endpoint:
        """Return which of the gateway's endpoints an attempt asks."""
        return Endpoint.V2 if details is None else self._endpoints.choose(details)

    def bar(self, now: float) -> Bar | None:
        """Return the bar that holds now, the later one of two."""
        project, user = self._bar, self._user.bar
        later = user if user.until > project.until else project
        return later if now < later.until else None

    def problem(self, now: float) -> DirectAccessError | None:
        """Return why there are no usable details, where the instance said."""
        bar = self.bar(now)
        return bar.problem if bar else self.trouble

    def looks_again_at(self, now: float) -> float | None:
        """Return when a call would have direct access asked for again."""
        bar = self.bar(now)
        if bar:
            return bar.until
        at = max(self._retry_at, self._affordable_at(now))
        return at if at > now else None

    def expires_in_s(self, now: float) -> float | None:
        """Return the seconds until the details are expired, or `None` without any."""
        return None if self.details is None else max(0.0, self._usable_until - now)

    @property
    def was_fetched(self) -> bool:
        """Whether a fetch has ended, well or not."""
        return self.fetch_started_at is not None and not self.fetching

    # What a keeper asks.

    def wanted(self, now: float) -> bool:
        """Tell whether a fetch should start now, for a call or for what it used."""
        if self.fetching or self.is_fresh(now) or self.bar(now) is not None:
            return False
        return now >= self._retry_at and now >= self._affordable_at(now)

    def renews_at(self, now: float) -> float | None:
        """Return when used details should be renewed ahead of their expiry.

        `None` when they need no timer: unused, barred, expired, or so short-lived that
        the next call renews them.
        """
        details = self.details
        idle = not self._used or self.fetching or self.usable(now) is None
        if idle or details is None or details.lifetime_s < renewal.TIMED_FROM_S:
            return None
        return max(self._renew_at, self._retry_at, self._affordable_at(now))

    def _affordable_at(self, now: float) -> float:
        """Return when the budgets allow the next fetch, now at the earliest."""
        return max(
            self._budget.free_at(now, forced=self._forced),
            self._user.free_at(now, urgent=self._forced or self._urgent),
        )

    def takes_grant(self, now: float, at: float, details: ConnectionDetails) -> bool:
        """Tell whether what was granted to another process then saves asking now.

        Not what is older than a token that the gateway has refused: whoever puts old
        entries back would have them tried in turn, for ever. Nor what was told before
        the details that are here: they are to be renewed.
        """
        fresh_s = renewal.after_s(self.policy, details.lifetime_s)
        refused = details.token == self._refused_token or at < self._refused_since
        mine = self.details
        had = mine is not None and (
            at <= self.obtained_at or details.token == mine.token
        )
        return not refused and not had and now < at + fresh_s

    def takes_refusal(self, now: float, at: float, verdict: AccessVerdict) -> bool:
        """Tell whether what another process was refused then saves asking now.

        Not after the access token, the policy or the clock changed: then this process
        wants to hear it itself. Nor what is no word of the server's.
        """
        if self._asks_itself or verdict.again_s is None:
            return False
        return now < at + verdict.again_s * (1 - verdict.spread)

    # What a keeper and the exchanges tell.

    def fetch_starts(self, now: float) -> None:
        """Take note that a fetch has started."""
        self.fetching = True
        self.fetch_started_at = now
        self._urgent = False
        self._budget.spend(now)
        self._user.spend(now)

    def granted(self, at: float, details: ConnectionDetails) -> None:
        """Take the details that a fetch brought, granted at that moment.

        Their life counts from the fetch's start: the token may be as old as that, and
        a fetch that the machine slept through brings one that is over.
        """
        policy, life_s, started = self.policy, details.lifetime_s, self.fetch_started_at
        asked = self.fetching and started is not None and started <= at
        born = at if started is None or not self.fetching else min(at, started)
        overdue_s = born - self._renew_at if asked else 0.0
        renews_after_s = renewal.after_s(
            policy, life_s, self._jitter(), overdue_s, tried=self._failures > 0
        )
        self.fetching = False
        self.details = details
        self._endpoints.granted(details)
        self.obtained_at = at
        self._usable_until = born + life_s - renewal.margin_s(policy, life_s)
        self._renew_at = born + renews_after_s
        self._forced = False
        self._used = False
        self._asks_itself = False
        self._failures = 0
        self._retry_at = 0.0
        self.trouble = None

    def refused(
        self, at: float, verdict: AccessVerdict, problem: DirectAccessError
    ) -> None:
        """Take note that a fetch brought no details, told so at that moment.

        What failed for now leaves usable ones in use; a no bars them too.
        """
        self.fetching = False
        self.trouble = problem
        self._asks_itself = False
        if verdict.standing is Standing.UNAVAILABLE:
            self._back_off(at, verdict.again_s)
            return
        spread = 1 + verdict.spread * (2 * self._jitter() - 1)
        until = at + (verdict.again_s or LONGEST_BAR_S) * spread
        bar = self._user.bar if verdict.scope is Scope.USER else self._bar
        bar.put(until, problem)

    def abandoned(self) -> None:
        """Take note that a fetch ended without learning anything."""
        self.fetching = False

    def spared(self) -> None:
        """Take note that a fetch was served without asking the instance."""
        if self.fetch_started_at is not None:
            self._budget.refund(self.fetch_started_at)
            self._user.refund(self.fetch_started_at)

    def used(self) -> None:
        """Take note that a direct attempt uses the details."""
        self._used = True

    def accepted(self) -> None:
        """Take note that the gateway took a request."""
        self._endpoints.accepted()
        self._replaces_refused = False
        self._token_bar_s = RENEWED_YOUNG_S

    def endpoint_refused(
        self,
        now: float,
        details: ConnectionDetails,
        endpoint: Endpoint,
        problem: DirectAccessError,
    ) -> None:
        """Have the gateway's other endpoint asked; bar direct when none is left."""
        if self._endpoints.refused(now, details, endpoint):
            self.put_bar(now, LONGEST_BAR_S, problem)

    def drifted(
        self,
        now: float,
        details: ConnectionDetails,
        endpoint: Endpoint,
        file_name: str,
        problem: DirectAccessError,
    ) -> None:
        """Take note that the gateway refused a body; too many bar direct.

        Those of v4 have v2 asked before that: no user's v4 request had been seen to be
        taken when ours was written.
        """
        if not self._endpoints.drifted(endpoint, file_name):
            return
        is_last = endpoint is Endpoint.V2
        if is_last or self._endpoints.refused(now, details, endpoint):
            self.put_bar(now, DRIFT_BAR_S, problem)

    def put_bar(self, now: float, bar_s: float, problem: DirectAccessError) -> None:
        """Bar direct for this project: the gateway said no."""
        spread = 1 + SPREAD * (2 * self._jitter() - 1)
        self._bar.put(now + bar_s * spread, problem)

    def token_refused(self, now: float, token: str, problem: DirectAccessError) -> None:
        """Drop a token that the gateway answered 401, and want another at once.

        An attempt with a token that has been replaced since says nothing. A renewed
        token that is refused while young bars direct, for longer each time.
        """
        if self.details is None or self.details.token != token:
            return
        young = self._replaces_refused and now - self.obtained_at < RENEWED_YOUNG_S
        self.details = None
        self._renew_at = -math.inf
        self._refused_token = token
        self._refused_since = self.obtained_at
        self.trouble = problem
        self._replaces_refused = True
        if not young:
            self._forced = True
            self._retry_at = 0.0
            return
        self.put_bar(now, self._token_bar_s, problem)
        self._token_bar_s = min(4 * self._token_bar_s, LONGEST_BAR_S)

    def look_again(self) -> None:
        """Forget bars and waits: the access token, the policy or the clock changed."""
        self._bar.lift()
        self._user.bar.lift()
        self._urgent = True
        self._asks_itself = True
        self._failures = 0
        self._retry_at = 0.0

    def _back_off(self, now: float, again_s: float | None) -> None:
        self._failures += 1
        doubled = FIRST_RETRY_S * 2.0 ** min(self._failures - 1, 20)
        spread = 1 + SPREAD * (2 * self._jitter() - 1)
        wait_s = min(doubled, self.policy.max_retry_s) * spread
        self._retry_at = now + (again_s if again_s is not None else wait_s)
