from __future__ import annotations

import asyncio
import select
import socket
import ssl
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import httpx
import pytest
import trustme

from gitlab_completions._transport.engines import load
from gitlab_completions._transport.network import (
    LONG,
    MOST_UNREAD,
    RECORD,
    SMALL,
    AsyncioBackend,
    AsyncioStream,
    use_asyncio,
)
from tests._transport.loopback import Loopback, loopback

if TYPE_CHECKING:
    from gitlab_completions._transport.engines import Core, EngineName
    from tests._transport.loopback import Peer

LARGE = 8 * 1024 * 1024
"""Bytes that no socket's buffers hold."""
PATIENCE_S = 20.0


@pytest.fixture(scope="module")
def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client


@pytest.fixture
def core(engine: EngineName) -> Core:
    return load(engine).core


async def connect(core: Core, served: Loopback) -> AsyncioStream:
    port = httpx.URL(served.url).port
    assert port is not None
    return await AsyncioBackend(core).connect_tcp("127.0.0.1", port, timeout=PATIENCE_S)


async def all_of(stream: AsyncioStream) -> bytes:
    data = bytearray()
    while part := await stream.read(65_536, timeout=PATIENCE_S):
        data += part
    return bytes(data)


async def round_of_loop() -> None:
    """Let pass what is due, timers too."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def echo(peer: Peer) -> None:
    peer.asked.set()
    while data := await peer.reader.read(65_536):
        await peer.write(data)


async def nothing(peer: Peer) -> None:
    await peer.reader.read()


@pytest.mark.parametrize("secure", [False, True])
async def test_what_is_sent_comes_back_and_then_the_end(
    core: Core, contexts: tuple[ssl.SSLContext, ssl.SSLContext], *, secure: bool
) -> None:
    async def once(peer: Peer) -> None:
        await peer.write(await peer.reader.readexactly(5))

    server, client = contexts
    async with loopback(once, tls=server if secure else None) as served:
        stream = await connect(core, served)
        if secure:
            stream = await stream.start_tls(client, "127.0.0.1", PATIENCE_S)
        assert isinstance(stream.get_extra_info("ssl_object"), ssl.SSLObject) is secure
        await stream.write(b"hello")
        assert await stream.read(2, timeout=PATIENCE_S) == b"he"
        assert await all_of(stream) == b"llo"
        assert stream.get_extra_info("is_readable")
        await stream.aclose()


async def test_a_connection_has_the_tcp_options_and_tells_its_addresses(
    core: Core,
) -> None:
    async with loopback(nothing) as served:
        port = httpx.URL(served.url).port or 0
        option = (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        stream = await AsyncioBackend(core).connect_tcp(
            "127.0.0.1", port, local_address="127.0.0.1", socket_options=[option]
        )
        assert stream.get_extra_info("server_addr") == ("127.0.0.1", port)
        assert "127.0.0.1" in cast(
            "tuple[str, int]", stream.get_extra_info("client_addr")
        )
        assert stream.socket.getsockopt(*option[:2]) == 1
        assert stream.get_extra_info("ssl_object") is None
        await stream.aclose()


async def test_where_nobody_listens_there_is_no_connection(core: Core) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(core.ConnectError) as caught:
            await AsyncioBackend(core).connect_tcp("127.0.0.1", closed.getsockname()[1])
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)


async def test_an_option_that_the_system_refuses_leaves_no_connection(
    core: Core,
) -> None:
    left = asyncio.Event()

    async def watching(peer: Peer) -> None:
        await peer.reader.read()
        left.set()

    async with loopback(watching) as served:
        port = httpx.URL(served.url).port or 0
        with pytest.raises(core.ConnectError) as caught:
            await AsyncioBackend(core).connect_tcp(
                "127.0.0.1", port, socket_options=[(socket.SOL_SOCKET, 9999, 1)]
            )
        assert isinstance(caught.value.__cause__, OSError)
        async with asyncio.timeout(PATIENCE_S):
            await left.wait()


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "a..example", ".."])
async def test_what_cannot_be_a_hosts_name_cannot_be_connected_to(
    core: Core, host: str
) -> None:
    with pytest.raises(core.ConnectError) as caught:
        await AsyncioBackend(core).connect_tcp(host, 443)
    assert isinstance(caught.value.__cause__, UnicodeError)


async def test_a_connection_that_takes_too_long_is_told_as_a_timeout(
    core: Core,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def never(*_: object, **__: object) -> None:
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", never)
    with pytest.raises(core.ConnectTimeout):
        await AsyncioBackend(core).connect_tcp("127.0.0.1", 9, timeout=0.001)


async def test_an_answer_that_takes_too_long_is_still_read_when_it_comes(
    core: Core,
) -> None:
    async with loopback(echo) as served:
        stream = await connect(core, served)
        with pytest.raises(core.ReadTimeout):
            await stream.read(10, timeout=0.001)
        await stream.write(b"late")
        assert await stream.read(10, timeout=PATIENCE_S) == b"late"
        await stream.aclose()


async def test_a_reset_is_told_to_who_reads_and_to_who_writes_then(core: Core) -> None:
    async def reset(peer: Peer) -> None:
        await peer.reader.readexactly(1)
        peer.reset()

    async with loopback(reset) as served:
        stream = await connect(core, served)
        await stream.write(b"x")
        with pytest.raises(core.ReadError) as caught:
            await stream.read(10, timeout=PATIENCE_S)
        # Not its cause alone: httpcore's pool takes that away.
        assert isinstance(caught.value.__context__, ConnectionResetError)
        with pytest.raises(core.WriteError):
            await stream.write(b"y")
        await stream.aclose()


async def test_what_came_before_a_reset_is_read_first(core: Core) -> None:
    stream = AsyncioStream(core)
    stream.connection_made(cast("asyncio.Transport", Transport()))
    stream.data_received(b"answer")
    stream.connection_lost(ConnectionResetError())
    assert await stream.read(100) == b"answer"
    with pytest.raises(core.ReadError):
        await stream.read(100)


async def test_a_refusal_of_our_certificate_is_told_through_the_pool(
    core: Core,
) -> None:
    # TLS 1.3: the alert comes after the handshake, before or after the request.
    alert = ssl.SSLError(1, "certificate required")
    stream = AsyncioStream(core)
    stream.connection_made(cast("asyncio.Transport", Transport()))
    stream.connection_lost(alert)
    with pytest.raises(core.WriteError) as writing:
        await stream.write(b"x")
    with pytest.raises(core.ReadError) as reading:
        await stream.read(100)
    assert writing.value.__context__ is reading.value.__context__ is alert


async def test_tls_may_end_without_saying_so(core: Core) -> None:
    stream = AsyncioStream(core)
    stream.connection_made(cast("asyncio.Transport", Transport()))
    stream.data_received(b"answer")
    stream.connection_lost(ssl.SSLEOFError(8, "EOF occurred"))
    assert await stream.read(100) == b"answer"
    assert await stream.read(100) == b""


async def test_a_certificate_that_is_not_trusted_is_the_cause_that_is_told(
    core: Core,
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    async with loopback(nothing, tls=contexts[0]) as served:
        stream = await connect(core, served)
        with pytest.raises(core.ConnectError) as caught:
            await stream.start_tls(ssl.create_default_context(), "127.0.0.1")
        assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)
        assert stream.get_extra_info("is_readable")


async def test_a_handshake_that_takes_too_long_closes_the_connection(
    core: Core,
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    left = asyncio.Event()

    async def dumb(peer: Peer) -> None:
        await peer.reader.read()
        left.set()

    async with loopback(dumb) as served:
        stream = await connect(core, served)
        with pytest.raises(core.ConnectTimeout):
            await stream.start_tls(contexts[1], "127.0.0.1", 0.01)
        async with asyncio.timeout(PATIENCE_S):
            await left.wait()


@pytest.mark.parametrize("error", [None, ConnectionAbortedError()])
async def test_there_is_no_handshake_on_a_connection_that_has_ended(
    core: Core,
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception | None,
) -> None:
    async with loopback(nothing) as served:
        stream = await connect(core, served)
        stream.connection_lost(error)
        monkeypatch.setattr(asyncio.get_running_loop(), "start_tls", None)
        with pytest.raises(core.ConnectError) as caught:
            await stream.start_tls(contexts[1], "127.0.0.1", PATIENCE_S)
        assert isinstance(caught.value.__cause__, ConnectionError)


async def test_a_connection_that_ends_of_itself_has_no_handshake_either(
    core: Core,
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    async with loopback(nothing) as served:
        stream = await connect(core, served)
        stream._transport.abort()  # and nobody has been told yet
        with pytest.raises(core.ConnectError):
            await stream.start_tls(contexts[1], "127.0.0.1")


async def test_a_requests_head_and_its_body_leave_as_one(core: Core) -> None:
    transport = Transport()
    stream = AsyncioStream(core)
    stream.connection_made(cast("asyncio.Transport", transport))
    await stream.write(b"head")
    await stream.write(bytes(SMALL))
    assert transport.written == [b"head" + bytes(SMALL)]


@pytest.mark.parametrize(
    ("size", "parts"),
    [
        (LONG, [LONG]),
        (LONG + 1, [LONG + 1 - RECORD, RECORD]),
    ],
)
async def test_the_last_record_of_a_long_body_leaves_by_itself(
    core: Core, size: int, parts: list[int]
) -> None:
    transport = Transport()
    stream = AsyncioStream(core)
    stream.connection_made(cast("asyncio.Transport", transport))
    await stream.write(bytes(size))
    assert [len(data) for data in transport.written] == parts


async def test_what_is_small_leaves_before_the_answer_is_awaited(core: Core) -> None:
    transport = Transport()
    stream = AsyncioStream(core)
    stream.connection_made(cast("asyncio.Transport", transport))
    await stream.write(b"head")
    await stream.write(b"body")
    reading = asyncio.create_task(stream.read(10))
    await asyncio.sleep(0)
    assert transport.written == [b"headbody"]
    stream.data_received(b"answer")
    assert await reading == b"answer"


async def test_what_is_small_leaves_though_nothing_follows(core: Core) -> None:
    transport = Transport()
    stream = AsyncioStream(core)
    stream.connection_made(cast("asyncio.Transport", transport))
    await stream.write(b"pong")
    await round_of_loop()
    assert transport.written == [b"pong"]
    await stream.write(b"x")
    stream.connection_lost(None)
    await round_of_loop()
    assert transport.written == [b"pong"]


async def test_what_has_left_leaves_nothing_for_the_loop_to_do(core: Core) -> None:
    class Watched(AsyncioStream):
        flushes = 0

        def _flush(self) -> None:
            self.flushes += 1
            super()._flush()

    stream = Watched(core)
    stream.connection_made(cast("asyncio.Transport", Transport()))
    await stream.write(b"head")
    await stream.write(bytes(SMALL))
    await round_of_loop()
    assert stream.flushes == 1


async def test_a_connection_lost_right_after_the_handshake_is_told(
    core: Core,
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def lost(*_: object, **__: object) -> None:
        """As asyncio has it: the TLS transport is gone by then."""

    async with loopback(nothing) as served:
        stream = await connect(core, served)
        monkeypatch.setattr(asyncio.get_running_loop(), "start_tls", lost)
        with pytest.raises(core.ConnectError):
            await stream.start_tls(contexts[1], "127.0.0.1")


@pytest.mark.parametrize("secure", [False, True])
async def test_a_server_that_does_not_read_holds_up_who_writes(
    core: Core, contexts: tuple[ssl.SSLContext, ssl.SSLContext], *, secure: bool
) -> None:
    server, client = contexts
    allowed = asyncio.Event()

    async def reluctant(peer: Peer) -> None:
        await allowed.wait()
        await echo(peer)

    async with loopback(reluctant, tls=server if secure else None) as served:
        stream = await connect(core, served)
        if secure:
            stream = await stream.start_tls(client, "127.0.0.1", PATIENCE_S)
        with pytest.raises(core.WriteTimeout):
            await stream.write(bytes(LARGE), timeout=0.001)
        allowed.set()
        # On HTTP/2 one task reads while another writes.
        writing = asyncio.create_task(stream.write(b"x", timeout=PATIENCE_S))
        data = bytearray()
        while len(data) <= LARGE:
            data += await stream.read(65_536, timeout=PATIENCE_S)
        await writing
        assert data == bytes(LARGE) + b"x"
        await stream.aclose()


async def test_who_writes_to_a_connection_that_ends_meanwhile_is_told(
    core: Core,
) -> None:
    async with loopback(nothing) as served:
        stream = await connect(core, served)
        writing = asyncio.create_task(stream.write(bytes(LARGE)))
        await asyncio.sleep(0)
        assert not writing.done()
        await stream.aclose()
        with pytest.raises(core.WriteError):
            await writing


async def test_a_server_that_sends_without_end_has_to_wait(core: Core) -> None:
    async def flood(peer: Peer) -> None:
        await peer.write(bytes(LARGE))

    async with loopback(flood) as served:
        stream = await connect(core, served)
        first = await stream.read(1, timeout=PATIENCE_S)
        before = -1
        while before != len(stream._unread):  # until the socket's is all that comes
            before = len(stream._unread)
            for _ in range(10):
                await asyncio.sleep(0)
        assert MOST_UNREAD <= before < 8 * MOST_UNREAD
        assert len(first + await all_of(stream)) == LARGE
        await stream.aclose()


async def test_the_kernel_is_asked_whether_an_idle_connection_has_ended(
    core: Core,
) -> None:
    # The loop has had no turn since: as when the machine wakes up.
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        stream = await AsyncioBackend(core).connect_tcp("127.0.0.1", port)
        peer, _ = listener.accept()
        assert not stream.get_extra_info("is_readable")
        peer.close()
        number = stream.socket.fileno()
        assert select.select([number], [], [], PATIENCE_S)[0]
        assert stream.get_extra_info("is_readable")
        await stream.aclose()
        assert stream.get_extra_info("is_readable")


async def test_who_waits_in_vain_may_be_cancelled(core: Core) -> None:
    async with loopback(echo) as served:
        stream = await connect(core, served)
        reading = asyncio.create_task(stream.read(1))
        await asyncio.sleep(0)
        reading.cancel()
        await asyncio.wait([reading])
        assert reading.cancelled()
        await stream.write(b"x")
        assert await stream.read(1, timeout=PATIENCE_S) == b"x"
        await stream.aclose()


@pytest.mark.parametrize(
    "proxy", [None, "http://proxy.example:8080", "socks5://proxy.example:1080"]
)
def test_every_kind_of_pool_connects_by_asyncio(
    engine: EngineName, proxy: str | None
) -> None:
    context = ssl.create_default_context()
    made = load(engine)
    transport = made.http.AsyncHTTPTransport(proxy=proxy, verify=context)
    use_asyncio(transport, made.core)
    backend = vars(transport._pool)["_network_backend"]
    assert isinstance(backend, AsyncioBackend)


def test_a_pool_that_is_somewhere_else_is_left_alone(core: Core) -> None:
    elsewhere = SimpleNamespace()
    use_asyncio(cast("httpx.AsyncHTTPTransport", elsewhere), core)
    assert vars(elsewhere) == {}


class Transport:
    """A connection that keeps what is sent on it."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(bytes(data))

    def resume_reading(self) -> None:
        """Nothing was paused."""

    def set_write_buffer_limits(self, high: int, low: int) -> None:
        """Take all at once."""
