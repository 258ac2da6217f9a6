from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, strategies as st

from gitlab_completions._wire.event_stream import MAX_EVENT, Event, EventStream
from gitlab_completions._wire.unusable import NotACompletionError


def events(*pieces: bytes) -> list[Event]:
    stream = EventStream()
    return [event for piece in pieces for event in stream.feed(piece)]


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
@pytest.mark.parametrize(
    ("lines", "event"),
    [
        ([b"data: a"], Event(b"", b"a")),
        ([b"data:a"], Event(b"", b"a")),
        ([b"data:  a"], Event(b"", b" a")),
        ([b"data"], Event(b"", b"")),
        ([b"event: e", b"data: a"], Event(b"e", b"a")),
        ([b"data: a", b"event: e"], Event(b"e", b"a")),
        ([b"event: d", b"event: e"], Event(b"e", b"")),
        ([b"data: a", b"data: b", b"data"], Event(b"", b"a\nb\n")),
        ([b": ping - 2026", b"data: a", b":"], Event(b"", b"a")),
        ([b"id: 7", b"retry: 5", b"new: x", b"Data: x", b"data: a"], Event(b"", b"a")),
        ([b"data: a:b"], Event(b"", b"a:b")),
        ([b"\xef\xbb\xbfdata: a"], Event(b"", b"a")),
    ],
)
def test_an_event(lines: list[bytes], event: Event, end: bytes) -> None:
    body = b"".join(line + end for line in [*lines, b""])
    assert events(body) == events(*(bytes([byte]) for byte in body)) == [event]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n\n\n",
        b": ping\n\n",
        b"id: 7\n\n",
        b"data: a\n",
        b"data: a",
        b"event: e",
    ],
)
def test_what_is_none(body: bytes) -> None:
    assert events(body) == []


def test_only_the_first_line_may_have_a_byte_order_mark() -> None:
    body = b"data: a\n\n\xef\xbb\xbfdata: b\n\n"
    assert events(body) == [Event(b"", b"a")]


def test_line_ends_may_be_mixed() -> None:
    body = b"data: a\n\r\ndata: b\r\r\ndata: c\r\n\rdata: d\n\n"
    assert [event.data for event in events(body)] == [b"a", b"b", b"c", b"d"]


def test_an_event_that_ends_in_cr_does_not_wait_for_what_follows() -> None:
    stream = EventStream()
    assert list(stream.feed(b"data: a\r\r")) == [Event(b"", b"a")]
    assert list(stream.feed(b"")) == []
    assert list(stream.feed(b"\ndata: b\r\n\r")) == [Event(b"", b"b")]


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c"])
def test_what_python_takes_for_a_line_end_is_none(mark: str) -> None:
    data = f'"a{mark}b"'.encode()
    assert events(b"data: " + data + b"\n\n") == [Event(b"", data)]


LINES = st.lists(
    st.sampled_from(
        [b"data: a", b"data:", b"event: e", b": ping", b"", b"", b"\xe2\x80\xa8", b"id"]
    )
    | st.binary(max_size=9)
)


@given(LINES, st.sampled_from([b"\n", b"\r", b"\r\n"]), st.data())
def test_pieces_of_any_size_make_the_same_events(
    lines: list[bytes], end: bytes, data: st.DataObject
) -> None:
    body = b"".join(line + end for line in lines)
    cuts = data.draw(st.lists(st.integers(0, len(body))).map(sorted))
    pieces = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    assert events(*pieces) == events(body)


@pytest.mark.parametrize("unit", [b"x", b"data: %b\n" % (b"x" * 99), b"event: x"])
def test_an_event_that_does_not_end_is_given_up(unit: bytes) -> None:
    piece = unit * 1000
    tracemalloc.start()
    with pytest.raises(NotACompletionError, match="an event too long to read"):
        events(*[piece] * (2 * MAX_EVENT // len(piece)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * MAX_EVENT


def test_what_is_ignored_takes_no_memory() -> None:
    stream = EventStream()
    piece = b": ping\nnew: x\n" * 1000
    tracemalloc.start()
    for _ in range(20):
        assert list(stream.feed(piece)) == []
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MAX_EVENT // 10


def test_an_event_of_the_largest_size_is_taken() -> None:
    text = b"x" * (MAX_EVENT - len(b"data: "))
    (event,) = events(b"data: " + text + b"\n\n")
    assert event.data == text
