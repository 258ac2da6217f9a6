"""Exchanges over real connections: good, broken, stale, slow, too long, cancelled."""

from __future__ import annotations

import asyncio
import gc
import gzip
from typing import TYPE_CHECKING

import httpx
import pytest

from gitlab_completions._transport import exchange, sender as sending, succession
from gitlab_completions._transport.bodies import MAX_ANSWER, MAX_ERROR
from gitlab_completions.models import Route
from gitlab_completions.senders import HttpxSender, Sender, SendError
from tests._transport.loopback import (
    NO_AUTHORITIES,
    Loopback,
    answer,
    answering,
    closing,
    fetch,
    loopback,
    silent,
    wire,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gitlab_completions._transport.engines import EngineName
    from gitlab_completions._wire.messages import Purpose
    from tests._transport.loopback import Behaviour, Peer

pytestmark = pytest.mark.real_time

GOOD = answer(b'{"choices": []}')
PATIENCE_S = 10.0


@pytest.fixture
async def sender(engine: EngineName) -> AsyncIterator[HttpxSender]:
    own = HttpxSender(engine=engine)
    async with closing(own):
        yield own


def send_then(*steps: bytes | str) -> Behaviour:
    """Take one request, write the bytes, then `reset` or `end` the connection."""

    async def behave(peer: Peer) -> None:
        await peer.request()
        for step in steps:
            if isinstance(step, bytes):
                await peer.write(step)
            elif step == "reset":
                peer.reset()

    return behave


async def failure(
    sender: Sender, server: Loopback, *, timeout_s: float = 5.0
) -> SendError:
    with pytest.raises(SendError) as caught:
        await fetch(sender, wire(server.url, timeout_s=timeout_s))
    return caught.value


async def test_an_exchange_ends_even_where_the_library_sets_no_limit() -> None:
    class Mute(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await asyncio.Event().wait()
            raise AssertionError

    async with httpx.AsyncClient(transport=Mute()) as client:
        with pytest.raises(SendError) as caught:
            await fetch(HttpxSender(client), wire("https://x", timeout_s=0.05))
    assert caught.value.kind == "timeout"


# Answers.


async def test_connections_are_kept_for_the_next_exchange(
    any_sender: HttpxSender,
) -> None:
    async with loopback(answering(GOOD)) as server:
        for route in (Route.DIRECT, Route.DIRECT, Route.DIRECT):
            request = wire(server.url, route=route)
            assert await fetch(any_sender, request) == (200, b'{"choices": []}')
    assert server.connections == 1


async def test_each_route_has_connections_of_its_own(sender: HttpxSender) -> None:
    async with loopback(answering(GOOD)) as server:
        for route in (*Route, *Route):
            await fetch(sender, wire(server.url, route=route))
    assert server.connections == 2


async def test_headers_are_a_plain_mapping(any_sender: HttpxSender) -> None:
    pairs = b"X-Request-ID: 7\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\n"
    async with loopback(answering(answer(extra=pairs))) as server:
        async with any_sender.exchange(wire(server.url)) as response:
            assert type(response.headers) is dict
            assert response.headers["x-request-id"] == "7"
            assert response.headers["set-cookie"] == "a=1, b=2"
        assert b"cookie" not in server.heads[0].lower()


@pytest.mark.parametrize("location", [b"/elsewhere", b"http://[bad", b"mailto:x"])
async def test_a_redirect_is_an_answer(sender: HttpxSender, location: bytes) -> None:
    moved = answer(b"", status=302, extra=b"location: " + location + b"\r\n")
    async with loopback(answering(moved)) as server:
        assert await fetch(sender, wire(server.url)) == (302, b"")
    assert len(server.heads) == 1


async def test_what_is_packed_without_being_asked_is_unpacked(
    any_sender: HttpxSender,
) -> None:
    packed = answer(gzip.compress(GOOD), extra=b"content-encoding: gzip\r\n")
    async with loopback(answering(packed)) as server:
        assert await fetch(any_sender, wire(server.url)) == (200, GOOD)


# Limits.


async def test_a_long_answer_is_refused_before_it_is_read(
    any_sender: HttpxSender,
) -> None:
    written = 0

    async def endless(peer: Peer) -> None:
        nonlocal written
        await peer.request()
        await peer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10485760\r\n\r\n")
        for _ in range(160):
            await peer.write(b"x" * 65536)
            written += 65536

    async with loopback(endless, answering(GOOD)) as server:
        error = await failure(any_sender, server)
        assert error.kind == "protocol"
        assert MAX_ANSWER < error.bytes_received < 2 * MAX_ANSWER
        assert await fetch(any_sender, wire(server.url)) == (200, b'{"choices": []}')
    assert written < 10485760
    assert server.connections == 2


async def test_a_bomb_is_refused(any_sender: HttpxSender) -> None:
    bomb = gzip.compress(b"\0" * (32 * 1024 * 1024))
    packed = answer(bomb, extra=b"content-encoding: gzip\r\n")
    async with loopback(answering(packed)) as server:
        error = await failure(any_sender, server)
    assert (error.kind, error.bytes_received) == ("protocol", MAX_ANSWER + 1)


async def test_what_is_no_gzip_is_refused(any_sender: HttpxSender) -> None:
    said = answer(b"<html>", extra=b"content-encoding: gzip\r\n")
    async with loopback(answering(said)) as server:
        assert (await failure(any_sender, server)).kind == "protocol"


async def test_an_unknown_encoding_is_refused(any_sender: HttpxSender) -> None:
    said = answer(b"??", extra=b"content-encoding: br\r\n")
    async with loopback(answering(said)) as server:
        assert (await failure(any_sender, server)).kind == "protocol"


async def test_a_long_refusal_is_cut(any_sender: HttpxSender) -> None:
    said = answer(b"x" * (4 * MAX_ERROR), status=422)
    async with loopback(answering(said), answering(GOOD)) as server:
        assert await fetch(any_sender, wire(server.url)) == (422, b"x" * MAX_ERROR)
        await fetch(any_sender, wire(server.url))
    assert server.connections == 2


async def test_what_is_not_read_costs_its_connection(any_sender: HttpxSender) -> None:
    async with loopback(answering(answer(b"x" * 1000))) as server:
        async with any_sender.exchange(wire(server.url)) as response:
            assert response.status_code == 200
        await fetch(any_sender, wire(server.url))
    assert server.connections == 2


# Faults.


async def test_a_refused_connection_is_connect(
    any_sender: HttpxSender, unused_tcp_port: int
) -> None:
    with pytest.raises(SendError) as caught:
        await fetch(any_sender, wire(f"http://127.0.0.1:{unused_tcp_port}/"))
    assert caught.value.kind == "connect"
    assert type(caught.value.__cause__).__name__ == "ConnectError"


async def test_silence_is_a_timeout(any_sender: HttpxSender) -> None:
    async with loopback(silent) as server:
        error = await failure(any_sender, server, timeout_s=0.25)
    assert (error.kind, error.bytes_received) == ("timeout", 0)


async def test_silence_in_the_midst_ends_with_the_exchanges_time(
    any_sender: HttpxSender,
) -> None:
    async def half(peer: Peer) -> None:
        await peer.request()
        await peer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")
        await peer.reader.read()

    async with loopback(half) as server:
        error = await failure(any_sender, server, timeout_s=0.25)
    assert (error.kind, error.bytes_received) == ("timeout", 4)


async def test_a_drip_ends_with_the_exchanges_time(any_sender: HttpxSender) -> None:
    async def drip(peer: Peer) -> None:
        await peer.request()
        await peer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n")
        while True:
            await peer.write(b"x")
            await asyncio.sleep(0.005)

    async with loopback(drip) as server:
        error = await failure(any_sender, server, timeout_s=0.3)
    assert error.kind == "timeout"
    assert 0 < error.bytes_received < 100


@pytest.mark.parametrize("end", ["reset", "end"])
async def test_half_an_answer_is_broken(any_sender: HttpxSender, end: str) -> None:
    half = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf"
    async with loopback(send_then(half, end)) as server:
        error = await failure(any_sender, server)
    assert error.kind == "broken"
    assert error.bytes_received in {0, 4}  # a reset may overtake what was sent


@pytest.mark.parametrize("end", ["reset", "end"])
async def test_a_new_connection_that_breaks_is_not_tried_again(
    any_sender: HttpxSender, end: str
) -> None:
    async with loopback(send_then(end)) as server:
        assert (await failure(any_sender, server)).kind == "broken"
    assert server.connections == 1


async def test_what_is_not_http_is_a_protocol_error(any_sender: HttpxSender) -> None:
    async with loopback(send_then(b"220 mail.example ESMTP\r\n\r\n")) as server:
        assert (await failure(any_sender, server)).kind == "protocol"


@pytest.mark.parametrize(
    "url", ["http://gateway.example:port/", "nothing", "ftp://gateway.example/"]
)
async def test_a_wrong_url_is_a_protocol_error(
    any_sender: HttpxSender, url: str
) -> None:
    with pytest.raises(SendError) as caught:
        await fetch(any_sender, wire(url))
    assert caught.value.kind == "protocol"


# The stale connection.


@pytest.mark.parametrize("end", ["reset", "end"])
async def test_a_stale_connection_is_tried_once_more(
    any_sender: HttpxSender, end: str
) -> None:
    async def once(peer: Peer) -> None:
        await peer.request()
        await peer.write(GOOD)
        await peer.request()
        if end == "reset":
            peer.reset()

    async with loopback(once, answering(GOOD)) as server:
        for _ in range(2):
            status, _ = await fetch(any_sender, wire(server.url))
            assert status == 200
    assert server.connections == 2
    assert len(server.heads) == 3


async def test_all_connections_forgotten_at_once_cost_one_new_client(
    sender: HttpxSender,
) -> None:
    everybody_is_here = asyncio.Barrier(4)

    async def once(peer: Peer) -> None:
        await peer.request()
        await everybody_is_here.wait()
        await peer.write(GOOD)
        await peer.request()
        peer.reset()

    async with loopback(once, once, once, once, answering(GOOD)) as server:
        for _ in range(2):
            exchanges = [fetch(sender, wire(server.url)) for _ in range(4)]
            answers = await asyncio.gather(*exchanges)
            assert {status for status, _ in answers} == {200}
    assert server.connections == 8


async def test_what_broke_after_its_first_byte_is_not_repeated(
    any_sender: HttpxSender,
) -> None:
    async def once(peer: Peer) -> None:
        await peer.request()
        await peer.write(GOOD)
        await peer.request()
        await peer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")

    async with loopback(once, answering(GOOD)) as server:
        await fetch(any_sender, wire(server.url))
        assert (await failure(any_sender, server)).kind == "broken"
    assert len(server.heads) == 2


async def test_a_timeout_is_not_repeated(any_sender: HttpxSender) -> None:
    async def once(peer: Peer) -> None:
        await peer.request()
        await peer.write(GOOD)
        await silent(peer)

    async with loopback(once, answering(GOOD)) as server:
        await fetch(any_sender, wire(server.url))
        error = await failure(any_sender, server, timeout_s=0.25)
        assert error.kind == "timeout"
    assert len(server.heads) == 2


# The connection that died without a word.


async def once_then_silent(peer: Peer) -> None:
    await peer.request()
    await peer.write(GOOD)
    await silent(peer)


@pytest.fixture
def _quick_to_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(succession, "QUIET_S", 0.0)
    monkeypatch.setattr(sending, "SILENCE_S", 0.2)
    monkeypatch.setattr(exchange, "SILENCE_S", 0.2)
    monkeypatch.setattr(exchange, "SHARE_OF_PATIENCE", 0.0)


@pytest.mark.usefixtures("_quick_to_doubt")
async def test_after_quiet_a_silent_connection_gets_a_new_one_beside_it(
    sender: HttpxSender,
) -> None:
    async with loopback(once_then_silent, answering(GOOD)) as server:
        for _ in range(3):
            assert await fetch(sender, wire(server.url)) == (200, b'{"choices": []}')
        assert [len(peer.heads) for peer in server.peers] == [2, 2]


@pytest.mark.usefixtures("_quick_to_doubt")
async def test_a_slow_answer_still_counts_and_ends_the_second_try(
    sender: HttpxSender,
) -> None:
    asked_twice = asyncio.Event()

    async def once_then_slow(peer: Peer) -> None:
        await peer.request()
        await peer.write(GOOD)
        await peer.request()
        await asked_twice.wait()
        await peer.write(GOOD)

    async def never(peer: Peer) -> None:
        asked_twice.set()
        await silent(peer)

    async with loopback(once_then_slow, never, answering(GOOD)) as server:
        for _ in range(2):
            assert await fetch(sender, wire(server.url)) == (200, b'{"choices": []}')
        await server.peers[1].gone.wait()
        assert (await fetch(sender, wire(server.url)))[0] == 200


@pytest.mark.usefixtures("_quick_to_doubt")
@pytest.mark.parametrize("case", ["details", "their client", "a new connection"])
async def test_what_is_not_sent_again(sender: HttpxSender, case: str) -> None:
    async with (
        loopback(silent if case == "a new connection" else once_then_silent) as server,
        httpx.AsyncClient(verify=NO_AUTHORITIES) as client,
    ):
        one = HttpxSender(client) if case == "their client" else sender
        purpose: Purpose = "details" if case == "details" else "completion"
        request = wire(server.url, purpose=purpose, timeout_s=0.5)
        if case != "a new connection":
            await fetch(one, request)
        with pytest.raises(SendError, match="timeout"):
            await fetch(one, request)
        assert server.connections == 1


async def test_a_client_that_was_heard_of_late_is_not_doubted(
    sender: HttpxSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "SILENCE_S", 0.1)
    monkeypatch.setattr(exchange, "SILENCE_S", 0.1)
    monkeypatch.setattr(exchange, "SHARE_OF_PATIENCE", 0.0)
    async with loopback(once_then_silent) as server:
        await fetch(sender, wire(server.url))
        error = await failure(sender, server, timeout_s=0.4)
        assert error.kind == "timeout"
        assert server.connections == 1


# Cancellation.


async def test_cancelled_before_the_answer(any_sender: HttpxSender) -> None:
    async with loopback(silent, answering(GOOD)) as server:
        task = asyncio.create_task(fetch(any_sender, wire(server.url)))
        await server.requested()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.peers[0].gone.wait()
        assert await fetch(any_sender, wire(server.url)) == (200, b'{"choices": []}')


async def test_cancelled_in_a_handshake_that_does_not_end(
    any_sender: HttpxSender,
) -> None:
    """httpcore closes a connection whose handshake fails, not one that is left."""
    greeted = asyncio.Event()

    async def deaf(peer: Peer) -> None:
        await peer.reader.read(1)
        greeted.set()
        while await peer.reader.read(65_536):
            pass

    async with loopback(deaf) as server:
        url = server.url.replace("http:", "https:")
        task = asyncio.create_task(fetch(any_sender, wire(url)))
        await greeted.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        async with asyncio.timeout(5):
            await server.peers[0].gone.wait()


@pytest.mark.parametrize("way", ["closed", "replaced twice"])
async def test_no_connection_outlives_its_client(engine: EngineName, way: str) -> None:
    gc.disable()  # a connection that is only closed by chance is left behind
    try:
        async with loopback(answering(GOOD)) as server:
            for turns in range(24):  # from before it connects to after the answer
                own = HttpxSender(verify=NO_AUTHORITIES, engine=engine)
                tasks = [asyncio.create_task(fetch(own, wire(server.url)))]
                for _ in range(turns):
                    await asyncio.sleep(0)
                if way == "replaced twice":
                    own.replace(Route.DIRECT)
                    tasks.append(asyncio.create_task(fetch(own, wire(server.url))))
                    await asyncio.sleep(0)
                    own.replace(Route.DIRECT)
                    await asyncio.wait(tasks)
                await own.aclose()
                await asyncio.gather(*tasks, return_exceptions=True)
            async with asyncio.timeout(PATIENCE_S):
                for peer in server.peers:
                    await peer.gone.wait()
    finally:
        gc.enable()


async def test_cancelled_in_the_midst_of_the_answer(any_sender: HttpxSender) -> None:
    async def half(peer: Peer) -> None:
        await peer.request()
        await peer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")
        await peer.reader.read()

    reading = asyncio.Event()

    async def read() -> None:
        async with any_sender.exchange(wire(server.url)) as response:
            async for _ in response.chunks:
                reading.set()

    async with loopback(half, answering(GOOD)) as server:
        task = asyncio.create_task(read())
        await reading.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.peers[0].gone.wait()
        assert await fetch(any_sender, wire(server.url)) == (200, b'{"choices": []}')


async def test_a_caller_that_fails_ends_the_exchange(any_sender: HttpxSender) -> None:
    async def read_and_fail() -> None:
        async with any_sender.exchange(wire(server.url)) as response:
            async for _ in response.chunks:
                raise LookupError

    async with loopback(answering(answer(b"x" * 300_000))) as server:
        with pytest.raises(LookupError):
            await read_and_fail()
        await server.peers[0].gone.wait()


@pytest.mark.parametrize("times", [1, 20])
async def test_no_pool_slot_is_lost_by_cancelling(
    any_sender: HttpxSender, times: int
) -> None:
    async with loopback(*[silent] * times, answering(GOOD)) as server:
        for number in range(times):
            task = asyncio.create_task(fetch(any_sender, wire(server.url)))
            await server.requested(number + 1)
            task.cancel()
            await asyncio.wait([task])
        assert (await fetch(any_sender, wire(server.url)))[0] == 200
