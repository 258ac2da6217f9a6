"""Each fault, seen by a client on the other side of a socket."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from gitlab_completions.emulator.faults import Endpoint
from gitlab_completions.emulator.front_connection import Gate
from gitlab_completions.emulator.profiles import PROFILES
from gitlab_completions.emulator.server import Emulator
from tests.emulator.sockets import calling

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions.emulator.front import Front

TLS = pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
BREAKS = pytest.mark.parametrize(
    "strike", [Endpoint.reset, Endpoint.half_answer, Endpoint.reset_midway]
)


@TLS
async def test_a_status_is_answered_and_counted_down(*, tls: bool) -> None:
    async with calling(Emulator(tls=tls)) as caller:
        fault = {"detail": "Inference failed"}
        caller.emulator.gateway.fail(
            503, json=fault, headers={"retry-after": "7"}, times=2
        )
        answers = [await caller.direct() for _ in range(3)]
        assert [answer.status_code for answer in answers] == [503, 503, 200]
        assert answers[0].json() == fault
        assert answers[0].headers["retry-after"] == "7"
        assert caller.emulator.gateway_front.connections_opened == 1


@TLS
async def test_a_hang_never_answers_and_keeps_the_connection(*, tls: bool) -> None:
    async with calling(Emulator(tls=tls)) as caller:
        await caller.grant()
        caller.emulator.gateway.hang(times=1)
        caller.client.timeout = httpx.Timeout(5.0, read=0.1)
        with pytest.raises(httpx.ReadTimeout):
            await caller.direct()
        caller.client.timeout = httpx.Timeout(5.0)
        assert (await caller.direct()).status_code == 200


@TLS
@BREAKS
async def test_what_breaks_the_connection_leaves_the_next_one_alone(
    strike: Callable[[Endpoint, int | None], None], *, tls: bool
) -> None:
    async with calling(Emulator(tls=tls)) as caller:
        await caller.grant()
        strike(caller.emulator.gateway, 1)
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            await caller.direct()
        assert (await caller.direct()).status_code == 200


@pytest.mark.parametrize("strike", [Endpoint.reset, Endpoint.reset_midway])
async def test_a_reset_is_a_real_one(strike: Callable[[Endpoint], None]) -> None:
    async with calling(Emulator()) as caller:
        strike(caller.emulator.gateway)
        port = caller.emulator.gateway_front.port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /v2/completions HTTP/1.1\r\nhost: a\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()


@TLS
async def test_cut_chunks_end_in_order_and_too_soon(*, tls: bool) -> None:
    async with calling(Emulator(tls=tls)) as caller:
        await caller.grant()
        caller.emulator.gateway.cut_chunks(times=1)
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
            await caller.direct()
        assert (await caller.direct()).status_code == 200


@TLS
async def test_a_connection_older_than_the_fault_is_stale_and_a_new_one_is_not(
    *, tls: bool
) -> None:
    async with calling(Emulator(tls=tls)) as caller:
        await caller.direct()
        caller.emulator.gateway.stale()
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            await caller.direct()
        for _ in range(2):
            assert (await caller.direct()).status_code == 200
        assert len(caller.emulator.gateway.requests) == 4
        assert caller.emulator.gateway_front.connections_opened == 2


@TLS
async def test_the_hosts_own_answer_can_be_spoilt(*, tls: bool) -> None:
    async with calling(Emulator(tls=tls)) as caller:
        caller.emulator.direct_access.wrong_types("expires_at", times=1)
        grant = await caller.grant()
        assert grant.status_code == 201
        assert grant.json()["expires_at"] == "wrong"
        assert "date" in grant.headers
        caller.emulator.gateway.wrong_content_type("text/html", times=1)
        answer = await caller.direct()
        assert answer.headers["content-type"] == "text/html"
        assert answer.json()["choices"]
        assert caller.emulator.gateway_front.connections_opened == 1


@pytest.mark.parametrize(
    ("strike", "status", "size"),
    [
        (lambda endpoint: endpoint.bad_json(), 200, 47),
        (lambda endpoint: endpoint.huge(), 200, 10 << 20),
        (lambda endpoint: endpoint.gzip_bomb(), 200, (64 << 20) + 2),
        (lambda endpoint: endpoint.redirect(), 307, 0),
    ],
    ids=["bad json", "huge", "bomb", "redirect"],
)
async def test_answers_of_hosts_at_fault_arrive(
    strike: Callable[[Endpoint], None], status: int, size: int
) -> None:
    async with calling(Emulator(tls=True)) as caller:
        await caller.grant()
        strike(caller.emulator.gateway)
        answer = await caller.direct()
        assert (answer.status_code, len(answer.content)) == (status, size)


async def test_a_drip_comes_at_its_rate() -> None:
    async with calling(Emulator()) as caller:
        await caller.grant()
        caller.emulator.gateway.drip(6000.0)
        started = time.perf_counter()
        answer = await caller.direct()
        took_s = time.perf_counter() - started
        assert answer.json()["choices"][0]["text"] == "al = 1"
        assert 0.05 < took_s < 1.0


async def test_a_drip_is_pieces_long_before_its_end() -> None:
    async with calling(Emulator()) as caller:
        await caller.grant()
        caller.emulator.gateway.drip(40.0, times=1)
        port = caller.emulator.gateway_front.port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /v2/completions HTTP/1.1\r\nhost: a\r\n\r\n")
        assert len(await reader.read(1000)) <= 2
        writer.close()


async def test_a_captive_portal_answers_a_page() -> None:
    async with calling(Emulator()) as caller:
        caller.emulator.instance.html(times=1)
        answer = await caller.indirect()
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/html")
        assert answer.text.startswith("<!doctype html>")
        assert (await caller.indirect()).json()["choices"]


async def test_a_delay_holds_the_answer() -> None:
    async with calling(Emulator(indirect_latency_s=0.05)) as caller:
        caller.emulator.instance.delay(0.05)
        started = time.perf_counter()
        await caller.indirect()
        assert 0.1 <= time.perf_counter() - started < 1.0


async def test_direct_access_has_faults_of_its_own() -> None:
    async with calling(Emulator()) as caller:
        caller.emulator.direct_access.fail(500, body=b"oops")
        assert (await caller.grant()).text == "oops"
        assert (await caller.indirect()).status_code == 200
        caller.emulator.direct_access.heal()
        assert (await caller.grant()).status_code == 201


async def test_an_idle_connection_is_closed() -> None:
    async with calling(Emulator("self-hosted")) as caller:
        assert caller.emulator.gateway_front.keep_alive_s == 5.0
        assert caller.emulator.instance_front.keep_alive_s == 75.0
        caller.emulator.gateway_front.keep_alive_s = 0.05
        port = caller.emulator.gateway_front.port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /monitoring/healthz HTTP/1.1\r\nhost: a\r\n\r\n")
        async with asyncio.timeout(2):
            answer = await reader.read()
        assert answer.startswith(b"HTTP/1.1 200")
        writer.close()


async def talk(emulator: Emulator, sent: bytes) -> bytes:
    """Send bytes to the gateway's front, and read until it closes."""
    port = emulator.gateway_front.port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    async with asyncio.timeout(2):
        answer = await reader.read()
    writer.close()
    return answer


HEALTH = b"GET /monitoring/healthz HTTP/1.1\r\nhost: a\r\n"
LAST = HEALTH + b"connection: close\r\n\r\n"


async def test_pipelined_requests_are_answered_in_turn() -> None:
    async with Emulator() as emulator:
        answer = await talk(emulator, (HEALTH + b"\r\n") * 2 + LAST)
        assert answer.count(b"HTTP/1.1 200 OK") == 3


async def test_garbage_is_a_bad_request() -> None:
    async with Emulator() as emulator:
        answer = await talk(emulator, b"\x16\x03\x01 this is TLS\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 400 Bad Request")


async def test_a_chunked_body_behind_an_expectation() -> None:
    async with Emulator() as emulator:
        head = (
            b"POST /v2/completions HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\n"
            b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        )
        port = emulator.gateway_front.port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head)
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"2\r\n{}\r\n0\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 401")
        writer.close()
        assert emulator.gateway.requests[0].body == b"{}"


@pytest.mark.parametrize("sent", [b"", b"POST /v2/comp", HEALTH, HEALTH + b"\r\n"])
async def test_a_client_that_vanishes_leaves_nothing(sent: bytes) -> None:
    async with Emulator() as emulator:
        with socket.create_connection(("127.0.0.1", emulator.gateway_front.port)) as s:
            s.send(sent)
        await talk(emulator, LAST)
        for _ in range(1000):
            if not emulator.gateway_front.connections_open:
                break
            await asyncio.sleep(0)
        assert emulator.gateway_front.connections_open == 0


@TLS
@pytest.mark.parametrize(
    "strike",
    [
        lambda endpoint: endpoint.hang(),
        lambda endpoint: endpoint.delay(30.0),
        lambda endpoint: endpoint.drip(1.0),
        lambda endpoint: endpoint.blackhole(),
        lambda endpoint: endpoint.deaf(),
    ],
    ids=["hang", "delay", "drip", "blackhole", "deaf"],
)
async def test_an_emulator_ends_in_the_middle_of_a_fault(
    strike: Callable[[Endpoint], None], *, tls: bool
) -> None:
    async with calling(Emulator(tls=tls)) as caller:
        await caller.grant()
        await caller.direct()
        strike(caller.emulator.gateway)
        caller.client.timeout = httpx.Timeout(0.05)
        with pytest.raises(httpx.TimeoutException):
            await caller.direct()


@TLS
async def test_fifty_connections_at_once(*, tls: bool) -> None:
    async with calling(Emulator(tls=tls)) as caller:
        front = caller.emulator.gateway_front
        context = caller.emulator.ssl_context()
        opening = (
            asyncio.open_connection("127.0.0.1", front.port, ssl=context)
            for _ in range(50)
        )
        streams = await asyncio.gather(*opening)
        assert front.connections_opened == front.connections_open == 50
        for _, writer in streams:
            writer.write(HEALTH + b"\r\n")
        heads = [reader.readuntil(b"\r\n") for reader, _ in streams]
        assert set(await asyncio.gather(*heads)) == {b"HTTP/1.1 200 OK\r\n"}
        for _, writer in streams:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@TLS
async def test_fifty_calls_at_once(*, tls: bool) -> None:
    async with calling(Emulator(tls=tls)) as caller:
        await caller.grant()
        answers = await asyncio.gather(*(caller.direct() for _ in range(50)))
        assert {answer.status_code for answer in answers} == {200}
        assert len(caller.emulator.gateway.requests) == 50


async def test_streams_arrive_as_bare_text() -> None:
    async with calling(Emulator(model=lambda _: "return x + 1")) as caller:
        await caller.grant()
        body = {"prompt_version": 1, "stream": True, "current_file": {}}
        file = {
            "file_name": "a.py",
            "content_above_cursor": "",
            "content_below_cursor": "",
        }
        answer = await caller.direct({**body, "current_file": file})
        assert answer.text == "return x + 1"
        assert answer.headers["transfer-encoding"] == "chunked"


async def test_a_gate_holds_until_it_opens() -> None:
    gate = Gate()
    await gate.passed()
    gate.shut()
    passing = asyncio.ensure_future(gate.passed())
    await asyncio.sleep(0)
    assert not passing.done()
    gate.open()
    await passing


def test_keep_alive_comes_from_the_profile() -> None:
    assert PROFILES["self-hosted"].gateway_keep_alive_s == 5.0


@TLS
async def test_a_stream_arrives_piece_by_piece(*, tls: bool) -> None:
    async with calling(Emulator(tls=tls, model=lambda _: "π😀")) as caller:
        caller.emulator.settings.stream_piece_bytes = 1
        async with caller.streaming() as answer:
            pieces = [piece async for piece in answer.aiter_raw()]
        assert pieces == [bytes([byte]) for byte in "π😀".encode()]
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["transfer-encoding"] == "chunked"
        assert caller.emulator.instance.abandoned_streams == 0


async def test_the_first_piece_does_not_wait_for_the_second() -> None:
    async with calling(Emulator(model=lambda _: "a b")) as caller:
        caller.emulator.instance.hang_stream()
        async with caller.streaming() as answer:
            assert await anext(answer.aiter_raw()) == b"a"


@TLS
@pytest.mark.parametrize("sse", [False, True], ids=["bare", "events"])
async def test_a_broken_stream_brings_what_came_before(
    *, tls: bool, sse: bool, caplog: pytest.LogCaptureFixture
) -> None:
    intent = "generation" if sse else "completion"
    async with calling(Emulator(tls=tls, model=lambda _: "a b c")) as caller:
        caller.emulator.instance.break_stream(2, times=1)
        got = bytearray()
        async with caller.streaming(intent=intent) as answer:
            with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked"):
                await collect(answer, got)
        assert got.count(b"event: ") == 2 if sse else got == b"a b"
        async with caller.streaming(intent=intent) as answer:
            assert len(await answer.aread()) > len(got)
        assert caller.emulator.instance.abandoned_streams == 0
    assert not caplog.records


async def collect(answer: httpx.Response, into: bytearray) -> None:
    async for part in answer.aiter_raw():
        into += part


async def emptied(front: Front) -> None:
    """Wait until no connection is open."""
    for _ in range(1000):
        if not front.connections_open:
            return
        await asyncio.sleep(0.001)


async def test_a_stream_can_end_in_order_and_too_soon() -> None:
    async with calling(Emulator(model=lambda _: "a b c")) as caller:
        caller.emulator.instance.end_stream(2)
        async with caller.streaming(intent="generation") as answer:
            body = await answer.aread()
        assert body.count(b"event: ") == 2
        assert b"stream_end" not in body


@TLS
async def test_a_stream_that_its_client_leaves_is_counted(*, tls: bool) -> None:
    async with calling(Emulator(tls=tls, model=lambda _: "a b c")) as caller:
        endpoint = caller.emulator.instance
        endpoint.hang_stream(times=1)
        async with caller.streaming() as answer:
            assert await anext(answer.aiter_raw()) == b"a"
        await emptied(caller.emulator.instance_front)
        assert endpoint.abandoned_streams == 1
        async with caller.streaming() as answer:
            assert await answer.aread() == b"a b c"
        assert endpoint.abandoned_streams == 1


async def test_a_client_that_leaves_while_pieces_come_is_counted_too() -> None:
    # More than all buffers on the way hold.
    async with calling(Emulator(model=lambda _: "w" * 20_000_000)) as caller:
        caller.emulator.settings.stream_piece_bytes = 65_536
        async with caller.streaming() as answer:
            assert await anext(answer.aiter_raw())
        await emptied(caller.emulator.instance_front)
        assert caller.emulator.instance.abandoned_streams == 1
