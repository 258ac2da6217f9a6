"""What a client sent is read, or refused by the name of the part."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitlab_completions.editor import Position
from gitlab_completions.lsp.conversation import Code, RefusedError
from gitlab_completions.lsp.reading import (
    at,
    items,
    mapping,
    number,
    position,
    says,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def test_what_has_the_right_shape_is_read() -> None:
    assert mapping({"a": 1}) == {"a": 1}
    assert items([1], "list") == [1]
    assert items(None, "list") == ()
    assert text("a", "text") == "a"
    assert number(0, "line") == 0
    assert position({"line": 1, "character": 2}) == Position(line=1, character=2)


def test_a_path_into_nothing_ends_at_an_empty_object() -> None:
    assert at({"a": {"b": {"c": 1}}}, "a", "b") == {"c": 1}
    assert at({"a": {"b": 1}}, "a", "b", "c") == {}
    assert at(None, "a") == {}
    assert says({"a": {"b": True}}, "a") is False
    assert says({"b": True}, "b") is True


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda: mapping([]), "params must be an object"),
        (lambda: items({}, "changes"), "changes must be a list"),
        (lambda: text(1, "uri"), "uri must be a string"),
        (lambda: number(-1, "line"), "line must be a whole number, not below 0"),
        (lambda: number(True, "size"), "size must be a whole number, not below 0"),
        (lambda: position(None), "position must be an object"),
        (
            lambda: position({"line": 1}, "start"),
            "start.character must be a whole number, not below 0",
        ),
    ],
)
def test_what_has_another_is_refused_by_name(
    read: Callable[[], object], message: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        read()
    assert (refused.value.code, refused.value.message) == (
        Code.INVALID_PARAMS,
        message,
    )
