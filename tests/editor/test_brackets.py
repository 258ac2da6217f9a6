from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitlab_completions.editor.brackets import (
    follow,
    lone_quotes,
    marks,
    unclosed,
    unopened,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("a(b)[c]", ["(", ")", "[", "]"]),
        ("f(\"(\", ')')", ["(", ")"]),
        ("it's (a)", ["'", "(", ")"]),
        ("&'a (b", ["'", "("]),
        ("'a' + 'b (", ["'", "("]),
        ('"\\"(" (', ["("]),
        ("\\( (", ["("]),
        ('"not ended (', ['"', "("]),
        ('"not\nended" (', ['"', '"', "("]),
        ("`a ${b}` {", ["{"]),
    ],
)
def test_brackets_in_strings_do_not_count(text: str, found: Sequence[str]) -> None:
    assert [mark for _, mark in marks(text)] == found


def test_marks_have_their_places() -> None:
    assert list(marks("a(\n]")) == [(1, "("), (3, "]")]


@pytest.mark.parametrize(
    ("text", "quotes"),
    [('x = "', ['"']), ('"a" + "', ['"']), ("it's \"a", ["'", '"']), ('""', [])],
)
def test_a_quote_is_alone_where_its_line_does_not_end_the_string(
    text: str, quotes: Sequence[str]
) -> None:
    assert lone_quotes(text) == quotes


@pytest.mark.parametrize(
    ("text", "waiting", "missing"),
    [
        ("f(a, [b", [")", "]"], []),
        ("f(a)", [], []),
        ("b]) + (c", [")"], ["]", ")"]),
        ("(]", [")"], ["]"]),
    ],
)
def test_what_is_open_waits_for_its_closing_bracket(
    text: str, waiting: Sequence[str], missing: Sequence[str]
) -> None:
    assert unclosed(text) == waiting
    assert unopened(text) == missing


def test_quotes_wait_with_the_brackets_in_the_order_they_came() -> None:
    assert unclosed('print("') == [")", '"']
    assert unclosed("don't (a") == ["'", ")"]
    assert unclosed("(don't)") == []


def test_lines_can_be_followed_one_after_the_other() -> None:
    waiting: list[str] = []
    assert follow(waiting, "if (a) {") == []
    assert follow(waiting, "f([") == []
    assert waiting == ["}", ")", "]"]
    assert follow(waiting, "]) }") == []
    assert follow(waiting, "} )") == ["}", ")"]
    assert waiting == []
