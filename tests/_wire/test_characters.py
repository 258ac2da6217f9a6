from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from gitlab_completions._wire.characters import (
    keep_end,
    keep_start,
    whole_characters,
)

any_text = st.text(
    st.characters(exclude_categories=()) | st.sampled_from("\r\n\ud83d\ude00")
)


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("", ""),
        ("plain\x00", "plain\x00"),
        ("é😀", "é😀"),
        ("\ud83d\ude00", "😀"),
        ("a\ud83db", "a\ufffdb"),
        ("\ude00\ud83d", "\ufffd\ufffd"),
        ("\ud83d\ud83d\ude00", "\ufffd😀"),
        ("x\ud83d", "x\ufffd"),
    ],
)
def test_halves_are_joined_or_replaced(text: str, whole: str) -> None:
    assert whole_characters(text) == whole


@given(any_text)
def test_whole_characters_are_utf_8_and_stay(text: str) -> None:
    whole = whole_characters(text)
    assert whole.encode().decode() == whole
    assert whole_characters(whole) is whole
    assert len(whole) <= len(text)


@pytest.mark.parametrize(
    ("text", "most", "end", "start"),
    [
        ("abc", 2, "bc", "ab"),
        ("abc", 3, "abc", "abc"),
        ("abc", 9, "abc", "abc"),
        ("a\r\nb", 2, "b", "a"),
        ("\r\n\r\n", 2, "\r\n", "\r\n"),
        ("a\ud83d\ude00b", 2, "b", "a"),
        ("a😀b", 2, "😀b", "a😀"),
        ("", 2, "", ""),
    ],
)
def test_a_cut_is_between_characters(
    text: str, most: int, end: str, start: str
) -> None:
    assert keep_end(text, most) == end
    assert keep_start(text, most) == start


@given(any_text, st.integers(1, 20))
def test_a_cut_keeps_what_is_near_the_cursor(text: str, most: int) -> None:
    end, start = keep_end(text, most), keep_start(text, most)
    assert text.endswith(end)
    assert text.startswith(start)
    wanted = min(len(text), most)
    assert wanted - 1 <= len(end) <= wanted
    assert wanted - 1 <= len(start) <= wanted
