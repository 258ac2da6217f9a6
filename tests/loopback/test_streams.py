"""Streams from the emulator over real sockets: as they come, cut, left, and held back.

Pieces come when the test lets them: what is asserted waits for no clock.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gitlab_completions import (
    ClientClosedError,
    CompletionRequest,
    GenerationType,
    HttpxSender,
    Intent,
    Route,
    RouteReason,
    SyncCompletionClient,
)
from gitlab_completions._shell.handover import ROOM
from gitlab_completions.errors import StreamBrokenError
from tests.loopback.scene import (
    PATIENT,
    REQUEST,
    all_closed,
    client_of,
    emulate,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gitlab_completions import CompletionStream
    from gitlab_completions.emulator import Emulator

GENERATION = replace(
    REQUEST, intent=Intent.GENERATION, generation_type=GenerationType.COMMENT
)
TEXT = "one two three four five six"
"""What the model writes, a word at a time."""
LONG = "line\n" * 3_000
"""More than is handed over ahead of a reader that is slow."""


@pytest.fixture
async def emulator() -> AsyncIterator[Emulator]:
    async with emulate(model=lambda _: TEXT) as emulator:
        yield emulator
        assert await all_closed(emulator.gateway_front, emulator.instance_front)


async def pieces_of(stream: CompletionStream) -> list[str]:
    return [piece async for piece in stream]


async def test_a_completion_streams_straight_from_the_gateway(
    emulator: Emulator,
) -> None:
    async with client_of(emulator, policy=PATIENT) as client:
        await client.warm_up()
        async with client.stream(REQUEST) as stream:
            pieces = await pieces_of(stream)
            done = await stream.completion()
        assert len(pieces) > 2
        assert "".join(pieces) == done.text == TEXT
        assert (done.route, done.reason) == (Route.DIRECT, RouteReason.PREFERRED)
        assert emulator.instance.requests == []
        assert client.status().in_flight == 0


@pytest.mark.parametrize("version", ["17.2", "18.9", "19.3"])
async def test_a_generation_streams_through_an_instance_of_any_age(
    version: str,
) -> None:
    async with (
        emulate(version, model=lambda _: TEXT) as emulator,
        client_of(emulator) as client,
    ):
        async with client.stream(GENERATION) as stream:
            pieces = await pieces_of(stream)
            done = await stream.completion()
        assert "".join(pieces) == done.text == TEXT
        assert (done.route, done.reason) == (Route.INDIRECT, RouteReason.GENERATION)


async def test_before_the_first_piece_a_stream_falls_back(emulator: Emulator) -> None:
    async with client_of(emulator, policy=PATIENT) as client:
        await client.warm_up()
        emulator.gateway.break_stream(pieces=0)
        async with client.stream(REQUEST) as stream:
            done = await stream.completion()
        assert (done.route, done.reason) == (Route.INDIRECT, RouteReason.FELL_BACK)
        assert done.text == TEXT
        assert [one.route for one in done.attempts] == list(Route)


async def test_a_stream_that_is_cut_in_its_midst_is_told_with_what_had_come(
    emulator: Emulator,
) -> None:
    async with client_of(emulator, policy=PATIENT) as client:
        await client.warm_up()
        emulator.gateway.break_stream(pieces=2)
        async with client.stream(REQUEST) as stream:
            with pytest.raises(StreamBrokenError) as broken:
                await pieces_of(stream)
        assert broken.value.text == stream.text == TEXT[:7]
        assert emulator.instance.requests == []


async def test_events_that_end_too_early_are_a_broken_stream(
    emulator: Emulator,
) -> None:
    async with client_of(emulator, policy=PATIENT) as client:
        emulator.instance.end_stream(pieces=3)
        async with client.stream(GENERATION) as stream:
            with pytest.raises(StreamBrokenError) as broken:
                await pieces_of(stream)
        assert broken.value.text == stream.text == TEXT[:7]


async def test_a_stream_is_cancelled_from_another_task(emulator: Emulator) -> None:
    async with client_of(emulator, policy=PATIENT) as client:
        await client.warm_up()
        emulator.gateway.hang_stream(pieces=1)
        first = asyncio.Event()
        async with client.stream(REQUEST) as stream:

            async def cancel() -> None:
                await first.wait()
                stream.cancel()

            cancelling = asyncio.create_task(cancel())
            async for _ in stream:
                first.set()
            await cancelling
            done = await stream.completion()
        assert done.text == TEXT[:3]
        emulator.gateway.heal()
        assert (await client.complete(REQUEST)).text == TEXT
        assert client.status().circuits[Route.DIRECT] == "closed"


async def test_a_slow_reader_loses_nothing_and_is_waited_for() -> None:
    async with (
        emulate(model=lambda _: LONG) as emulator,
        client_of(emulator, policy=PATIENT) as client,
    ):
        await client.warm_up()
        pieces = []
        async with client.stream(REQUEST) as stream:
            async for piece in stream:
                pieces.append(piece)
                assert len(stream._reader._handover._waiting) <= ROOM
        assert "".join(pieces) == LONG


async def test_the_clients_end_ends_its_streams(emulator: Emulator) -> None:
    async with client_of(emulator, policy=PATIENT) as client:
        await client.warm_up()
        emulator.gateway.hang_stream(pieces=1)
        stream = client.stream(REQUEST)
        assert await anext(stream)
        await client.aclose()
        with pytest.raises(ClientClosedError):
            await anext(stream)
        assert client.status().in_flight == 0


async def test_streams_and_completions_do_not_wait_for_each_other(
    emulator: Emulator,
) -> None:
    async with client_of(emulator, policy=PATIENT) as client:
        await client.warm_up()
        emulator.gateway.hang_stream(pieces=1)
        streams = [client.stream(REQUEST) for _ in range(4)]
        for stream in streams:
            assert await anext(stream)
        emulator.gateway.heal()
        assert client.status().in_flight == 4
        done = await client.complete(REQUEST)
        assert (done.text, done.route) == (TEXT, Route.DIRECT)
        for stream in streams:
            stream.cancel()


def without_asyncio(emulator: Emulator) -> SyncCompletionClient:
    return SyncCompletionClient(
        emulator.instance_url,
        emulator.access_token,
        policy=PATIENT,
        sender=HttpxSender(verify=emulator.ca_pem),
    )


def read_in_a_thread(emulator: Emulator, request: CompletionRequest) -> list[str]:
    """Read a stream without asyncio, and leave another in its midst."""
    with without_asyncio(emulator) as client:
        with client.stream(request) as stream:
            pieces = list(stream)
        assert stream.completion().text == stream.text == "".join(pieces)
        with client.stream(request) as left:
            assert next(left)
        return pieces


async def test_a_stream_is_read_in_a_thread(emulator: Emulator) -> None:
    pieces = await asyncio.to_thread(read_in_a_thread, emulator, GENERATION)
    assert "".join(pieces) == TEXT


async def test_a_stream_that_waits_in_one_thread_is_cancelled_in_another(
    emulator: Emulator,
) -> None:
    emulator.instance.hang_stream(pieces=2)

    def read() -> str:
        client = without_asyncio(emulator)
        with client, client.stream(GENERATION) as stream:
            next(stream)
            cancelling = threading.Thread(target=stream.cancel)
            cancelling.start()
            for _ in stream:
                pass
            cancelling.join()
            return stream.completion().text

    assert await asyncio.to_thread(read) == TEXT[:3]
