"""What the reader of a stream sees: text as it comes, whatever either route does."""

from __future__ import annotations

import asyncio
import gc
import math
import pickle
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest

from gitlab_completions import events
from gitlab_completions._shell.handover import ROOM
from gitlab_completions._shell.pour import OVERTIME_S, SILENCE_S
from gitlab_completions.client import CompletionClient
from gitlab_completions.errors import (
    AllRoutesFailedError,
    ClientClosedError,
    ConfigurationError,
    DeadlineExceededError,
    ErrorCode,
    RequestRejectedError,
    RouteTimeoutError,
    StreamBrokenError,
)
from gitlab_completions.models import (
    CompletionRequest,
    GenerationType,
    Intent,
    Model,
    Route,
    RouteReason,
)
from gitlab_completions.policy import DirectMode, RoutingPolicy
from gitlab_completions.senders import SendError, WireResponse
from gitlab_completions.status import Health
from gitlab_completions.testing import VirtualClock, wait_all_tasks_blocked
from tests._shell.parts import ROOT, Diary, Feed, HeldSender

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from gitlab_completions.events import Event
    from gitlab_completions.models import AccessToken
    from gitlab_completions.stream import CompletionStream
    from tests._shell.parts import Exchange

DIRECT, INDIRECT = Route
REQUEST = CompletionRequest(file_name="f.py", content_above_cursor="def f():")
GENERATION = replace(
    REQUEST,
    intent=Intent.GENERATION,
    generation_type=GenerationType.COMMENT,
    user_instruction="add",
)
NEVER = RoutingPolicy(direct=DirectMode.NEVER)
BROKEN = SendError("broken")
TEXT_EVENT = b'event: content_chunk\ndata: {"choices":[{"delta":{"content":"x"}}]}\n\n'


class House:
    """A client, what it sends, and what its observer is told."""

    def __init__(
        self,
        policy: RoutingPolicy | None = None,
        access_token: AccessToken = "glpat-1",
    ) -> None:
        self.sender = HeldSender()
        self.diary = Diary()
        self.client = CompletionClient._for_testing(
            ROOT,
            access_token,
            policy=policy or RoutingPolicy(),
            sender=self.sender,
            clock=VirtualClock(),
            jitter=lambda: 0.5,
            observers=[self.diary],
        )

    async def warm(self) -> None:
        """Have connection details."""
        warming = asyncio.create_task(self.client.warm_up())
        (await self.sender.next()).grant()
        (await self.sender.next()).reply(200, b"{}")
        await warming
        self.diary.events.clear()

    def read(
        self,
        request: CompletionRequest = REQUEST,
        deadline_s: float | None = None,
    ) -> Reading:
        return Reading(self.client.stream(request, deadline_s=deadline_s))

    @property
    def in_flight(self) -> int:
        return self.client.status().in_flight

    @property
    def kinds(self) -> list[str]:
        return [kind for kind in self.diary.kinds if kind != "StatusChanged"]

    def last(self, kind: type[Event]) -> Event:
        return next(one for one in reversed(self.diary.events) if type(one) is kind)


class Reading:
    """A task that reads a stream to its end, or to the error that it ends with."""

    def __init__(self, stream: CompletionStream) -> None:
        self.stream = stream
        self.pieces: list[str] = []
        self.task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async with self.stream:
            async for piece in self.stream:
                self.pieces.append(piece)
                assert self.stream.text == "".join(self.pieces)

    async def error(self) -> BaseException | None:
        await asyncio.wait({self.task})
        return self.task.exception()


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with kept(House()) as house:
        await house.warm()
        yield house


@pytest.fixture
async def indirect() -> AsyncIterator[House]:
    async with kept(House(NEVER)) as house:
        yield house


@asynccontextmanager
async def kept(house: House) -> AsyncGenerator[House, None]:
    """Close the house's client, and see that nothing of it is left."""
    async with house.client:
        yield house
    assert house.sender.in_flight == 0
    assert house.in_flight == 0
    assert all(one.cancelled <= 1 for one in house.sender.exchanges)
    for event in house.diary.events:
        assert "s3cret" not in repr(event)


async def begun(house: House) -> tuple[Exchange, Feed]:
    exchange = await house.sender.next()
    return exchange, exchange.begin()


# Text as it comes.


async def test_pieces_come_as_they_arrive_and_the_rest_is_told_at_the_end(
    house: House,
) -> None:
    reading = house.read()
    exchange, feed = await begun(house)
    assert exchange.wire.url.endswith("/v2/completions")
    assert exchange.wire.purpose == "stream"
    assert math.isinf(exchange.wire.timeout_s)
    for arrived in (b"a = ", b"b", b" + c"):
        feed.send(arrived)
        await wait_all_tasks_blocked()
    assert reading.pieces == ["a = ", "b", " + c"]
    assert house.in_flight == 1
    assert house.kinds == ["CallStarted", "RouteChosen", "StreamBegan"]
    feed.end()
    done = await reading.stream.completion()
    assert await reading.error() is None
    assert done.text == reading.stream.text == "a = b + c"
    assert (done.route, done.reason) == (DIRECT, RouteReason.PREFERRED)
    (attempt,) = done.attempts
    assert (attempt.status_code, attempt.error) == (200, None)
    assert not attempt.superseded
    assert house.kinds == [
        *("CallStarted", "RouteChosen", "StreamBegan"),
        *("AttemptSucceeded", "CallFinished"),
    ]
    assert house.in_flight == 0


async def test_events_of_a_stream_are_read_and_name_the_model(indirect: House) -> None:
    reading = indirect.read(GENERATION)
    feed = (await indirect.sender.next()).begin(x_streaming_format="sse")
    feed.send(
        b'event: stream_start\r\ndata: {"metadata":{"model":'
        b'{"engine":"agent","name":"demo"}}}\r\n\r\n'
    )
    await wait_all_tasks_blocked()
    assert reading.pieces == []
    for text in (b"x", b"", b" = 1"):
        feed.send(
            b'event: content_chunk\r\ndata: {"choices":[{"delta":{"content":"%b"},'
            b'"index":0}]}\r\n\r\n' % text
        )
    feed.send(b"event: stream_end\r\ndata: null\r\n\r\n")
    feed.end()
    done = await reading.stream.completion()
    assert reading.pieces == ["x", " = 1"]
    assert done.model == Model(engine="agent", name="demo")
    assert (done.text, done.reason) == ("x = 1", RouteReason.GENERATION)


async def test_a_text_that_has_ended_waits_for_no_end_of_the_connection(
    indirect: House,
) -> None:
    reading = indirect.read(GENERATION)
    feed = (await indirect.sender.next()).begin(x_streaming_format="sse")
    feed.send(TEXT_EVENT + b"event: stream_end\ndata: null\n\n")
    assert (await reading.stream.completion()).text == "x"
    assert indirect.in_flight == 0


async def test_a_generation_goes_through_the_instance_with_its_instruction(
    house: House,
) -> None:
    reading = house.read(GENERATION)
    exchange, feed = await begun(house)
    assert exchange.wire.route is INDIRECT
    assert exchange.wire.last_resort
    for field in (b'"intent":"generation"', b'"stream":true', b'"comment"', b'"add"'):
        assert field in exchange.wire.body.replace(b": ", b":")
    feed.send(b"x")
    feed.end()
    done = await reading.stream.completion()
    assert (done.route, done.reason) == (INDIRECT, RouteReason.GENERATION)


async def test_a_whole_answer_of_an_old_gateway_is_one_piece(house: House) -> None:
    reading = house.read()
    (await house.sender.next()).complete("x = 1")
    done = await reading.stream.completion()
    assert reading.pieces == ["x = 1"]
    assert done.text == "x = 1"


async def test_the_files_line_ends_are_restored_across_pieces(indirect: House) -> None:
    crlf = replace(REQUEST, content_above_cursor="a\r\nb\r\n")
    reading = indirect.read(crlf)
    _, feed = await begun(indirect)
    feed.send(b"c\nd\r", b"\ne\n")
    feed.end()
    done = await reading.stream.completion()
    assert "".join(reading.pieces) == done.text == "c\r\nd\r\ne\r\n"


@pytest.mark.parametrize("parts", [(), (b"",)])
async def test_a_stream_without_text_is_no_suggestion(
    house: House, parts: tuple[bytes, ...]
) -> None:
    reading = house.read()
    _, feed = await begun(house)
    feed.send(*parts)
    feed.end()
    done = await reading.stream.completion()
    assert (done.choices, done.route) == ((), DIRECT)
    assert reading.pieces == []
    assert len(house.sender.exchanges) == 3  # warm-up, and this one


async def test_blank_text_is_given_but_is_no_choice(house: House) -> None:
    reading = house.read()
    _, feed = await begun(house)
    feed.send(b"\n  ")
    feed.end()
    done = await reading.stream.completion()
    assert (done.choices, reading.pieces) == ((), ["\n  "])


async def test_without_a_context_the_first_piece_begins_the_call(house: House) -> None:
    stream = house.client.stream(REQUEST)
    await wait_all_tasks_blocked()
    assert len(house.sender.exchanges) == 2
    piece = asyncio.create_task(anext(stream))
    _, feed = await begun(house)
    feed.send(b"x")
    assert await piece == "x"
    feed.end()
    assert [piece async for piece in stream] == []
    assert (await stream.completion()).text == "x"


async def test_completion_alone_reads_all_of_it(house: House) -> None:
    stream = house.client.stream(REQUEST)
    whole = asyncio.create_task(stream.completion())
    _, feed = await begun(house)
    feed.send(*[b"x"] * 100)
    feed.end()
    assert (await whole).text == "x" * 100
    assert await stream.completion() is await stream.completion()
    assert [piece async for piece in stream] == []


# Which route.


async def test_a_route_that_fails_before_the_first_piece_falls_back(
    house: House,
) -> None:
    reading = house.read()
    (await house.sender.next()).refuse(503)
    exchange, feed = await begun(house)
    assert exchange.wire.route is INDIRECT
    feed.send(b"x")
    feed.end()
    done = await reading.stream.completion()
    assert (done.route, done.reason) == (INDIRECT, RouteReason.FELL_BACK)
    assert [one.route for one in done.attempts] == [DIRECT, INDIRECT]
    assert house.kinds == [
        *("CallStarted", "RouteChosen", "AttemptFailed", "FellBack"),
        *("StreamBegan", "AttemptSucceeded", "CallFinished"),
    ]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/html", b"<p>sign in"),
        ("text/event-stream", b"<!doctype html><p>sign in"),
        ("application/json", b'{"error": "s3cret"}'),
        ("image/png", b"\x89PNG"),
    ],
)
async def test_what_is_no_text_falls_back_and_is_never_given(
    house: House, kind: str, body: bytes
) -> None:
    reading = house.read()
    feed = (await house.sender.next()).begin(kind)
    feed.send(body)
    feed.end()
    _, feed = await begun(house)
    feed.send(b"x")
    feed.end()
    done = await reading.stream.completion()
    assert reading.pieces == ["x"]
    first = done.attempts[0].error
    assert first is not None
    assert first.code in {ErrorCode.MALFORMED, ErrorCode.CAPTIVE_PORTAL}


async def test_events_cut_off_before_any_text_fall_back(house: House) -> None:
    reading = house.read()
    feed = (await house.sender.next()).begin(x_streaming_format="sse")
    feed.send(b'event: stream_start\ndata: {"metadata":{}}\n\n')
    feed.end()
    _, feed = await begun(house)
    feed.send(b"x")
    feed.end()
    assert (await reading.stream.completion()).route is INDIRECT


async def test_silence_is_given_up_at_its_timeout_and_ended(house: House) -> None:
    """Not hedged meanwhile: two streams would be two texts."""
    reading = house.read()
    silent = await house.sender.next()
    await asyncio.sleep(4.9)
    assert len(house.sender.exchanges) == 3
    await asyncio.sleep(0.2)
    exchange, feed = await begun(house)
    assert silent.cancelled == 1
    assert exchange.wire.route is INDIRECT
    feed.send(b"x")
    feed.end()
    done = await reading.stream.completion()
    given_up, _ = done.attempts
    assert isinstance(given_up.error, RouteTimeoutError)
    assert given_up.elapsed_s == 5.0


@pytest.mark.parametrize("slow", [False, True])
async def test_a_stream_that_may_still_come_is_not_ended_to_wait_for_a_place(
    *, slow: bool
) -> None:
    """The instance's minute is spent: what falls back waits for the next."""
    async with kept(House(RoutingPolicy(indirect_per_minute=6))) as house:
        await house.warm()
        if slow:  # direct rests, and gets what there is no room for elsewhere
            for _ in range(2):
                reading = house.read()
                await asyncio.sleep(0.8)
                reading.stream.cancel()
                await reading.error()
        for _ in range(5):
            reading = house.read(GENERATION)
            _, feed = await begun(house)
            feed.end()
            await reading.error()
        reading = house.read(deadline_s=20)
        await asyncio.sleep(15)
        exchange, feed = await begun(house)
        assert exchange.wire.route is DIRECT
        feed.send(b"x")
        feed.end()
        assert (await reading.stream.completion()).text == "x"
        # But not longer than that takes.
        reading = house.read()
        await asyncio.sleep(60)
        exchange, feed = await begun(house)
        assert exchange.wire.route is INDIRECT
        feed.end()
        await reading.stream.completion()


async def test_with_a_deadline_the_last_route_keeps_a_share_of_it(
    house: House,
) -> None:
    reading = house.read(deadline_s=2.0)
    await asyncio.sleep(1.25)
    exchange, feed = await begun(house)
    assert exchange.wire.route is INDIRECT
    feed.send(b"x")
    feed.end()
    assert (await reading.stream.completion()).route is INDIRECT


async def test_the_last_route_may_be_silent_for_long(indirect: House) -> None:
    reading = indirect.read()
    await asyncio.sleep(40)
    _, feed = await begun(indirect)
    feed.send(b"x")
    await asyncio.sleep(40)
    feed.send(b"y")
    feed.end()
    assert (await reading.stream.completion()).text == "xy"


async def test_a_failure_of_the_instance_brings_direct_its_last_try(
    house: House,
) -> None:
    for _ in range(2):
        reading = house.read()
        (await house.sender.next()).fail(BROKEN)
        _, feed = await begun(house)
        feed.end()
        await reading.stream.completion()
    reading = house.read()
    exchange = await house.sender.next()
    assert exchange.wire.route is INDIRECT
    exchange.refuse(503)
    exchange, feed = await begun(house)
    assert exchange.wire.route is DIRECT
    feed.send(b"x")
    feed.end()
    done = await reading.stream.completion()
    assert done.reason is RouteReason.LAST_TRY


async def test_a_probe_goes_alone_and_not_for_long(house: House) -> None:
    """Where all calls are streams nothing else would find out that direct is well."""
    for _ in range(2):
        reading = house.read()
        (await house.sender.next()).fail(BROKEN)
        _, feed = await begun(house)
        feed.end()
        await reading.stream.completion()
    for answers in (False, True, True):
        await asyncio.sleep(30)
        reading = house.read()
        probe, feed = await begun(house)
        assert probe.wire.route is DIRECT
        if not answers:
            await asyncio.sleep(0.91)
            assert probe.cancelled == 1
            probe, feed = await begun(house)
            assert probe.wire.route is INDIRECT
        feed.send(b"x")
        feed.end()
        await reading.stream.completion()
    assert house.kinds.count("CircuitProbed") == 3
    assert house.kinds.count("CircuitTripped") == 2
    assert house.kinds.count("CircuitRecovered") == 1
    assert house.client.status().reason is RouteReason.PREFERRED


async def test_refusals_of_both_routes_are_the_usual_error(house: House) -> None:
    reading = house.read()
    (await house.sender.next()).refuse(503)
    (await house.sender.next()).refuse(401)
    error = await reading.error()
    assert isinstance(error, AllRoutesFailedError)
    assert [one.status_code for one in error.attempts] == [503, 401]
    with pytest.raises(AllRoutesFailedError):
        await reading.stream.completion()
    finished = house.last(events.CallFinished)
    assert isinstance(finished, events.CallFinished)
    assert isinstance(finished.error, AllRoutesFailedError)


async def test_a_request_that_is_refused_goes_nowhere_else(indirect: House) -> None:
    reading = indirect.read()
    (await indirect.sender.next()).refuse(422)
    assert isinstance(await reading.error(), RequestRejectedError)


async def test_another_access_token_is_tried_after_a_401() -> None:
    tokens = ["glpat-1", "glpat-2"]
    async with kept(House(NEVER, lambda: tokens.pop(0))) as house:
        reading = house.read()
        (await house.sender.next()).refuse(401)
        exchange, feed = await begun(house)
        assert exchange.wire.purpose == "stream"
        feed.send(b"x")
        feed.end()
        assert (await reading.stream.completion()).text == "x"


# What breaks after the first piece.


@pytest.mark.parametrize("error", [BROKEN, ValueError("s3cret"), SendError("timeout")])
async def test_what_breaks_after_text_was_given_goes_nowhere_else(
    house: House, error: Exception
) -> None:
    reading = house.read()
    _, feed = await begun(house)
    feed.send(b"s3cret ", b"text")
    feed.fail(error)
    told = await reading.error()
    assert isinstance(told, StreamBrokenError)
    assert (told.text, told.route) == ("s3cret text", DIRECT)
    assert reading.pieces == ["s3cret ", "text"]
    assert len(house.sender.exchanges) == 3
    assert pickle.loads(pickle.dumps(told)).text == told.text
    assert "s3cret" not in f"{told}{told!r}"
    with pytest.raises(StreamBrokenError) as again:
        await reading.stream.completion()
    assert again.value is not told
    assert again.value.text == told.text
    assert [piece async for piece in reading.stream] == []


async def test_observers_are_not_told_what_had_come(house: House) -> None:
    reading = house.read()
    _, feed = await begun(house)
    feed.send(b"s3cret")
    feed.fail(BROKEN)
    await reading.error()
    failed = house.last(events.AttemptFailed)
    finished = house.last(events.CallFinished)
    assert isinstance(failed, events.AttemptFailed)
    assert isinstance(finished, events.CallFinished)
    for error in (failed.error, finished.error):
        assert isinstance(error, StreamBrokenError)
        assert (error.text, error.__traceback__) == ("", None)
    assert (finished.route, finished.reason) == (None, None)
    status = house.client.status()
    assert (status.counts["failed"], status.counts.get("completed", 0)) == (1, 0)
    # The route works: it is only this text that is not whole.
    assert (status.health, status.problem) == (Health.READY, None)


async def test_events_without_their_end_are_a_broken_stream(indirect: House) -> None:
    reading = indirect.read(GENERATION)
    feed = (await indirect.sender.next()).begin(x_streaming_format="sse")
    feed.send(TEXT_EVENT)
    feed.end()
    error = await reading.error()
    assert isinstance(error, StreamBrokenError)
    assert (error.text, error.code) == ("x", ErrorCode.STREAM_BROKEN)


async def test_a_stream_that_breaks_costs_its_route_nothing(house: House) -> None:
    for _ in range(5):
        reading = house.read()
        _, feed = await begun(house)
        feed.send(b"x")
        feed.fail(BROKEN)
        await reading.error()
    assert house.client.status().circuits[DIRECT] == "closed"


async def test_silence_ends_a_stream_whatever_the_sender_does(indirect: House) -> None:
    reading = indirect.read(GENERATION)
    exchange, feed = await begun(indirect)
    feed.send(b"x")
    await asyncio.sleep(50)
    feed.send(b"y")
    await asyncio.sleep(SILENCE_S + OVERTIME_S - 0.1)
    assert not reading.task.done()
    error = await reading.error()
    assert isinstance(error, StreamBrokenError)
    assert (error.text, error.code) == ("xy", ErrorCode.TIMEOUT)
    assert error.remedy == "try again"  # there was no deadline
    assert exchange.cancelled == 1


async def test_silence_from_the_start_is_a_timeout(indirect: House) -> None:
    reading = indirect.read(GENERATION)
    await indirect.sender.next()
    error = await reading.error()
    assert type(error) is AllRoutesFailedError
    assert error.code is ErrorCode.TIMEOUT
    assert error.remedy == "try again"
    assert isinstance(error.attempts[0].error, RouteTimeoutError)


async def test_the_deadline_before_the_first_piece_is_the_usual_one(
    indirect: House,
) -> None:
    reading = indirect.read(deadline_s=3)
    exchange = await indirect.sender.next()
    assert isinstance(await reading.error(), DeadlineExceededError)
    await wait_all_tasks_blocked()
    assert exchange.cancelled == 1
    assert asyncio.get_running_loop().time() == 3
    assert indirect.kinds == [
        "CallStarted",
        "RouteChosen",
        "AttemptFailed",
        "CallFinished",
    ]
    assert indirect.client.status().counts["attempts_failed"] == 1


async def test_what_is_in_its_gate_at_the_deadline_was_no_attempt(
    indirect: House,
) -> None:
    others = [indirect.read() for _ in range(4)]
    reading = indirect.read(deadline_s=3)
    error = await reading.error()
    assert isinstance(error, DeadlineExceededError)
    assert error.attempts == ()
    assert "AttemptFailed" not in indirect.kinds
    for other in others:
        other.stream.cancel()
        await other.error()


async def test_the_deadline_ends_a_stream_in_its_midst(indirect: House) -> None:
    reading = indirect.read(deadline_s=3)
    exchange, feed = await begun(indirect)
    assert exchange.wire.timeout_s == 3
    feed.send(b"x")
    error = await reading.error()
    assert asyncio.get_running_loop().time() == 3
    assert isinstance(error, StreamBrokenError)
    assert (error.text, error.code) == ("x", ErrorCode.TIMEOUT)
    await wait_all_tasks_blocked()
    assert exchange.cancelled == 1


# Readers that leave.


async def test_a_stream_is_cancelled_from_another_task(house: House) -> None:
    reading = house.read()
    exchange, feed = await begun(house)
    feed.send(b"a", b"b")
    await wait_all_tasks_blocked()
    reading.stream.cancel()
    reading.stream.cancel()
    assert await reading.error() is None
    assert reading.pieces == ["a", "b"]
    done = await reading.stream.completion()
    assert (done.text, done.route, done.reason) == ("ab", DIRECT, RouteReason.PREFERRED)
    assert [one.superseded for one in done.attempts] == [True]
    await wait_all_tasks_blocked()
    assert exchange.cancelled == 1
    assert house.kinds == ["CallStarted", "RouteChosen", "StreamBegan", "Superseded"]
    assert house.in_flight == 0


async def test_a_cancelled_stream_is_no_failure(house: House) -> None:
    for _ in range(6):
        reading = house.read()
        _, feed = await begun(house)
        feed.send(b"x")
        await wait_all_tasks_blocked()
        reading.stream.cancel()
        await reading.error()
    assert house.client.status().circuits[DIRECT] == "closed"
    assert "AttemptFailed" not in house.kinds


async def test_streams_left_early_say_nothing_and_late_in_silence_are_lost(
    house: House,
) -> None:
    for waits_s, circuit in ((0.3, "closed"), (0.8, "open")):
        for _ in range(3):
            reading = house.read()
            await asyncio.sleep(waits_s)
            reading.stream.cancel()
            await reading.error()
        assert house.client.status().circuits[DIRECT] == circuit


async def test_bytes_without_text_are_no_silence(house: House) -> None:
    for _ in range(3):
        reading = house.read()
        feed = (await house.sender.next()).begin(x_streaming_format="sse")
        feed.send(b": ping\n\n")
        await asyncio.sleep(2)
        reading.stream.cancel()
        await reading.error()
    assert house.client.status().circuits[DIRECT] == "closed"


async def test_a_model_that_hangs_behind_pings_trips_direct(house: House) -> None:
    """Its caller has waited in vain; who leaves before that may have been hasty."""
    for _ in range(2):
        reading = house.read()
        feed = (await house.sender.next()).begin(x_streaming_format="sse")
        feed.send(b": ping\n\n")
        await asyncio.sleep(5)
        _, feed = await begun(house)
        feed.end()
        await reading.stream.completion()
    assert house.client.status().circuits[DIRECT] == "open"


async def test_a_probe_that_hangs_behind_pings_is_not_sent_again_at_once(
    house: House,
) -> None:
    for _ in range(2):
        reading = house.read()
        (await house.sender.next()).fail(BROKEN)
        _, feed = await begun(house)
        feed.end()
        await reading.stream.completion()
    await asyncio.sleep(30)
    reading = house.read()
    probe = await house.sender.next()
    probe.begin(x_streaming_format="sse").send(b": ping\n\n")
    await asyncio.sleep(1)
    _, feed = await begun(house)
    feed.end()
    await reading.stream.completion()
    assert (probe.wire.route, probe.cancelled) == (DIRECT, 1)
    assert house.client.status().circuits[DIRECT] == "open"


async def test_what_had_come_counts_when_a_stream_is_cancelled(house: House) -> None:
    async with house.client.stream(REQUEST) as stream:
        _, feed = await begun(house)
        feed.send(b"a", b"b", b"c")
        assert await anext(stream) == "a"
        await wait_all_tasks_blocked()
        assert stream.text == "a"
        stream.cancel()
        assert [piece async for piece in stream] == []
        assert stream.text == (await stream.completion()).text == "abc"


async def test_a_stream_cancelled_before_its_use_sends_nothing(house: House) -> None:
    stream = house.client.stream(REQUEST)
    stream.cancel()
    async with stream:
        assert [piece async for piece in stream] == []
    done = await stream.completion()
    assert (done.choices, done.attempts, done.route) == ((), (), DIRECT)
    assert done.reason is RouteReason.PREFERRED
    assert len(house.sender.exchanges) == 2


async def test_a_stream_cancelled_at_once_sends_nothing(house: House) -> None:
    async with house.client.stream(REQUEST) as stream:
        stream.cancel()
    assert (await stream.completion()).attempts == ()
    await wait_all_tasks_blocked()
    assert len(house.sender.exchanges) == 2


async def test_leaving_the_context_ends_the_exchange(house: House) -> None:
    async with house.client.stream(REQUEST) as stream:
        exchange, feed = await begun(house)
        feed.send(b"x")
        async for _ in stream:
            break
    await wait_all_tasks_blocked()
    assert exchange.cancelled == 1
    assert house.in_flight == 0


async def test_a_stream_in_the_gate_leaves_it_unsent(house: House) -> None:
    readings = [house.read(GENERATION) for _ in range(5)]
    await wait_all_tasks_blocked()
    assert len(house.sender.exchanges) == 2 + 4
    readings[4].stream.cancel()
    await readings[4].error()
    for exchange in house.sender.exchanges[2:]:
        exchange.begin().end()
    for reading in readings:
        await reading.error()
    assert len(house.sender.exchanges) == 2 + 4


async def test_the_readers_task_is_cancelled_and_cancelled_again(house: House) -> None:
    reading = house.read()
    exchange, feed = await begun(house)
    feed.send(b"x")
    await wait_all_tasks_blocked()
    reading.task.cancel()
    await asyncio.sleep(0)
    reading.task.cancel()
    await asyncio.wait({reading.task})
    await wait_all_tasks_blocked()
    assert exchange.cancelled == 1


async def test_within_a_context_waiting_may_be_cancelled_and_taken_up_again(
    house: House,
) -> None:
    async with house.client.stream(REQUEST) as stream:
        _, feed = await begun(house)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(stream), 0.5)
        feed.send(b"x")
        assert await anext(stream) == "x"


@pytest.mark.parametrize("waits_for", ["piece", "completion", "end"])
async def test_without_a_context_a_cancelled_reader_ends_the_call(
    house: House, waits_for: str
) -> None:
    stream = house.client.stream(REQUEST)
    work = anext(stream) if waits_for == "piece" else stream.completion()
    task = asyncio.ensure_future(work)
    exchange = await house.sender.next()
    if waits_for == "end":
        stream._reader._handover.end()
        await wait_all_tasks_blocked()
    task.cancel()
    await asyncio.wait({task})
    assert [piece async for piece in stream] == []
    await wait_all_tasks_blocked()
    assert exchange.cancelled == 1


async def test_a_stream_that_nothing_refers_to_any_more_ends(house: House) -> None:
    stream = house.client.stream(REQUEST)
    piece = asyncio.ensure_future(anext(stream))
    exchange, feed = await begun(house)
    feed.send(b"x")
    await piece
    del stream, piece
    gc.collect()
    await wait_all_tasks_blocked()
    assert exchange.cancelled == 1
    assert house.in_flight == 0


async def test_a_context_that_is_left_by_an_exception_ends_the_exchange(
    house: House,
) -> None:
    async def read() -> None:
        async with house.client.stream(REQUEST):
            await house.sender.next()
            raise LookupError

    with pytest.raises(LookupError):
        await read()
    await wait_all_tasks_blocked()
    assert house.sender.exchanges[-1].cancelled == 1


async def test_leaving_after_the_end_changes_nothing(house: House) -> None:
    reading = house.read()
    exchange, feed = await begun(house)
    feed.send(b"x")
    feed.end()
    await reading.stream.completion()
    reading.stream.cancel()
    assert (await reading.stream.completion()).text == "x"
    assert exchange.cancelled == 0
    assert "Superseded" not in house.kinds


async def test_pieces_that_wait_are_dropped_by_a_cancel_after_the_end(
    house: House,
) -> None:
    async with house.client.stream(REQUEST) as stream:
        _, feed = await begun(house)
        feed.send(b"a", b"b")
        feed.end()
        await wait_all_tasks_blocked()
        assert await anext(stream) == "a"
        stream.cancel()
        assert [piece async for piece in stream] == []
        assert (await stream.completion()).text == "ab"
    assert "CallFinished" in house.kinds


# Slow readers, gates, and the client's end.


async def test_a_slow_reader_holds_back_the_sender(house: House) -> None:
    async with house.client.stream(REQUEST) as stream:
        _, feed = await begun(house)
        feed.send(*[b"x"] * 1000)
        feed.end()
        await asyncio.sleep(500)  # and that is not the server's silence
        assert feed.read == ROOM
        for taken in range(1, 100):
            await anext(stream)
            await wait_all_tasks_blocked()
            assert feed.read == ROOM + taken
        assert len((await stream.completion()).text) == 1000


async def test_a_text_that_has_come_in_time_may_be_read_after_it(
    indirect: House,
) -> None:
    async with indirect.client.stream(REQUEST, deadline_s=5) as stream:
        exchange = await indirect.sender.next()
        feed = exchange.begin(x_streaming_format="sse")
        feed.send(TEXT_EVENT * 40 + b"event: stream_end\n\n")
        feed.end()
        async for _ in stream:
            await asyncio.sleep(1)
        assert (await stream.completion()).text == "x" * 40


async def test_a_short_text_leaves_the_wire_however_slow_its_reader(
    house: House,
) -> None:
    async with house.client.stream(REQUEST) as stream:
        _, feed = await begun(house)
        feed.send(b"a", b"b")
        feed.end()
        await wait_all_tasks_blocked()
        assert house.in_flight == 0
        assert [piece async for piece in stream] == ["a", "b"]


async def test_four_streams_a_route_and_completions_beside_them(house: House) -> None:
    readings = [house.read(GENERATION) for _ in range(5)]
    await wait_all_tasks_blocked()
    assert house.in_flight == 4
    completion = asyncio.create_task(house.client.complete(GENERATION))
    exchange = await house.sender.next()
    assert exchange.wire.purpose == "completion"
    exchange.complete()
    await completion
    first = house.sender.exchanges[2].begin()
    first.send(b"x")
    await wait_all_tasks_blocked()
    assert len(house.sender.exchanges) == 2 + 5
    first.end()
    assert (await house.sender.next()).wire.purpose == "stream"
    assert len(house.sender.exchanges) == 2 + 6
    for reading in readings:
        reading.stream.cancel()


async def test_a_completion_goes_the_other_way_when_the_gate_is_full(
    house: House,
) -> None:
    readings = [house.read() for _ in range(5)]
    await asyncio.sleep(1)
    exchange, feed = await begun(house)
    assert exchange.wire.route is INDIRECT
    feed.send(b"x")
    feed.end()
    done = await readings[4].stream.completion()
    assert done.reason is RouteReason.SATURATED
    for reading in readings:
        reading.stream.cancel()


async def test_streams_count_for_the_instances_budget(indirect: House) -> None:
    for _ in range(3):
        reading = indirect.read(GENERATION)
        _, feed = await begun(indirect)
        feed.end()
        await reading.stream.completion()
    assert indirect.client.status().indirect_used == 3


async def test_a_lifted_limit_lets_in_a_stream_that_waits() -> None:
    few = replace(NEVER, indirect_per_minute=1)
    async with kept(House(few)) as house:
        readings = [house.read() for _ in range(2)]
        _, feed = await begun(house)
        feed.end()
        await readings[0].error()
        assert len(house.sender.exchanges) == 1
        house.client.reconfigure(NEVER)
        _, feed = await begun(house)
        feed.end()
        await readings[1].error()


@pytest.mark.parametrize("fed", [0, 1, 100])
async def test_the_clients_end_is_told_to_the_reader(house: House, fed: int) -> None:
    stream = house.client.stream(REQUEST)
    async with stream:
        exchange, feed = await begun(house)
        feed.send(*[b"x"] * fed)
        await wait_all_tasks_blocked()
        await house.client.aclose()
        with pytest.raises(ClientClosedError):
            await stream.completion()
    assert stream.text == "x" * min(fed, ROOM)
    assert exchange.cancelled == 1
    assert [kind for kind in house.kinds if kind != "StreamBegan"] == [
        *("CallStarted", "RouteChosen", "CallFinished")
    ]


async def test_the_clients_end_is_told_to_streams_that_begin_just_then(
    house: House,
) -> None:
    stream = house.client.stream(REQUEST)
    async with stream:
        await house.client.aclose()
        with pytest.raises(ClientClosedError):
            await anext(stream)
    assert len(house.sender.exchanges) == 2


async def test_a_stream_of_a_closed_client_is_refused(house: House) -> None:
    stream = house.client.stream(REQUEST)
    await house.client.aclose()
    with pytest.raises(ClientClosedError):
        house.client.stream(REQUEST)
    with pytest.raises(ClientClosedError):
        await anext(stream)


async def test_who_ends_the_loop_ends_its_streams_with_an_error(house: House) -> None:
    async with house.client.stream(REQUEST) as stream:
        await house.sender.next()
        task = stream._reader._task
        assert task is not None
        task.cancel()
        with pytest.raises(ClientClosedError):
            await anext(stream)


async def test_what_the_shell_fails_with_is_told_to_the_reader(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise LookupError

    monkeypatch.setattr(house.client._engine, "complete", fail)
    async with house.client.stream(REQUEST) as stream:
        with pytest.raises(LookupError):
            await anext(stream)


async def test_what_is_no_request_and_no_deadline_is_refused_at_once(
    house: House,
) -> None:
    with pytest.raises(ConfigurationError):
        house.client.stream(cast("CompletionRequest", "def f():"))
    with pytest.raises(ConfigurationError):
        house.client.stream(REQUEST, deadline_s=0)
    house.client.stream(REQUEST, deadline_s=math.inf)


async def test_a_streams_repr_shows_sizes_alone(house: House) -> None:
    async with house.client.stream(REQUEST) as stream:
        assert repr(stream) == "<CompletionStream under way, 0 characters>"
        _, feed = await begun(house)
        feed.send(b"s3cret")
        await anext(stream)
        feed.end()
        await stream.completion()
    assert repr(stream) == "<CompletionStream ended, 6 characters>"
    assert repr(house.client.stream(REQUEST)) == "<CompletionStream new, 0 characters>"


async def deaf(feed: Feed) -> AsyncIterator[bytes]:
    """Give what is fed, and take no notice of being cancelled."""
    while True:
        with suppress(asyncio.CancelledError):
            async for part in feed.chunks():
                yield part


@pytest.mark.parametrize("text", [b"", b"x"])
async def test_a_sender_that_ignores_its_end_keeps_nobody_waiting(
    indirect: House, text: bytes
) -> None:
    reading = indirect.read(GENERATION)
    exchange, feed = await indirect.sender.next(), Feed()
    headers = {"content-type": "text/event-stream"}
    exchange.answer.set_result(
        WireResponse(status_code=200, headers=headers, chunks=deaf(feed))
    )
    feed.send(text)
    await asyncio.sleep(SILENCE_S + OVERTIME_S + 0.1)
    assert reading.task.done()
    assert isinstance(await reading.error(), StreamBrokenError | AllRoutesFailedError)
    feed.send(b"y")  # it is told the next time
    await wait_all_tasks_blocked()
    assert reading.stream.text == text.decode()


async def test_a_sender_that_ignores_its_end_brings_no_text_twice(house: House) -> None:
    reading = house.read()
    first, feed = await house.sender.next(), Feed()
    headers = {"content-type": "text/event-stream"}
    first.answer.set_result(
        WireResponse(status_code=200, headers=headers, chunks=deaf(feed))
    )
    await asyncio.sleep(5.1)
    _, second = await begun(house)
    feed.send(b"twice")
    await wait_all_tasks_blocked()
    second.send(b"once")
    second.end()
    assert (await reading.stream.completion()).text == "once"
