"""An author at work on a client in virtual time, and what is noted of the work."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from gitlab_completions import events
from gitlab_completions._wire.messages import SendError
from gitlab_completions.models import CompletionRequest, Route
from gitlab_completions.policy import RoutingPolicy
from gitlab_completions.testing import FakeGitLab, wait_all_tasks_blocked

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from gitlab_completions._wire.messages import WireRequest, WireResponse
    from gitlab_completions.client import CompletionClient
    from gitlab_completions.events import Event
    from gitlab_completions.models import Completion

REQUEST = CompletionRequest.at_cursor("def f():", 8, file_name="f.py")
PER_5_MIN, PER_MIN = 10, 30
"""Fetches of connection details that a client may make (design.md, section 5)."""


class NotedGitLab(FakeGitLab):
    """A GitLab that notes when it was asked for direct access, and can be cut off."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched_at: list[float] = []
        self._lives: set[asyncio.Timeout] = set()

    @asynccontextmanager
    async def exchange(
        self, request: WireRequest
    ) -> AsyncGenerator[WireResponse, None]:
        """Answer, and note what was asked."""
        if request.purpose == "details":
            self.fetched_at.append(self.clock.now())
        life = asyncio.timeout(None)
        self._lives.add(life)
        try:
            async with life, super().exchange(request) as response:
                yield response
        except TimeoutError:
            raise SendError("broken") from None
        finally:
            self._lives.discard(life)

    def break_connections(self) -> None:
        """Break what is in flight: all servers have forgotten it."""
        now = asyncio.get_running_loop().time()
        for life in self._lives:
            life.reschedule(now)


class Author:
    """Makes calls, each to its end, and keeps what came of them.

    Args:
        gitlab: Who answers.
        client: Whom the author's editor asks.
    """

    def __init__(self, gitlab: NotedGitLab, client: CompletionClient) -> None:
        self.gitlab = gitlab
        self.client = client
        self.made: list[Completion] = []
        self.events: list[Event] = []
        self._in_flight: list[asyncio.Task[object]] = []
        client.observe(self.events.append)

    def leave_in_flight(self) -> None:
        """Begin a call whose end nobody waits for."""
        call = self.client.complete(REQUEST)
        self._in_flight.append(asyncio.create_task(call))

    def leave_warming_up(self) -> None:
        """Begin a warm-up whose end nobody waits for."""
        self._in_flight.append(asyncio.create_task(self.client.warm_up()))

    async def left(self) -> None:
        """Wait for all that was left in flight, however it ends."""
        if self._in_flight:
            await asyncio.gather(*self._in_flight, return_exceptions=True)

    async def call(self) -> Route:
        """Make a call; an error is the test's."""
        self.made.append(await self.client.complete(REQUEST))
        assert self.made[-1].text == "return a + b"
        return self.made[-1].route

    async def type(self, calls: int, every_s: float) -> None:
        """Make calls, one after each pause."""
        for _ in range(calls):
            await asyncio.sleep(every_s)
            await self.call()

    @property
    def routes(self) -> list[Route]:
        """The route of each call."""
        return [done.route for done in self.made]

    @property
    def indirect(self) -> list[int]:
        """Which calls did not go direct."""
        return [at for at, route in enumerate(self.routes) if route is Route.INDIRECT]

    @property
    def failures(self) -> list[events.AttemptFailed]:
        """The attempts that failed."""
        return [one for one in self.events if isinstance(one, events.AttemptFailed)]

    @property
    def trips(self) -> int:
        """How often a circuit has tripped."""
        return sum(isinstance(one, events.CircuitTripped) for one in self.events)

    @property
    def jumps(self) -> int:
        """How often the client has noticed a suspend."""
        return sum(isinstance(one, events.ClockJumped) for one in self.events)

    def assert_within_budget(self) -> None:
        """Check that connection details were never asked for too often."""
        times = self.gitlab.fetched_at
        for most, span_s in ((PER_5_MIN, 300.0), (PER_MIN, 60.0)):
            for first, after in zip(times, times[most:], strict=False):
                assert after - first >= span_s - 1e-6


@asynccontextmanager
async def at_work(
    gitlab: NotedGitLab, policy: RoutingPolicy | None = None
) -> AsyncGenerator[Author, None]:
    """Give an author whose client is new; at the end nothing is left behind."""
    async with gitlab.client(policy=policy or RoutingPolicy()) as client:
        yield Author(gitlab, client)
    assert gitlab.in_flight == 0
    await wait_all_tasks_blocked()
    assert asyncio.all_tasks() == {asyncio.current_task()}
