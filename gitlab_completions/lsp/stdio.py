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
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("Pipe", "claim_stdout", "read_stdin")

_STDIN, _STDOUT, _STDERR = 0, 1, 2
_CHUNK = 64 * 1024
_LONGEST_LINE = 64 * 1024
"""Bytes of the longest header; headers are shorter than a hundred."""


class Pipe:
    """Writes to the client; who has left is told nothing more.

    Args:
        descriptor: Where to.
        lost: Is called once when the client has left.
    """

    def __init__(self, descriptor: int, lost: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._lost = lost
        self._open = True

    def write(self, data: bytes) -> None:
        """Write all of it, which waits for a client that does not read."""
        left = memoryview(data)
        while left and self._open:
            try:
                left = left[os.write(self._descriptor, left) :]
            except OSError:
                self._open = False
                self._lost()

    def close(self) -> None:
        """Let go of the pipe."""
        self._open = False
        with contextlib.suppress(OSError):
            os.close(self._descriptor)


def claim_stdout() -> int:
    """Take stdout for the protocol; return its descriptor.

    From now on what is printed goes to stderr, of children too.
    """
    sys.stdout.flush()
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
