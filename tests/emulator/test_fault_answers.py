"""What hosts at fault answer is what its names say."""

from __future__ import annotations

import gzip
import json

import pytest

from gitlab_completions.emulator.answers import json_answer, text_answer
from gitlab_completions.emulator.fault_answers import (
    bad_json,
    captive_portal,
    gzip_bomb,
    huge,
    mistyped,
    redirect,
)

OWN = json_answer(
    201, {"token": "t", "choices": [{"text": "a", "index": 0}], "on": None}, {"a": "b"}
)


def test_a_captive_portal_is_a_page() -> None:
    page = captive_portal()
    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")


def test_bad_json_is_none() -> None:
    answer = bad_json()
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_huge_is_ten_megabytes_of_a_completion() -> None:
    assert len(huge().body) == 10 * 1024 * 1024
    assert isinstance(huge().json(), dict)


def test_a_bomb_is_small_until_it_is_unpacked() -> None:
    bomb = gzip_bomb()
    assert len(bomb.body) < 100_000
    assert bomb.headers["content-encoding"] == "gzip"
    unpacked = gzip.decompress(bomb.body)
    assert len(unpacked) > 60_000_000
    assert unpacked.endswith(b"{}")


def test_a_redirect_keeps_the_method() -> None:
    answer = redirect("https://b.example/")
    assert (answer.status, answer.headers) == (307, {"location": "https://b.example/"})


@pytest.mark.parametrize(
    ("field", "spoilt"),
    [
        (None, {"token": 7, "choices": "wrong", "on": 7}),
        ("", ["wrong"]),
        ("token", {"token": 7, "choices": [{"text": "a", "index": 0}], "on": None}),
        (
            "choices.index",
            {"token": "t", "choices": [{"text": "a", "index": "wrong"}], "on": None},
        ),
        (
            "choices.text",
            {"token": "t", "choices": [{"text": 7, "index": 0}], "on": None},
        ),
        (
            "token.no",
            {"token": "t", "choices": [{"text": "a", "index": 0}], "on": None},
        ),
    ],
)
def test_a_field_gets_another_type(field: str | None, spoilt: object) -> None:
    answer = mistyped(OWN, field)
    assert (answer.status, answer.headers) == (201, OWN.headers)
    assert answer.json() == spoilt


def test_what_is_no_json_stays() -> None:
    page = text_answer(500, "oops")
    assert mistyped(page, None) is page
