"""Makes ready for a first call: an open connection, and the rules for its text."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gitlab_completions._shell.discretion import PREPARE_S
from gitlab_completions._shell.exchange import WARM_UP_S
from gitlab_completions.models import Intent, Route

if TYPE_CHECKING:
    from gitlab_completions._core.router import Router
    from gitlab_completions._shell.background import Background
    from gitlab_completions._shell.clock import Clock
    from gitlab_completions._shell.conclusions import Conclusions
    from gitlab_completions._shell.discretion import Discretion
    from gitlab_completions._shell.exchange import Exchanger
    from gitlab_completions._shell.keeper import Entry
    from gitlab_completions._shell.spare import SpareConnections
    from gitlab_completions.details import ConnectionDetails


class Warmth:
    """Warms one client up; what fails there fails silently.

    Args:
        exchanger: Opens connections.
        spare: The connections that completions leave to others.
        discretion: What looks through the text of calls, if anything does.
        conclusions: Tells how routing stands then.
        clock: Tells the time.
        background: Holds what goes on behind its caller.
    """

    def __init__(
        self,
        *,
        exchanger: Exchanger,
        spare: SpareConnections,
        discretion: Discretion | None,
        conclusions: Conclusions,
        clock: Clock,
        background: Background,
    ) -> None:
        self._exchanger = exchanger
        self._spare = spare
        self._discretion = discretion
        self._conclusions = conclusions
        self._clock = clock
        self._background = background
        self._opening: dict[Route, asyncio.Task[None]] = {}

    def forget(self) -> None:
        """Let the next warm-up open connections anew: the old ones may be dead."""
        self._opening.clear()

    def prepare(self) -> asyncio.Task[None] | None:
        """Begin with what is made once, before a call has to wait for it."""
        if self._discretion is None:
            return None
        return self._background.spawn(self._discretion.prepare())

    async def warm_up(
        self, entry: Entry, router: Router, closing: asyncio.Future[None]
    ) -> None:
        """Wait for what a first call would wait for, until the client is closed."""
        preparing = self.prepare()
        if entry.fetch is not None:
            await _first_of(entry.fetch, closing)
        self._conclusions.tell_status(entry, router)
        await _first_of(self._open(entry, router), closing, timeout_s=WARM_UP_S)
        if preparing is not None:
            await _first_of(preparing, closing, timeout_s=PREPARE_S)

    def _open(self, entry: Entry, router: Router) -> asyncio.Task[None]:
        """Open a connection on the route that the next call takes, once at a time."""
        now = self._clock.now()
        refusal = router.refusal(Intent.COMPLETION, entry.freshness, now)
        details = entry.freshness.usable(now) if refusal is None else None
        route = Route.INDIRECT if details is None else Route.DIRECT
        task = self._opening.get(route)
        if task is None or task.done():
            task = self._background.spawn(self._connect(details))
            self._opening[route] = task
        return task

    async def _connect(self, details: ConnectionDetails | None) -> None:
        """Open a connection: to the gateway, or a spare one to the instance."""
        if details is not None:
            await self._exchanger.warm_up(details)
            return
        async with self._spare.for_the_rest():
            await self._exchanger.warm_up(None)


async def _first_of(
    task: asyncio.Future[None],
    closing: asyncio.Future[None],
    timeout_s: float | None = None,
) -> None:
    await asyncio.wait(
        {task, closing}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
    )
