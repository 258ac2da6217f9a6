"""Streams: connections of their own, read no faster than their reader, left at once."""

from __future__ import annotations

import asyncio
import gc
import math
import ssl
from typing import TYPE_CHECKING

import pytest
import trustme

from gitlab_completions._transport import exchange, progress, sender as sending
from gitlab_completions._transport.bodies import MAX_ANSWER
from gitlab_completions._transport.succession import SILENCE_S
from gitlab_completions.models import Route
from gitlab_completions.senders import HttpxSender, SendError
from tests._transport.loopback import (
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
    from gitlab_completions.senders import WireRequest
    from tests._transport.loopback import Behaviour, Peer

pytestmark = pytest.mark.real_time

HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"
WHOLE = HEAD + b"1\r\na\r\n" + END


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def stream(server: Loopback, *, timeout_s: float = math.inf) -> WireRequest:
    return wire(server.url, purpose="stream", timeout_s=timeout_s)


@pytest.fixture
async def sender(engine: EngineName) -> AsyncIterator[HttpxSender]:
    own = HttpxSender(engine=engine)
    async with closing(own):
        yield own


async def endless(peer: Peer) -> None:
    """Send a piece, and keep the connection open without another."""
    await peer.request()
    await peer.write(HEAD + chunk(b"a"))
    await peer.reader.read()


async def test_a_piece_is_handed_on_when_it_has_come(any_sender: HttpxSender) -> None:
    more = asyncio.Event()

    async def in_pieces(peer: Peer) -> None:
        await peer.request()
        await peer.write(HEAD + chunk(b"a"))
        await more.wait()
        await peer.write(chunk(b"b") + END)

    async with (
        loopback(in_pieces) as server,
        any_sender.exchange(stream(server)) as response,
    ):
        assert await anext(response.chunks) == b"a"
        more.set()
        assert [piece async for piece in response.chunks] == [b"b"]


async def test_streams_have_connections_of_their_own(sender: HttpxSender) -> None:
    async with loopback(answering(answer())) as server:
        for purpose in ("completion", "stream", "details", "stream"):
            await fetch(sender, wire(server.url, purpose=purpose))
    assert server.connections == 2


async def test_streams_are_replaced_with_the_rest(sender: HttpxSender) -> None:
    async with loopback(answering(answer())) as server:
        for _ in range(2):
            await fetch(sender, wire(server.url))
            await fetch(sender, stream(server))
            assert sender.replace(Route.DIRECT)
    assert server.connections == 4


async def test_a_stream_outlasts_the_clients_that_follow(sender: HttpxSender) -> None:
    ends = asyncio.Event()

    async def long(peer: Peer) -> None:
        await peer.request()
        await peer.write(HEAD + chunk(b"a"))
        await ends.wait()
        await peer.write(END)

    async with loopback(*[long] * 4, answering(WHOLE)) as server:
        tasks = []
        for number in range(4):
            tasks.append(asyncio.create_task(fetch(sender, stream(server))))
            await server.requested(number + 1)
            sender.replace(Route.DIRECT)
        assert await fetch(sender, stream(server)) == (200, b"a")
        ends.set()
        assert await asyncio.gather(*tasks) == [(200, b"a")] * 4


async def test_a_model_that_thinks_speaks_against_no_client(
    sender: HttpxSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    real, late_s = loop.time, 0.0
    monkeypatch.setattr(loop, "time", lambda: real() + late_s)
    async with loopback(silent, silent, answering(WHOLE)) as server:
        tasks = [asyncio.create_task(fetch(sender, stream(server))) for _ in range(2)]
        await server.requested(2)
        late_s = 2 * SILENCE_S
        (clients,) = sender._clients.values()
        tenure = clients.admit(loop.time())
        late_s = sending.STREAM_SILENCE_S
        assert clients.admit(loop.time()) is not tenure
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


# Time.


async def test_a_stream_without_a_deadline_ends_after_silence(
    any_sender: HttpxSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "READ_S", 0.1)
    for behave in (silent, endless):
        async with loopback(behave) as server:
            with pytest.raises(SendError) as caught:
                await fetch(any_sender, stream(server))
        assert caught.value.kind == "timeout"
        assert caught.value.bytes_received == (behave is endless)


async def test_the_head_of_a_stream_has_an_end(
    any_sender: HttpxSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def drip(peer: Peer) -> None:
        await peer.request()
        await peer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            await peer.write(b"x: y\r\n")
            await asyncio.sleep(0.01)

    monkeypatch.setattr(exchange, "MOST_BEFORE_HEAD_S", 0.1)
    monkeypatch.setattr(exchange, "OUTSTAYED_S", 0.0)
    async with loopback(drip) as server:
        with pytest.raises(SendError, match="timeout"):
            await fetch(any_sender, stream(server))


async def dripping(peer: Peer) -> None:
    await peer.request()
    await peer.write(HEAD)
    while True:
        await peer.write(chunk(b"a"))
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("behave", [dripping, endless])
async def test_a_stream_ends_at_its_deadline(
    any_sender: HttpxSender, behave: Behaviour
) -> None:
    async with loopback(behave) as server:
        with pytest.raises(SendError, match="timeout") as caught:
            await fetch(any_sender, stream(server, timeout_s=0.2))
        assert caught.value.bytes_received
        await server.peers[0].gone.wait()


async def test_a_silent_stream_is_not_sent_again_beside(
    sender: HttpxSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def once(peer: Peer) -> None:
        await peer.request()
        await peer.write(answer())
        await silent(peer)

    monkeypatch.setattr("gitlab_completions._transport.succession.QUIET_S", 0.0)
    monkeypatch.setattr(exchange, "SILENCE_S", 0.01)
    monkeypatch.setattr(exchange, "SHARE_OF_PATIENCE", 0.0)
    async with loopback(once) as server:
        await fetch(sender, stream(server))
        with pytest.raises(SendError, match="timeout"):
            await fetch(sender, stream(server, timeout_s=0.2))
        assert len(server.heads) == 2


async def test_a_stale_connection_is_tried_once_more(sender: HttpxSender) -> None:
    async def once_then_reset(peer: Peer) -> None:
        await peer.request()
        await peer.write(answer())
        await peer.request()
        peer.reset()

    async with loopback(once_then_reset, answering(WHOLE)) as server:
        await fetch(sender, stream(server))
        assert await fetch(sender, stream(server)) == (200, b"a")
    assert len(server.heads) == 3


async def test_a_stream_that_breaks_is_not_begun_again(any_sender: HttpxSender) -> None:
    async def broken(peer: Peer) -> None:
        await peer.request()
        await peer.write(HEAD + chunk(b"abc"))

    async with loopback(broken) as server:
        with pytest.raises(SendError, match="broken") as caught:
            await fetch(any_sender, stream(server))
        assert caught.value.bytes_received == 3
    assert len(server.heads) == 1


# Size.


async def test_a_stream_may_be_longer_than_an_answer(any_sender: HttpxSender) -> None:
    body = chunk(b"a" * (MAX_ANSWER // 2)) * 3
    async with loopback(answering(HEAD + body + END)) as server:
        _, text = await fetch(any_sender, stream(server))
    assert len(text) == MAX_ANSWER // 2 * 3


async def test_a_stream_has_a_limit_too(
    any_sender: HttpxSender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "MAX_STREAM", 99)
    async with loopback(answering(HEAD + chunk(b"a" * 100) + END)) as server:
        with pytest.raises(SendError, match="protocol"):
            await fetch(any_sender, stream(server))


async def test_a_reader_that_does_not_read_holds_back_the_server(
    any_sender: HttpxSender,
) -> None:
    piece, count = chunk(b"a" * 65_536), 320
    written = 0

    async def flood(peer: Peer) -> None:
        nonlocal written
        await peer.request()
        await peer.write(HEAD)
        for _ in range(count):
            await peer.write(piece)
            written += len(piece)
        await peer.write(END)

    async with (
        loopback(flood) as server,
        any_sender.exchange(stream(server)) as response,
    ):
        read = len(await anext(response.chunks))
        for _ in range(8 * count):  # time enough to write all of it
            await asyncio.sleep(0)
        assert written < 8 * 1024 * 1024  # what both kernels keep, at most
        async for part in response.chunks:
            read += len(part)
    assert read == count * 65_536


# Leaving.


@pytest.mark.parametrize("way", ["leave", "cancel", "fail"])
async def test_who_leaves_in_the_midst_closes_the_connection(
    any_sender: HttpxSender, way: str
) -> None:
    begun = asyncio.Event()

    async def read() -> None:
        async with any_sender.exchange(stream(server)) as response:
            await anext(response.chunks)
            begun.set()
            if way == "fail":
                raise LookupError
            if way == "cancel":
                await anext(response.chunks)

    async with loopback(*[endless] * 20, answering(WHOLE)) as server:
        for number in range(20):  # far more than there are connections
            begun.clear()
            task = asyncio.create_task(read())
            await begun.wait()
            if way == "cancel":
                task.cancel()
            await asyncio.wait([task])
            await server.peers[number].gone.wait()
        assert await fetch(any_sender, stream(server)) == (200, b"a")


@pytest.mark.parametrize("times", [1, 2])
async def test_cancelled_at_any_turn_it_leaves_nothing(
    engine: EngineName, times: int
) -> None:
    """Cancelled as its connection is made, httpcore counts it as busy for good."""

    async def read_on(sender: HttpxSender) -> None:
        async with sender.exchange(stream(server)) as response:
            async for _ in response.chunks:
                pass

    async def read_one(sender: HttpxSender) -> bytes:
        async with sender.exchange(stream(server)) as response:
            return await anext(response.chunks)

    gc.disable()  # a connection that is only closed by chance is left behind
    try:
        async with loopback(endless) as server:
            sender = HttpxSender(engine=engine)
            async with closing(sender):
                await read_one(sender)
                for turns in range(32):
                    task = asyncio.create_task(read_on(sender))
                    for _ in range(turns):
                        await asyncio.sleep(0)
                    for _ in range(times):
                        task.cancel()
                        await asyncio.sleep(0)
                    await asyncio.wait([task])
                    assert await read_one(sender) == b"a"
            async with asyncio.timeout(10):
                for peer in server.peers:
                    await peer.gone.wait()
    finally:
        gc.enable()


async def test_closing_the_sender_ends_its_streams(sender: HttpxSender) -> None:
    async with loopback(endless) as server:
        task = asyncio.create_task(fetch(sender, stream(server)))
        await server.requested()
        await sender.aclose()
        with pytest.raises(SendError, match="pool"):
            await task
        await server.peers[0].gone.wait()


async def test_streams_are_never_sent_by_http_2(
    engine: EngineName, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The package is not needed: what it would be needed for is not done.
    monkeypatch.setattr(sending, "find_spec", lambda name: name)
    spoken: list[str | None] = []

    async def tell(peer: Peer) -> None:
        tls = peer.writer.get_extra_info("ssl_object")
        spoken.append(tls.selected_alpn_protocol())
        await answering(WHOLE)(peer)

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2", "http/1.1"])
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    sender = HttpxSender(engine=engine, http2=True, verify=trusted)
    async with loopback(tell, tls=context) as server, closing(sender):
        assert await fetch(sender, stream(server)) == (200, b"a")
    assert spoken == ["http/1.1"]
