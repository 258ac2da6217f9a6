"""A path with a round trip, in a process of its own: a TCP proxy that holds bytes back.

Half of the time each way, in order. A connect over loopback costs nothing and over a
real path a round trip, so what a client sends in the first one leaves the proxy when
that is over: a TLS 1.3 request on a new connection takes three round trips, on an old
one a single one. Not emulated: loss, slow start (20 KB over a new connection would cost
one more round trip), names to resolve.

Each entrance is a port of its own, so that the connections of one client can be counted
apart. Orders and answers are JSON objects, one a line, on stdin and stdout; the end of
stdin is the end of the process.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

HOST = "127.0.0.1"
ROOT = Path(__file__).parents[2]
"""Where `-m tests.benchmarks.distance` finds this module."""


class Way:
    """One direction of one connection: what goes in comes out later, in order.

    Args:
        delay_s: How much later.
        deliver: Takes what comes out; `None` is the end.
        opens_at: The loop's time before which nothing sets out.
    """

    def __init__(
        self,
        delay_s: float,
        deliver: Callable[[bytes | None], object],
        opens_at: float = 0.0,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._delay_s = delay_s
        self._deliver = deliver
        self._opens_at = opens_at
        self._under_way: deque[tuple[float, bytes | None]] = deque()

    def put(self, data: bytes | None) -> None:
        """Set bytes on their way, or the end."""
        due = max(self._loop.time(), self._opens_at) + self._delay_s
        self._under_way.append((due, data))
        if len(self._under_way) == 1:
            self._loop.call_at(due, self._arrive)

    def _arrive(self) -> None:
        # One timer for all: timers that are due at the same time have no order.
        now = self._under_way[0][0]
        while self._under_way and self._under_way[0][0] <= now:
            _, data = self._under_way.popleft()
            self._deliver(data)
        if self._under_way:
            self._loop.call_at(self._under_way[0][0], self._arrive)


class End(asyncio.Protocol):
    """One end of a connection through the proxy."""

    def __init__(self) -> None:
        self.out: Way | None = None
        self._transport: asyncio.WriteTransport | None = None
        self._early: list[bytes | None] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Deliver what came before there was somebody to take it."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        early, self._early = self._early, []
        for data in early:
            self.deliver(data)

    def data_received(self, data: bytes) -> None:
        """Set what is sent here on its way to the other end."""
        if self.out is not None:
            self.out.put(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the other end, half a round trip later."""
        if self.out is not None:
            self.out.put(None)

    def deliver(self, data: bytes | None) -> None:
        """Hand on what has come all the way; `None` closes."""
        if self._transport is None:
            self._early.append(data)
        elif data is None:
            self._transport.close()
        elif not self._transport.is_closing():
            self._transport.write(data)


class Entrance:
    """A port that leads to another one over the distance.

    Args:
        port: The other one.
        rtt_s: Seconds of a round trip.

    Attributes:
        opened: How many connections clients have opened.
    """

    def __init__(self, port: int, rtt_s: float) -> None:
        self._port = port
        self._rtt_s = rtt_s
        self._dials: set[asyncio.Task[None]] = set()
        self.opened = 0

    async def listen(self) -> int:
        """Open the port and return it."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self._accept, HOST, 0, backlog=512)
        port: int = server.sockets[0].getsockname()[1]
        return port

    def _accept(self) -> End:
        self.opened += 1
        near, far, half_s = End(), End(), self._rtt_s / 2
        opens_at = asyncio.get_running_loop().time() + self._rtt_s
        near.out = Way(half_s, far.deliver, opens_at)
        far.out = Way(half_s, near.deliver)
        dial = asyncio.create_task(self._dial(near, far))
        self._dials.add(dial)
        dial.add_done_callback(self._dials.discard)
        return near

    async def _dial(self, near: End, far: End) -> None:
        """Connect at the far end; a refusal closes the near one."""
        try:
            loop = asyncio.get_running_loop()
            await loop.create_connection(lambda: far, HOST, self._port)
        except OSError:
            near.deliver(None)


class Distance:
    """The proxy's process, from outside.

    Args:
        rtt_s: Seconds of a round trip.
    """

    def __init__(self, rtt_s: float) -> None:
        self.rtt_s = rtt_s
        self._process = subprocess.Popen(
            (sys.executable, "-m", "tests.benchmarks.distance"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            cwd=ROOT,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()

    def entrance(self, port: int) -> int:
        """Return a new port that leads to `port` over the distance."""
        return self._ask({"to": port, "rtt_s": self.rtt_s})

    def opened(self, entrance: int) -> int:
        """Return how many connections have been opened to an entrance."""
        return self._ask({"opened": entrance})

    def _ask(self, order: dict[str, float]) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(order)}\n")
        return int(self._process.stdout.readline())


async def serve() -> None:
    """Do as stdin says, until it ends."""
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(orders), sys.stdin
    )
    entrances: dict[int, Entrance] = {}
    while line := await orders.readline():
        order = json.loads(line)
        if "to" in order:
            entrance = Entrance(order["to"], order["rtt_s"])
            answer = await entrance.listen()
            entrances[answer] = entrance
        else:
            answer = entrances[order["opened"]].opened
        print(answer, flush=True)


if __name__ == "__main__":
    asyncio.run(serve())
