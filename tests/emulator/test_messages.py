"""Messages are read whole and followed to their end."""

from __future__ import annotations

import pytest

from gitlab_completions.emulator.answers import Answer, Request, json_answer
from gitlab_completions.emulator.messages import (
    AnswerFollower,
    BadRequestError,
    Incoming,
    RequestReader,
    encode_answer,
    encode_cut_chunks,
)

HEAD = b"POST /a/b?c=d HTTP/1.1\r\nHost: h\r\nX-Name: Value\r\n"


def read(data: bytes) -> Incoming | None:
    reader = RequestReader()
    reader.feed(data)
    return reader.next()


def test_a_request_arrives_in_any_pieces() -> None:
    reader = RequestReader()
    for at, byte in enumerate(data := HEAD + b"Content-Length: 3\r\n\r\nabc"):
        assert reader.next() is None, at
        reader.feed(bytes([byte]))
    incoming = reader.next()
    assert data
    assert incoming is not None
    assert incoming.request == Request(
        method="POST",
        path="/a/b",
        headers={"host": "h", "x-name": "Value", "content-length": "3"},
        body=b"abc",
    )
    assert incoming.target == b"/a/b?c=d"
    assert incoming.keep_alive


def test_two_requests_follow_each_other() -> None:
    reader = RequestReader()
    reader.feed((HEAD + b"Content-Length: 1\r\n\r\nx") * 2)
    first, second = reader.next(), reader.next()
    assert first == second
    assert first is not None
    assert reader.next() is None


@pytest.mark.parametrize(
    ("data", "keep_alive"),
    [
        (HEAD + b"\r\n", True),
        (HEAD + b"Connection: close\r\n\r\n", False),
        (b"GET / HTTP/1.0\r\n\r\n", False),
    ],
)
def test_connections_are_kept_or_not(data: bytes, *, keep_alive: bool) -> None:
    incoming = read(data)
    assert incoming is not None
    assert incoming.keep_alive is keep_alive


@pytest.mark.parametrize("data", [b"\x16\x03\x01\r\n\r\n", b"GET /\r\n\r\n"])
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(BadRequestError) as refused:
        read(data)
    assert refused.value.answer.status == 400


def test_a_head_of_60_kb_is_fine() -> None:
    assert read(HEAD + b"X-Long: " + b"x" * 60_000 + b"\r\n\r\n") is not None


def test_a_client_that_waits_is_told_once_to_go_on() -> None:
    reader = RequestReader()
    assert not reader.owes_continue()
    reader.feed(HEAD + b"Expect: 100-continue\r\nContent-Length: 1\r\n\r\n")
    assert reader.next() is None
    assert reader.owes_continue()
    assert not reader.owes_continue()
    reader.feed(b"x")
    assert reader.next() is not None


def asked(data: bytes) -> tuple[AnswerFollower, bytes]:
    incoming = read(data)
    assert incoming is not None
    follower = AnswerFollower()
    return follower, follower.ask(incoming, scheme="https")


def test_a_request_is_put_again_with_a_length() -> None:
    chunked = b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    _, sent = asked(HEAD + chunked)
    assert sent.startswith(b"POST /a/b?c=d HTTP/1.1\r\n")
    assert b"transfer-encoding" not in sent.lower()
    assert b"content-length: 3\r\n" in sent.lower()
    assert b"x-forwarded-proto: https\r\n" in sent.lower()
    assert sent.endswith(b"\r\n\r\nabc")


def test_a_request_without_a_host_gets_one() -> None:
    _, sent = asked(b"GET / HTTP/1.0\r\n\r\n")
    assert b"host: localhost\r\n" in sent.lower()


def test_a_request_that_contradicts_itself_is_not_passed_on() -> None:
    twice = Incoming(
        request=Request(method="GET", path="/"),
        target=b"/",
        headers=((b"host", b"a"), (b"host", b"b")),
        keep_alive=True,
    )
    with pytest.raises(ConnectionError, match="passed on"):
        AnswerFollower().ask(twice, scheme="http")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
    ],
)
def test_the_end_of_an_answer_is_known(answer: bytes) -> None:
    follower, _ = asked(HEAD + b"\r\n")
    follower.feed(answer[:-1])
    assert not follower.done
    follower.feed(answer[-1:])
    assert follower.done


def test_an_answer_that_breaks_off_is_an_error() -> None:
    follower, _ = asked(HEAD + b"\r\n")
    follower.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no")
    with pytest.raises(ConnectionError, match="broke off"):
        follower.feed(b"")


def test_answers_become_bytes() -> None:
    data = encode_answer(json_answer(503, {"a": 1}), close=True)
    assert data == (
        b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\n"
        b'content-length: 7\r\nconnection: close\r\n\r\n{"a":1}'
    )
    assert encode_answer(Answer(status=529), close=False) == (
        b"HTTP/1.1 529 Unknown\r\ncontent-length: 0\r\n\r\n"
    )


def test_an_answer_can_be_had_from_who_followed_it() -> None:
    incoming = read(HEAD + b"\r\n")
    assert incoming is not None
    follower = AnswerFollower()
    follower.ask(incoming, scheme="https")
    assert follower.answer().status == 502  # nothing has come yet
    own = json_answer(201, {"a": 1}, {"date": "now"})
    follower.feed(encode_answer(own, close=False))
    assert follower.answer() == own


def test_cut_chunks_are_half_of_the_body_and_no_end() -> None:
    data = encode_cut_chunks(Answer(status=200, headers={"a": "b"}, body=b"0123456789"))
    head, _, body = data.partition(b"\r\n\r\n")
    assert head == b"HTTP/1.1 200 OK\r\na: b\r\ntransfer-encoding: chunked"
    assert body == b"5\r\n01234\r\n"
