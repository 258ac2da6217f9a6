"""The client's end, as each of its calls awaits it: by a future of its own.

Who stops waiting for a future has its callback looked for among all of them: calls that
shared one would each pay for every other in flight.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator


class Closing:
    """The end that all calls await beside what they are for."""

    def __init__(self) -> None:
        self._awaited: set[asyncio.Future[None]] = set()

    @contextmanager
    def awaited(self) -> Generator[asyncio.Future[None]]:
        """Give a call what is done when the end comes."""
        closing: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._awaited.add(closing)
        try:
            yield closing
        finally:
            self._awaited.discard(closing)

    def come(self) -> None:
        """Tell all calls."""
        for closing in self._awaited:
            if not closing.done():
                closing.set_result(None)
