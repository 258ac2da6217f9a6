"""Editor windows: a client each, its clock, and what the servers have told it.

Some stay for the whole soak. A visitor opens one now and then and closes it in the
middle of its calls, whatever fails just then: what a client leaves behind adds up.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from gitlab_completions import (
    AllRoutesFailedError,
    ClientClosedError,
    CompletionClient,
    HttpxSender,
    RoutingPolicy,
)
from gitlab_completions.errors import StreamBrokenError
from tests.loopback.scene import ACCESS_TOKEN
from tests.soak.authors import STREAMED, make_request, read
from tests.soak.clocks import SleepyClock
from tests.soak.journal import Told

if TYPE_CHECKING:
    import itertools
    from collections.abc import AsyncGenerator

    from gitlab_completions.events import Event
    from tests.loopback.witness import Witness
    from tests.soak.journal import Journal
    from tests.soak.servers import Servers

POLICY = RoutingPolicy(indirect_per_minute=None)
"""Without the client's own limit on the instance: a call that waits for a slot of it is
refused by nobody but us."""
VISITS = "soak/visits"
VISITS_APART_S = (0.1, 0.03)
"""Shares of the soak's length: the longest pause between visits, and the shortest."""
STAYS_S = 0.8
CALLS = 3
ENDS = (AllRoutesFailedError, ClientClosedError, StreamBrokenError)
CLOSED_S = 4.0
"""Seconds that closing may take on a busy machine, with everything in flight."""


@dataclass(slots=True)
class Window:
    """An open window."""

    client: CompletionClient
    clock: SleepyClock
    told: Told


@asynccontextmanager
async def window_to(
    servers: Servers, witness: Witness, seed: int
) -> AsyncGenerator[Window, None]:
    """Open a window; its client and its sender are closed with the block."""
    loop, told, clock = asyncio.get_running_loop(), Told(), SleepyClock()

    def observe(event: Event) -> None:
        witness.note(event)
        told.hear(event, loop.time())

    async with aclosing(HttpxSender(verify=servers.ca_pem, trust_env=False)) as sender:
        client = CompletionClient._for_testing(
            servers.instance.url,
            ACCESS_TOKEN,
            policy=POLICY,
            sender=sender,
            clock=clock,
            jitter=random.Random(seed).random,
            observers=(observe,),
        )
        async with client:
            yield Window(client, clock, told)


class Visitor:
    """One who opens a window, asks, and closes it before the answers are there."""

    def __init__(
        self, servers: Servers, witness: Witness, journal: Journal, seed: int
    ) -> None:
        self.visits = 0
        self._servers = servers
        self._witness = witness
        self._journal = journal
        self._random = random.Random(seed)
        self._loop = asyncio.get_running_loop()

    async def visit(self, seconds: float, numbers: itertools.count[int]) -> None:
        """Come and go until it is over, in a soak of so many seconds."""
        longest, shortest = (share * seconds for share in VISITS_APART_S)
        while not self._journal.over.is_set():
            await self._visit(numbers)
            pause_s = self._random.uniform(min(shortest, 6.0), min(longest, 20.0))
            await self._journal.pause(pause_s)

    async def _visit(self, numbers: itertools.count[int]) -> None:
        self.visits += 1
        seed = self._random.randrange(2**32)
        async with window_to(self._servers, self._witness, seed) as window:
            calls = [self._ask(window, next(numbers)) for _ in range(CALLS)]
            await asyncio.sleep(self._random.uniform(0.0, STAYS_S))
            closing = self._loop.time()
        took_s = self._loop.time() - closing
        if took_s > CLOSED_S:
            self._journal.violation(f"a client took {took_s:.1f} s to close")
        _, late = await asyncio.wait(calls, timeout=CLOSED_S)
        if late:
            self._journal.violation(f"{len(late)} calls outlived their client")
        self._judge([task for task in calls if task not in late])

    def _ask(self, window: Window, number: int) -> asyncio.Task[object]:
        request, client = make_request(number, VISITS), window.client
        call = client.complete if number % STREAMED else partial(read, client)
        return asyncio.create_task(call(request))

    def _judge(self, calls: list[asyncio.Task[object]]) -> None:
        """A visit's call ends in an answer or a part, in none, or with its client."""
        for error in filter(None, (task.exception() for task in calls)):
            self._witness.look_at(error)
            if not isinstance(error, ENDS):
                self._journal.violation(f"a visitor's call ended in {error!r}")
