from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

from gitlab_completions._checks import (
    check_actor,
    check_count,
    check_factor,
    check_filled,
    check_percentage,
    check_seconds,
    check_share,
    check_switch,
    check_text,
    check_type,
    split_at,
)
from gitlab_completions.errors import ConfigurationError, RequestRejectedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions.models import OffsetUnit


def test_a_type_is_checked_and_named() -> None:
    check_type("n", 1, int, "a whole number")
    for value, name in (("s3cret", "str"), (True, "bool"), (1.5, "float")):
        with pytest.raises(RequestRejectedError) as caught:
            check_type("n", value, int, "a whole number")
        assert caught.value.message == f"n must be a whole number, not {name}"


def test_text_has_a_limit() -> None:
    check_text("path", "x" * 5, most=5)
    with pytest.raises(RequestRejectedError, match="path has 6 characters; at most 5"):
        check_text("path", "s3cret", most=5)


@pytest.mark.parametrize("value", ["", " ", "\n\t"])
def test_a_needed_field_is_filled(value: str) -> None:
    check_filled("file_name", "x", "it is needed")
    with pytest.raises(RequestRejectedError, match="must not be empty: it is needed"):
        check_filled("file_name", value, "it is needed")


@pytest.mark.parametrize("value", [0, -1, -0.5, math.nan, math.inf, -math.inf])
def test_seconds_are_positive(value: float) -> None:
    check_seconds("t_s", 0.1)
    check_seconds("t_s", 5)
    with pytest.raises(ConfigurationError, match="positive number of seconds, not "):
        check_seconds("t_s", value)


@pytest.mark.parametrize("value", ["5", None, True])
def test_seconds_are_numbers(value: object) -> None:
    with pytest.raises(ConfigurationError, match=type(value).__name__):
        check_seconds("t_s", value)


def test_seconds_may_be_infinite_where_that_is_allowed() -> None:
    check_seconds("t_s", math.inf, infinite=True)
    for value in (math.nan, -math.inf, 0):
        with pytest.raises(ConfigurationError):
            check_seconds("t_s", value, infinite=True)


@pytest.mark.parametrize("value", [1, -0.1, 1.5, math.nan, math.inf, "0.5", None, True])
def test_shares(value: object) -> None:
    check_share("share", 0)
    check_share("share", 0.99)
    with pytest.raises(ConfigurationError, match="a share from 0 to below 1, not "):
        check_share("share", value)


@pytest.mark.parametrize("value", [0, -1, 1.0, "1", None, True])
def test_counts(value: object) -> None:
    check_count("n", 1)
    check_count("n", 0, least=0)
    with pytest.raises(ConfigurationError, match="a whole number of at least 1, not "):
        check_count("n", value)


@pytest.mark.parametrize(
    ("text", "offset", "unit", "above"),
    [
        ("", 0, "utf-32", ""),
        ("abc", 0, "utf-8", ""),
        ("abc", 2, "utf-16", "ab"),
        ("abc", 3, "utf-32", "abc"),
        ("aéb", 2, "utf-32", "aé"),
        ("aéb", 2, "utf-16", "aé"),
        ("aéb", 3, "utf-8", "aé"),
        ("aéb", 2, "utf-8", "a"),
        ("a😀b", 2, "utf-32", "a😀"),
        ("a😀b", 3, "utf-16", "a😀"),
        ("a😀b", 2, "utf-16", "a"),
        ("a😀b", 5, "utf-8", "a😀"),
        ("a😀b", 4, "utf-8", "a"),
        ("a😀b", 3, "utf-8", "a"),
        ("a😀b", 2, "utf-8", "a"),
        ("😀", 1, "utf-16", ""),
        ("😀😀", 3, "utf-16", "😀"),
        ("\ud83d\ude00xy", 3, "utf-16", "😀x"),
        ("\ud83d\ude00xy", 1, "utf-16", ""),
        ("a\ud83d", 2, "utf-16", "a\ud83d"),
        ("a\ud83db", 2, "utf-16", "a\ud83d"),
        ("\ude00b", 1, "utf-16", "\ude00"),
        ("\ud83db", 3, "utf-8", "\ud83d"),
    ],
)
def test_an_offset_counts_its_unit(
    text: str, offset: int, unit: OffsetUnit, above: str
) -> None:
    assert split_at(text, offset, unit)[0] == above


@pytest.mark.parametrize(
    ("text", "offset", "unit", "most"),
    [
        ("abc", 4, "utf-32", 3),
        ("abc", -1, "utf-8", 3),
        ("é", 3, "utf-8", 2),
        ("😀", 3, "utf-16", 2),
        ("é", -1, "utf-16", 1),
        ("é", 2, "utf-32", 1),
    ],
)
def test_an_offset_is_inside_the_text(
    text: str, offset: int, unit: OffsetUnit, most: int
) -> None:
    with pytest.raises(RequestRejectedError) as caught:
        split_at(text, offset, unit)
    assert caught.value.message == (
        f"offset {offset} is outside the text: it has 0 to {most} in {unit}"
    )


def test_odd_arguments_of_an_offset() -> None:
    odd: list[tuple[object, object, object]] = [
        (b"abc", 1, "utf-8"),
        ("abc", "1", "utf-8"),
        ("abc", True, "utf-8"),
        ("abc", 1, "utf-7"),
    ]
    split: Callable[..., object] = split_at
    for arguments in odd:
        with pytest.raises(RequestRejectedError):
            split(*arguments)


@given(st.text(), st.data(), st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_the_halves_are_the_text(
    text: str, data: st.DataObject, unit: OffsetUnit
) -> None:
    width = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[unit]
    codec = unit if unit == "utf-8" else f"{unit}-le"
    size = len(text.encode(codec)) // width
    offset = data.draw(st.integers(0, size))
    above, below = split_at(text, offset, unit)
    assert above + below == text
    before = len(above.encode(codec)) // width
    assert before <= offset
    if below:
        assert offset < before + len(below[0].encode(codec)) // width


@given(
    st.text(st.characters(exclude_categories=()) | st.sampled_from("\ud83d\ude00")),
    st.data(),
)
def test_broken_text_is_split_too(text: str, data: st.DataObject) -> None:
    joined = text.encode("utf-16-le", "surrogatepass")
    offset = data.draw(st.integers(0, len(joined) // 2))
    above, below = split_at(text, offset, "utf-16")
    assert (above + below).encode("utf-16-le", "surrogatepass") == joined


@pytest.mark.parametrize("value", [0, 0.99, -1, math.nan, math.inf, "2", True])
def test_factors_are_numbers_of_at_least_one(value: object) -> None:
    check_factor("f", 1)
    check_factor("f", 1.5)
    with pytest.raises(ConfigurationError, match="f must be a number of at least 1"):
        check_factor("f", value)


@pytest.mark.parametrize("value", [-0.1, 100.1, math.nan, math.inf, "1", None, True])
def test_percentages(value: object) -> None:
    for right in (0, 100, 12.5):
        check_percentage("p", right)
    with pytest.raises(ConfigurationError, match="p must be a number from 0 to 100"):
        check_percentage("p", value)


@pytest.mark.parametrize("value", [0, 1, None, "True"])
def test_switches(value: object) -> None:
    check_switch("s", True)
    check_switch("s", False)
    with pytest.raises(ConfigurationError, match="s must be True or False, not "):
        check_switch("s", value)


@pytest.mark.parametrize(
    ("value", "words"), [(42, "be a string .* not int"), (" ", "not be blank")]
)
def test_actors(value: object, words: str) -> None:
    check_actor("a", None)
    check_actor("a", "User:42")
    with pytest.raises(ConfigurationError, match=f"a must {words}"):
        check_actor("a", value)
