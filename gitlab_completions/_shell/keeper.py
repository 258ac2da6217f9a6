"""Keeps connection details: single-flight, renewed ahead, one entry a project.

Decisions are `_core.freshness`'s; here are the tasks and timers that carry them out. A
fetch belongs to nobody: a call that leaves does not end it, and its result is never
thrown away. Only what a call has used is renewed ahead, and only such a renewal is
retried behind the calls (by tenacity, on the waits that the core decides); whatever
else failed is asked again when a call wants it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from cachetools import LRUCache

from gitlab_completions._core.freshness import Freshness
from gitlab_completions._core.rollout import barrier
from gitlab_completions._core.user_access import UserAccess
from gitlab_completions._core.verdicts import Standing
from gitlab_completions._shell.imports import import_off_loop
from gitlab_completions.events import DetailsRefreshed, DetailsRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions._core.rollout import Rollout
    from gitlab_completions._shell.background import Background
    from gitlab_completions._shell.bulletin import Bulletin
    from gitlab_completions._shell.clock import Clock
    from gitlab_completions._shell.direct_flag import DirectFlag
    from gitlab_completions._shell.fetch import Fetched, Fetcher
    from gitlab_completions._shell.shared_fetch import SharedFetcher
    from gitlab_completions.policy import RoutingPolicy

LATE_S = 1.0
"""Seconds by which a timer may be late for what the machine slept since it was set."""
RENEWALS = 8
"""Tries to renew details ahead: waits of 1 s, doubling, outlast two failing minutes."""


class Entry:
    """One project's details, and the fetch that is under way."""

    __slots__ = (
        "announced",
        "fetch",
        "freshness",
        "heard_at",
        "project_path",
        "renewal",
        "timer",
    )

    def __init__(self, project_path: str | None, freshness: Freshness) -> None:
        self.project_path = project_path
        self.freshness = freshness
        self.fetch: asyncio.Task[None] | None = None
        self.renewal: asyncio.Task[None] | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.announced: object = None  # what observers were last told of its status
        self.heard_at: float | None = None  # when the store was last looked at for it

    def disarm(self) -> None:
        """Forget the timer of the next renewal."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


class _Entries(LRUCache[str | None, Entry]):
    """The entries of the projects used last; one that has to go takes its timer along.

    A fetch under way goes on: its caller may be waiting for it.
    """

    def popitem(self) -> tuple[str | None, Entry]:
        project_path, entry = super().popitem()
        entry.disarm()
        return project_path, entry


class Keeper:
    """The connection details of one client.

    Args:
        policy: The client's policy.
        fetcher: Asks the instance, or knows what it told another process.
        clock: Tells the time.
        jitter: Gives a number from 0 up to 1, anew at each call.
        bulletin: Tells the observers.
        background: Holds the fetches.
        rollout: Whether direct is rolled out to the user; `None`: to everybody.
        flag: Has the flag's word, before anything is asked for.
    """

    def __init__(
        self,
        *,
        policy: RoutingPolicy,
        fetcher: Fetcher | SharedFetcher,
        clock: Clock,
        jitter: Callable[[], float],
        bulletin: Bulletin,
        background: Background,
        rollout: Rollout | None = None,
        flag: DirectFlag | None = None,
    ) -> None:
        self._rollout = rollout
        self._flag = flag
        self._policy = policy
        self._fetcher = fetcher
        self._clock = clock
        self._jitter = jitter
        self._bulletin = bulletin
        self._user = UserAccess(policy.details)
        self._entries = _Entries(policy.details.projects)
        self._background = background
        self._looks = 0  # how often all was to be looked at again

    @property
    def goes_direct(self) -> bool:
        """Whether policy and rollout have calls go direct at all."""
        return barrier(self._policy, self._rollout) is None

    def entry(self, project_path: str | None) -> Entry:
        """Return a project's entry, which is the most recently used one from now on."""
        entry = self.glance(project_path)
        self._entries[entry.project_path] = entry
        return entry

    def glance(self, project_path: str | None) -> Entry:
        """Return a project's entry to look at: one that is new is not kept."""
        project_path = (project_path or "").strip() or None  # as the wire takes it
        entry = self._entries.get(project_path)
        if entry is None:
            details = self._policy.details
            freshness = Freshness(details, self._jitter, self._user)
            entry = Entry(project_path, freshness)
        return entry

    def look(self, entry: Entry) -> None:
        """Start what a call that wants direct makes necessary: a fetch, a timer."""
        if not self.goes_direct:
            return
        now = self._clock.now()
        if entry.freshness.wanted(now):
            self._start_fetch(entry)
        renews_at = entry.freshness.renews_at(now)
        if renews_at is not None and entry.renewal is None:
            self._arm(entry, renews_at - now)

    def _arm(self, entry: Entry, wait_s: float) -> None:
        """Set the timer of the next renewal, anew if it stood still in a sleep."""
        loop = asyncio.get_running_loop()
        at = loop.time() + wait_s
        if entry.timer is not None and entry.timer.when() > at + LATE_S:
            entry.disarm()
        if entry.timer is None:
            entry.timer = loop.call_at(at, self._renew, entry)

    def start_over(self) -> None:
        """Look again at all, and leave fetches under way: they died in a sleep."""
        for entry in self._entries.values():
            if entry.freshness.fetching and entry.fetch is not None:
                entry.fetch.cancel()
                entry.freshness.abandoned()
        self.look_again()

    def look_again(self) -> None:
        """Forget all bars and waits, those included that are about to be told."""
        self._looks += 1
        self.lift_bars()

    def lift_bars(self) -> None:
        """Forget all bars and waits: they were said to another access token."""
        for entry in self._entries.values():
            entry.freshness.look_again()

    def reconfigure(
        self, policy: RoutingPolicy, rollout: Rollout | None = None
    ) -> None:
        """Go by another policy: what was refused under the old one is asked anew."""
        self._policy, self._rollout = policy, rollout
        self._user.reconfigure(policy.details)
        for entry in self._entries.values():
            entry.freshness.reconfigure(policy.details)
            if not self.goes_direct:
                entry.disarm()
        self.look_again()

    def close(self) -> None:
        """Forget all timers; the fetches end with the background."""
        for entry in self._entries.values():
            entry.disarm()

    def _start_fetch(self, entry: Entry) -> asyncio.Task[None]:
        entry.freshness.fetch_starts(self._clock.now())
        entry.fetch = self._background.spawn(self._fetch(entry))
        return entry.fetch

    async def _fetch(self, entry: Entry) -> None:
        """Ask once, and take note of what comes of it.

        A no to what has changed meanwhile (the access token, the policy, the network
        after a suspend) says nothing of what is now.
        """
        looks, asked_at = self._looks, self._clock.now()
        try:
            if not await self._may_ask():
                entry.freshness.spared()
                entry.freshness.abandoned()
                return
            fetched = await self._fetcher.fetch(
                entry.project_path, lambda told: self._takes(entry, told)
            )
        except BaseException:
            if entry.fetch is asyncio.current_task():  # else another has begun
                entry.freshness.abandoned()
            raise
        if fetched.outdated or (fetched.grant is None and looks != self._looks):
            entry.freshness.abandoned()
            return
        if fetched.told_at is not None:
            entry.freshness.spared()
        self._take(entry, fetched, asked_at)

    async def _may_ask(self) -> bool:
        """Wait for the flag's first word; tell whether direct may be asked for."""
        if self._flag is not None:
            await self._flag.first_word()
        return self.goes_direct

    def hear(self, entry: Entry, told: Fetched) -> None:
        """Take note of what another process was told since this one was, of use here.

        A no, which bars at once; or a grant, where this one's own is not fresh any
        more: its budget may be used up while another's is not.
        """
        now, freshness = self._clock.now(), entry.freshness
        if told.told_at is None or told.told_at <= freshness.obtained_at:
            return
        if not self.goes_direct or freshness.fetching or freshness.bar(now) is not None:
            return
        is_no = told.grant is None and told.verdict.standing is Standing.BARRED
        is_grant = told.grant is not None and not freshness.is_fresh(now)
        if (is_no or is_grant) and self._takes(entry, told):
            self._take(entry, told)

    def _takes(self, entry: Entry, told: Fetched) -> bool:
        """Tell whether what another process was told saves asking."""
        now, at, freshness = self._clock.now(), told.told_at, entry.freshness
        if at is None:
            return False
        if told.grant is not None:
            return freshness.takes_grant(now, at, told.grant.details)
        return freshness.takes_refusal(now, at, told.verdict)

    def _take(
        self, entry: Entry, fetched: Fetched, asked_at: float | None = None
    ) -> None:
        now = self._clock.now()
        elapsed_s = None if asked_at is None else now - asked_at
        freshness = entry.freshness
        entry.disarm()
        at = now if fetched.told_at is None else fetched.told_at
        if fetched.grant is not None:
            freshness.granted(at, fetched.grant.details)
            if self._flag is not None:
                self._flag.granted(fetched.grant)
            self._bulletin.publish(
                DetailsRefreshed(
                    project_path=entry.project_path,
                    lifetime_s=fetched.grant.details.lifetime_s,
                    dropped_headers=fetched.grant.dropped_headers,
                    shared=fetched.told_at is not None,
                    elapsed_s=elapsed_s,
                )
            )
            return
        verdict = fetched.verdict
        problem = fetched.problem(barred=verdict.standing is Standing.BARRED)
        freshness.refused(at, verdict, problem)
        if self._flag is not None:
            self._flag.refused(fetched)
        again_at = freshness.looks_again_at(now)
        problem.retry_after_s = None if again_at is None else again_at - now
        self._bulletin.publish(
            DetailsRefused(
                project_path=entry.project_path,
                problem=problem,
                again_in_s=problem.retry_after_s,
                elapsed_s=None if fetched.told_at is not None else elapsed_s,
            )
        )

    # Renewal ahead of expiry.

    def _renew(self, entry: Entry) -> None:
        entry.timer = None
        if entry.renewal is None:
            entry.renewal = self._background.spawn(self._keep_renewing(entry))

    async def _keep_renewing(self, entry: Entry) -> None:
        await import_off_loop("tenacity")
        import tenacity  # noqa: PLC0415 - most processes never need it

        retrying = tenacity.AsyncRetrying(
            sleep=asyncio.sleep,
            stop=tenacity.stop_after_attempt(RENEWALS),
            wait=lambda _: self._wait_s(entry),
            retry=tenacity.retry_if_result(bool),
            retry_error_callback=lambda _: None,
        )
        try:
            await retrying(self._renew_once, entry)
        finally:
            entry.renewal = None

    def _wait_s(self, entry: Entry) -> float:
        now = self._clock.now()
        return max(0.0, (entry.freshness.renews_at(now) or now) - now)

    async def _renew_once(self, entry: Entry) -> bool:
        """Renew, unless a call has had it done; tell whether to try again."""
        if not self.goes_direct:
            return False
        freshness = entry.freshness
        if freshness.wanted(self._clock.now()):
            await asyncio.wait({self._start_fetch(entry)})
        return freshness.renews_at(self._clock.now()) is not None
