"""Whatever is wrong in a table is told with its line, its key, and what is right."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from gitlab_completions.rehearsal.tables import (
    PlanError,
    Table,
    read_at_least_one,
    read_count,
    read_number,
    read_positive_count,
    read_positive_span,
    read_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = """\
# name = "not this one"
name = "one"
[inner]
count = 3
[[items]]
size = 1
[[items]]
size = "large"
"""


def table(text: str = TEXT) -> Table:
    return Table(text, (), tomllib.loads(text))


def items() -> list[Table]:
    values = tomllib.loads(TEXT)["items"]
    return [
        Table(TEXT, ("items", number), each) for number, each in enumerate(values, 1)
    ]


def test_values_are_taken_or_have_a_default() -> None:
    top = table()
    assert top.get("name", read_text) == "one"
    assert top.get("other", read_text, "default") == "default"
    assert top.table("inner").get("count", read_count) == 3
    assert top.table("missing").get("count", read_count, 5) == 5


def test_a_value_of_the_wrong_kind_is_told_with_line_and_key() -> None:
    _, second = items()
    with pytest.raises(PlanError) as caught:
        second.get("size", read_count)
    assert str(caught.value) == (
        "line 8: items[2].size: takes a whole number, not below 0, not 'large'"
    )
    assert (caught.value.line, caught.value.key) == (8, "items[2].size")


def test_a_missing_value_is_told_with_the_line_of_its_table() -> None:
    _, second = items()
    with pytest.raises(PlanError, match=r"^line 7: items\[2\]: colour is missing$"):
        second.get("colour", read_text)


def test_an_unknown_key_is_told_with_what_may_be_meant() -> None:
    top = table("nmae = 1")
    top.get("name", read_text, "")
    with pytest.raises(
        PlanError, match=r"^line 1: nmae: is not known; did you mean na"
    ):
        top.close()


def test_an_unknown_key_like_no_other_is_told_with_all_there_are() -> None:
    inner = table().table("inner")
    inner.get("colour", read_text, "")
    with pytest.raises(PlanError, match=r"^line 4: inner.count: is not known; colour$"):
        inner.close()


def test_items_are_closed_after_use() -> None:
    with pytest.raises(PlanError, match=r"^line 6: items\[1\].size: is not known"):
        list(table().tables("items"))


@pytest.mark.parametrize("key", ["table", "tables"])
def test_what_is_no_table_is_refused(key: str) -> None:
    top = table("it = 1")
    with pytest.raises(PlanError, match=r"^line 1: it: is an? (table|array of tables)"):
        list(top.tables("it")) if key == "tables" else top.table("it")


def test_an_item_that_is_no_table_is_refused() -> None:
    with pytest.raises(PlanError, match=r"^line 2: it\[1\]: is a table"):
        list(table("\nit = [1]").tables("it"))


def test_a_word_is_one_of_some() -> None:
    with pytest.raises(PlanError, match="is one of red, green, not 'one'"):
        table().choice("name", None, ("red", "green"))


@pytest.mark.parametrize(
    ("read", "right", "wrong"),
    [
        (read_text, "a line", "two\nlines"),
        (read_count, 0, True),
        (read_positive_count, 1, 0),
        (read_number, 1.5, "1"),
        (read_number, 100, 100.1),
        (read_at_least_one, 1, 0.5),
        (read_positive_span, "1 s", "0 s"),
    ],
)
def test_readers_take_what_is_right_only(
    read: Callable[[object], object], right: object, wrong: object
) -> None:
    read(right)
    with pytest.raises(ValueError, match="takes a"):
        read(wrong)
