from __future__ import annotations

import asyncio
import gc
import socket
import sys
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest

from gitlab_completions._transport import addresses
from gitlab_completions._transport.addresses import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitlab_completions._transport.addresses import Info


PATIENCE_S = 20.0
SILENT = "192.0.2.1"
NAME = "host.example"


def ipv4(port: int, address: str = "127.0.0.1") -> Info:
    return socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, port)


def ipv6(scope: int, address: str = "fe80::1") -> Info:
    return socket.AF_INET6, socket.SOCK_STREAM, 0, "", (address, 443, 0, scope)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        yield server


@pytest.fixture
def refusing() -> Iterator[int]:
    """Give a port on which nobody listens."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        yield closed.getsockname()[1]


@pytest.fixture
async def resolves_to(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let a name have the addresses that are given."""

    def answer(*infos: Info) -> None:
        async def getaddrinfo(*_: object, **__: object) -> list[Info]:
            return list(infos)

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", getaddrinfo)

    return answer


async def arrive(host: str = NAME) -> tuple[str, int]:
    """Connect; return where to."""
    transport, _ = await connect(asyncio.Protocol, host, 443, None)
    where: tuple[str, int] = transport.get_extra_info("peername")
    transport.abort()
    return where


async def test_an_address_needs_nobody_to_look_it_up(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", None)
    host, port = listener.getsockname()
    transport, _ = await connect(asyncio.Protocol, host, port, None)
    assert transport.get_extra_info("peername") == (host, port)
    transport.abort()


async def test_the_next_address_is_tried_when_one_refuses(
    listener: socket.socket,
    refusing: int,
    resolves_to: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(addresses, "EYEBALLS_S", 10 * PATIENCE_S)  # at once, that is
    where = listener.getsockname()
    resolves_to(ipv4(refusing), ipv4(where[1]))
    async with asyncio.timeout(PATIENCE_S):
        assert await arrive() == where


async def test_the_next_address_is_tried_when_one_is_silent(
    listener: socket.socket,
    resolves_to: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = asyncio.get_running_loop()
    real, left = loop.create_connection, asyncio.Event()

    async def partly_silent(
        make: Callable[[], asyncio.Protocol], host: str, port: int, **more: object
    ) -> object:
        if host == SILENT:
            try:
                await loop.create_future()
            finally:
                left.set()
        return await real(make, host, port, family=socket.AF_INET)

    monkeypatch.setattr(addresses, "EYEBALLS_S", 0.0)
    monkeypatch.setattr(loop, "create_connection", partly_silent)
    where = listener.getsockname()
    resolves_to(ipv4(443, SILENT), ipv4(where[1]))
    async with asyncio.timeout(PATIENCE_S):
        assert await arrive() == where
        await left.wait()


async def test_what_all_addresses_have_said_is_told(
    refusing: int, resolves_to: Callable[..., None]
) -> None:
    resolves_to(ipv4(refusing), ipv4(refusing, "127.0.0.2"))
    with pytest.raises(OSError, match=r"127\.0\.0\.1.*; .*127\.0\.0\.2"):
        await arrive()


async def test_a_name_may_have_no_address(resolves_to: Callable[..., None]) -> None:
    resolves_to()
    with pytest.raises(OSError, match="no address"):
        await arrive()


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("steps", range(25))
async def test_who_is_cancelled_meanwhile_leaves_no_connection(
    listener: socket.socket, resolves_to: Callable[..., None], count: int, steps: int
) -> None:
    resolves_to(*[ipv4(listener.getsockname()[1])] * count)
    with ExitStack() as stack:
        gc.disable()  # which would close what nobody has any more
        stack.callback(gc.enable)
        task = asyncio.create_task(forever())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        del task
        for _ in range(5):
            await asyncio.sleep(0)
        listener.setblocking(False)
        for peer in arrivals(listener):
            with closing(peer):
                assert has_ended(peer)


async def forever() -> None:
    transport, _ = await connect(asyncio.Protocol, NAME, 443, None)
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        transport.abort()


def arrivals(listener: socket.socket) -> Iterator[socket.socket]:
    while True:
        try:
            peer, _ = listener.accept()
        except BlockingIOError:
            return
        yield peer


def has_ended(peer: socket.socket) -> bool:
    peer.settimeout(PATIENCE_S)
    try:
        return peer.recv(1) == b""
    except ConnectionResetError:
        return True


class Opened:
    """A connection that tells whether it was closed."""

    def __init__(self) -> None:
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True


@pytest.mark.parametrize("stubborn", [False, True])
async def test_who_arrives_second_is_closed(
    resolves_to: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    *,
    stubborn: bool,
) -> None:
    loop = asyncio.get_running_loop()
    opened: dict[int, Opened] = {}
    gate = asyncio.Event()

    async def create(
        make: Callable[[], asyncio.Protocol], host: str, port: int, **_: object
    ) -> tuple[Opened, asyncio.Protocol]:
        try:
            if stubborn and port == 2:
                await loop.create_future()
            await gate.wait()
        except asyncio.CancelledError:
            pass  # it was too late
        opened[port] = Opened()
        return opened[port], make()

    monkeypatch.setattr(addresses, "EYEBALLS_S", 0.0)
    monkeypatch.setattr(loop, "create_connection", create)
    resolves_to(ipv4(1), ipv4(2))
    connecting = asyncio.create_task(connect(asyncio.Protocol, NAME, 443, None))
    for _ in range(10):
        await asyncio.sleep(0)
    gate.set()
    transport, _ = await connecting
    for _ in range(3):
        await asyncio.sleep(0)
    assert {one.aborted for one in opened.values()} == {True, False}
    assert isinstance(transport, Opened)
    assert not transport.aborted


async def test_the_families_take_turns_and_a_link_is_kept(
    resolves_to: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[tuple[str, object]] = []

    async def refuse(_make: object, host: str, _port: int, **more: object) -> None:
        tried.append((host, more["family"]))
        raise ConnectionRefusedError(f"no {host}")

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", refuse)
    resolves_to(ipv6(0), ipv6(2), ipv4(1), ipv4(1, "127.0.0.2"), ipv6(0, "::1"))
    with pytest.raises(OSError, match="no ::1"):
        await arrive()
    hosts = ["fe80::1", "127.0.0.1", "fe80::1%2", "127.0.0.2", "::1"]
    assert [host for host, _ in tried] == hosts
    assert [family == socket.AF_INET6 for _, family in tried] == [
        ":" in host for host in hosts
    ]


async def test_no_more_is_asked_of_the_loop_than_uvloop_has(
    listener: socket.socket,
    resolves_to: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loop = asyncio.get_running_loop()
    real = loop.create_connection
    # Those of uvloop 0.22, but for TLS.
    allowed = {"family", "proto", "flags", "sock", "local_addr"}

    async def create(
        make: Callable[[], asyncio.Protocol], host: str, port: int, **more: object
    ) -> object:
        assert set(more) <= allowed
        return await real(make, host, port)

    monkeypatch.setattr(loop, "create_connection", create)
    where = listener.getsockname()
    for count in (1, 2):
        resolves_to(*[ipv4(where[1])] * count)
        assert await arrive() == where


@pytest.mark.skipif(sys.version_info < (3, 12), reason="it has no eager tasks")
async def test_tasks_may_be_eager(
    listener: socket.socket, refusing: int, resolves_to: Callable[..., None]
) -> None:
    where = listener.getsockname()
    loop = asyncio.get_running_loop()
    loop.set_task_factory(vars(asyncio)["eager_task_factory"])
    try:
        resolves_to(ipv4(refusing), ipv4(where[1]))
        assert await arrive() == where
    finally:
        loop.set_task_factory(None)
