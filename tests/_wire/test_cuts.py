from __future__ import annotations

import pytest
from hypothesis import example, given, strategies as st

from gitlab_completions._wire.characters import whole_characters
from gitlab_completions._wire.cuts import (
    character_after,
    end_before,
    first_characters,
    last_characters,
    start_after,
)

FAMILY = "👩\u200d👩\u200d👧"
odd_text = st.text(
    st.characters(exclude_categories=["Cs"])
    | st.sampled_from(["\r", "\n", "\u0301", "\u200d", "😀", "\U0001f3fd", "a"])
)


@pytest.mark.parametrize(
    ("text", "most", "last", "first"),
    [
        ("", 3, "", ""),
        ("abc", 3, "abc", "abc"),
        ("abcdef", 3, "def", "abc"),
        ("ab\ncd\nef\n", 5, "ef\n", "ab\n"),
        ("ab\ncd\nef\n", 6, "cd\nef\n", "ab\ncd\n"),
        ("a\rb\rc\r", 4, "b\rc\r", "a\rb\r"),
        ("a\r\nb\r\nc", 4, "b\r\nc", "a\r\n"),
        ("a\r\nb\r\nc", 2, "c", "a"),
        ("x\r\ny", 2, "y", "x"),
        ("ab\n", 2, "b\n", "ab"),
        ("e\u0301e\u0301e\u0301", 3, "e\u0301", "e\u0301"),
        ("👍\U0001f3fd👍\U0001f3fd", 3, "👍\U0001f3fd", "👍\U0001f3fd"),
    ],
)
def test_a_cut_keeps_lines_and_characters_whole(
    text: str, most: int, last: str, first: str
) -> None:
    assert last_characters(text, most) == last
    assert first_characters(text, most) == first


def test_an_emoji_of_several_code_points_goes_as_a_whole() -> None:
    assert first_characters("ab" + FAMILY, 5) == "ab"
    assert last_characters(FAMILY + "ab", 4) == "ab"


def test_a_line_end_that_is_far_is_not_gone_to() -> None:
    long = "x" * 300 + "\n" + "y" * 300
    assert last_characters(long, 560) == long[-560:]
    assert first_characters(long, 560) == long[:560]
    assert last_characters(long, 540) == "y" * 300
    assert first_characters(long, 540) == "x" * 300 + "\n"


def test_a_text_of_accents_alone_is_cut_all_the_same() -> None:
    text = "\u0301" * 1_000
    assert last_characters(text, 500) == text[:500]
    assert first_characters(text, 500) == text[:500]


@given(odd_text, st.integers(1, 30))
@example("\r\n" + "\u0301" * 40, 41)
def test_a_cut_text_is_an_end_of_the_text_and_not_empty(text: str, most: int) -> None:
    last, first = last_characters(text, most), first_characters(text, most)
    assert text.endswith(last)
    assert text.startswith(first)
    assert max(len(last), len(first)) <= most
    assert bool(first) is bool(text)
    assert whole_characters(last) is last
    at = len(text) - most
    assert at <= character_after(text, at) <= max(len(text), 0)
    assert max(at, 0) <= start_after(text, at) <= len(text)
    assert 0 <= end_before(text, most) <= most
