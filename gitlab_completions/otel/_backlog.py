"""What observers were told and nobody has written down yet: a thread does that.

A span and a measurement cost OpenTelemetry's SDK 20 microseconds and more each, and an
exporter may block. A call has two spans and two measurements at least: written where
they are told, they would hold up every call by 0.1 ms. Here an observer only appends to
a queue. One thread for the whole process gathers what comes for a moment, writes it,
and sleeps until there is more: it is woken a few times a second at most, and not at all
while nobody types.

The queue is bounded: what comes while it is full is counted, and dropped. A forked
child starts with an empty one; what waits is its parent's to write.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from collections import deque
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.context import Context

    from gitlab_completions.events import Event

    Write = Callable[[Event, int, Context], None]

MOST = 8192
"""Events that may wait: two thousand calls', a few megabytes, more than come in the
time that a thread needs to wake up."""
GATHER_S = 0.2
"""Seconds between waking up and writing, in which more may come."""
SLICE = 32
"""Events written at a time, which is a millisecond's work: then the event loop, which
may be waiting to go on, gets its turn. To take turns more often costs more."""
PAUSE_S = 0.0005
"""Seconds of that turn, at least."""
WAIT_S = 1.0
"""Seconds that `flush` waits for who writes already: it may hang in an exporter."""
EXIT_S = 2.0
"""The same at the interpreter's exit."""

logger = logging.getLogger("gitlab_completions")


class Backlog:
    """A queue, and the thread that empties it.

    Attributes:
        dropped: How many events were dropped, about.
    """

    def __init__(self) -> None:
        self._has_complained = False
        self._is_stuck = False
        self.dropped = 0
        self.start_over()
        _BACKLOGS.add(self)

    def start_over(self) -> None:
        """Begin empty, with locks and a thread of this process."""
        self._waiting: deque[tuple[Write, Event, int, Context]] = deque()
        self._writing = threading.Lock()
        self._starting = threading.Lock()
        self._awake = threading.Event()
        self._thread: threading.Thread | None = None

    def put(self, write: Write, event: Event, at_ns: int, context: Context) -> None:
        """Have an event written soon; never waits for who writes."""
        if len(self._waiting) >= MOST:
            self.dropped += 1
            return
        self._waiting.append((write, event, at_ns, context))
        if not self._awake.is_set():
            self._wake()

    def flush(self, wait_s: float | None = None) -> bool:
        """Write what waits, here and now; `False` when another takes too long.

        Who did once is not waited for again until it has gone on: a reader that
        collects asks for each of its metrics.
        """
        if wait_s is None:
            wait_s = 0.0 if self._is_stuck else WAIT_S
        self._is_stuck = not self._writing.acquire(timeout=wait_s)
        if self._is_stuck:
            return False
        try:
            self._write_some(len(self._waiting))
        finally:
            self._writing.release()
        return True

    def _wake(self) -> None:
        self._awake.set()
        if self._thread is not None:
            return
        with self._starting:
            if self._thread is None:
                self._thread = self._start()
        if self._thread is None:
            self._awake.clear()  # so that the next event tries again

    def _start(self) -> threading.Thread | None:
        """Start the thread; `None` where none can be had, as when all ends."""
        thread = threading.Thread(
            target=self._work, name="gitlab_completions.otel", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:
            return None
        return thread

    def _work(self) -> None:
        while True:
            self._awake.wait()
            time.sleep(GATHER_S)
            self._awake.clear()  # what comes from now on wakes it again
            while self._waiting:
                with self._writing:
                    self._write_some(SLICE)
                self._is_stuck = False
                time.sleep(PAUSE_S)

    def _write_some(self, most: int) -> None:
        for _ in range(min(most, len(self._waiting))):
            write, event, at_ns, context = self._waiting.popleft()
            try:
                write(event, at_ns, context)
            except Exception as error:  # a sampler's, a processor's: others' code
                self._complain(error)

    def _complain(self, error: Exception) -> None:
        """Log the first exception by its type: the text may hold anything."""
        if self._has_complained:
            return
        self._has_complained = True
        kind = type(error).__name__
        logger.warning("Telemetry could not be written: %s; told once only.", kind)


def flush_at_exit() -> None:
    """Write all that waits before the providers shut down that were made before.

    They register their own ends; what is registered later is called earlier.
    """
    atexit.unregister(_flush_all)
    atexit.register(_flush_all)


def _flush_all() -> None:
    for one in tuple(_BACKLOGS):
        one.flush(EXIT_S)


def _start_over() -> None:
    for one in tuple(_BACKLOGS):
        one.start_over()


_BACKLOGS: WeakSet[Backlog] = WeakSet()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_over)

BACKLOG = Backlog()
"""The process's."""
