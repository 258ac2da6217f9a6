"""A thousand streams, left at random moments: no socket and no task stays behind.

The server is as small as can be, and on the same loop: the emulator's would take ten
times as long. Its streams go on until they are left, or for some hundred pieces.
"""

from __future__ import annotations

import asyncio
import gc
import random
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import httpx2
import pytest

from gitlab_completions import (
    CompletionClient,
    CompletionRequest,
    DirectMode,
    HttpxSender,
    Intent,
    RoutingPolicy,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gitlab_completions import CompletionStream

AT_A_TIME = 8
"""More than may be on the wire, so that some are left while they wait."""
LAST_TURN = 60
"""Turns of the loop after which all readers have left: some before their stream has
begun, some between any two steps of it. Turns, since machines are fast or busy.
"""
PIECES = 60
PATIENCE_S = 5.0
POLICY = RoutingPolicy(
    direct=DirectMode.NEVER, indirect_per_minute=None, allow_plain_http=True
)
REQUEST = CompletionRequest(
    file_name="a.py", content_above_cursor="# add\n", intent=Intent.GENERATION
)
HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
    b"x-streaming-format: sse\r\ntransfer-encoding: chunked\r\n\r\n"
)


def chunk(name: str, data: str) -> bytes:
    event = f"event: {name}\r\ndata: {data}\r\n\r\n".encode()
    return b"%x\r\n%b\r\n" % (len(event), event)


START = HEAD + chunk("stream_start", "{}")
PIECE = chunk("content_chunk", '{"choices":[{"delta":{"content":"word "},"index":0}]}')
END = chunk("stream_end", "null") + b"0\r\n\r\n"


class Server:
    """Streams, and knows which of its connections are open."""

    def __init__(self) -> None:
        self.url = ""
        self.asked = self.finished = 0
        self.tasks: set[asyncio.Task[None]] = set()

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                while True:
                    await self._answer(reader, writer)
        finally:
            writer.close()
            self.tasks.discard(task)

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        _, _, rest = head.partition(b"content-length:")
        await reader.readexactly(int(rest.partition(b"\r\n")[0]))
        self.asked += 1
        writer.write(START)
        for _ in range(PIECES):
            writer.write(PIECE)
            await writer.drain()
            await asyncio.sleep(0)
        writer.write(END)
        self.finished += 1


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    served = Server()
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0)
    served.url = "http://{}:{}".format(*server.sockets[0].getsockname())
    try:
        yield served
    finally:
        server.close()
        if served.tasks:
            await asyncio.wait(served.tasks, timeout=PATIENCE_S)


async def make_sender(kind: str, stack: AsyncExitStack) -> HttpxSender:
    """Return a sender of ours, or one on a user's client, of either library."""
    whose, _, engine = kind.partition(" ")
    if whose == "own":
        own = HttpxSender(engine="httpx2" if engine == "httpx2" else "httpx")
        return await stack.enter_async_context(own)
    if engine == "httpx2":
        return HttpxSender(await stack.enter_async_context(httpx2.AsyncClient()))
    return HttpxSender(await stack.enter_async_context(httpx.AsyncClient()))


async def read(stream: CompletionStream, most: int) -> int:
    """Read so many pieces, and leave."""
    count = 0
    async with stream:
        async for _ in stream:
            count += 1
            if count == most:
                break
    return count


async def read_and_leave(client: CompletionClient, chance: random.Random) -> None:
    """Read a stream; leave it in one of the ways there are, at some turn."""
    loop = asyncio.get_running_loop()
    stream = client.stream(REQUEST)
    most = chance.choice((1, 7, 10**6, 10**6, 10**6))
    task = loop.create_task(read(stream, most))

    for _ in range(chance.randrange(LAST_TURN)):
        await asyncio.sleep(0)
    way = chance.choice(("stream", "task", "twice"))
    if way == "stream":
        stream.cancel()
    else:
        task.cancel()
    if way == "twice":
        loop.call_soon(task.cancel)
    await asyncio.wait([task])
    assert task.cancelled() or task.exception() is None


def sockets() -> int:
    """Count the process's open sockets, where the system tells."""
    folder = Path("/proc/self/fd")
    if not folder.is_dir():
        return 0
    count = 0
    for path in folder.iterdir():
        with suppress(OSError):  # the one that lists them
            count += str(path.readlink()).startswith("socket:")
    return count


@pytest.mark.parametrize(
    ("kind", "streams"),
    [("own httpx", 1000), ("own httpx2", 400), ("a httpx", 200), ("a httpx2", 200)],
)
async def test_streams_left_at_any_moment_leave_nothing(
    kind: str, streams: int
) -> None:
    chance = random.Random(1000)
    gc.collect()
    gc.disable()  # what is only closed by chance is left behind
    try:
        async with serving() as server:
            before = sockets()
            async with AsyncExitStack() as stack:
                sender = await make_sender(kind, stack)
                bystanders = asyncio.all_tasks()
                client = CompletionClient(
                    server.url, "glpat-1", policy=POLICY, sender=sender
                )
                async with client:
                    await client.stream(REQUEST).completion()  # imports the library
                    for _ in range(streams // AT_A_TIME):
                        leaving = (
                            read_and_leave(client, chance) for _ in range(AT_A_TIME)
                        )
                        await asyncio.gather(*leaving)
                    whole = await client.stream(REQUEST).completion()
                left = asyncio.all_tasks() - bystanders - server.tasks
            async with asyncio.timeout(PATIENCE_S):
                while server.tasks:
                    await asyncio.wait(server.tasks)
            assert sockets() == before
            assert left == set()
    finally:
        gc.enable()
    assert whole.text == "word " * PIECES
    # Some left while they were on the wire, some before, and some read all of it.
    assert streams // 10 < server.asked - server.finished < server.asked < streams
    assert server.finished > 1
    gc.collect()  # what was not closed warns now, and a warning is an error
