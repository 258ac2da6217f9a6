"""The client's two pipes, kept for the protocol alone.

Whatever else the process prints on stdout, be it a library's, or a child's, goes to
stderr: one stray line would put the client out of step for good.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("Pipe", "claim_stdout", "read_stdin")

_STDIN, _STDOUT, _STDERR = 0, 1, 2
_CHUNK = 64 * 1024
_LONGEST_LINE = 64 * 1024
"""Bytes of the longest header; headers are shorter than a hundred."""
_MOST_UNREAD = 64 * 1024 * 1024
"""Bytes that wait for a client; one that is busy for a minute leaves less than one."""
_CLOSE_S = 2.0
"""Seconds that a client has at the end to read what it was told."""


class Pipe:
    """Writes to the client, in a thread of its own: nobody waits for who does not read.

    Who has left is told nothing more; who leaves megabytes unread has left as well.

    Args:
        descriptor: Where to.
        lost: Is called once when the client has left, in any thread.
    """

    def __init__(self, descriptor: int, lost: Callable[[], object]) -> None:
        self._descriptor = descriptor
        self._lost = lost
        self._is_open = True
        self._bodies: SimpleQueue[bytes] = SimpleQueue()
        self._taken = self._written = 0
        self._thread = threading.Thread(target=self._run, name="stdout", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        """Have all of it written, behind what is waiting."""
        if not self._is_open:
            return
        if self._taken - self._written > _MOST_UNREAD:
            self._is_open = False
            self._lost()
            return
        self._taken += len(data)
        self._bodies.put(data)

    def close(self) -> None:
        """Let go of the pipe, once the client has read what it was told."""
        self._is_open = False
        self._bodies.put(b"")
        self._thread.join(_CLOSE_S)
        if not self._thread.is_alive():  # else it may yet write, to whoever is next
            with contextlib.suppress(OSError):
                os.close(self._descriptor)

    def _run(self) -> None:
        while data := self._bodies.get():
            left = memoryview(data)
            try:
                while left:
                    left = left[os.write(self._descriptor, left) :]
            except OSError:
                self._is_open = False
                self._lost()
                return
            self._written += len(data)


def claim_stdout() -> int:
    """Take stdout for the protocol; return its descriptor.

    From now on what is printed goes to stderr, of children too; nowhere without one.
    """
    sys.stdout.flush()
    try:
        os.fstat(_STDERR)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), _STDERR)
    descriptor = os.dup(_STDOUT)
    os.dup2(_STDERR, _STDOUT)
    sys.stdout = sys.stderr
    return descriptor


def read_stdin() -> asyncio.StreamReader:
    """Return what reads the client; a daemon thread pumps, on every system alike.

    The thread reads on whatever the loop does, so that client and server never wait
    for each other with both pipes full.
    """
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_LONGEST_LINE)

    def pump() -> None:
        with contextlib.suppress(OSError, RuntimeError):  # the loop may be over
            while chunk := os.read(_STDIN, _CHUNK):
                loop.call_soon_threadsafe(reader.feed_data, chunk)
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(reader.feed_eof)

    threading.Thread(target=pump, name="stdin", daemon=True).start()
    return reader
