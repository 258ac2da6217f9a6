"""A sender that answers from memory, so that all that is left to measure is ours."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from gitlab_completions.senders import WireRequest, WireResponse
from gitlab_completions.testing import completion_json, grant_json

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator


class AtOnce:
    """Answers every request well.

    Args:
        held: Whether completions wait for `release`.
    """

    def __init__(self, *, held: bool = False) -> None:
        grant = json.dumps(grant_json("https://gateway.example.com"))
        self._grant = grant.encode()
        self._completion = json.dumps(completion_json("x")).encode()
        self._answering = asyncio.Event()
        if not held:
            self._answering.set()
        self._changed = asyncio.Event()
        self.grants = 0
        self.inside = 0
        """Completions that are on the wire now."""
        self.most_inside = 0
        """The most that were."""

    def release(self) -> None:
        """Answer what is held, and all that comes."""
        self._answering.set()

    async def holds(self, count: int) -> None:
        """Wait until as many completions are on the wire."""
        while self.inside != count:
            self._changed.clear()
            await self._changed.wait()

    @asynccontextmanager
    async def exchange(
        self, request: WireRequest
    ) -> AsyncGenerator[WireResponse, None]:
        """Answer."""
        body, status = self._completion, 200
        if request.purpose == "details":
            self.grants += 1
            body, status = self._grant, 201
        elif request.purpose == "completion":
            self._count(1)
            await self._answering.wait()
            self._count(-1)
        yield WireResponse(
            status_code=status,
            headers={"content-type": "application/json"},
            chunks=_pieces(body),
        )

    def _count(self, change: int) -> None:
        self.inside += change
        self.most_inside = max(self.most_inside, self.inside)
        self._changed.set()

    async def aclose(self) -> None:
        """Do nothing."""


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    yield body
