"""Carries exchanges between a client and hosts in memory, faults included.

The hosts are the emulator's, which answer records; what a socket would do to them (take
its time, go silent, break) happens here, in the running loop's time. There are no
connections: every exchange is as if on a new one, so that none is ever stale.
"""

from __future__ import annotations

import asyncio
import math
from contextlib import aclosing, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from gitlab_completions._wire.messages import SendError, WireRequest, WireResponse
from gitlab_completions.emulator.answers import Answer, Ending, Request, dated
from gitlab_completions.emulator.faults import (
    HOST_FAULTS,
    Endpoint,
    Fault,
    FaultKind,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator, Mapping

CONNECT_S = 1.0
"""Seconds until a connection that nobody accepts is given up, as in `HttpxSender`."""
LAST_CONNECT_S = 3.2
"""The same where no other route is left."""
MAX_ANSWER = 1024 * 1024
"""Bytes of an answer, as in `HttpxSender`."""
MAX_STREAM = 32 * 1024 * 1024
"""The same of a stream."""
SILENCE_S = 55.0
"""Seconds without a byte after which a stream is given up, as in `HttpxSender`; what is
no stream ends earlier."""
_REFUSALS = 400
_DRIP_S = 0.1
"""Seconds between two pieces of a dripping answer."""
_HALVES = frozenset(
    {FaultKind.HALF_ANSWER, FaultKind.RESET_MIDWAY, FaultKind.CUT_CHUNKS}
)


class Host(Protocol):
    """Answers requests, as the emulator's `Instance` and `Gateway` do."""

    def endpoint_of(self, request: Request) -> Endpoint | None:
        """Return the handle whose faults strike `request`."""
        ...

    def answer(self, request: Request, now_unix: float) -> Answer:
        """Answer `request` at `now_unix` seconds."""
        ...


class _Patience:
    """How long and how much `wire`'s sender would wait for and take.

    Args:
        wire: What was sent, now.
    """

    def __init__(self, wire: WireRequest) -> None:
        self._loop = asyncio.get_running_loop()
        self._until = self._loop.time() + wire.timeout_s
        is_stream = wire.purpose == "stream"
        self._silence_s = SILENCE_S if is_stream else math.inf
        self._most = MAX_STREAM if is_stream else MAX_ANSWER

    @asynccontextmanager
    async def for_news(self, received: int = 0) -> AsyncGenerator[None, None]:
        """Raise a `SendError` when it takes too long until something arrives."""
        until = min(self._until, self._loop.time() + self._silence_s)
        try:
            # A timer at infinity would be one that virtual time can leap to.
            async with asyncio.timeout_at(until if math.isfinite(until) else None):
                yield
        except TimeoutError as error:
            raise SendError("timeout", received) from error

    def check_size(self, answer: Answer, received: int) -> None:
        """Refuse what `HttpxSender` would not read, which unpacks as little as this.

        Raises:
            SendError: `protocol`.
        """
        packed = "content-encoding" in answer.headers
        if answer.status < _REFUSALS and (packed or received > self._most):
            raise SendError("protocol", max(received, self._most + 1))


class _Body:
    """An answer's body on its way.

    Attributes:
        is_over: The host has sent all that it was going to.
    """

    def __init__(
        self, answer: Answer, fault: Fault | None, patience: _Patience
    ) -> None:
        self._answer = answer
        self._fault = fault
        self._patience = patience
        self.is_over = False

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Yield the pieces, each in its time.

        Raises:
            SendError: When the body breaks, or is more than is waited for or taken.
        """
        received = 0
        for wait_s, piece in _schedule(self._answer, self._fault):
            async with self._patience.for_news(received):
                await asyncio.sleep(wait_s)
            received += len(piece)
            self._patience.check_size(self._answer, received)
            yield piece
        if self._answer.ending is Ending.HANGING:
            async with self._patience.for_news(received):
                await asyncio.Event().wait()
        self.is_over = True
        is_half = self._fault is not None and self._fault.kind in _HALVES
        if is_half or self._answer.ending is Ending.BROKEN:
            raise SendError("broken", received)


class Network:
    """Takes requests to the hosts it knows, and counts what is in flight.

    Args:
        hosts: Each by its name in URLs, with its endpoints: `HOST_FAULTS` on one of
            them strike the whole host.
        now_unix: Gives the hosts' time in Unix seconds.
    """

    def __init__(
        self,
        hosts: Mapping[str, tuple[Host, tuple[Endpoint, ...]]],
        now_unix: Callable[[], float],
    ) -> None:
        self.in_flight = 0
        self._hosts = hosts
        self._now_unix = now_unix
        self._hung: set[tuple[Endpoint, asyncio.Future[None]]] = set()
        self._idle: list[asyncio.Future[None]] = []
        for _, endpoints in hosts.values():
            for endpoint in endpoints:
                endpoint.watch(partial(self._release, endpoint))

    @asynccontextmanager
    async def exchange(self, wire: WireRequest) -> AsyncGenerator[WireResponse, None]:
        """Perform one exchange.

        Raises:
            SendError: When a fault breaks it, or after its `timeout_s` seconds.
        """
        patience = _Patience(wire)
        self.in_flight += 1
        try:
            async with patience.for_news():
                endpoint, answer, fault = await self._answer(wire)
            body = _Body(answer, fault, patience)
            try:
                async with aclosing(body.chunks()) as chunks:
                    yield WireResponse(
                        status_code=answer.status,
                        headers={k.lower(): v for k, v in answer.headers.items()},
                        chunks=chunks,
                    )
            finally:
                if endpoint and answer.pieces is not None and not body.is_over:
                    endpoint.abandoned_streams += 1
        finally:
            self.in_flight -= 1
            self._wake()

    async def landed(self) -> None:
        """Wait until nothing is in flight."""
        while self.in_flight:
            idle: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._idle.append(idle)
            await idle

    async def _answer(
        self, wire: WireRequest
    ) -> tuple[Endpoint | None, Answer, Fault | None]:
        await asyncio.sleep(0)
        url = urlsplit(wire.url)
        if url.scheme != "https" or url.netloc not in self._hosts:
            raise SendError("connect")
        host, endpoints = self._hosts[url.netloc]
        await _connect(endpoints, wire)
        request = Request(
            method=wire.method,
            path=url.path or "/",
            headers={
                "host": url.netloc,
                **{name.lower(): value for name, value in wire.headers.items()},
            },
            body=wire.body,
        )
        endpoint = host.endpoint_of(request)
        fault = await self._strike(endpoint, request) if endpoint else None
        if fault and fault.answer:
            return endpoint, dated(fault.answer, self._now_unix()), fault
        answer = host.answer(request, self._now_unix())
        return endpoint, fault.spoil(answer) if fault else answer, fault

    async def _strike(self, endpoint: Endpoint, request: Request) -> Fault | None:
        fault = endpoint.arrive(request)
        await asyncio.sleep(endpoint.wait_s)
        if fault and fault.kind is FaultKind.HANG:
            await self._healed(endpoint)
        if fault and fault.kind is FaultKind.RESET:
            raise SendError("broken")
        return fault

    async def _healed(self, endpoint: Endpoint) -> None:
        healed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._hung.add((endpoint, healed))
        try:
            await healed
        finally:
            self._hung.discard((endpoint, healed))

    def _release(self, endpoint: Endpoint) -> None:
        if endpoint.fault is not None:
            return  # set, not healed
        for hung_at, healed in self._hung:
            if hung_at is endpoint and not healed.done():
                healed.set_result(None)

    def _wake(self) -> None:
        waiting, self._idle = self._idle, []
        for idle in waiting:
            if not idle.done():
                idle.set_result(None)


async def _connect(endpoints: tuple[Endpoint, ...], wire: WireRequest) -> None:
    kinds = {endpoint.fault.kind for endpoint in endpoints if endpoint.fault}
    kind = next((kind for kind in HOST_FAULTS if kind in kinds), None)
    if kind is None:
        return
    if kind in {FaultKind.BLACKHOLE, FaultKind.DEAF}:
        await asyncio.sleep(LAST_CONNECT_S if wire.last_resort else CONNECT_S)
    raise SendError("tls" if kind is FaultKind.UNTRUSTED else "connect")


def _schedule(answer: Answer, fault: Fault | None) -> Iterator[tuple[float, bytes]]:
    """Give the pieces of the body, each with the seconds before it."""
    body = answer.body
    if fault and fault.kind in _HALVES:
        yield 0.0, body[: len(body) // 2]
    elif fault and fault.kind is FaultKind.DRIP:
        size = max(1, int(fault.bytes_per_s * _DRIP_S))
        for start in range(0, len(body), size):
            piece = body[start : start + size]
            yield len(piece) / fault.bytes_per_s, piece
    else:
        yield from answer.timed_pieces()
