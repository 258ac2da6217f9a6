"""What was typed at a place since, and when that is not all that happened."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from gitlab_completions.editor._core.places import Place, digest
from tests.editor._core.scenes import place


@pytest.mark.parametrize(
    ("before", "now", "typed"),
    [
        ("ab|\nend", "ab|\nend", ""),
        ("ab|\nend", "abcd|\nend", "cd"),
        ("ab|\nend", "ab\n    |\nend", "\n    "),
        ("ab|\nend", "a|\nend", None),
        ("ab|\nend", "xb|\nend", None),
        ("ab|\nend", "abc|\nEND", None),
        ("ab|", "ab|\n", None),
        ("call|", "call(|)", "("),
        ("call|\n)", "call(|)\n)", "("),
        ("call|", "call([|])", "(["),
        ("call|", 'call("|")', '("'),
        ("call|", "call(x)|", "(x)"),
        ("call|", "call|)", None),
        ("if x |", "if x {\n    |\n}", "{\n    "),
    ],
)
def test_typing_is_told_from_other_edits(
    before: str, now: str, typed: str | None
) -> None:
    assert place(before).anchor().typed(place(now)) == typed


@pytest.mark.parametrize(
    ("text", "typed"),
    [("cde", "cd"), ("cd", "cd"), ("c", None), ("x", None), ("", None)],
)
def test_what_is_typed_must_be_along_a_text(text: str, typed: str | None) -> None:
    anchor = place("ab|").anchor()
    assert anchor.typed(place("abcd|"), (text,)) == typed


def test_what_no_answer_can_begin_with_is_not_looked_through() -> None:
    anchor = place("ab|").anchor()
    assert anchor.typed(place(f"ab{'(' * 16_384}|")) is not None
    assert anchor.typed(place(f"ab{'(' * 16_385}|")) is None


def test_another_document_of_the_same_text_is_another_place() -> None:
    assert place("a|").anchor().typed(place("a|", "file:///b")) is None


def test_an_anchor_holds_no_text() -> None:
    assert "secret" not in repr(place("secret|secret").anchor())


def test_the_same_cursor_in_the_same_text_is_the_same_place() -> None:
    one = place("ab|c")
    assert one.is_same(place("ab|c"))
    others = [place("a|bc"), place("ab|d"), place("ab|c", "file:///b"), None]
    assert not any(one.is_same(other) for other in others)


@pytest.mark.parametrize(
    ("marked", "line"), [("a\n  b|", "  b"), ("a\r\n|", ""), ("a\rb|", "b"), ("|", "")]
)
def test_the_line_is_what_is_before_the_cursor(marked: str, line: str) -> None:
    assert place(marked).line == line


def test_halves_of_characters_have_digests_too() -> None:
    assert digest("\ud800") != digest("\udc00")


@given(st.text(), st.text(), st.text())
def test_whatever_is_typed_is_what_was_typed(
    above: str, typed: str, below: str
) -> None:
    before = Place("u", above + below, len(above)).anchor()
    now = Place("u", above + typed + below, len(above + typed))
    assert before.typed(now) == typed
