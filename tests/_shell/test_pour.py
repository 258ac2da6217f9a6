"""What comes is decoded and handed over, and silence is noticed."""

from __future__ import annotations

import asyncio

import pytest

from gitlab_completions._shell.handover import ROOM, Handover
from gitlab_completions._shell.pour import OVERTIME_S, READ_OUT_S, SILENCE_S, Pour
from gitlab_completions._wire.unusable import NotACompletionError, StreamCutError
from gitlab_completions.models import Choice
from gitlab_completions.senders import SendError, WireResponse
from gitlab_completions.testing import wait_all_tasks_blocked
from tests._shell.parts import Feed

EVENT = b'event: content_chunk\ndata: {"choices":[{"delta":{"content":"x"}}]}\n\n'
END = b"event: stream_end\ndata: null\n\n"


class Sink:
    """A pour, what is fed to it, and what it tells."""

    def __init__(self, *, crlf: bool = False, **headers: str) -> None:
        self.handover = Handover()
        self.feed = Feed()
        self.told: list[str] = []
        self.pour = Pour(
            self.handover,
            crlf=crlf,
            begin=lambda: self.told.append("begun"),
            fall_silent=lambda: self.told.append("silent"),
        )
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        response = WireResponse(
            status_code=200,
            headers={"content-type": "text/event-stream", **named},
            chunks=self.feed.chunks(),
        )
        self.task = asyncio.create_task(self.pour.drain(response))


async def test_text_is_handed_over_and_returned_as_a_whole() -> None:
    sink = Sink(crlf=True)
    sink.feed.send(b"a\n", "é".encode()[:1], "é".encode()[1:])
    sink.feed.end()
    done = await sink.task
    assert done.choices == (Choice(text="a\r\né"),)
    assert sink.told == ["begun"]
    assert sink.pour.news.done()


async def test_the_first_bytes_are_no_piece_yet() -> None:
    sink = Sink(x_streaming_format="sse")
    assert not sink.pour.heard
    sink.feed.send(b": ping\n\n")
    await wait_all_tasks_blocked()
    told = list(sink.told)
    assert (sink.pour.heard, sink.pour.begun, told) == (True, False, [])
    assert not sink.pour.news.done()
    sink.feed.send(EVENT, END)
    sink.feed.end()
    await sink.task
    assert sink.told == ["begun"]


@pytest.mark.parametrize("tail", ["nothing", "more", "break"])
async def test_what_follows_the_end_of_the_text_is_not_waited_for(tail: str) -> None:
    sink = Sink(x_streaming_format="sse")
    sink.feed.send(EVENT + END)
    if tail == "more":
        sink.feed.send(EVENT)
        sink.feed.end()
    elif tail == "break":
        sink.feed.fail(SendError("broken"))
    assert (await sink.task).choices == (Choice(text="x"),)
    waited_s = asyncio.get_running_loop().time()
    assert waited_s == (READ_OUT_S if tail == "nothing" else 0)


async def test_a_text_that_has_ended_waits_for_no_reader() -> None:
    sink = Sink(x_streaming_format="sse")
    sink.feed.send(EVENT * (ROOM + 1) + END)
    sink.feed.end()
    await wait_all_tasks_blocked()
    assert sink.task.done()
    assert sink.handover.everything == "x" * (ROOM + 1)


async def test_what_is_no_text_is_told() -> None:
    sink = Sink(content_type="image/png")
    with pytest.raises(NotACompletionError):
        await sink.task
    sink = Sink(x_streaming_format="sse")
    sink.feed.send(EVENT)
    sink.feed.end()
    with pytest.raises(StreamCutError):
        await sink.task


async def test_silence_is_told_but_for_a_reader_that_is_slow() -> None:
    sink = Sink()
    sink.pour.expect()
    sink.feed.send(*[b"x"] * (ROOM + 1))
    await asyncio.sleep(1000)
    assert sink.told == ["begun"]
    assert sink.feed.read == ROOM
    await sink.handover.take()
    await sink.handover.take()
    await asyncio.sleep(SILENCE_S + OVERTIME_S + 0.1)
    assert sink.told == ["begun", "silent"]
    sink.feed.end()
    await sink.task


async def test_once_shut_it_takes_nothing_and_notices_no_silence() -> None:
    sink = Sink()
    sink.pour.expect()
    sink.pour.shut()
    sink.feed.send(b"x")
    with pytest.raises(SendError):
        await sink.task
    await asyncio.sleep(1000)
    assert (sink.told, sink.handover.everything) == ([], "")
