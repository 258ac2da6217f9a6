"""Gets lines into a file by a thread of its own: no event loop waits for a disk.

Whoever has something to write leaves here what will make the line of it, and goes on:
making one takes twenty times as long as leaving it. The thread gathers what comes
within a twentieth of a second, which is one lock and one write for all of it. Where the
file cannot be written the lines wait, up to a bound; past it they are counted, and the
count is written in their place when the file is there again. A forked child has a
thread of its own and leaves its parent's lines to its parent.
"""

from __future__ import annotations

import atexit
import errno
import logging
import os
import threading
import weakref
from collections import deque
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    Entry: TypeAlias = Callable[[], bytes]

logger = logging.getLogger("gitlab_completions")

LINGER_S = 0.05
"""Seconds that entries are gathered for: short, since what comes in them is made into
lines in one go, and the loop then shares the interpreter."""
RETRY_S = 1.0
"""Seconds until a file that could not be written is tried again."""
CLOSE_S = 5.0
"""Seconds that closing waits for a disk; a thread that hangs there is left behind."""
EXIT_S = 2.0
"""The same at the interpreter's end, for all files together."""
MOST_WAITING = 20_000
"""Entries that wait at most: of a kilobyte each, ten minutes of a fast typist."""
MOST_AT_ONCE = 64 * 1024
"""Bytes written under one lock: a millisecond, for which other processes wait."""

_RUNNING: weakref.WeakSet[Writer] = weakref.WeakSet()


class Lines(Protocol):
    """A file that takes lines."""

    def append(self, lines: bytes, /) -> tuple[int, BaseException | None]:
        """Append lines; return the bytes of those that got in, and what failed."""
        ...


class Writer:
    """Writes lines, in the order in which they are put here.

    Args:
        make_file: Makes the file, in the thread that writes to it.
        tell_lost: Makes the line that tells how many were lost.
        most_at_once: Bytes written under one lock.

    Attributes:
        problem: Why nothing could be written the last time; `None` if it could.
    """

    def __init__(
        self,
        make_file: Callable[[], Lines],
        tell_lost: Callable[[int], bytes],
        *,
        most_at_once: int = MOST_AT_ONCE,
    ) -> None:
        self._make_file = make_file
        self._tell_lost = tell_lost
        self._most_at_once = most_at_once
        self.problem: str | None = None
        self._closing = threading.Event()
        self.start_over()
        _RUNNING.add(self)

    def start_over(self) -> None:
        """Begin with nothing: at first, and in a forked child, whose thread is gone."""
        is_closed = self._closing.is_set()
        self._closing = threading.Event()
        if is_closed:
            self._closing.set()
        self._guard = threading.Lock()
        self._waiting: deque[Entry] = deque()
        self._lost = 0
        self._made: deque[bytes] = deque()
        self._file: Lines | None = None
        self._thread: threading.Thread | None = None
        self._news = threading.Event()

    # In any thread.

    def put(self, entry: Entry) -> None:
        """Have a line written, which `entry` makes when its turn comes."""
        with self._guard:
            if self._closing.is_set():
                return
            if len(self._waiting) >= MOST_WAITING:
                self._lost += 1
                return
            self._waiting.append(entry)
            if self._thread is None:
                self._start()
        if not self._news.is_set():
            self._news.set()

    def stop(self) -> None:
        """Write what is there, and then no more; without waiting for it."""
        self._closing.set()
        self._news.set()

    def close(self, wait_s: float = CLOSE_S) -> None:
        """Write what is there, wait for that, and write no more; idempotent."""
        with self._guard:
            self._closing.set()
            thread = self._thread
        self._news.set()
        if thread is None:
            self._write()
        elif thread is not threading.current_thread():
            thread.join(wait_s)
            if thread.is_alive():
                self._complain(TimeoutError(errno.ETIMEDOUT, "it does not answer"))

    def _start(self) -> None:
        thread = threading.Thread(
            target=self._run, name="gitlab_completions.event_log", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:  # there are no more: the next line tries again
            return
        self._thread = thread

    # In the thread.

    def _run(self) -> None:
        while not self._closing.is_set():
            self._news.wait()
            self._closing.wait(LINGER_S)
            self._news.clear()
            if not self._write():
                self._closing.wait(RETRY_S)
                self._news.set()
        self._write()

    def _write(self) -> bool:
        """Write all that waits; tell whether it is written."""
        while self._make():
            batch = self._batch()
            try:
                self._file = self._file or self._make_file()
                written, problem = self._file.append(batch)
            except Exception as error:  # the thread outlives it
                written, problem = 0, error
            for _ in range(batch[:written].count(b"\n")):
                self._made.popleft()
            if problem is not None:
                self._complain(problem)
                return False
            self._recover()
        return True

    def _make(self) -> bool:
        """Make the next lines, which wait until they are written; tell of any."""
        size = sum(map(len, self._made))
        while size < self._most_at_once:
            entry = self._next()
            if entry is None:
                break
            try:
                line = entry()
            except Exception as error:  # the thread outlives it
                logger.warning("A line was not made: %s.", type(error).__name__)
                continue
            if line:
                self._made.append(line)
                size += len(line)
        return bool(self._made)

    def _batch(self) -> bytes:
        """Return the lines that are written together: one at least."""
        together: list[bytes] = []
        size = 0
        for line in self._made:
            size += len(line)
            if together and size > self._most_at_once:
                break
            together.append(line)
        return b"".join(together)

    def _next(self) -> Entry | None:
        with self._guard:
            if self._waiting:
                return self._waiting.popleft()
            lost, self._lost = self._lost, 0
        return None if lost == 0 else lambda: self._tell_lost(lost)

    def _complain(self, problem: BaseException) -> None:
        """Tell of an outage once: by its kind, since a text may hold a path."""
        said = problem.strerror if isinstance(problem, OSError) else None
        words = f"{type(problem).__name__}: {said}" if said else type(problem).__name__
        if self.problem is None:
            logger.warning("The event log cannot be written: %s; told once.", words)
        self.problem = words

    def _recover(self) -> None:
        if self.problem is not None:
            logger.warning("The event log is written again.")
        self.problem = None


def _leave_all() -> None:
    """Write what is there before the interpreter ends, which waits for no daemon."""
    running = list(_RUNNING)
    for writer in running:
        writer.stop()
    for writer in running:
        writer.close(EXIT_S / len(running))


def _start_over_all() -> None:
    for writer in list(_RUNNING):
        writer.start_over()


atexit.register(_leave_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_over_all)
