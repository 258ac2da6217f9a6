"""A sender that the test answers, and the parts of a client built around it."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from gitlab_completions.models import CompletionRequest
from gitlab_completions.senders import WireResponse
from gitlab_completions.testing import completion_json, wait_all_tasks_blocked
from gitlab_completions.testing.payloads import grant_json

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping

    from gitlab_completions.events import Event
    from gitlab_completions.senders import WireRequest

ROOT = "https://gitlab.example.com"
GATEWAY = "https://gateway.example.com"
AGENT = "gitlab_completions/test"
REQUEST = CompletionRequest(file_name="f.py", content_above_cursor="def f():")


class Exchange:
    """One exchange, under way until the test ends it."""

    def __init__(self, wire: WireRequest) -> None:
        self.wire = wire
        loop = asyncio.get_running_loop()
        self.answer: asyncio.Future[WireResponse] = loop.create_future()
        self.cancelled = 0

    def reply(
        self, status: int, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> None:
        self.answer.set_result(
            WireResponse(status_code=status, headers=headers or {}, chunks=_one(body))
        )

    def complete(self, text: str = "return 1") -> None:
        body = json.dumps(completion_json(text)).encode()
        self.reply(200, body, {"content-type": "application/json"})

    def grant(self, lifetime_s: int = 3600) -> None:
        body = json.dumps(grant_json(GATEWAY, lifetime_s=lifetime_s)).encode()
        self.reply(201, body, {"content-type": "application/json"})

    def begin(self, kind: str = "text/event-stream", **headers: str) -> Feed:
        """Answer with a body that comes as the test feeds it."""
        feed = Feed()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answer.set_result(
            WireResponse(
                status_code=200,
                headers={"content-type": kind, **named},
                chunks=feed.chunks(),
            )
        )
        return feed

    def refuse(self, status: int) -> None:
        self.reply(status, b'{"detail": "s3cret"}')

    def fail(self, error: BaseException) -> None:
        self.answer.set_exception(error)


class Feed:
    """A body that comes piece by piece, and how much of it was read."""

    def __init__(self) -> None:
        self._parts: asyncio.Queue[bytes | BaseException | None] = asyncio.Queue()
        self.read = 0

    def send(self, *parts: bytes) -> None:
        for part in parts:
            self._parts.put_nowait(part)

    def end(self) -> None:
        self._parts.put_nowait(None)

    def fail(self, error: BaseException) -> None:
        self._parts.put_nowait(error)

    async def chunks(self) -> AsyncIterator[bytes]:
        while (part := await self._parts.get()) is not None:
            if isinstance(part, BaseException):
                raise part
            self.read += 1
            yield part


async def _one(body: bytes) -> AsyncIterator[bytes]:
    yield body


class HeldSender:
    """A sender whose exchanges wait for the test."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []
        self.in_flight = 0

    @asynccontextmanager
    async def exchange(self, wire: WireRequest) -> AsyncGenerator[WireResponse, None]:
        one = Exchange(wire)
        self.exchanges.append(one)
        self.in_flight += 1
        try:
            yield await one.answer
        except asyncio.CancelledError:
            one.cancelled += 1
            raise
        finally:
            self.in_flight -= 1

    async def aclose(self) -> None:
        """Do nothing."""

    async def next(self) -> Exchange:
        """Return the exchange that began last, when all else waits."""
        await wait_all_tasks_blocked()
        return self.exchanges[-1]


class Diary:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    @property
    def kinds(self) -> list[str]:
        return [type(event).__name__ for event in self.events]
