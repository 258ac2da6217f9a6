"""A body is counted unpacked, and ends where it is too long."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest

from gitlab_completions._transport.bodies import (
    MAX_ANSWER,
    MAX_ERROR,
    MAX_STREAM,
    Body,
    unpacker,
)
from gitlab_completions.senders import SendError


def test_what_arrives_is_handed_on_and_counted() -> None:
    body = Body(200, "")
    assert [body.take(b"ab"), body.take(b""), body.take(b"c")] == [b"ab", b"", b"c"]
    assert body.received == 3
    assert not body.is_cut


def test_an_answer_may_fill_its_limit() -> None:
    body = Body(200, "")
    assert len(body.take(b"x" * MAX_ANSWER)) == MAX_ANSWER
    with pytest.raises(SendError) as caught:
        body.take(b"x")
    assert caught.value.kind == "protocol"
    assert caught.value.bytes_received > MAX_ANSWER


@pytest.mark.parametrize("status", [400, 404, 500])
def test_a_refusal_is_cut_at_its_limit(status: int) -> None:
    body = Body(status, "")
    assert len(body.take(b"x" * (MAX_ERROR - 1))) == MAX_ERROR - 1
    assert body.take(b"yyy") == b"y"
    assert body.is_cut


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", " GZip "])
def test_gzip_is_unpacked_across_pieces(encoding: str) -> None:
    packed = gzip.compress(b'{"choices": []}' * 100)
    body = Body(200, encoding)
    pieces = [body.take(packed[i : i + 10]) for i in range(0, len(packed), 10)]
    assert b"".join(pieces) == b'{"choices": []}' * 100
    assert body.received == 1500


def test_deflate_is_unpacked() -> None:
    assert Body(200, "deflate").take(zlib.compress(b"text")) == b"text"


def test_a_bomb_is_stopped_before_it_is_unpacked() -> None:
    bomb = gzip.compress(b"\0" * (64 * 1024 * 1024))
    body = Body(200, "gzip")
    tracemalloc.start()
    try:
        with pytest.raises(SendError):
            body.take(bomb)
        assert tracemalloc.get_traced_memory()[1] < 4 * MAX_ANSWER
    finally:
        tracemalloc.stop()
    assert body.received == MAX_ANSWER + 1


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_what_is_not_in_its_encoding_is_refused(encoding: str) -> None:
    body = Body(200, encoding)
    with pytest.raises(SendError) as caught:
        body.take(b"<html>")
    assert (caught.value.kind, caught.value.bytes_received) == ("protocol", 0)


EMPTY_BLOCKS = gzip.compress(b"")[:10] + b"\0\0\0\xff\xff" * 20_000
"""Gzip that goes on and stands for nothing: stored blocks of no bytes."""


def test_an_answer_that_unpacks_to_nothing_for_ever_is_refused() -> None:
    body, blocks = Body(200, "gzip"), EMPTY_BLOCKS[10:]
    body.take(EMPTY_BLOCKS)
    for _ in range(MAX_ANSWER // len(blocks) - 1):
        assert body.take(blocks) == b""
    with pytest.raises(SendError) as caught:
        body.take(blocks)
    assert caught.value.kind == "protocol"


def test_a_refusal_that_unpacks_to_nothing_for_ever_is_cut() -> None:
    body = Body(500, "gzip")
    assert body.take(EMPTY_BLOCKS) == b""
    assert body.is_cut


def test_what_follows_on_the_end_of_gzip_is_not_kept() -> None:
    body = Body(200, "gzip")
    assert body.take(gzip.compress(b"{}")) == b"{}"
    tracemalloc.start()
    try:
        for _ in range(15):
            assert body.take(bytes(MAX_ANSWER // 16)) == b""
        assert tracemalloc.get_traced_memory()[1] < MAX_ANSWER // 8
    finally:
        tracemalloc.stop()
    with pytest.raises(SendError):
        body.take(bytes(MAX_ANSWER // 16))


def test_nothing_is_taken_after_a_cut() -> None:
    body = Body(500, "gzip")
    body.take(gzip.compress(bytes(2 * MAX_ERROR)))
    assert body.is_cut
    assert body.take(gzip.compress(bytes(64 * MAX_ERROR))) == b""


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip"])
def test_an_encoding_nobody_asked_for_is_refused(encoding: str) -> None:
    with pytest.raises(SendError) as caught:
        unpacker(encoding)
    assert caught.value.kind == "protocol"


def test_a_stream_may_be_longer_and_no_packet_of_it_a_bomb() -> None:
    body = Body(200, "", MAX_STREAM)
    for _ in range(MAX_STREAM // MAX_ANSWER):
        assert len(body.take(b"x" * MAX_ANSWER)) == MAX_ANSWER
    with pytest.raises(SendError):
        body.take(b"x")
    bomb = zlib.compress(b"\0" * (4 * MAX_ANSWER))
    with pytest.raises(SendError) as caught:
        Body(200, "deflate", MAX_STREAM).take(bomb)
    assert caught.value.bytes_received == MAX_ANSWER + 1
