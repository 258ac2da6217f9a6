"""Keeps what is known of whether code suggestions work, and asks when it is not.

One look at a project, at most four requests (`inspection.py`), is shared by all who
want to know meanwhile. What it found is kept: a yes for minutes, a no for as long as a
switch takes to be seen, a failure of the network hardly at all. It is forgotten at once
when the access token, the policy or the network changed, and when a call's end
disproves it.
"""

from __future__ import annotations

import asyncio
import copy
from typing import TYPE_CHECKING, cast

from cachetools import LRUCache, TLRUCache

from gitlab_completions._records import Record, replace
from gitlab_completions._shell.access_token import TokenSourceError
from gitlab_completions._shell.inspection import (
    Heard,
    Inspection,
    without_answer,
    without_token,
)
from gitlab_completions.errors import (
    ClientClosedError,
    ErrorCode,
    GitLabCompletionsError,
)

if TYPE_CHECKING:
    from gitlab_completions._shell.background import Background
    from gitlab_completions._shell.clock import Clock
    from gitlab_completions._shell.inquiry import Inquirer
    from gitlab_completions._shell.keeper import Keeper
    from gitlab_completions.status import Availability

YES_S = 300.0
"""Seconds for which a yes is kept: seats and switches change some times a year, and the
first completion that is refused disproves it."""
NO_S = 60.0
"""Seconds for which a no is kept: GitLab's own caches of its switches take a minute, so
that asking more often could not tell sooner."""
PASSING_S = 5.0
"""Seconds for which is kept what passes by itself, so that a status line may ask at any
pace."""
TURN_S = 20.0
"""Seconds that a look at a project waits for those at others: they go one after the
other, since what is no fetch has one connection to the instance."""
MOST_WAIT_S = 60.0
"""Seconds for which a server's wish to be left alone is kept to, at most."""

_NOT_GITLABS = frozenset(
    {
        ErrorCode.REQUEST,
        ErrorCode.FILE_IGNORED,
        ErrorCode.CONFIGURATION,
        ErrorCode.CLOSED,
        ErrorCode.RATE_LIMITED,
        ErrorCode.CIRCUIT_OPEN,
    }
)
"""Errors of a call that say nothing of whether code suggestions work."""
_OF_ONE_PROJECT = frozenset({ErrorCode.NOT_FOUND, ErrorCode.NAMESPACE_MISSING})


class _Known(Record):
    """What is kept.

    Args:
        availability: What was found.
        keep_s: Seconds for which it is good.
    """

    availability: Availability
    keep_s: float

    @property
    def code(self) -> ErrorCode | None:
        """Why not; `None` for a yes."""
        problem = self.availability.problem
        return None if problem is None else problem.code


class AvailabilityDesk:
    """Where a client's user learns whether code suggestions work.

    Args:
        inquirer: Puts questions to the instance.
        keeper: Has what direct access said, and asks for it.
        clock: Tells the time.
        background: Holds the looks.
        projects: How many projects are kept.
    """

    def __init__(
        self,
        *,
        inquirer: Inquirer,
        keeper: Keeper,
        clock: Clock,
        background: Background,
        projects: int,
    ) -> None:
        self._inquirer = inquirer
        self._keeper = keeper
        self._clock = clock
        self._background = background
        self._known: TLRUCache[str | None, _Known] = TLRUCache(
            projects, lambda _, known, now: now + known.keep_s, clock.now
        )
        self._heard: LRUCache[str | None, Heard] = LRUCache(projects)
        self._looks: dict[str | None, asyncio.Future[Availability]] = {}
        self._turn = asyncio.Semaphore(1)
        self._changes = 0  # how often all was to be forgotten
        self._has_no = False

    async def availability(
        self, project_path: str | None, closing: asyncio.Future[None]
    ) -> Availability:
        """Return what is known, or found out now.

        Raises:
            ClientClosedError: When the client is closed meanwhile.
        """
        key = (project_path or "").strip() or None  # as the wire takes it
        look = self._looks.get(key)
        if look is None:
            look = asyncio.get_running_loop().create_future()
            self._looks[key] = look
            self._background.spawn(self._look(key, look))
        awaited = cast("set[asyncio.Future[object]]", {look, closing})
        await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
        if not look.done() or look.cancelled():
            raise ClientClosedError("the client was closed during the call")
        found = look.result()
        # A raised exception keeps its frames; each who asks gets one to raise.
        return replace(found, problem=copy.copy(found.problem))

    def forget(self) -> None:
        """Forget all: it was said to another token, policy or network."""
        self._changes += 1
        self._known.clear()
        self._heard.clear()
        self._looks.clear()  # who waits gets what comes, and nobody else
        self._has_no = False

    def heard(
        self, project_path: str | None, error: GitLabCompletionsError | None
    ) -> None:
        """Take note of how a call ended, which may disprove what is kept."""
        code = None if error is None else error.code
        if code in _NOT_GITLABS:
            return
        self._heard[project_path] = Heard(at=self._clock.now(), code=code)
        if code is None:
            self._disprove_no(project_path)
        else:
            self._disprove_yes(project_path)

    def _disprove_yes(self, project_path: str | None) -> None:
        known = self._known.get(project_path)
        if known is not None and known.code is None:
            self._known.pop(project_path, None)  # it may end just now by itself

    def _disprove_no(self, project_path: str | None) -> None:
        """Forget what a completion shows to be wrong.

        Not that a project is switched off: GitLab leaves it to clients to keep to that,
        and completes there all the same.
        """
        if not self._has_no:
            return
        for key in list(self._known):
            known = self._known.get(key)
            code = None if known is None else known.code
            own = key == project_path or code not in _OF_ONE_PROJECT
            if code not in {None, ErrorCode.PROJECT_DISABLED} and own:
                self._known.pop(key, None)

    async def _look(self, key: str | None, look: asyncio.Future[Availability]) -> None:
        try:
            found = await self._find(key)
        except BaseException:
            look.cancel()
            raise
        finally:
            if self._looks.get(key) is look:
                del self._looks[key]
        look.set_result(found)

    async def _find(self, key: str | None) -> Availability:
        try:
            await self._inquirer.desk.get()  # a changed token makes all forgotten
        except TokenSourceError as error:
            return without_token(error)
        known = self._known.get(key)
        if known is not None:
            return known.availability
        try:
            async with asyncio.timeout(TURN_S):
                await self._turn.acquire()
        except TimeoutError:
            return without_answer()
        try:
            return await self._inspect(key)
        finally:
            self._turn.release()

    async def _inspect(self, key: str | None) -> Availability:
        changes = self._changes
        inspection = Inspection(
            project_path=key,
            inquirer=self._inquirer,
            keeper=self._keeper,
            clock=self._clock,
            background=self._background,
            heard=self._heard.get(key),
        )
        found = await inspection.run()
        if changes == self._changes:
            self._keep(key, found)
        return found

    def _keep(self, key: str | None, found: Availability) -> None:
        problem = found.problem
        keep_s = YES_S
        if problem is not None:
            self._has_no = True
            keep_s = PASSING_S if problem.retryable else NO_S
            keep_s = min(problem.retry_after_s or keep_s, MOST_WAIT_S)
        self._known[key] = _Known(availability=found, keep_s=keep_s)
