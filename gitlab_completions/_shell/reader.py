"""Who reads a streamed call: begins it, takes its pieces, and ends it by leaving.

The call runs in a task that knows of the hand-over only. So it ends when its reader is
forgotten, which is told by the reader's own end and by nobody's hooks.
"""

from __future__ import annotations

import asyncio
import copy
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from gitlab_completions._frames import without_frames
from gitlab_completions._shell.handover import Handover
from gitlab_completions.errors import (
    ClientClosedError,
    GitLabCompletionsError,
    StreamBrokenError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from gitlab_completions.models import Completion

    Work = Coroutine[object, object, None]
    Call = Callable[[Handover], Coroutine[object, object, Completion]]


class Reader:
    """The reader of one call.

    Args:
        call: Runs the call, on the loop.
        unsent: Gives what a call has got that never began.
        spawn: Starts a task, and holds on to it.

    Attributes:
        stays: Whether it leaves by itself, however its task ends.
    """

    def __init__(
        self,
        call: Call,
        unsent: Callable[[], Completion],
        spawn: Callable[[Work], asyncio.Task[None]],
    ) -> None:
        self._call = call
        self._unsent = unsent
        self._spawn = spawn
        self._handover = Handover()
        self._task: asyncio.Task[None] | None = None
        self._left = False
        self.stays = False

    @property
    def text(self) -> str:
        """The pieces taken so far, joined; all that had come, once it has left."""
        return self._handover.text

    @property
    def is_over(self) -> bool:
        """Whether the call has ended, or never will begin."""
        return self._left if self._task is None else self._task.done()

    def begin(self) -> None:
        """Begin the call, once."""
        if self._task is None and not self._left:
            self._task = self._spawn(_run(self._call, self._handover))
            self._task.add_done_callback(partial(_end, self._handover))

    def leave(self) -> None:
        """End the call, if it has not ended: it is superseded."""
        if self._left:
            return
        self._left = True
        self._handover.leave()
        if self._task is not None:
            self._task.cancel()

    async def take(self) -> str | None:
        """Return the next piece; `None` when none comes any more.

        Raises:
            GitLabCompletionsError: What the call ended with, if that is an error.
        """
        self.begin()
        try:
            piece = await self._handover.take()
        except asyncio.CancelledError:
            self._leave_unless_it_stays()
            raise
        if piece is None and not self._left:
            self._raise_error()
        return piece

    async def read_out(self) -> None:
        """Take all that comes, and wait for the end of the call.

        Raises:
            GitLabCompletionsError: What it ended with, if that is an error.
        """
        while await self.take() is not None:
            pass
        if self._task is not None and not self._task.done():
            try:
                await asyncio.wait({self._task})
            except asyncio.CancelledError:
                self._leave_unless_it_stays()
                raise

    def result(self) -> Completion:
        """Return what the call has got, now that it is over.

        Raises:
            GitLabCompletionsError: What it ended with, if that is an error.
        """
        self._raise_error()
        got = self._handover.completion or self._handover.so_far
        return got or self._unsent()

    def __repr__(self) -> str:
        begun = "new" if self._task is None else "under way"
        word = "ended" if self.is_over else begun
        return f"{word}, {len(self.text)} characters"

    def __del__(self) -> None:
        task = getattr(self, "_task", None)
        if task is not None and not task.done():
            with suppress(RuntimeError):  # the loop is closed
                # Garbage is collected in any thread.
                task.get_loop().call_soon_threadsafe(task.cancel)

    def _leave_unless_it_stays(self) -> None:
        if not self.stays:
            self.leave()

    def _raise_error(self) -> None:
        """Raise what the call ended with, each time anew: it takes its reader's frames.

        The text that had come is its reader's alone.
        """
        error = self._handover.error
        if error is None:
            return
        told = copy.copy(error) if isinstance(error, GitLabCompletionsError) else error
        if isinstance(told, StreamBrokenError):
            told.text = self._handover.everything
        try:
            raise told from error.__cause__
        finally:
            del told, error


async def _run(call: Call, handover: Handover) -> None:
    """Run a call; note how it ended."""
    try:
        handover.completion = await call(handover)
    except Exception as error:
        handover.error = without_frames(error)


def _end(handover: Handover, task: asyncio.Task[None]) -> None:
    """Tell the reader that the call has ended, be it cancelled by who ends the loop."""
    whole = handover.ended or handover.completion is not None
    if task.cancelled() and not whole:
        handover.error = ClientClosedError("the client was closed during the call")
    handover.end()
