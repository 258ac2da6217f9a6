from __future__ import annotations

import re
from itertools import accumulate
from typing import get_args

import pytest
from hypothesis import example, given, strategies as st

from gitlab_completions.editor import Position, PositionEncoding
from gitlab_completions.editor.positions import (
    line_end,
    line_start,
    nearest_line_end,
    offset_of,
    position_of,
)
from gitlab_completions.errors import RequestRejectedError

ENCODINGS: tuple[PositionEncoding, ...] = get_args(PositionEncoding)
CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}
odd_characters = st.sampled_from(
    [
        "\n",
        "\r",
        "\r\n",
        "a",
        "é",
        "e\u0301",
        "語",
        "😀",
        "👩\u200d👧",
        "\x0c",
        "\u2028",
        "\x85",
    ]
)
texts = st.lists(
    odd_characters | st.characters(exclude_categories=["Cs"]), max_size=40
).map("".join)


def lines_of(text: str) -> list[tuple[int, str]]:
    """Return where each line begins, and the line without its end: the slow way."""
    pieces = re.split("(\r\n|\r|\n)", text)
    starts = accumulate(map(len, pieces), initial=0)
    return list(zip(starts, pieces, strict=False))[::2]


def units(text: str, encoding: PositionEncoding) -> int:
    codec, width = CODECS[encoding]
    return len(text.encode(codec, "surrogatepass")) // width


@given(texts, st.sampled_from(ENCODINGS))
@example("\r\n\r\n", "utf-16")
@example("a\r", "utf-8")
def test_each_offset_is_the_position_that_the_codec_counts(
    text: str, encoding: PositionEncoding
) -> None:
    for number, (start, line) in enumerate(lines_of(text)):
        for column in range(len(line) + 1):
            position = Position(line=number, character=units(line[:column], encoding))
            assert position_of(text, start + column, encoding) == position
            assert offset_of(text, position, encoding) == start + column


@given(
    texts,
    st.integers(min_value=0, max_value=50),
    st.integers(min_value=0, max_value=200),
    st.sampled_from(ENCODINGS),
)
def test_any_position_is_the_last_character_start_at_or_before_it(
    text: str, number: int, character: int, encoding: PositionEncoding
) -> None:
    offset = offset_of(text, Position(line=number, character=character), encoding)
    lines = lines_of(text)
    if number >= len(lines):
        assert offset == len(text)
        return
    start, line = lines[number]
    before = [
        column
        for column in range(len(line) + 1)
        if units(line[:column], encoding) <= character
    ]
    assert offset == start + before[-1]


@pytest.mark.parametrize(
    ("character", "encoding", "offset"),
    [
        (1, "utf-16", 1),
        (2, "utf-16", 1),
        (3, "utf-16", 2),
        (2, "utf-8", 1),
        (4, "utf-8", 1),
        (5, "utf-8", 2),
        (2, "utf-32", 2),
        (99, "utf-16", 3),
        (99, "utf-8", 3),
        (99, "utf-32", 3),
    ],
)
def test_inside_a_character_means_its_start(
    character: int, encoding: PositionEncoding, offset: int
) -> None:
    at = Position(line=0, character=character)
    assert offset_of("a😀b\nnext", at, encoding) == offset


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_halves_of_characters_that_an_editor_left_are_characters(
    encoding: PositionEncoding,
) -> None:
    text = "\ud83dx\ude00y"
    for offset in range(len(text) + 1):
        position = position_of(text, offset, encoding)
        assert offset_of(text, position, encoding) == offset


def test_what_only_python_takes_for_line_ends_ends_no_line() -> None:
    text = "one\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029two"
    assert position_of(text, len(text), "utf-32").line == 0
    assert offset_of(text, Position(line=1, character=0), "utf-32") == len(text)


def test_an_offset_within_a_line_end_means_the_end_of_the_line() -> None:
    assert offset_of("ab\r\ncd", 3, "utf-16") == 2
    assert position_of("ab\r\ncd", 3, "utf-16") == Position(line=0, character=2)
    assert offset_of("\r\n", 1, "utf-16") == 0


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_lines_of_a_long_text_are_found(end: str) -> None:
    lines = [f"line {number} 😀" for number in range(9_000)]
    text = end.join(lines)
    for number in (0, 1, 1_234, 5_678, 8_999):
        start = len(end.join(lines[:number])) + (len(end) if number else 0)
        position = Position(line=number, character=2)
        assert offset_of(text, position, "utf-16") == start + 2
        assert position_of(text, start + 2, "utf-16") == position
    assert offset_of(text, Position(line=9_000, character=0), "utf-16") == len(text)


@given(texts, st.data())
def test_a_line_is_what_is_between_two_line_ends(
    text: str, data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, len(lines_of(text)) - 1))
    start, line = lines_of(text)[number]
    at = start + data.draw(st.integers(0, len(line)))
    assert text[line_start(text, at) : line_end(text, at)] == line
    assert line_start(text, at) == start


@pytest.mark.parametrize(
    ("text", "offset", "end"),
    [
        ("", 0, "\n"),
        ("one line", 3, "\n"),
        ("a\nb", 0, "\n"),
        ("a\r\nb", 0, "\r\n"),
        ("a\r\nb", 4, "\r\n"),
        ("a\rb", 3, "\r"),
        ("a\rb\nc", 0, "\n"),
        ("a\r\nb\rc\rd", 5, "\r\n"),
        ("a\r\nb\nc", 1, "\r\n"),
        ("a\r\nb\nc", 3, "\n"),
        ("a\r\nb\nc", 6, "\n"),
    ],
)
def test_the_line_end_is_the_one_nearest_below_else_above(
    text: str, offset: int, end: str
) -> None:
    assert nearest_line_end(text, offset) == end


@pytest.mark.parametrize(
    ("place", "right"),
    [
        (-1, "offset -1 is outside the text: it has 0 to 3"),
        (4, "offset 4 is outside the text: it has 0 to 3"),
        (True, "position must be a Position or an offset in code points, not bool"),
        (Position(line=-1, character=0), "line must be at least 0, not -1"),
        (Position(line=0, character=-1), "character must be at least 0, not -1"),
        (Position(line=False, character=0), "line must be a whole number, not bool"),
    ],
)
def test_what_is_no_place_is_refused(place: Position | int, right: str) -> None:
    with pytest.raises(RequestRejectedError, match=re.escape(right)):
        offset_of("abc", place, "utf-16")
