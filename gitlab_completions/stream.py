"""A completion's text while it comes: iterated by a task, or in any thread.

A stream begins with its first use, so that one which is never used sends nothing. It is
no generator: those are ended by whoever collects garbage, in an order and a task of its
choosing, and cannot be ended by another task at all.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Self

from gitlab_completions.errors import GitLabCompletionsError

if TYPE_CHECKING:
    from types import TracebackType

    from gitlab_completions._shell.loop_thread import LoopThread
    from gitlab_completions._shell.reader import Reader
    from gitlab_completions.models import Completion

__all__ = ("CompletionStream", "SyncCompletionStream")


class CompletionStream:
    """The text of one call, piece by piece; made by `CompletionClient.stream`.

    An async context manager, and an async iterator of strings::

        async with client.stream(request) as stream:
            async for piece in stream:
                show(piece)

    The call begins on entering, or when the first piece is asked for. It ends with its
    text, with `cancel()`, and when its reader leaves the context, which waits for
    nothing: the connection is closed behind it. Without `async with` it also ends when
    the task that waits for a piece is cancelled, and when nothing refers to the stream
    any more; until then it may keep one of four places on its route. A reader that is
    slow holds back the server.

    What fails before the first piece raises what `CompletionClient.complete` would;
    what fails later raises `StreamBrokenError`, after all pieces that have come.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def __aenter__(self) -> Self:
        self._reader.stays = True
        self._reader.begin()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.cancel()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        """Return the next piece; none is empty.

        Raises:
            StreamBrokenError: When the stream broke off; its `text` is what had come.
            AllRoutesFailedError: When no route gave anything; for this and the rest
                see `CompletionClient.complete`.
            ClientClosedError: When the client is closed, before or meanwhile.
        """
        piece = await self._reader.take()
        if piece is None:
            raise StopAsyncIteration
        return piece

    @property
    def text(self) -> str:
        """The pieces given so far, joined; after `cancel()` all that had come."""
        return self._reader.text

    def cancel(self) -> None:
        """End the call: from any task, any number of times; iteration just ends.

        It is no failure. Observers are told that the call was superseded, unless it
        had ended already.
        """
        self._reader.leave()

    async def completion(self) -> Completion:
        """Read the rest; return the whole, or what had come when it was cancelled.

        No choices mean that there was no text: the model has nothing to suggest.

        Raises:
            StreamBrokenError: When the stream broke off; its `text` is what had come.
            AllRoutesFailedError: When no route gave anything; for this and the rest
                see `CompletionClient.complete`.
            ClientClosedError: When the client is closed, before or meanwhile.
        """
        await self._reader.read_out()
        return self._reader.result()

    def __repr__(self) -> str:
        return f"<CompletionStream {self._reader!r}>"


class SyncCompletionStream:
    """The text of one call, piece by piece; made by `SyncCompletionClient.stream`.

    A context manager, and an iterator of strings, for programs without asyncio::

        with client.stream(request) as stream:
            for piece in stream:
                show(piece)

    Any thread may use all of it, but an observer, which would wait for itself, only
    `cancel()` and `text`. For the rest it is as `CompletionStream`.
    """

    def __init__(
        self,
        client: object,
        thread: LoopThread,
        stream: CompletionStream,
        span_s: float,
    ) -> None:
        self._client = client  # which would end when nothing refers to it
        self._thread = thread
        self._stream = stream
        self._span_s = span_s
        self._done: Completion | None = None

    def __enter__(self) -> Self:
        self._thread.check_process()
        self._thread.run(self._stream.__aenter__, self._span_s)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.cancel()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        """Return the next piece, which is not empty; wait for it.

        Raises:
            StreamBrokenError: When the stream broke off; its `text` is what had come.
            AllRoutesFailedError: When no route gave anything; for this and the rest
                see `SyncCompletionClient.complete`.
            ClientClosedError: When the client is closed, before or meanwhile.
        """
        self._thread.check_process()
        if self._done is not None:
            raise StopIteration
        piece = self._thread.run(self._next, self._span_s)
        if piece is None:
            raise StopIteration
        return piece

    @property
    def text(self) -> str:
        """The pieces given so far, joined; after `cancel()` all that had come."""
        return self._stream.text

    def cancel(self) -> None:
        """End the call: in any thread, any number of times; wait for nothing.

        Iteration just ends, in whichever thread it waits. In a forked child nothing
        happens: the stream is its parent's.
        """
        if self._thread.is_of_this_process:
            self._thread.submit(self._cancel)

    def completion(self) -> Completion:
        """Read the rest; return the whole, or what had come when it was cancelled.

        Raises:
            StreamBrokenError: When the stream broke off; its `text` is what had come.
            AllRoutesFailedError: When no route gave anything; for this and the rest
                see `SyncCompletionClient.complete`.
            ClientClosedError: When the client is closed, before or meanwhile.
        """
        self._thread.check_process()
        if self._done is None:
            self._done = self._thread.run(self._stream.completion, self._span_s)
        return self._done

    def __repr__(self) -> str:
        return f"<SyncCompletionStream of {self._stream!r}>"

    # In the client's thread.

    async def _next(self) -> str | None:
        try:
            return await anext(self._stream)
        except StopAsyncIteration:
            with suppress(GitLabCompletionsError):  # of what was cancelled after it
                # Later the thread may be over.
                self._done = await self._stream.completion()
            return None

    async def _cancel(self) -> None:
        self._stream.cancel()
