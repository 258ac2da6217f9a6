"""Streams of a fake: in pieces and in virtual time, cut, hung and left."""

from __future__ import annotations

import asyncio
import math

import pytest

from gitlab_completions._wire.streams import StreamDecoder
from gitlab_completions.senders import SendError, WireRequest
from gitlab_completions.testing import FakeGitLab
from tests.testing.exchanges import direct, generation, indirect, send

TEXT = "def add(a, b):\n    return a + b  # é"


def now() -> float:
    return asyncio.get_running_loop().time()


@pytest.fixture
def gitlab() -> FakeGitLab:
    return FakeGitLab(TEXT)


async def arrivals(
    gitlab: FakeGitLab, request: WireRequest
) -> list[tuple[float, bytes]]:
    """Return the pieces, and when each has come."""
    async with gitlab.exchange(request) as response:
        return [(now(), piece) async for piece in response.chunks]


async def broken(gitlab: FakeGitLab, request: WireRequest) -> tuple[SendError, bytes]:
    """Return what breaks the stream, and what came before that."""
    text = b""
    try:
        async with gitlab.exchange(request) as response:
            async for piece in response.chunks:
                text += piece
    except SendError as error:
        return error, text
    raise AssertionError("it did not break")


async def test_a_gateway_of_today_streams_bare_text(gitlab: FakeGitLab) -> None:
    reply = await send(gitlab, await direct(gitlab, stream=True))
    assert len(reply.chunks) > 5
    assert b"".join(reply.chunks).decode() == TEXT
    assert "x-streaming-format" not in reply.headers


@pytest.mark.parametrize(
    ("profile", "is_events"), [("17.2", False), ("18.9", False), ("19.3", True)]
)
async def test_generations_are_events_where_the_instance_passes_v4_on(
    profile: str,
    is_events: bool,
) -> None:
    gitlab = FakeGitLab(TEXT, profile=profile)
    reply = await send(gitlab, generation(gitlab))
    assert ("x-streaming-format" in reply.headers) is is_events
    decoder = StreamDecoder(reply.headers)
    texts = [text for chunk in reply.chunks for text in decoder.feed(chunk)]
    assert "".join(texts + decoder.finish()) == TEXT
    assert decoder.has_ended is is_events


async def test_pieces_come_in_their_time(gitlab: FakeGitLab) -> None:
    gitlab.settings.stream_piece_bytes = 5
    gitlab.settings.stream_gap_s = 2.0
    pieces = await arrivals(gitlab, await direct(gitlab, stream=True, timeout_s=99))
    times = [time for time, _ in pieces]
    assert times == [2.0 * number for number in range(1, len(pieces) + 1)]
    assert {len(piece) for _, piece in pieces[:-1]} == {5}
    assert b"".join(piece for _, piece in pieces).decode() == TEXT


async def test_a_slow_reader_costs_the_server_time_and_nobody_memory(
    gitlab: FakeGitLab,
) -> None:
    gitlab.settings.stream_gap_s = 1.0
    async with gitlab.exchange(generation(gitlab)) as response:
        await anext(response.chunks)
        await asyncio.sleep(100)
        await anext(response.chunks)
    assert now() == 102.0


async def test_a_stream_may_break_in_the_midst(gitlab: FakeGitLab) -> None:
    gitlab.instance.break_stream(3)
    error, text = await broken(gitlab, generation(gitlab))
    assert error.kind == "broken"
    assert error.bytes_received == len(text) > 0
    assert gitlab.instance.abandoned_streams == 0


@pytest.mark.parametrize("pieces", [0, 2])
async def test_a_stream_that_hangs_is_given_up_after_silence(
    gitlab: FakeGitLab, pieces: int
) -> None:
    gitlab.settings.stream_gap_s = 1.0
    gitlab.instance.hang_stream(pieces)
    error, text = await broken(gitlab, generation(gitlab))
    assert (error.kind, error.bytes_received) == ("timeout", len(text))
    assert now() == pieces + 55.0
    assert gitlab.instance.abandoned_streams == 1


async def test_a_model_that_never_speaks_is_given_up_too(gitlab: FakeGitLab) -> None:
    gitlab.instance.hang()
    error, _ = await broken(gitlab, generation(gitlab))
    assert (error.kind, now()) == ("timeout", 55.0)


async def test_a_stream_ends_at_its_deadline(gitlab: FakeGitLab) -> None:
    gitlab.settings.stream_gap_s = 1.0
    error, _ = await broken(gitlab, generation(gitlab, timeout_s=3.5))
    assert (error.kind, now()) == ("timeout", 3.5)


async def test_a_stream_may_last_as_long_as_it_speaks(gitlab: FakeGitLab) -> None:
    gitlab.settings.stream_gap_s = 50.0
    pieces = await arrivals(gitlab, generation(gitlab, timeout_s=math.inf))
    assert pieces[-1][0] > 300.0


async def test_leaving_a_stream_ends_it(gitlab: FakeGitLab) -> None:
    async with gitlab.exchange(generation(gitlab)) as response:
        await anext(response.chunks)
        assert gitlab.in_flight == 1
    assert gitlab.in_flight == 0
    assert gitlab.instance.abandoned_streams == 1


async def test_what_strikes_before_the_first_byte_strikes_as_ever(
    gitlab: FakeGitLab,
) -> None:
    gitlab.instance.fail(503, times=1)
    assert (await send(gitlab, generation(gitlab))).status_code == 503
    gitlab.instance.reset(times=1)
    error, text = await broken(gitlab, generation(gitlab))
    assert (error.kind, text) == ("broken", b"")
    gitlab.instance.half_answer(times=1)
    error, text = await broken(gitlab, generation(gitlab))
    assert (error.kind, error.bytes_received) == ("broken", len(text))
    assert text


async def test_what_is_no_stream_is_not_counted_as_left(gitlab: FakeGitLab) -> None:
    async with gitlab.exchange(indirect(gitlab)):
        pass
    assert gitlab.instance.abandoned_streams == 0


async def test_a_stream_may_be_longer_than_an_answer() -> None:
    gitlab = FakeGitLab("word " * 300_000)
    gitlab.settings.stream_piece_bytes = 65_536
    pieces = await arrivals(gitlab, await direct(gitlab, stream=True))
    assert sum(len(piece) for _, piece in pieces) > 1024 * 1024
