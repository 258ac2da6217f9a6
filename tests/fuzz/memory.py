"""How much memory reading takes, over what the bytes themselves take."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

TIMES = 10
ROOM = 1024 * 1024
"""Bytes that reading may take whatever its input.

As many values as `jsons` admits take 350 KiB more than ten times their bytes, at worst,
and joining the halves of characters in the longest text that may be inserted 768.
"""


def allowed(size: int) -> int:
    """Return the bytes that reading an input of some size may take at its peak."""
    return TIMES * size + ROOM


def peak(read: Callable[[bytes], None], data: bytes) -> int:
    """Return the bytes that reading took at its peak."""
    running = tracemalloc.is_tracing()
    if not running:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        read(data)
        return tracemalloc.get_traced_memory()[1] - before
    finally:
        if not running:
            tracemalloc.stop()
