"""Servers whose streams mean harm: what they can have a reader, and us, hold.

Client and server share this process, so the memory measured is that of both.
"""

from __future__ import annotations

import gzip
import json
import tracemalloc
from contextlib import aclosing
from typing import TYPE_CHECKING, get_args

import pytest

from gitlab_completions import (
    CompletionClient,
    CompletionRequest,
    DirectMode,
    ErrorCode,
    GitLabCompletionsError,
    HttpxSender,
    Intent,
    RoutingPolicy,
)
from gitlab_completions._transport.engines import EngineName
from gitlab_completions._wire.suggestions import MAX_TEXT
from gitlab_completions.errors import StreamBrokenError
from tests._transport.loopback import answer, answering, loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests._transport.loopback import Behaviour, Peer

MOST_MEMORY = 5 * 1024 * 1024
"""Bytes: a text of 256 KiB characters, its parts, and buffers of both sides."""
SHORT_S = 0.5
"""For what ends with its deadline."""
LONG_S = 20.0
"""For what ends before, on a machine that is busy."""
POLICY = RoutingPolicy(allow_plain_http=True, direct=DirectMode.NEVER)
GENERATION = CompletionRequest(
    file_name="a.py", content_above_cursor="x", intent=Intent.GENERATION
)
CHUNKED = b"transfer-encoding: chunked\r\n"
GZIP = b"content-encoding: gzip\r\n"
EVENTS = b"x-streaming-format: sse\r\n"
TEXT = b"content-type: text/event-stream\r\n"
JSON = b"content-type: application/json\r\n"
PIECE = b"x" * 60_000


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def event(content: str) -> bytes:
    choices = [{"delta": {"content": content}, "index": 0}]
    return (
        b"event: content_chunk\ndata: %b\n\n"
        % json.dumps({"choices": choices}).encode()
    )


HALF_CHARACTERS = event("").replace(b'""', b'"' + b"\\ud83d" * 5_000 + b'"')
ENDLESS: dict[str, tuple[bytes, bytes, ErrorCode]] = {
    # What is in the head, what is sent again and again, and how it ends.
    "text": (TEXT, PIECE, ErrorCode.STREAM_BROKEN),
    "blanks": (TEXT, b" " * 60_000, ErrorCode.MALFORMED),
    "refusal": (TEXT, b'{"error": "' + PIECE, ErrorCode.MALFORMED),
    "zeros": (TEXT, b"\0" * 60_000, ErrorCode.MALFORMED),
    "json": (JSON, b'{"choices":[' + PIECE, ErrorCode.MALFORMED),
    "line": (EVENTS, PIECE, ErrorCode.MALFORMED),
    "data": (EVENTS, b"data: " + PIECE + b"\n", ErrorCode.MALFORMED),
    "nesting": (
        EVENTS,
        b"event: content_chunk\ndata: " + b"[" * 60_000 + b"\n\n",
        ErrorCode.MALFORMED,
    ),
    "contents": (EVENTS, event("abc " * 40) * 50, ErrorCode.STREAM_BROKEN),
    "half_characters": (EVENTS, HALF_CHARACTERS, ErrorCode.STREAM_BROKEN),
    "no_contents": (EVENTS, event("") * 500, ErrorCode.TIMEOUT),
    "pings": (EVENTS, b": ping\r\n\r\n" * 1_000, ErrorCode.TIMEOUT),
    "other_events": (EVENTS, b"id: 1\nevent: a\ndata: {}\n\n", ErrorCode.TIMEOUT),
}


@pytest.fixture(params=get_args(EngineName))
def engine(request: pytest.FixtureRequest) -> EngineName:
    name: EngineName = request.param
    return name


def endless(head: bytes, piece: bytes, *, status: int = 200) -> Behaviour:
    """Answer with the head, and then with the piece, until the client has left."""

    async def behave(peer: Peer) -> None:
        await peer.request()
        await peer.write(b"HTTP/1.1 %d Said\r\n%b%b\r\n" % (status, CHUNKED, head))
        for _ in range(4_000):
            await peer.write(chunk(piece))

    return behave


def at_once(head: bytes, body: bytes) -> Behaviour:
    """Answer with a body that is all there."""
    return answering(answer(body, extra=head))


async def ending_of(
    behaviour: Behaviour, engine: EngineName, deadline_s: float = LONG_S
) -> GitLabCompletionsError | int:
    """Read a stream; return its error or its length, and see that it took little."""
    read = 0
    async with (
        loopback(answering(answer()), behaviour) as server,
        aclosing(HttpxSender(engine=engine, trust_env=False)) as sender,
        CompletionClient(server.url, "t", policy=POLICY, sender=sender) as client,
    ):
        await client.warm_up()  # all is imported that is needed
        tracemalloc.start()
        try:
            async with client.stream(GENERATION, deadline_s=deadline_s) as stream:
                async for piece in stream:
                    read += len(piece)
        except GitLabCompletionsError as error:
            return error
        finally:
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert peak < MOST_MEMORY
            assert read <= MAX_TEXT
        return read


def code_of(ending: GitLabCompletionsError | int) -> ErrorCode | None:
    return None if isinstance(ending, int) else ending.code


@pytest.mark.parametrize("what", ENDLESS)
async def test_a_stream_without_an_end_is_given_up(
    engine: EngineName, what: str
) -> None:
    head, piece, code = ENDLESS[what]
    deadline_s = SHORT_S if code is ErrorCode.TIMEOUT else LONG_S
    ending = await ending_of(endless(head, piece), engine, deadline_s)
    assert code_of(ending) is code
    if isinstance(ending, StreamBrokenError):
        assert MAX_TEXT // 2 < len(ending.text) <= MAX_TEXT


@pytest.mark.parametrize("status", [201, 206, 300, 302, 404, 500])
async def test_what_is_no_stream_is_no_longer_than_an_answer(
    engine: EngineName, status: int
) -> None:
    ending = await ending_of(endless(TEXT, PIECE, status=status), engine)
    assert isinstance(ending, GitLabCompletionsError)


@pytest.mark.parametrize(
    ("head", "body"), [(TEXT, b"a"), (TEXT, b"\0"), (EVENTS, b": ping\n\n")]
)
async def test_a_bomb_in_a_stream_is_inflated_no_further_than_its_limit(
    engine: EngineName, head: bytes, body: bytes
) -> None:
    bomb = gzip.compress(body * (32 * 1024 * 1024 // len(body)))
    ending = await ending_of(at_once(GZIP + head, bomb), engine)
    assert code_of(ending) is ErrorCode.MALFORMED


LIES: Mapping[str, tuple[bytes, bytes]] = {
    "events that are text": (EVENTS, b"return 1"),
    "events that are JSON": (EVENTS, b'{"choices":[{"text":"x"}]}'),
    "text that is a page": (TEXT, b"  <!DOCTYPE html><p>Sign in"),
    "text that is a refusal": (TEXT, b'{"error": "not_entitled"}'),
    "JSON that is a page": (JSON, b"<html>"),
    "JSON that is events": (JSON, event("x")),
    "two formats": (EVENTS + b"x-streaming-format: raw\r\n", event("x")),
    "gzip that is none": (GZIP + TEXT, b"return 1"),
    "another encoding": (b"content-encoding: br\r\n" + TEXT, b"return 1"),
    "half of UTF-16": (TEXT, "return 1".encode("utf-16")),
}


@pytest.mark.parametrize("what", LIES)
async def test_nothing_gets_through_that_is_not_what_it_is_called(
    engine: EngineName, what: str
) -> None:
    ending = await ending_of(at_once(*LIES[what]), engine)
    assert code_of(ending) in {ErrorCode.MALFORMED, ErrorCode.CAPTIVE_PORTAL}
