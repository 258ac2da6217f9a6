"""An event loop in a thread of its own, for callers who have none.

A loop that runs for ever in some thread, fed by `asyncio.run_coroutine_threadsafe`, is
the usual way, and falls short where editors live. A call that is superseded before the
loop has come to it is sent all the same; one that the loop never comes to is waited for
without end, and so is every call once the loop has died; and nobody says how it ends.

How it ends here:

- The thread is a daemon. The interpreter, at its end, first joins all other threads,
  for as long as they run, and only then calls what `atexit` has: a thread that is no
  daemon would have to end before those that still want completions. So `atexit` ends
  it, when only daemons are left. That is registered when this module is imported: what
  a program registers after that runs before, and still has its client.
- At the interpreter's exit nobody is woken. Who still waits then is a daemon itself,
  about to be frozen; an exception would only have its traceback printed. At all other
  times each call is told: what came of it, or `ClientClosedError`.
- Closing is waited for, but not for ever: observers, token sources and senders are
  others' code and may block. What is left behind then is a daemon.
- A forked child has the loop's sockets but not its thread, and touches neither.

There are no locks. A call is in `_calls` before the loop hears of it; the loop is
closed before `_calls` is emptied for the last time; who takes a call out tells it.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
import time
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

from gitlab_completions._exits import wait_for_all
from gitlab_completions._shell.home import check_process
from gitlab_completions.errors import (
    ClientClosedError,
    ConfigurationError,
    DeadlineExceededError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    Settle = Callable[[bool], None]

T = TypeVar("T")

CLEANUP_S = 5.0
"""Seconds that tasks which nobody has ended get to clean up."""
CLOSE_S = 10.0
"""Seconds that closing is waited for: flights, fetches and tasks clean up in 5 s each,
and hardly ever need them."""
EXIT_S = 2.0
"""Seconds that the interpreter's exit waits for all threads; 0.1 are usual."""
ANSWER_S = 5.0
"""Seconds within which a loop that nothing blocks has long answered."""


class LoopThread:
    """Runs an event loop in a thread, from when it is made.

    Args:
        close: Ends what runs on the loop; awaited there before the thread ends.

    Raises:
        OSError: When the process may open no more files.
        RuntimeError: When the interpreter starts no more threads.
    """

    def __init__(self, close: Callable[[], Coroutine[object, object, None]]) -> None:
        # Threads are imported only by those who need some: it takes a millisecond.
        from gitlab_completions._errands import Errands  # noqa: PLC0415

        self._close = close
        self._process = os.getpid()
        self._calls: set[Settle] = set()
        self._exiting = False
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(Errands())
        self._ending = self._loop.create_future()
        self._thread = threading.Thread(
            target=self._run, name="gitlab_completions", daemon=True
        )
        try:
            self._thread.start()
        except RuntimeError:
            self._loop.close()
            raise
        _RUNNING.add(self)

    # In any thread.

    def check_process(self) -> None:
        """Refuse a forked child of the process that the thread runs in.

        Raises:
            ConfigurationError: It says what to do instead.
        """
        check_process(self._process)

    @property
    def is_of_this_process(self) -> bool:
        """Whether it runs here, and not in the process that this one was forked of."""
        return os.getpid() == self._process

    @property
    def is_here(self) -> bool:
        """Whether it is this very thread that asks."""
        return threading.current_thread() is self._thread

    def submit(self, start: Callable[[], Coroutine[object, object, T]]) -> Future[T]:
        """Run a coroutine on the loop; cancelling the future cancels it.

        The future can be cancelled until it is done: it is never `running()`.
        """
        call: _Call[T] = _Call()
        self._calls.add(call.settle)
        try:  # in a copy of the caller's context, in which tracing finds its span
            self._loop.call_soon_threadsafe(self._begin, call, start)
        except RuntimeError:  # the loop is closed
            self._settle(call.settle, tell=True)
        return call.future

    def run(
        self, start: Callable[[], Coroutine[object, object, T]], span_s: float
    ) -> T:
        """Return what a coroutine on the loop returns; cancel it when nobody waits.

        Raises:
            ClientClosedError: When the loop has ended.
            ConfigurationError: In the loop's own thread, which would wait for itself.
            DeadlineExceededError: When it has not ended in that time.
        """
        if self.is_here:
            raise ConfigurationError(
                "an observer, or what else runs in the client's thread, cannot wait "
                "there for the client: use submit()"
            )
        future = self.submit(start)
        try:
            return future.result(min(span_s, threading.TIMEOUT_MAX))
        except TimeoutError:
            if not future.cancel():  # it was the coroutine's own, or just too early
                return future.result()
            raise DeadlineExceededError(
                "the client's thread does not answer: something blocks it, such as an "
                "observer"
            ) from None
        except BaseException:  # such as Ctrl-C
            future.cancel()
            raise
        finally:
            del future  # its exception holds this frame

    def call(self, function: Callable[[], T]) -> T:
        """Call a function in the loop's thread.

        Raises:
            ClientClosedError: When the loop has ended.
            DeadlineExceededError: When something blocks it.
        """
        if self.is_here:
            return function()

        async def call() -> T:
            return function()

        return self.run(call, ANSWER_S)

    def stop(self) -> None:
        """Begin to end; takes no lock, since a garbage collection may ask for it."""
        if not self.is_of_this_process:
            return
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._end_soon)

    def leave(self) -> None:
        """Begin to end with the interpreter."""
        self._exiting = True
        self.stop()

    def join(self, timeout_s: float = CLOSE_S) -> None:
        """Wait until the thread has ended, unless it is this one."""
        if not self.is_here:
            self._thread.join(timeout_s)

    # In the thread.

    def _run(self) -> None:
        try:
            with suppress(SystemExit):  # an observer's; the calls are told of it
                self._loop.run_until_complete(self._ending)
        finally:
            self._end_soon()
            self._end()

    def _end_soon(self) -> None:
        if not self._ending.done():
            self._ending.set_result(None)

    def _end(self) -> None:
        loop = self._loop
        try:
            loop.run_until_complete(self._close_all())
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            loop.close()
            while waiting := tuple(self._calls):
                for settle in waiting:
                    self._settle(settle, tell=not self._exiting)
            _RUNNING.discard(self)

    async def _close_all(self) -> None:
        try:
            await self._close()
        finally:
            left = asyncio.all_tasks() - {asyncio.current_task()}
            for task in left:
                task.cancel()
            if left:
                await asyncio.wait(left, timeout=CLEANUP_S)

    def _begin(
        self, call: _Call[T], start: Callable[[], Coroutine[object, object, T]]
    ) -> None:
        if self._ending.done() or call.future.cancelled():
            self._settle(call.settle, tell=not self._exiting)
            return
        call.task = task = self._loop.create_task(start())
        task.add_done_callback(
            lambda _: self._settle(call.settle, tell=not self._exiting)
        )
        call.future.add_done_callback(partial(_supersede, self._loop, task))

    def _settle(self, settle: Settle, *, tell: bool) -> None:
        """Tell how a call ended, once."""
        try:
            self._calls.remove(settle)
        except KeyError:
            return
        settle(tell)


class _Call(Generic[T]):
    """The future of a coroutine that runs, or is to run, on a loop."""

    def __init__(self) -> None:
        self.task: asyncio.Task[T] | None = None
        self.future: Future[T] = Future()

    def settle(self, tell: bool) -> None:
        """Hand on how the coroutine ended, or that it will not."""
        task, self.task = self.task, None
        error = _error_of(task)  # even if nobody is told, or asyncio complains
        if not tell or not self.future.set_running_or_notify_cancel():
            return
        if error is not None:
            self.future.set_exception(error)
        elif task is not None:
            self.future.set_result(task.result())


def _error_of(task: asyncio.Task[T] | None) -> Exception | None:
    """Return what a call fails with; nothing when it has a result."""
    error = None
    if task is not None and task.done() and not task.cancelled():
        error = task.exception()
        if error is None or isinstance(error, Exception):
            return error
    closed = ClientClosedError("the client was closed before the call ended")
    closed.__cause__ = error  # such as an observer's SystemExit
    return closed


def _supersede(
    loop: asyncio.AbstractEventLoop, task: asyncio.Task[T], future: Future[T]
) -> None:
    """Cancel a call's coroutine when its future was; called where that is settled."""
    if future.cancelled():
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(task.cancel)


def _leave_all() -> None:
    """End all threads with the interpreter."""
    threads = tuple(_RUNNING)
    for thread in threads:
        thread.leave()
    until = time.monotonic() + EXIT_S
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
    wait_for_all()  # also for what they have begun since others waited for it


_RUNNING: set[LoopThread] = set()
atexit.register(_leave_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_RUNNING.clear)
