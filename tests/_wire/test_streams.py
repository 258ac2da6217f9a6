from __future__ import annotations

import json
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings, strategies as st

from gitlab_completions._wire.limits import restore_line_ends
from gitlab_completions._wire.streams import (
    NotACompletionError,
    StreamCutError,
    StreamDecoder,
    WebPageError,
)
from gitlab_completions._wire.suggestions import MAX_TEXT
from gitlab_completions.models import Model

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests._wire.conftest import LoadSample

RAW = {"content-type": "text/event-stream; charset=utf-8"}
PLAIN = {"content-type": "text/plain"}
SSE = RAW | {"x-streaming-format": "sse"}
JSON = {"content-type": "application/json"}
START = (
    b'event: stream_start\ndata: {"metadata":{"model":{"engine":"e","name":"n"}}}\n\n'
)
END = b"event: stream_end\ndata: null\n\n"


def chunk(text: str) -> bytes:
    delta = {"choices": [{"delta": {"content": text}, "index": 0}]}
    return f"event: content_chunk\ndata: {json.dumps(delta)}\n\n".encode()


def bytewise(body: bytes) -> list[bytes]:
    return [bytes([byte]) for byte in body]


def read(
    headers: dict[str, str], pieces: Iterable[bytes], *, crlf: bool = False
) -> str:
    """Return the text, as who inserts each piece has it."""
    decoder = StreamDecoder(headers, crlf=crlf)
    text = ""
    for piece in pieces:
        for part in decoder.feed(piece):
            assert part
            text += part
    for part in decoder.finish():
        assert part
        text += part
    return text


@pytest.mark.parametrize(
    ("name", "text", "model"),
    [
        ("streams/v2-2026", "mock completion", None),
        ("streams/v2-2026-lines", "def x():\n  pass", None),
        ("streams/v2-2026-empty", "", None),
        (
            "streams/v4-2026",
            "mock completion",
            Model(engine="agent", name="Codestral 22B Code Completions"),
        ),
        (
            "gateway_v2/completion-2026",
            "mock completion",
            Model(engine="vertex-ai", name="codestral_2508_vertex"),
        ),
        (
            "gateway_v2/empty-2026",
            "",
            Model(engine="vertex-ai", name="codestral_2508_vertex"),
        ),
        (
            "instance/completion-v4",
            "mock completion",
            Model(engine="fireworks_ai", name="codestral_2508_fireworks"),
        ),
    ],
)
def test_recorded_streams(
    sample: LoadSample, name: str, text: str, model: Model | None
) -> None:
    _, headers, body = sample(name)
    assert read(headers, [body]) == read(headers, bytewise(body)) == text
    decoder = StreamDecoder(headers)
    decoder.feed(body)
    decoder.finish()
    assert decoder.model == model


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        (SSE, "events"),
        (JSON | {"x-streaming-format": " SSE "}, "events"),
        (RAW, "text"),
        (RAW | {"x-streaming-format": "raw"}, "text"),
        ({"content-type": "Text/Plain ; charset=utf-8"}, "text"),
        (JSON, "whole"),
        ({"content-type": "application/vnd.gitlab+json; charset=utf-8"}, "whole"),
    ],
)
def test_the_headers_tell_what_it_is(headers: dict[str, str], kind: str) -> None:
    bodies = {
        "events": START + chunk("x") + END,
        "text": b"x",
        "whole": b'{"choices":[{"text":"x"}]}',
    }
    assert read(headers, [bodies[kind]]) == "x"


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({}, NotACompletionError),
        ({"content-type": ""}, NotACompletionError),
        ({"content-type": "application/octet-stream"}, NotACompletionError),
        ({"content-type": "text/html"}, WebPageError),
        ({"content-type": "application/xhtml+xml; charset=utf-8"}, WebPageError),
    ],
)
def test_any_other_kind_is_no_completion(
    headers: dict[str, str], error: type[NotACompletionError]
) -> None:
    with pytest.raises(NotACompletionError) as caught:
        StreamDecoder(headers)
    assert type(caught.value) is error


def test_the_model_is_known_from_the_start() -> None:
    decoder = StreamDecoder(SSE)
    assert decoder.model is None
    assert decoder.feed(START) == []
    assert decoder.model == Model(engine="e", name="n")


def test_each_piece_comes_when_it_has_come() -> None:
    decoder = StreamDecoder(SSE)
    assert decoder.feed(START + chunk("a") + chunk("")) == ["a"]
    assert decoder.feed(chunk("b") + chunk("c")) == ["b", "c"]
    assert decoder.feed(END) == []
    assert decoder.feed(chunk("d")) == []
    assert decoder.finish() == []


def test_it_tells_when_no_more_text_follows() -> None:
    decoder = StreamDecoder(SSE)
    told = [(decoder.feed(piece), decoder.has_ended) for piece in (chunk("a"), END)]
    assert told == [(["a"], False), ([], True)]


BAD = b"event: content_chunk\ndata: {}\n\n"


def test_what_came_before_a_bad_event_is_given_first() -> None:
    decoder = StreamDecoder(SSE)
    assert decoder.feed(chunk("a")) == ["a"]
    assert decoder.feed(chunk("b") + BAD + chunk("c")) == ["b"]
    assert decoder.has_ended
    with pytest.raises(NotACompletionError, match="without choices"):
        decoder.finish()


def test_nothing_is_given_of_an_answer_that_begins_badly() -> None:
    decoder = StreamDecoder(SSE)
    with pytest.raises(NotACompletionError, match="without choices"):
        decoder.feed(START + chunk("a") + BAD)


def test_a_whole_answer_is_one_piece() -> None:
    decoder = StreamDecoder(JSON)
    assert decoder.feed(b'{"choices":[{"text":"a"},{"text":"b"}],') == []
    assert decoder.feed(b'"model":{"engine":"e","name":"n"}}') == []
    assert decoder.model is None
    assert decoder.finish() == ["a"]
    assert decoder.model == Model(engine="e", name="n")
    assert not decoder.has_ended


@pytest.mark.parametrize("headers", [RAW, SSE, JSON])
def test_crlf_files_get_crlf(headers: dict[str, str]) -> None:
    body = {
        "text/event-stream; charset=utf-8": b"a\nb\r\nc\r",
        "application/json": b'{"choices":[{"text":"a\\nb\\r\\nc\\r"}]}',
    }[headers["content-type"]]
    if headers is SSE:
        body = chunk("a\n") + chunk("b\r") + chunk("\nc\r") + END
    assert read(headers, [body], crlf=True) == "a\r\nb\r\nc\r"
    assert read(headers, bytewise(body), crlf=True) == "a\r\nb\r\nc\r"


TEXT = st.text(st.sampled_from("ab\n\r \0é中😀\u2028\x85\ufeff<{") | st.characters())


def cut(data: st.DataObject, body: bytes) -> list[bytes]:
    """Draw a way to cut the body."""
    cuts = data.draw(st.lists(st.integers(0, len(body))).map(sorted))
    return [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]


@given(TEXT, st.booleans(), st.data())
def test_a_raw_text_is_the_same_however_it_is_cut(
    text: str,
    crlf: bool,
    data: st.DataObject,
) -> None:
    body = b"x" + text.encode()
    expected = restore_line_ends("x" + text.replace("\0", ""), crlf=crlf)
    assert read(RAW, cut(data, body), crlf=crlf) == expected


ANY = st.text(
    st.characters(exclude_categories=()) | st.sampled_from("\r\n\ud83d\ude00")
)


@given(st.lists(ANY), st.booleans(), st.sampled_from(["\n", "\r", "\r\n"]), st.data())
def test_events_are_the_same_however_they_are_cut(
    texts: list[str],
    crlf: bool,
    end: str,
    data: st.DataObject,
) -> None:
    lines = START + b": ping\n\n".join(map(chunk, texts)) + END
    body = lines.replace(b"\n", end.encode())
    whole = StreamDecoder(JSON, crlf=crlf)
    whole.feed(json.dumps({"choices": [{"text": "x" + "".join(texts)}]}).encode())
    expected = "".join(whole.finish()).removeprefix("x")
    assert read(SSE, cut(data, body), crlf=crlf) == expected


def outcome(headers: dict[str, str], pieces: list[bytes]) -> str:
    """Return the text, or what is wrong; nothing else may be raised."""
    try:
        return "text " + read(headers, pieces)
    except (NotACompletionError, StreamCutError) as error:
        return error.reason


PARTS = st.lists(
    st.sampled_from(
        [START, chunk("x"), END, b"data: {}\n", b"\n", b"\r", b"event: content_chunk"]
    )
    | st.sampled_from([b"<html", b" ", b'{"error"', b":", b"}", b"\xef\xbb\xbf", b"<!"])
    | st.binary(max_size=4)
).map(b"".join)


@settings(max_examples=300)
@given(st.sampled_from([RAW, PLAIN, SSE, JSON]), PARTS, st.data())
def test_any_bytes_end_the_same_however_they_are_cut(
    headers: dict[str, str], body: bytes, data: st.DataObject
) -> None:
    assert outcome(headers, cut(data, body)) == outcome(headers, [body])


@pytest.mark.parametrize("headers", [RAW, PLAIN, SSE, JSON])
@pytest.mark.parametrize(
    "unit",
    [
        *(b"x", b" ", b"\0", b"{", b"\n", b"<!", b"\xf0\x9f\x98\x80", b'{"error":'),
        *(b"data: \n", b": x\n", b"event: x\n\n", chunk(""), chunk("x" * 100), START),
    ],
)
def test_a_body_without_an_end_takes_no_more_memory_than_it_may(
    headers: dict[str, str], unit: bytes
) -> None:
    decoder = StreamDecoder(headers)
    piece = unit * (20_000 // len(unit))
    tracemalloc.start()
    try:
        for _ in range(30):
            decoder.feed(piece)
    except NotACompletionError:
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2 * 1024 * 1024


@pytest.mark.parametrize("unit", ["x", "é", "😀"])
def test_the_longest_text_is_taken_and_no_longer_one(unit: str) -> None:
    body = (unit * MAX_TEXT).encode()
    assert len(read(RAW, [body])) == MAX_TEXT
    assert outcome(RAW, [body, b"x"]) == "a text too long to insert"
    assert outcome(RAW, [body + b"x"]) == "a text too long to insert"
