"""The calls of a session: each a task that outlives the keystroke that sent it."""

from __future__ import annotations

import asyncio
import dataclasses
from contextlib import nullcontext
from typing import TYPE_CHECKING, TypeAlias

from gitlab_completions._frames import without_frames
from gitlab_completions.editor._core.commands import Ending
from gitlab_completions.errors import ConfigurationError, GitLabCompletionsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from gitlab_completions.client import CompletionClient
    from gitlab_completions.editor._core.calls import Call
    from gitlab_completions.editor._core.desk import Desk
    from gitlab_completions.models import CompletionRequest, ContextItem

    Tracked: TypeAlias = Callable[[str], AbstractContextManager[object]]
    Items: TypeAlias = tuple[ContextItem, ...]
    Context: TypeAlias = asyncio.Task[Items] | None

CLEANUP_S = 5.0
"""Seconds that ended tasks get to clean up."""


class Dispatch:
    """Runs one session's calls, and tells its desk how they end.

    Args:
        client: Whom they are made with.
        desk: What the session knows.
        tell: Tells the observers what is new.
        tracked: Gives a call its suggestion's id, for the client's own observers.
    """

    def __init__(
        self,
        client: CompletionClient,
        desk: Desk,
        tell: Callable[[], None],
        tracked: Tracked | None = None,
    ) -> None:
        self._client = client
        self._desk = desk
        self._tell = tell
        self._tracked: Tracked = nullcontext if tracked is None else tracked
        self._calls: dict[int, asyncio.Task[None]] = {}
        self._endings: dict[int, asyncio.Future[Ending]] = {}
        self._others: set[asyncio.Task[None] | asyncio.Task[Items]] = set()

    def start(self, call: Call, request: CompletionRequest, context: Context) -> None:
        """Send a request, once its context is there."""
        number = call.number
        self._endings[number] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(self._run(call, request, context))
        self._calls[number] = task
        task.add_done_callback(lambda _: self._lose(number))
        if context is not None:  # a call that never began does not end it
            self._others.add(context)
            context.add_done_callback(self._others.discard)
            task.add_done_callback(lambda _: context.cancel())

    def ending(self, number: int) -> asyncio.Future[Ending] | None:
        """Return what is done when a call has ended; `None` when it has already."""
        return self._endings.get(number)

    def give_up(self, numbers: tuple[int, ...]) -> None:
        """End calls without an answer; the desk knows."""
        for number in numbers:
            task = self._calls.get(number)
            if task is not None:
                task.cancel()

    def warm_up(self, project_path: str | None) -> None:
        """Open a connection, in the background and silently."""
        task = asyncio.create_task(self._warm_up(project_path))
        self._others.add(task)
        task.add_done_callback(self._others.discard)

    async def aclose(self) -> None:
        """End everything that is under way."""
        tasks = {*self._calls.values(), *self._others}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CLEANUP_S)

    async def _run(
        self, call: Call, request: CompletionRequest, context: Context
    ) -> None:
        now = asyncio.get_running_loop().time
        try:
            items = () if context is None else await context
            if items:
                request = dataclasses.replace(request, context=items)
            with self._tracked(call.id):
                completion = await self._client.complete(request)
        except Exception as error:
            problem = _problem(error)
            self._desk.failed(call.number, problem)
            self._end(Ending(number=call.number, problem=problem))
        else:
            answer = self._desk.answered(call.number, completion, now())
            self._end(Ending(number=call.number, answer=answer))

    def _end(self, ending: Ending) -> None:
        """Tell whoever waits, once."""
        self._calls.pop(ending.number, None)
        future = self._endings.pop(ending.number, None)
        if future is not None and not future.done():
            future.set_result(ending)
            self._tell()

    def _lose(self, number: int) -> None:
        """See to it that a call that was cancelled is known to have ended."""
        self._desk.give_up((number,))
        self._end(Ending(number=number))

    async def _warm_up(self, project_path: str | None) -> None:
        try:
            await self._client.warm_up(project_path)
        except GitLabCompletionsError:
            return  # the first call finds out by itself


def _problem(error: Exception) -> GitLabCompletionsError:
    """Return an error to hold: its frames hold the source.

    What is none of the library's is a mistake in what a user gave the client, and may
    quote the source itself.
    """
    if isinstance(error, GitLabCompletionsError):
        return without_frames(error)
    kind = type(error).__name__
    return ConfigurationError(
        f"the call broke with {kind}, in what the client or the session was given"
    )
