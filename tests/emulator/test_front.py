"""Faults of a whole host, and the counters of its front."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

from gitlab_completions.emulator.faults import Endpoint
from gitlab_completions.emulator.front import Front
from gitlab_completions.emulator.server import Emulator
from tests.emulator.sockets import calling

if TYPE_CHECKING:
    from gitlab_completions.emulator.answers import Request

ONLY_LINUX = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux drops a SYN for a full queue"
)


@ONLY_LINUX
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
async def test_a_blackhole_swallows_connects_until_it_heals(*, tls: bool) -> None:
    async with calling(Emulator(tls=tls)) as caller:
        gateway, front = caller.emulator.gateway, caller.emulator.gateway_front
        await caller.grant()
        gateway.blackhole()
        caller.client.timeout = httpx.Timeout(5.0, connect=0.1)
        with pytest.raises(httpx.ConnectTimeout):
            await caller.direct()
        assert (await caller.indirect()).status_code == 200
        assert front.connections_opened == 0
        gateway.heal()
        assert (await caller.direct()).status_code == 200
        assert front.connections_opened == 1


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
async def test_a_deaf_host_takes_connections_and_reads_nothing(*, tls: bool) -> None:
    async with calling(Emulator(tls=tls)) as caller:
        gateway, front = caller.emulator.gateway, caller.emulator.gateway_front
        await caller.grant()
        gateway.deaf()
        waiting = asyncio.ensure_future(caller.direct())
        await asyncio.wait([waiting], timeout=0.1)
        assert not waiting.done()
        assert (front.connections_open, len(gateway.requests)) == (1, 0)
        gateway.heal()
        assert (await waiting).status_code == 200


async def test_connections_to_a_host_gone_deaf_come_back() -> None:
    async with calling(Emulator(tls=True)) as caller:
        await caller.direct()
        caller.emulator.gateway.deaf()
        waiting = asyncio.ensure_future(caller.direct())
        await asyncio.wait([waiting], timeout=0.1)
        assert not waiting.done()
        caller.emulator.gateway.heal()
        assert (await waiting).status_code == 200
        assert caller.emulator.gateway_front.connections_opened == 1


async def test_a_certificate_that_nobody_trusts_fails_connections() -> None:
    async with calling(Emulator(tls=True)) as caller:
        await caller.grant()
        caller.emulator.gateway.untrusted()
        with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
            await caller.direct()
        assert caller.emulator.gateway.requests == []
        caller.emulator.gateway.heal()
        assert (await caller.direct()).status_code == 200


@pytest.mark.parametrize("fault", ["refuse", "untrusted", "broken_handshake"])
async def test_a_host_that_changes_drops_its_connections(fault: str) -> None:
    async with calling(Emulator(tls=True)) as caller:
        await caller.direct()
        front = caller.emulator.gateway_front
        assert front.connections_open == 1
        getattr(caller.emulator.gateway, fault)()
        await asyncio.wait(front._serving, timeout=2.0)
        assert front.connections_open == 0


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
async def test_a_broken_handshake_is_a_reset(*, tls: bool) -> None:
    async with calling(Emulator(tls=tls)) as caller:
        await caller.grant()
        caller.emulator.gateway.broken_handshake()
        with pytest.raises(httpx.ConnectError if tls else httpx.ReadError):
            await caller.direct()
        assert caller.emulator.gateway.requests == []
        caller.emulator.gateway.heal()
        assert (await caller.direct()).status_code == 200


async def test_a_fault_of_tls_leaves_plain_http_alone() -> None:
    async with calling(Emulator()) as caller:
        await caller.grant()
        caller.emulator.gateway.untrusted()
        assert (await caller.direct()).status_code == 200


@ONLY_LINUX
async def test_connections_in_a_blackhole_go_silent_and_come_back() -> None:
    async with calling(Emulator()) as caller:
        gateway = caller.emulator.gateway
        await caller.direct()
        gateway.blackhole()
        waiting = asyncio.ensure_future(caller.direct())
        await asyncio.wait([waiting], timeout=0.1)
        assert not waiting.done()
        gateway.heal()
        assert (await waiting).status_code == 200
        assert caller.emulator.gateway_front.connections_opened == 1


@ONLY_LINUX
async def test_a_blackhole_on_direct_access_takes_the_whole_instance() -> None:
    async with calling(Emulator()) as caller:
        caller.emulator.direct_access.blackhole()
        caller.client.timeout = httpx.Timeout(0.1)
        with pytest.raises(httpx.ConnectTimeout):
            await caller.indirect()
        caller.emulator.direct_access.refuse()
        with pytest.raises(httpx.ConnectError):
            await caller.indirect()
        caller.emulator.direct_access.heal()
        assert (await caller.indirect()).status_code == 200


async def test_a_refusing_host_drops_connections_and_takes_no_new_ones() -> None:
    async with calling(Emulator()) as caller:
        gateway = caller.emulator.gateway
        await caller.direct()
        gateway.refuse()
        with pytest.raises(httpx.TransportError):
            await caller.direct()
        with pytest.raises(httpx.ConnectError):
            await caller.direct()
        assert caller.emulator.gateway_front.connections_open == 0
        gateway.fail(503, times=1)
        assert (await caller.direct()).status_code == 503
        assert (await caller.direct()).status_code == 200


async def test_a_restart_ends_connections_and_keeps_tokens_good() -> None:
    async with calling(Emulator()) as caller:
        assert (await caller.direct()).status_code == 200
        front = caller.emulator.gateway_front
        assert (front.connections_opened, front.connections_open) == (1, 1)
        await caller.emulator.restart_gateway()
        assert front.connections_open == 0
        assert (await caller.direct()).status_code == 200
        assert front.connections_opened == 2


async def test_one_connection_serves_many_requests() -> None:
    async with calling(Emulator()) as caller:
        for _ in range(5):
            await caller.indirect()
        assert caller.emulator.instance_front.connections_opened == 1


async def test_a_connection_that_was_never_served_is_closed() -> None:
    front = front_of(Endpoint("gateway"))
    front.start(("127.0.0.1", 1))
    reader, writer = await asyncio.open_connection("127.0.0.1", front.port)
    await front.aclose()
    assert await reader.read() == b""
    writer.close()
    with pytest.raises(RuntimeError, match="not started"):
        assert front.port
    await front.aclose()


async def test_a_fault_of_another_host_changes_nothing() -> None:
    endpoint = Endpoint("elsewhere")
    endpoint.refuse()
    async with Emulator() as emulator:
        front = front_of(endpoint)
        front.start(("127.0.0.1", emulator.gateway_front.port))
        reader, writer = await asyncio.open_connection("127.0.0.1", front.port)
        writer.write(b"GET /monitoring/healthz HTTP/1.1\r\nhost: a\r\n\r\n")
        assert await reader.readuntil(b"\r\n") == b"HTTP/1.1 200 OK\r\n"
        writer.close()
        await front.aclose()


async def test_a_dead_server_behind_ends_the_connection() -> None:
    front = front_of(None)
    front.start(("127.0.0.1", 1))
    reader, writer = await asyncio.open_connection("127.0.0.1", front.port)
    writer.write(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
    assert await reader.read() == b""
    writer.close()
    await front.aclose()


def front_of(endpoint: Endpoint | None) -> Front:
    def endpoint_of(_request: Request) -> Endpoint | None:
        return endpoint

    return Front(endpoint_of, endpoints=(), keep_alive_s=5.0)
