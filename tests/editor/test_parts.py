from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

from gitlab_completions.editor import Source, Suggestion
from gitlab_completions.editor.parts import is_word, next_line, next_word

if TYPE_CHECKING:
    from collections.abc import Callable

texts = st.lists(
    st.sampled_from(
        [
            "foo",
            "bar_1",
            " ",
            "\t",
            "\n",
            "\r\n",
            "(",
            ").",
            "é",
            "e\u0301",
            "मि",
            "語",
            "👩\u200d👧",
        ]
    )
    | st.characters(exclude_categories=["Cs"]),
    max_size=30,
).map("".join)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", ""),
        ("foo(bar)", "foo"),
        ("(bar)", "("),
        (" + bar", " +"),
        ("):\n    return", "):"),
        ("\n    return x", "\n    return"),
        ("\r\n\treturn x", "\r\n\treturn"),
        ("  \n", "  \n"),
        ("snake_case_2 = 1", "snake_case_2"),
        ("naïve_e\u0301te\u0301 x", "naïve_e\u0301te\u0301"),
        ("\u0301te", "\u0301"),
        ("किताब है", "किताब"),
        ("変数 = 1", "変数"),
        ("👩\u200d👧 = 1", "👩\u200d👧"),
    ],
)
def test_a_word_is_taken_with_the_blanks_before_it(text: str, word: str) -> None:
    assert next_word(text) == word


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", ""),
        ("a, b)\n    return", "a, b)"),
        ("\n    return x\nfoo", "\n    return x"),
        ("\r\n\r\n    return x\r\nfoo", "\r\n\r\n    return x"),
        ("\rreturn\rfoo", "\rreturn"),
        ("one\u2028line\x0cwith odd signs\n", "one\u2028line\x0cwith odd signs"),
        (" \n ", " \n "),
    ],
)
def test_a_line_is_taken_with_the_line_ends_before_it(text: str, line: str) -> None:
    assert next_line(text) == line


@given(texts, st.sampled_from([next_word, next_line]))
def test_part_after_part_is_the_whole(text: str, part_of: Callable[[str], str]) -> None:
    taken = ""
    while taken != text:
        part = part_of(text[len(taken) :])
        assert part
        assert text.startswith(part, len(taken))
        taken += part


@given(texts)
def test_no_part_ends_amid_a_line_end_or_before_an_accent(text: str) -> None:
    for part in (next_word(text), next_line(text)):
        rest = text[len(part) :]
        assert not (part.endswith("\r") and rest.startswith("\n"))
    assert not text[len(next_word(text)) :].startswith(("\u0301", "\u200d"))


def test_a_suggestion_has_its_parts() -> None:
    suggestion = Suggestion(id="1", text="foo(bar)\nbaz", source=Source.CACHE)
    assert suggestion.word == "foo"
    assert suggestion.line == "foo(bar)"


@pytest.mark.parametrize("character", ["a", "Z", "0", "_", "é", "語", "²"])
def test_letters_digits_and_the_underscore_make_words(character: str) -> None:
    assert is_word(character)


@pytest.mark.parametrize("character", ["", " ", "-", "(", "😀", "\n"])
def test_nothing_else_does(character: str) -> None:
    assert not is_word(character)
