"""What a stream's exchange hands to who reads it, a few pieces ahead at most.

The exchange runs in its own task, and would read as fast as the server writes. So it
asks for room before it reads on: a reader that is slow holds back the server, through
the connection. A few pieces may wait, so that a short text has left the wire, and made
room for the next stream, however long its reader takes to paint it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitlab_completions.models import Completion

ROOM = 16
"""Pieces that may wait when more is read: some 0.2 s of a model that writes fast, at a
token each. The next chunk's come on top (64 KiB at most)."""


class Handover:
    """The pieces of one call, and how it ended.

    Attributes:
        completion: What the call has got, once it has ended well.
        so_far: What it had got when it was left.
        error: Why it got nothing, or not all of it.
        ended: No more pieces come.
    """

    def __init__(self) -> None:
        self._waiting: deque[str] = deque()
        self._taken: list[str] = []
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self.completion: Completion | None = None
        self.so_far: Completion | None = None
        self.error: Exception | None = None
        self.ended = False

    def __repr__(self) -> str:
        return f"Handover(<{len(self._waiting)} pieces wait>, ended={self.ended})"

    # Who reads.

    @property
    def text(self) -> str:
        """What has been taken so far; may be asked in any thread."""
        return "".join(self._taken)

    async def take(self) -> str | None:
        """Return the next piece, when there is one; `None` when none comes any more."""
        while not self._waiting:
            if self.ended:
                return None
            self._news.clear()
            await self._news.wait()
        piece = self._waiting.popleft()
        self._taken.append(piece)
        if len(self._waiting) < ROOM:
            self._room.set()
        return piece

    def leave(self) -> None:
        """Read no more: what has come counts as taken, and what comes is dropped."""
        self._taken += self._waiting
        self._waiting.clear()
        self.end()

    # Who writes.

    @property
    def everything(self) -> str:
        """All that has come, taken or not."""
        return self.text + "".join(self._waiting)

    def put(self, pieces: Iterable[str]) -> None:
        """Hand over what has come; nobody wants it once that has ended."""
        if not self.ended:
            self._waiting.extend(pieces)
            self._news.set()

    async def room(self) -> None:
        """Wait until more may come."""
        while len(self._waiting) >= ROOM and not self.ended:
            self._room.clear()
            await self._room.wait()

    def end(self) -> None:
        """Tell both sides that nothing more comes."""
        self.ended = True
        self._news.set()
        self._room.set()
