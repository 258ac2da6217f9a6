"""A server on loopback that behaves as each test says, connection by connection."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from gitlab_completions.models import Route
from gitlab_completions.senders import Sender, WireRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from gitlab_completions.senders import Purpose

    Behaviour = Callable[["Peer"], Awaitable[None]]

TOKEN = "canary-token-5711"
SOURCE = b"canary-source-8822"
NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For the user's clients: their own default takes 25 ms to make."""


class Peer:
    """A connection as the server has it."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        asked: asyncio.Event,
    ) -> None:
        self.reader = reader
        self.writer = writer
        self.asked = asked
        self.heads: list[bytes] = []
        self.gone = asyncio.Event()

    async def request(self) -> bytes:
        """Read a whole request; return its head."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                await self.reader.readexactly(int(line.partition(b":")[2]))
        self.asked.set()
        return head

    async def write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """End the connection with RST, as what has forgotten it does."""
        raw = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


class Loopback:
    """The server: the n-th connection gets the n-th behaviour, later ones the last."""

    def __init__(self, *behaviours: Behaviour) -> None:
        self.behaviours = behaviours
        self.peers: list[Peer] = []
        self.url = ""
        self.tasks: set[asyncio.Task[None]] = set()
        self.asked = asyncio.Event()

    @property
    def connections(self) -> int:
        return len(self.peers)

    @property
    def heads(self) -> list[bytes]:
        return [head for peer in self.peers for head in peer.heads]

    async def requested(self, count: int = 1) -> None:
        """Wait until as many requests have come."""
        while len(self.heads) < count:
            self.asked.clear()
            await self.asked.wait()

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        peer = Peer(reader, writer, self.asked)
        behave = self.behaviours[min(self.connections, len(self.behaviours) - 1)]
        self.peers.append(peer)
        try:
            await behave(peer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client has left, or the test is over
        finally:
            writer.close()
            peer.gone.set()
            self.tasks.discard(task)


@asynccontextmanager
async def loopback(
    *behaviours: Behaviour, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Loopback]:
    served = Loopback(*behaviours)
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    served.url = f"http{'s' if tls else ''}://127.0.0.1:{port}/v2/code/completions"
    try:
        yield served
    finally:
        server.close()
        for task in served.tasks:
            task.cancel()
        await asyncio.gather(*served.tasks, return_exceptions=True)


def answer(body: bytes = b"{}", *, status: int = 200, extra: bytes = b"") -> bytes:
    head = f"HTTP/1.1 {status} Said\r\ncontent-length: {len(body)}\r\n".encode()
    return head + extra + b"\r\n" + body


def answering(data: bytes) -> Behaviour:
    """Answer every request on the connection with the data."""

    async def behave(peer: Peer) -> None:
        while True:
            await peer.request()
            await peer.write(data)

    return behave


async def silent(peer: Peer) -> None:
    """Take the request and never answer."""
    await peer.request()
    await peer.reader.read()


def wire(
    url: str,
    *,
    route: Route = Route.DIRECT,
    timeout_s: float = 5.0,
    purpose: Purpose = "completion",
    headers: dict[str, str] | None = None,
    last_resort: bool = False,
) -> WireRequest:
    return WireRequest(
        route=route,
        method="POST",
        url=url,
        headers={"Authorization": f"Bearer {TOKEN}", "User-Agent": "ours/1"}
        | (headers or {}),
        body=SOURCE,
        timeout_s=timeout_s,
        purpose=purpose,
        last_resort=last_resort,
    )


async def fetch(sender: Sender, request: WireRequest) -> tuple[int, bytes]:
    """Perform a whole exchange."""
    async with sender.exchange(request) as response:
        body = b"".join([chunk async for chunk in response.chunks])
        return response.status_code, body


@asynccontextmanager
async def closing(*senders: Sender) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for sender in senders:
            stack.push_async_callback(sender.aclose)
        yield
