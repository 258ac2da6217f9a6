"""Streams have the framing, the pieces and the pace that they should."""

from __future__ import annotations

import json

import pytest

from gitlab_completions.emulator.answers import Answer, Ending, json_answer
from gitlab_completions.emulator.faults import Fault, FaultKind
from gitlab_completions.emulator.settings import Settings
from gitlab_completions.emulator.streams import stream, struck
from gitlab_completions.emulator.vendor_models import Engine

ENGINE = Engine(engine="agent", name="Codestral 22B Code Completions")
NOW = 1_795_420_377.5


def said(raw: str, *, sse: bool, **settings: float) -> Answer:
    made = Settings()
    made.update(dict(settings))
    return stream(raw, ENGINE, NOW, sse=sse, settings=made)


def test_events_are_framed_as_recorded() -> None:
    answer = said("mock", sse=True)
    start, chunk, end, rest = answer.body.decode().split("\r\n\r\n")
    name, data = start.split("\r\n")
    assert name == "event: stream_start"
    assert json.loads(data.removeprefix("data: ")) == {
        "metadata": {
            "model": {"engine": ENGINE.engine, "name": ENGINE.name},
            "timestamp": 1_795_420_377,
            "enabled_feature_flags": [],
            "region": "us-central1",
        }
    }
    assert chunk == (
        'event: content_chunk\r\ndata: {"choices": [{"delta": '
        '{"content": "mock"}, "index": 0}]}'
    )
    assert (end, rest) == ("event: stream_end\r\ndata: null", "")


def test_events_have_the_headers_that_were_recorded() -> None:
    assert said("x", sse=True).headers == {
        "content-type": "text/event-stream; charset=utf-8",
        "x-streaming-format": "sse",
        "cache-control": "no-store",
        "x-accel-buffering": "no",
    }


def test_bare_text_has_no_frame_and_the_same_type() -> None:
    answer = said("mock completion", sse=False)
    assert answer.pieces == (b"mock", b" completion")
    assert answer.headers == {"content-type": "text/event-stream; charset=utf-8"}


def test_an_empty_stream_is_an_empty_body_or_two_events() -> None:
    answer = said("", sse=False)
    assert (answer.status, answer.body, answer.pieces) == (200, b"", ())
    assert len(said("", sse=True).pieces or ()) == 2


@pytest.mark.parametrize("sse", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_pieces_are_cut_in_the_midst_of_characters(size: int, *, sse: bool) -> None:
    text = "π = '😀'"
    whole, cut = said(text, sse=sse), said(text, sse=sse, stream_piece_bytes=size)
    assert cut.body == whole.body
    assert cut.pieces is not None
    assert b"".join(cut.pieces) == whole.body
    assert {len(piece) for piece in cut.pieces[:-1]} <= {size}
    assert all(cut.pieces)


def test_a_pause_comes_before_each_piece() -> None:
    timed = list(said("a b", sse=False, stream_gap_s=0.3).timed_pieces())
    assert timed == [(0.3, b"a"), (0.3, b" b")]


def test_comments_keep_a_slow_connection_awake() -> None:
    timed = list(said("a", sse=True, stream_gap_s=20.0).timed_pieces())
    assert [wait_s for wait_s, _ in timed] == [15.0, 5.0, 10.0, 10.0, 5.0, 15.0]
    pings = [piece for _, piece in timed if piece.startswith(b": ping - ")]
    assert pings[0] == b": ping - 2026-11-23 07:53:12.500000+00:00\r\n\r\n"
    assert len(pings) == 3
    assert len(said("a", sse=False, stream_gap_s=20.0).pieces or ()) == 1


@pytest.mark.parametrize(
    ("kind", "ending"),
    [
        (FaultKind.END_STREAM, Ending.WHOLE),
        (FaultKind.BREAK_STREAM, Ending.BROKEN),
        (FaultKind.HANG_STREAM, Ending.HANGING),
    ],
)
def test_a_fault_leaves_so_many_pieces(kind: FaultKind, ending: Ending) -> None:
    own = said("a b c", sse=False)
    left = struck(own, Fault(kind=kind, pieces=2))
    assert (left.pieces, left.body) == ((b"a", b" b"), b"a b")
    assert (left.ending, left.headers) == (ending, own.headers)


def test_nothing_else_is_struck() -> None:
    own, whole = said("a", sse=False), json_answer(200, {})
    assert struck(own, None) is own
    assert struck(whole, Fault(kind=FaultKind.BREAK_STREAM)) is whole
