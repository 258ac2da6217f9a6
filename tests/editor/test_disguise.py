"""What words become: of the same shape, and the same each time under one key."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

from hypothesis import given, settings, strategies as st

from gitlab_completions.editor.disguise import Disguise

if TYPE_CHECKING:
    import pytest

KEY = b"k" * 32
TEXTS = st.text(alphabet="ab1_ .\néß一𐌰Z", max_size=40)
LONG = 20_000


@settings(max_examples=30)
@given(TEXTS)
def test_what_is_no_word_stays_and_lengths_stay_in_every_encoding(text: str) -> None:
    made = Disguise(KEY).of(text)
    for encoding in ("utf-8", "utf-16-le", "utf-32-le"):
        assert len(made.encode(encoding)) == len(text.encode(encoding))
    for before, after in zip(text, made, strict=True):
        assert before.isalnum() == after.isalnum()
        assert before.isalnum() or before == after


@settings(max_examples=30)
@given(TEXTS, TEXTS)
def test_what_is_typed_along_in_truth_is_typed_along_in_disguise(
    begun: str, more: str
) -> None:
    disguise = Disguise(KEY)
    assert disguise.of(begun + more).startswith(disguise.of(begun))


def test_a_word_is_the_same_wherever_it_stands_and_another_under_another_key() -> None:
    one, _, other = Disguise(KEY).of("compute compute").partition(" ")
    assert one == other != "compute"
    assert Disguise(b"other").of("compute") != one


def test_letters_keep_their_case_and_digits_stay_digits() -> None:
    made = Disguise(KEY).of("getHTTP2Name")
    assert [(c.isupper(), c.isdigit()) for c in made] == [
        (c.isupper(), c.isdigit()) for c in "getHTTP2Name"
    ]


def test_half_a_surrogate_pair_is_taken_as_any_character() -> None:
    assert Disguise(KEY).of("a\ud800")[1:] == "\ud800"
    assert len(Disguise(KEY).of("a\ud800b")) == 3


def test_it_forgets_beginnings_of_words_and_tells_them_the_same_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gitlab_completions.editor.disguise._MOST_REMEMBERED", 5)
    disguise = Disguise(KEY)
    first = disguise.of("word")
    disguise.of(" ".join(str(number) for number in range(20)))
    assert len(disguise._known) <= 5
    assert disguise.of("word") == first


def test_a_word_without_an_end_is_replaced_in_time_and_memory_of_its_length() -> None:
    # Base64 and what a minifier makes: each beginning kept as it is would be 200 MB.
    disguise = Disguise(KEY)
    tracemalloc.start()
    try:
        assert len(disguise.of("a1" * (LONG // 2))) == LONG
        assert tracemalloc.get_traced_memory()[1] < 500 * LONG
    finally:
        tracemalloc.stop()


def test_marks_on_letters_are_of_the_word() -> None:
    for word in ("नमस्ते", "สวัสดี", "cafe\u0301"):
        marks = {character for character in word if not character.isalnum()}
        assert marks
        assert not marks & set(Disguise(KEY).of(word))
