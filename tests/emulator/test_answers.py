"""Requests and answers are plain records."""

from __future__ import annotations

from gitlab_completions.emulator.answers import (
    Answer,
    Request,
    as_object,
    dated,
    json_answer,
    text_answer,
)


def test_headers_are_found_in_any_case() -> None:
    request = Request(method="GET", path="/", headers={"x-a": "1"})
    assert request.header("X-A") == "1"
    assert request.header("x-b") is None


def test_json_is_compact_and_ascii() -> None:
    answer = json_answer(201, {"a": ["é"]}, {"x-b": "2"})
    assert answer.body == b'{"a":["\\u00e9"]}'
    assert answer.headers == {"content-type": "application/json", "x-b": "2"}
    assert answer.json() == {"a": ["é"]}


def test_texts_have_a_type() -> None:
    assert text_answer(500, "no").headers["content-type"].startswith("text/plain")


def test_added_headers_win_and_pieces_stay() -> None:
    answer = Answer(status=200, headers={"a": "1"}, body=b"xy", pieces=(b"x", b"y"))
    added = answer.with_headers({"a": "2"})
    assert added.headers == {"a": "2"}
    assert added.pieces == answer.pieces


def test_pieces_have_their_times() -> None:
    pieces = (b"x", b"y", b"z")
    timed = Answer(status=200, body=b"xyz", pieces=pieces, waits_s=(0.5, 1.0))
    assert list(timed.timed_pieces()) == [(0.5, b"x"), (1.0, b"y"), (0.0, b"z")]
    assert list(Answer(status=200, body=b"xyz").timed_pieces()) == [(0.0, b"xyz")]
    assert list(Answer(status=200, pieces=()).timed_pieces()) == []


def test_headers_are_taken_out_and_the_rest_stays() -> None:
    answer = Answer(status=200, headers={"a": "1", "B": "2"}, pieces=(b"x",))
    left = answer.without_headers("b", "c")
    assert left == Answer(status=200, headers={"a": "1"}, pieces=(b"x",))


def test_a_date_is_the_host_s_own() -> None:
    date = dated(Answer(status=200), 0.0).headers["date"]
    assert date == "Thu, 01 Jan 1970 00:00:00 GMT"


def test_only_objects_are_objects() -> None:
    assert as_object({"a": 1}) == {"a": 1}
    assert as_object([1]) is None


def test_bodies_stay_out_of_a_repr() -> None:
    assert "secret" not in repr(Request(method="GET", path="/", body=b"secret"))
    assert "secret" not in repr(Answer(status=200, body=b"secret"))
