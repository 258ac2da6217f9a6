"""Who may use the connections to the instance that are kept beside completions.

Completions pass a gate, and a sender has two connections more than the gate lets
through. What does not pass it (fetches of connection details, warm-ups, inquiries) has
to make do with these: a third exchange would take a completion's place in the HTTP
library's pool, where nobody sees who waits for whom. So all of them ask here first.

A call may be waiting for a fetch, and nobody's typing waits for the rest. So the rest
has all places but one: when the instance swallows questions, a fetch still goes out at
once.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from gitlab_completions._transport.sender import SPARE_CONNECTIONS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

REST_AT_ONCE = SPARE_CONNECTIONS - 1


class SpareConnections:
    """The spare connections to one instance."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(SPARE_CONNECTIONS)
        self._rest = asyncio.Semaphore(REST_AT_ONCE)

    @asynccontextmanager
    async def for_fetch(self) -> AsyncGenerator[None, None]:
        """Wait for a connection on which direct access may be asked for."""
        async with self._places:
            yield

    @asynccontextmanager
    async def for_the_rest(self) -> AsyncGenerator[None, None]:
        """Wait for a connection on which no call's answer depends."""
        async with self._rest, self._places:
            yield
