"""A store in memory: for the clients of one process, and for tests."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from gitlab_completions._shell.clock import SystemClock
from gitlab_completions.shared._protocol import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitlab_completions.shared._protocol import Release

_MOST = 1024
"""Entries; a client has three for each project, so what is over is long unused."""


class MemoryStore:
    """Shares among the clients of one process, on any loops and threads.

    Args:
        clock: Gives seconds; by default the machine's clock that counts suspend.
    """

    def __init__(self, clock: Callable[[], float] | None = None) -> None:
        self._now = clock or SystemClock().now
        self._entries: dict[str, tuple[bytes, float]] = {}
        self._claimed: set[str] = set()
        self._guard = threading.Lock()

    async def read(self, keys: Sequence[str], /) -> Reading:
        """Return the entries of the keys."""
        now = self._now()
        with self._guard:
            found = [self._entries.get(key) for key in keys]
        return Reading(
            entries=tuple(
                one[0] if one is not None and now < one[1] else None for one in found
            ),
            now=now,
            clock="memory",
        )

    async def write(self, key: str, entry: bytes, /, *, keep_s: float) -> None:
        """Keep an entry for so many seconds; the oldest goes where there are many."""
        with self._guard:
            self._entries.pop(key, None)
            self._entries[key] = entry, self._now() + keep_s
            while len(self._entries) > _MOST:
                del self._entries[next(iter(self._entries))]

    async def claim(self, key: str, /, *, lease_s: float) -> Release | None:
        """Claim a key; the claims of a process end with the process."""
        del lease_s
        with self._guard:
            if key in self._claimed:
                return None
            self._claimed.add(key)

        async def release() -> None:
            with self._guard:
                self._claimed.discard(key)

        return release

    def __repr__(self) -> str:
        return f"MemoryStore(<{len(self._entries)} entries>)"
