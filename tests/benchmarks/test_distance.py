"""The distance keeps order, hands on ends, and counts; how long it takes is its own."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.distance import HOST, Distance, Way

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator

RTT_S = 0.02
PIECES = [bytes([number]) * 3000 for number in range(20)]


@asynccontextmanager
async def echo() -> AsyncGenerator[int, None]:
    """Give the port of a server that sends back what it is sent."""
    answering: list[asyncio.Task[None] | None] = []

    async def answer(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        answering.append(asyncio.current_task())
        while data := await reader.read(2000):
            writer.write(data)
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, HOST, 0) as server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.wait({one for one in answering if one is not None})


@pytest.fixture
def distance() -> Iterator[Distance]:
    with Distance(RTT_S) as made:
        yield made


async def ask(port: int, pieces: list[bytes]) -> bytes:
    """Send the pieces over a new connection; return as much as comes back."""
    reader, writer = await asyncio.open_connection(HOST, port)
    for piece in pieces:
        writer.write(piece)
        await asyncio.sleep(0)
    returned = await reader.readexactly(sum(map(len, pieces)))
    writer.close()
    await writer.wait_closed()
    return returned


@pytest.mark.real_time
async def test_what_is_sent_arrives_whole_and_in_order(distance: Distance) -> None:
    async with echo() as port:
        entrance = distance.entrance(port)
        assert await ask(entrance, PIECES) == b"".join(PIECES)


@pytest.mark.real_time
async def test_connections_are_counted_by_lane(distance: Distance) -> None:
    async with echo() as port:
        entrances = [distance.entrance(port), distance.entrance(port)]
        for _ in range(3):
            await ask(entrances[0], PIECES[:1])
        assert [distance.opened(entrance) for entrance in entrances] == [3, 0]


@pytest.mark.real_time
async def test_a_client_that_leaves_ends_the_connection_at_the_server(
    distance: Distance,
) -> None:
    ended: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def read_all(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        everything = await reader.read()
        writer.close()
        await writer.wait_closed()
        ended.set_result(everything)

    async with await asyncio.start_server(read_all, HOST, 0) as server:
        entrance = distance.entrance(server.sockets[0].getsockname()[1])
        _, writer = await asyncio.open_connection(HOST, entrance)
        writer.write(b"abc")
        writer.close()
        await writer.wait_closed()
        assert await ended == b"abc"


@pytest.mark.real_time
async def test_a_refused_connection_is_closed(distance: Distance) -> None:
    with socket.create_server((HOST, 0)) as nobody:
        port = nobody.getsockname()[1]
    reader, writer = await asyncio.open_connection(HOST, distance.entrance(port))
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()


async def test_what_is_due_at_the_same_time_keeps_its_order() -> None:
    came: list[bytes | None] = []
    way = Way(0.0, came.append, opens_at=asyncio.get_running_loop().time() + RTT_S)
    for piece in PIECES:
        way.put(piece)
    way.put(None)
    await asyncio.sleep(RTT_S)
    assert came == [*PIECES, None]


async def test_nothing_sets_out_before_the_handshake_is_over() -> None:
    loop = asyncio.get_running_loop()
    began, came_at = loop.time(), []
    way = Way(RTT_S / 2, lambda _: came_at.append(loop.time()), began + RTT_S)
    way.put(b"early")
    await asyncio.sleep(2 * RTT_S)
    way.put(b"late")
    await asyncio.sleep(RTT_S)
    waits = [pytest.approx(RTT_S * 1.5), pytest.approx(RTT_S * 2.5)]
    assert [at - began for at in came_at] == waits


@pytest.mark.real_time
async def test_a_lane_without_distance_waits_for_its_server() -> None:
    async with echo() as port:
        with Distance(0.0) as none:
            assert await ask(none.entrance(port), PIECES) == b"".join(PIECES)
