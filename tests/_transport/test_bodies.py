"""A body is counted unpacked, and ends where it is too long."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest

from gitlab_completions._transport.bodies import (
    MAX_ANSWER,
    MAX_ERROR,
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


def test_what_is_no_gzip_raises() -> None:
    with pytest.raises(zlib.error):
        Body(200, "gzip").take(b"<html>")


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip"])
def test_an_encoding_nobody_asked_for_is_refused(encoding: str) -> None:
    with pytest.raises(SendError) as caught:
        unpacker(encoding)
    assert caught.value.kind == "protocol"
