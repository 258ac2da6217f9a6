from __future__ import annotations

import json

import pytest

from gitlab_completions._wire.stream_bodies import (
    MAX_ANSWER,
    MAX_REFUSAL,
    Body,
    EventsBody,
    GuardedBody,
    WholeBody,
)
from gitlab_completions._wire.suggestions import MAX_TEXT
from gitlab_completions._wire.unusable import (
    NotACompletionError,
    StreamCutError,
    WebPageError,
)
from gitlab_completions.models import Model

END = b"event: stream_end\ndata: null\n\n"


def event(name: str, data: str) -> bytes:
    return f"event: {name}\ndata: {data}\n\n".encode()


def chunk(value: object) -> bytes:
    return event("content_chunk", json.dumps(value))


def read(body: Body, *pieces: bytes) -> str:
    return "".join([text for p in pieces for text in body.feed(p)] + [*body.finish()])


def refused(body: Body, *pieces: bytes) -> NotACompletionError:
    with pytest.raises(NotACompletionError) as caught:
        read(body, *pieces)
    assert caught.value.__context__ is None  # the parser's error holds the body
    return caught.value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"choices": [{"delta": {"content": "a"}, "index": 0}]}, "a"),
        ({"choices": [{"delta": {"content": "a"}}], "error": None, "new": 1}, "a"),
        ({"choices": [{"delta": {"content": ""}, "index": 0}]}, ""),
        ({"choices": [{"delta": {"content": None}}]}, ""),
        ({"choices": [{"delta": {}}]}, ""),
        ({"choices": [{"delta": None, "finish_reason": "stop"}]}, ""),
        ({"choices": [{}]}, ""),
        ({"choices": []}, ""),
        ({"choices": [{"delta": {"content": "b"}, "index": 1}]}, ""),
        (
            {"choices": [{"delta": {"content": "a"}}, {"delta": {"content": "b"}}]},
            "ab",
        ),
    ],
)
def test_an_event_with_text(value: object, text: str) -> None:
    assert read(EventsBody(), chunk(value), END) == text


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "an event that is no JSON object"),
        (["s3cret"], "an event that is no JSON object"),
        ({}, "an event without choices"),
        ({"choices": {"delta": "s3cret"}}, "an event without choices"),
        ({"choices": [], "error": "s3cret"}, "an error in an event"),
        ({"choices": ["s3cret"]}, "a choice that is no object"),
        ({"choices": [{"delta": "s3cret"}]}, "a delta that is no object"),
        ({"choices": [{"delta": {"content": 7}}]}, "a content that is no string"),
    ],
)
def test_an_event_whose_text_cannot_be_told(value: object, reason: str) -> None:
    assert refused(EventsBody(), chunk(value), END).reason == reason


@pytest.mark.parametrize("data", ["s3cr", '{"choices":[{"delta":{"content":"s3c', ""])
def test_an_event_that_is_no_json(data: str) -> None:
    body = event("content_chunk", data)
    assert refused(EventsBody(), body).reason == "an event that is no JSON object"


@pytest.mark.parametrize(
    ("data", "model"),
    [
        (
            '{"metadata":{"model":{"engine":"e","name":"n"}}}',
            Model(engine="e", name="n"),
        ),
        ('{"metadata":{"model":{}}}', None),
        ("{}", None),
        ("null", None),
        ("{", None),
    ],
)
def test_the_first_event_may_say_anything(data: str, model: Model | None) -> None:
    body = EventsBody()
    assert read(body, event("stream_start", data), END) == ""
    assert body.model == model


@pytest.mark.parametrize(
    "other",
    [b": ping - 2026-10-05\n\n", event("error", "{}"), event("", "x"), b"data: x\n\n"],
)
def test_other_events_are_none_of_ours(other: bytes) -> None:
    text = chunk({"choices": [{"delta": {"content": "a"}}]})
    assert read(EventsBody(), other, text, other, text, other, END) == "aa"


@pytest.mark.parametrize(
    "end", [END, b"event: stream_end\n\n", b"event:stream_end\r\r"]
)
def test_the_last_event_ends_it(end: bytes) -> None:
    body = EventsBody()
    assert read(body, end + b"\xff" * 9, b"\xff", chunk("s3cret")) == ""
    assert body.has_ended


@pytest.mark.parametrize(
    "pieces",
    [
        [],
        [chunk({"choices": [{"delta": {"content": "a"}}]})],
        [b'event: content_chunk\ndata: {"choices": [{"delta": {"content": "\xf0\x9f'],
        [b"event: stream_end\ndata: null\n"],
        [b"<html>"],
    ],
)
def test_events_without_the_last_one_were_cut(pieces: list[bytes]) -> None:
    with pytest.raises(StreamCutError, match="no stream_end"):
        read(EventsBody(), *pieces)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not a JSON object"),
        (b'{"choices":[{"text":"s3c', "not a JSON object"),
        (b'{"error":"s3cret"}', "an error with a good status"),
        (
            b'{"choices":[{"text":"a"}]}' + b" " * MAX_ANSWER,
            "an answer too long to read",
        ),
    ],
)
def test_what_is_no_whole_answer(body: bytes, reason: str) -> None:
    assert refused(WholeBody(), body).reason == reason


def test_a_web_page_may_say_that_it_is_json() -> None:
    assert isinstance(refused(WholeBody(), b" <HTML>s3cret"), WebPageError)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "\n    ", "a", "é", "<", "<h", "< html", "<div>", "<!-- a -->"),
        *("{", '{"', '{"err', '{"errors": []}', "{ }", '{"id": 7}', "event: click"),
        *("\ufefe", "\uf000", "return <html>", '  {"error', "<htm\n"),
    ],
)
def test_a_text_passes(text: str) -> None:
    body = text.encode()
    pieces = [bytes([byte]) for byte in body]
    assert read(GuardedBody(), body) == read(GuardedBody(), *pieces) == text


def test_a_text_passes_as_soon_as_it_is_known_to_be_one() -> None:
    body = GuardedBody()
    assert list(body.feed(b"\n  <")) == []
    assert list(body.feed(b"h")) == []
    assert list(body.feed(b"1")) == ["\n  <h1"]
    assert list(body.feed(b"<html>")) == ["<html>"]
    assert body.model is None
    assert not body.has_ended


def test_a_byte_order_mark_is_no_text() -> None:
    mark = b"\xef\xbb\xbf"
    assert read(GuardedBody(), mark) == ""
    assert read(GuardedBody(), mark[:1], mark[1:] + b" a") == " a"
    assert read(GuardedBody(), b"a" + mark) == "a\ufeff"


@pytest.mark.parametrize(
    "before", [b"", b"\n \t\r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf \n"]
)
@pytest.mark.parametrize(
    "start", [b"<html", b"<HTML>", b"<!DOCTYPE html>", b"<!DocType"]
)
def test_a_web_page_is_never_text(before: bytes, start: bytes) -> None:
    page = before + start + b" s3cret"
    assert isinstance(refused(GuardedBody(), page), WebPageError)
    pieces = [bytes([byte]) for byte in page]
    assert isinstance(refused(GuardedBody(), *pieces), WebPageError)


@pytest.mark.parametrize(
    "answer",
    [
        b'{"error":"s3cret"}',
        b'\xef\xbb\xbf{ "Error" : {"message": "s3cret"} }',
        b'\n{"detail":\n[]}\n',
        b'{"message":"s3cret"}',
        b'{"error_code":"USAGE_QUOTA_EXCEEDED"}',
        b'{"choices":[{"text":"s3cret"}]}',
        b'{"id":"id","object":"text_completion"}',
        b'{"error":"s3cret"}' + b" " * (MAX_REFUSAL - 18),
    ],
)
def test_an_answer_in_json_is_never_text(answer: bytes) -> None:
    assert refused(GuardedBody(), answer).reason == "JSON instead of text"
    pieces = [bytes([byte]) for byte in answer[:99]] + [answer[99:]]
    assert refused(GuardedBody(), *pieces).reason == "JSON instead of text"


@pytest.mark.parametrize(
    "text",
    [
        b'{"error": "Not found"}), 404',
        b'{"detail": e}',
        b'{"message":',
        b'{"error":1}}',
    ],
)
def test_what_only_begins_as_an_answer_is_text(text: bytes) -> None:
    body = GuardedBody()
    assert list(body.feed(text)) == []
    assert read(body) == text.decode()


def test_what_begins_as_an_answer_is_held_back_only_so_long() -> None:
    text = b'{"error": 1}' + b"a" * MAX_REFUSAL
    assert refused(GuardedBody(), text).reason == "JSON instead of text"


def test_blanks_without_an_end_are_given_up() -> None:
    assert read(GuardedBody(), b" " * MAX_TEXT) == " " * MAX_TEXT
    error = refused(GuardedBody(), b" " * MAX_TEXT, b" ")
    assert error.reason == "a text too long to insert"


def test_events_whose_header_was_lost_are_still_events() -> None:
    body = GuardedBody()
    start = event("stream_start", '{"metadata":{"model":{"engine":"e","name":"n"}}}')
    text = chunk({"choices": [{"delta": {"content": "a"}}]})
    assert read(body, start[:3], start[3:] + text, END) == "a"
    assert body.model == Model(engine="e", name="n")
    assert body.has_ended


@pytest.mark.parametrize("text", [b"a\xff", b"\xc3(", b"\xed\xa0\x80", b"\x80"])
def test_other_bytes_than_utf_8_are_no_text(text: bytes) -> None:
    assert refused(GuardedBody(), text).reason == "not UTF-8"


@pytest.mark.parametrize("text", [b"a\xf0\x9f", b"\xc3", b'{"error":1} \xc3'])
def test_half_a_character_at_the_end_means_that_it_was_cut(text: bytes) -> None:
    with pytest.raises(StreamCutError, match="half a character"):
        read(GuardedBody(), text)
