"""A sender around the client's that counts, keeps time, and notes what was answered."""

from __future__ import annotations

import asyncio
import dataclasses
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from gitlab_completions._records import Record
from gitlab_completions._wire.messages import Answer, SendError, WireResponse
from gitlab_completions.models import TokenHeader

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable
    from datetime import datetime

    from gitlab_completions._wire.messages import Purpose, WireRequest
    from gitlab_completions.models import Route
    from gitlab_completions.senders import Sender

MOST_REQUESTS = 12
REQUEST_S = 10.0
"""Seconds for any answer: as long as a completion may take by default."""
OUTSTAYED_S = 1.0
"""Seconds beyond its own after which a sender that does not keep time is stopped."""
_TOKENS = tuple(header.value for header in TokenHeader)


class Entry(Record):
    """An exchange that was answered.

    Args:
        route: Whose host answered.
        purpose: What it was for.
        method: The request's.
        url: The request's.
        answer: The answer, read whole.
        elapsed_s: Seconds from the send to the last byte.
        wall: The time of day here, in the middle of it.
    """

    route: Route
    purpose: Purpose
    method: str
    url: str
    answer: Answer
    elapsed_s: float
    wall: datetime

    def __repr__(self) -> str:
        return f"Entry({self.purpose} on {self.route}: {self.answer!r})"


class Notebook:
    """A `Sender` that sends twelve requests at most, by another one, until a moment.

    What has been asked by `GET` with a token, and answered, is not asked again.

    Args:
        sender: Sends.
        now: Tells monotonic seconds.
        wall: Tells the time of day.
        until: When the last answer must have come, in monotonic seconds.
    """

    def __init__(
        self,
        sender: Sender,
        now: Callable[[], float],
        wall: Callable[[], datetime],
        until: float,
    ) -> None:
        self._sender = sender
        self._now = now
        self._wall = wall
        self._until = until
        self._known: dict[tuple[str | None, ...], Answer] = {}
        self.requests = 0
        self.entries: list[Entry] = []

    def last(self, ending: str) -> Entry | None:
        """Return the last answer from a URL that ends so."""
        found = (one for one in reversed(self.entries) if one.url.endswith(ending))
        return next(found, None)

    @asynccontextmanager
    async def exchange(
        self, request: WireRequest
    ) -> AsyncGenerator[WireResponse, None]:
        """Send a request, and read the answer whole.

        Raises:
            SendError: When it breaks, or is one too many, or too late.
        """
        question = (request.method, request.url, *map(request.headers.get, _TOKENS))
        answer = self._known.get(question) or await self._ask(request)
        if request.method == "GET":
            self._known[question] = answer
        yield WireResponse(
            status_code=answer.status_code,
            headers=answer.headers,
            chunks=_pieces(answer.body),
        )

    async def aclose(self) -> None:
        """Do nothing: the sender is the client's."""

    async def _ask(self, request: WireRequest) -> Answer:
        started, left_s = self._now(), self._until - self._now()
        if left_s <= 0:
            raise SendError("timeout")
        if self.requests >= MOST_REQUESTS:
            raise SendError("pool")
        self.requests += 1
        timeout_s = min(request.timeout_s, REQUEST_S, left_s)
        wire = dataclasses.replace(request, timeout_s=timeout_s)
        began = self._wall()
        try:
            async with asyncio.timeout(timeout_s + OUTSTAYED_S):
                answer = await self._answer(wire)
        except TimeoutError:
            raise SendError("timeout") from None
        except SendError:
            raise
        except Exception as error:  # a sender of the user's own, at fault
            raise SendError("protocol") from error
        self.entries.append(
            Entry(
                route=request.route,
                purpose=request.purpose,
                method=request.method,
                url=request.url,
                answer=answer,
                elapsed_s=self._now() - started,
                wall=began + (self._wall() - began) / 2,
            )
        )
        return answer

    async def _answer(self, wire: WireRequest) -> Answer:
        async with self._sender.exchange(wire) as response:
            return Answer(
                status_code=response.status_code,
                headers=response.headers,
                body=await response.read(),
            )


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    yield body
