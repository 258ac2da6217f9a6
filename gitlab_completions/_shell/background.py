"""Tasks that belong to no caller: held strongly, and ended with the client."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Coroutine

CLEANUP_S = 5.0
"""Seconds that ended tasks get to clean up."""


class Background:
    """The background tasks of one client; none of them raises."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Start a task and hold on to it until it has ended."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def aclose(self, grace_s: float = 0.0) -> None:
        """End all tasks, each once, and wait for their cleanup, but not for ever.

        They get `grace_s` seconds to end by themselves.
        """
        if grace_s and self._tasks:
            await asyncio.wait(self._tasks, timeout=grace_s)
        tasks = set(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CLEANUP_S)
