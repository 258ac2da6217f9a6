"""Suggestions as a client's items: what they replace, and what a menu shows of them."""

from __future__ import annotations

from typing import cast

import pytest

from gitlab_completions.editor import Source, Suggestion
from gitlab_completions.lsp.items import ACCEPT, inline_items, menu_items


def suggestion(text: str, identity: str = "a") -> Suggestion:
    return Suggestion(id=identity, text=text, source=Source.NETWORK)


def menu(text: str, before: str) -> dict[str, object]:
    """Return the item of one suggestion after some text."""
    found = menu_items([suggestion(text)], before, len(before), "utf-16")
    (item,) = cast("list[dict[str, object]]", found["items"])
    return item


def test_each_inline_item_names_its_suggestion() -> None:
    found = inline_items([suggestion("x", "1"), suggestion("y", "2")], {}, "ab")
    items = cast("list[dict[str, object]]", found["items"])
    assert [one["insertText"] for one in items] == ["abx", "aby"]
    commands = [cast("dict[str, object]", one["command"]) for one in items]
    assert [one["arguments"] for one in commands] == [["1"], ["2"]]
    assert {one["command"] for one in commands} == {ACCEPT}


@pytest.mark.parametrize(
    ("before", "text", "new", "start"),
    [
        ("os.pa", "th", "path", 3),
        ("x = ", "1", "1", 4),
        ("", "import os", "import os", 0),
        ("größe", " = 1", "größe = 1", 0),
        ("😀 = na", "me", "name", 5),
        ("a" * 300, "b", "a" * 200 + "b", 100),
    ],
)
def test_a_menu_item_replaces_the_word_before_the_cursor_by_itself(
    before: str, text: str, new: str, start: int
) -> None:
    edit = cast("dict[str, object]", menu(text, before)["textEdit"])
    assert edit["newText"] == new
    reach = cast("dict[str, dict[str, int]]", edit["range"])
    assert reach["start"] == {"line": 0, "character": start}


@pytest.mark.parametrize(
    ("text", "label", "filtered"),
    [
        ("x = 1", "x = 1", "x = 1"),
        ("\n    return a", "return a", "return a"),
        ("a\nb", "a…", "a"),
        ("y" * 61, "y" * 60 + "…", "y" * 61),
        ("\n", "\n", "\n"),
    ],
)
def test_a_menu_shows_the_first_line_that_says_something(
    text: str, label: str, filtered: str
) -> None:
    item = menu(text, "")
    assert (item["label"], item["filterText"]) == (label, filtered)


def test_the_first_item_is_chosen_and_they_stay_in_their_order() -> None:
    found = menu_items([suggestion("a"), suggestion("b")], "", 0, "utf-8")
    items = cast("list[dict[str, object]]", found["items"])
    assert [one["preselect"] for one in items] == [True, False]
    assert [one["sortText"] for one in items] == ["0000", "0001"]
    assert found["isIncomplete"] is True


def test_a_menu_item_is_plain_text_and_does_nothing_else() -> None:
    item = menu("$(1)${2:rm -rf}", "")
    assert item["insertTextFormat"] == 1
    assert cast("dict[str, object]", item["command"])["command"] == ACCEPT
    assert "additionalTextEdits" not in item
