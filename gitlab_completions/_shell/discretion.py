"""Keeps at home what must not leave, before anything of a call is sent.

The ignore list is asked first, then secrets are taken out of what is within reach of
the wire. Both are the user's, or call libraries that take their time, so they run in
worker threads, and whatever they do wrong ends the call: nothing is sent that was not
looked at. What they raise is not chained, since it may quote the source.

A caller that leaves does not wait for its thread, but the thread counts until it ends:
what hangs takes two threads and no more, and no program waits for them at its end, nor
for rules that are being compiled.
"""

from __future__ import annotations

import asyncio
import dataclasses
import math
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from gitlab_completions._frames import frameless, note_place, without_frames
from gitlab_completions._sources import errands
from gitlab_completions._wire.reach import within_reach
from gitlab_completions.errors import (
    ClientClosedError,
    DeadlineExceededError,
    ErrorCode,
    GitLabCompletionsError,
    RequestRejectedError,
)
from gitlab_completions.events import ContextWithheld, Superseded
from gitlab_completions.models import CompletionRequest, ContextItem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gitlab_completions._shell.clock import Clock
    from gitlab_completions._shell.driver import Drive
    from gitlab_completions.ignoring import IgnoreList
    from gitlab_completions.redaction import Redactor

MOST_THREADS = 2
"""Threads at work at once: one for the newest text, one for a text that has been typed
over. The token's source and name look-ups have theirs from the same, small pool."""
PREPARE_S = 30.0
"""Seconds that a warm-up waits for a redactor: rules are compiled in six, once, and on
a busy machine in twelve."""

_REMEDY = (
    "try again, or call warm_up() before the first call: a redactor may have to make "
    "something once, such as compiled rules"
)


class Limits(NamedTuple):
    """What a call has.

    Args:
        until: When it must have ended.
        max_body_bytes: The policy's.
        closing: Done when the client is closed.
    """

    until: float
    max_body_bytes: int | None
    closing: asyncio.Future[None]


class Cleared(NamedTuple):
    """What may be sent.

    Args:
        request: It, and what is within reach of the wire only.
        withheld: Context items that the ignore list has.
    """

    request: CompletionRequest
    withheld: int


class Discretion:
    """Applies one client's ignore list and redactor.

    Args:
        ignore: Files that are never sent.
        redact: Takes secrets out.
        clock: Tells the time.
    """

    def __init__(
        self, ignore: IgnoreList | None, redact: Redactor | None, clock: Clock
    ) -> None:
        self._ignore = ignore
        self._redact = redact
        self._clock = clock
        self._threads: set[asyncio.Future[CompletionRequest]] = set()
        self._preparing: asyncio.Future[CompletionRequest] | None = None

    async def clear_call(
        self, drive: Drive, until: float, max_body_bytes: int | None
    ) -> None:
        """Have a call want only what may be sent; raises what `clear` does."""
        limits = Limits(until, max_body_bytes, drive.closing)
        call_id, started_at = drive.call_id, drive.started_at
        try:
            drive.request, withheld = await self.clear(drive.request, limits)
        except asyncio.CancelledError:
            elapsed_s = self._clock.now() - started_at
            drive.bulletin.publish(Superseded(call_id=call_id, elapsed_s=elapsed_s))
            raise
        if withheld:
            drive.bulletin.publish(ContextWithheld(call_id=call_id, items=withheld))

    @frameless
    async def clear(self, request: CompletionRequest, limits: Limits) -> Cleared:
        """Return what may be sent of the request.

        Raises:
            RequestRejectedError: When nothing of the file may, or when what decides so
                failed.
            DeadlineExceededError: When that took too long.
            ClientClosedError: When the client is closed meanwhile.
            asyncio.CancelledError: When the caller leaves.
        """
        asked = len(request.context)
        if self._ignore is not None:
            sift = partial(_sift, request, self._ignore)
            request = await self._in_thread(sift, "the ignore list", limits)
        withheld = asked - len(request.context)
        if self._redact is not None:
            near = within_reach(request, limits.max_body_bytes)
            clean = partial(_clean, near, self._redact)
            request = await self._in_thread(clean, "the redactor", limits)
        return Cleared(request, withheld)

    @frameless
    async def prepare(self) -> None:
        """Have the redactor make ready what it makes once; fail silently."""
        if self._redact is not None and not self._threads:
            nothing = CompletionRequest(file_name="nothing", content_above_cursor="")
            self._preparing = self._start(partial(_clean, nothing, self._redact))
        if self._preparing is not None:
            await asyncio.wait({self._preparing})

    async def _in_thread(
        self, work: Callable[[], CompletionRequest], guard: str, limits: Limits
    ) -> CompletionRequest:
        while len(self._threads) >= MOST_THREADS:
            await self._wait(self._threads, limits)
        future = self._start(work)
        while not future.done():
            await self._wait({future}, limits)
        error = future.exception()
        if isinstance(error, Exception):
            raise _failure(guard, error) from None
        return future.result()

    def _start(
        self, work: Callable[[], CompletionRequest]
    ) -> asyncio.Future[CompletionRequest]:
        future = asyncio.get_running_loop().run_in_executor(errands(), work)
        self._threads.add(future)
        future.add_done_callback(self._ended)
        return future

    def _ended(self, future: asyncio.Future[CompletionRequest]) -> None:
        self._threads.discard(future)
        if not future.cancelled():
            future.exception()  # else asyncio logs it once its caller has left

    async def _wait(
        self, futures: Iterable[asyncio.Future[CompletionRequest]], limits: Limits
    ) -> None:
        """Wait for the first of the futures, and no longer than the call may."""
        left_s = limits.until - self._clock.now()
        ends: list[asyncio.Future[CompletionRequest] | asyncio.Future[None]]
        ends = [*futures, limits.closing]
        await asyncio.wait(
            ends,
            timeout=None if math.isinf(left_s) else max(0.0, left_s),
            return_when=asyncio.FIRST_COMPLETED,
        )
        if limits.closing.done():
            raise ClientClosedError("the client was closed during the call")
        if self._clock.now() >= limits.until:
            raise DeadlineExceededError(
                "the source was not cleared in time to be sent", remedy=_REMEDY
            )


def _sift(request: CompletionRequest, ignore: IgnoreList) -> CompletionRequest:
    """Leave out what the ignore list has."""
    if ignore.excludes(request.file_name):
        raise RequestRejectedError(
            "the file is on the ignore list", code=ErrorCode.FILE_IGNORED
        )
    kept = tuple(item for item in request.context if not ignore.excludes(item.name))
    if len(kept) == len(request.context):
        return request
    return dataclasses.replace(request, context=kept)


def _clean(request: CompletionRequest, redact: Redactor) -> CompletionRequest:
    """Take the secrets out of all texts; one that the cursor is in, on both sides."""
    above, below = request.content_above_cursor, request.content_below_cursor
    code = _redacted(above + below, redact)
    instruction = request.user_instruction
    return dataclasses.replace(
        request,
        content_above_cursor=code[: len(above)],
        content_below_cursor=code[len(above) :],
        context=tuple(_clean_items(request.context, redact)),
        user_instruction=instruction and _redacted(instruction, redact),
    )


def _clean_items(
    items: Iterable[ContextItem], redact: Redactor
) -> Iterator[ContextItem]:
    """Give what there is to say of the items, once their secrets are taken out."""
    for item in items:
        content = _redacted(item.content, redact)
        if content == item.content:
            yield item
        elif not content.isspace():
            yield ContextItem(name=item.name, content=content, type=item.type)


def _redacted(text: str, redact: Redactor) -> str:
    redacted = redact.redact(text)
    if len(redacted) != len(text):
        raise RequestRejectedError(
            "the redactor gave back a text of another length, so nothing was sent",
            code=ErrorCode.SOURCE_GUARD,
            remedy="have it replace each character of a secret by one other",
        )
    return redacted


def _failure(guard: str, error: Exception) -> GitLabCompletionsError:
    """Return what the caller is told; of a foreign error, only its kind and place."""
    if isinstance(error, RequestRejectedError):
        return without_frames(error)
    told = f"it raised {type(error).__name__}"
    if isinstance(error, GitLabCompletionsError):
        told = error.message
    failure = RequestRejectedError(
        f"{guard} failed, so nothing was sent: {told}", code=ErrorCode.SOURCE_GUARD
    )
    note_place(failure.with_traceback(error.__traceback__))
    return without_frames(failure)
