"""Entries of a shared store are believed when they are ours, and otherwise not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

from gitlab_completions._secrets import Secret
from gitlab_completions._wire import entries
from gitlab_completions._wire.entries import (
    KeptWord,
    Sealer,
    decode_answer,
    decode_word,
    encode_answer,
    encode_word,
)
from gitlab_completions._wire.messages import Answer
from gitlab_completions.errors import ErrorCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests._wire.conftest import LoadSample

TOKEN = "glpat-canary-5711"
ROOT = "https://gitlab.example.com"
BOOT = "boot 1"
CONTENT: Mapping[str, object] = {"status": 403, "headers": {}, "body": "{}"}


def sealer(token: str = TOKEN, root: str = ROOT) -> Sealer:
    return Sealer(Secret(token), root)


def sealed(name: str = "a", *, at: float = 100.0) -> tuple[str, bytes]:
    one = sealer()
    key = one.key(name)
    entry = one.seal(key, CONTENT, clock=BOOT, at=at)
    assert entry is not None
    return key, entry


def test_an_entry_says_what_was_put_in_and_how_long_ago() -> None:
    key, entry = sealed(at=100.0)
    opened = sealer().open(key, entry, clock=BOOT, now=160.0)
    assert opened is not None
    content, age_s = opened
    assert content.items() >= CONTENT.items()
    assert age_s == 60


def test_a_key_tells_neither_the_token_nor_the_name() -> None:
    key = sealer().key("group/project")
    assert len(key) == 64
    assert set(key) <= set("0123456789abcdef")


def test_keys_differ_by_token_instance_and_name() -> None:
    keys = {
        sealer().key("a"),
        sealer().key("b"),
        sealer("glpat-other").key("a"),
        sealer(root="https://other.example.com").key("a"),
    }
    assert len(keys) == 4


@pytest.mark.parametrize(
    "other", [sealer("glpat-other"), sealer(root="https://other.example.com")]
)
def test_an_entry_of_another_token_or_place_is_none(other: Sealer) -> None:
    _, entry = sealed()
    assert other.open(other.key("a"), entry, clock=BOOT, now=100.0) is None


def test_an_entry_that_was_moved_to_another_key_is_none() -> None:
    _, entry = sealed("one project")
    one = sealer()
    assert one.open(one.key("another"), entry, clock=BOOT, now=100.0) is None


def test_an_entry_of_another_boot_is_none() -> None:
    key, entry = sealed()
    assert sealer().open(key, entry, clock="boot 2", now=100.0) is None


def test_an_entry_of_a_time_to_come_is_none() -> None:
    key, entry = sealed(at=100.0)
    assert sealer().open(key, entry, clock=BOOT, now=98.0) is None
    just_now = sealer().open(key, entry, clock=BOOT, now=99.5)
    assert just_now is not None
    assert just_now[1] == 0


@pytest.mark.parametrize(
    "change",
    [{"version": 2}, {"at": "soon"}, {"at": None}, {"at": float("nan")}, {"clock": 1}],
)
def test_an_entry_of_another_form_is_none(change: dict[str, object]) -> None:
    key, entry = sealed()
    document = json.loads(entry.partition(b"\n")[2]) | change
    text = json.dumps(document).encode()
    forged = sealer()._mac(key, text) + b"\n" + text
    assert sealer().open(key, forged, clock=BOOT, now=100.0) is None


@given(st.binary(max_size=400))
def test_what_anybody_wrote_is_none(entry: bytes) -> None:
    key, _ = sealed()
    assert sealer().open(key, entry, clock=BOOT, now=100.0) is None


@given(st.data())
def test_an_entry_of_which_a_byte_was_changed_is_none(data: st.DataObject) -> None:
    key, entry = sealed()
    at = data.draw(st.integers(0, len(entry) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != entry[at]))
    forged = entry[:at] + bytes([byte]) + entry[at + 1 :]
    assert sealer().open(key, forged, clock=BOOT, now=100.0) is None


def test_what_is_sealed_but_no_object_is_none() -> None:
    key, _ = sealed()
    forged = sealer()._mac(key, b"[]") + b"\n[]"
    assert sealer().open(key, forged, clock=BOOT, now=100.0) is None


def test_an_entry_that_is_too_long_is_not_made_and_not_opened() -> None:
    one = sealer()
    key = one.key("a")
    long = {**CONTENT, "body": "x" * entries.MAX_ENTRY}
    assert one.seal(key, long, clock=BOOT, at=0.0) is None
    text = json.dumps(long).encode()
    assert one.open(key, one._mac(key, text) + b"\n" + text, clock=BOOT, now=0) is None


@pytest.mark.parametrize(
    "name",
    ["direct_access/grant-19-3", "direct_access/disabled", "direct_access/limit"],
)
def test_an_answer_comes_back_as_it_was(sample: LoadSample, name: str) -> None:
    status_code, headers, body = sample(name)
    content = encode_answer(Answer(status_code=status_code, headers=headers, body=body))
    assert content is not None
    answer = decode_answer(json.loads(json.dumps(content)))
    assert answer is not None
    assert (answer.status_code, answer.body) == (status_code, body)
    assert answer.headers.items() <= headers.items()


def test_an_answer_that_is_no_text_is_not_told() -> None:
    assert encode_answer(Answer(status_code=201, headers={}, body=b"\xff")) is None


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"status": 201, "headers": {}},
        {"status": "201", "body": ""},
        {"status": 1, "body": ""},
        {"status": True, "body": ""},
    ],
)
def test_what_is_no_answer_is_none(content: dict[str, object]) -> None:
    assert decode_answer(content) is None


def test_headers_that_are_no_strings_are_left_out() -> None:
    content = {"status": 429, "headers": {"retry-after": 5, "date": "x"}, "body": ""}
    answer = decode_answer(content)
    assert answer is not None
    assert answer.headers == {"date": "x"}


def test_a_word_comes_back_as_it_was() -> None:
    word = KeptWord(seconds=60.0, status_code=429, code=ErrorCode.RATE_LIMITED)
    assert decode_word(encode_word(word)) == word


@pytest.mark.parametrize(
    "change",
    [
        {"seconds": 0},
        {"seconds": -1},
        {"seconds": 1801},
        {"seconds": "60"},
        {"status": None},
        {"code": 7},
    ],
)
def test_what_is_no_word_is_none(change: dict[str, object]) -> None:
    word = KeptWord(seconds=60.0, status_code=429, code=ErrorCode.RATE_LIMITED)
    assert decode_word({**encode_word(word), **change}) is None


@pytest.mark.parametrize("code", ["of_a_later_release", "r\te_limited", "", "x" * 9999])
def test_a_code_that_is_none_of_ours_is_a_bar(code: str) -> None:
    word = KeptWord(seconds=60.0, status_code=429, code=ErrorCode.RATE_LIMITED)
    found = decode_word({**encode_word(word), "code": code})
    assert found is not None
    assert found.code is ErrorCode.DIRECT_BARRED


def test_nothing_shows_a_secret() -> None:
    answer = Answer(status_code=201, headers={}, body=b'{"token": "eyJ"}')
    shown = repr(answer) + repr(sealer()) + repr(sealer().__dict__)
    assert "eyJ" not in shown
    assert TOKEN not in shown
