"""Records are frozen values, told apart by their type and their fields."""

from __future__ import annotations

import copy
import pickle

import pytest

from gitlab_completions._records import Record, fields, replace


class Point(Record):
    """Two numbers, one of them with a default."""

    x: int
    y: int = 2


class Other(Record):
    """As many."""

    x: int
    y: int = 2


def test_a_record_is_its_fields() -> None:
    assert Point(x=1) == Point(x=1, y=2) != Point(x=1, y=3)
    assert Point(x=1) != Other(x=1)
    assert hash(Point(x=1)) == hash(Point(x=1))
    assert fields(Point(x=1)) == {"x": 1, "y": 2}
    assert repr(Point(x=1)) == "Point(x=1, y=2)"


def test_a_record_never_changes() -> None:
    point = Point(x=1)
    with pytest.raises(AttributeError, match="frozen"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError, match="frozen"):
        del point.x
    assert replace(point, x=5) == Point(x=5)
    assert point == Point(x=1)


def test_a_record_can_be_copied_and_pickled() -> None:
    point = Point(x=1, y=7)
    assert copy.deepcopy(point) == pickle.loads(pickle.dumps(point)) == point


def test_a_record_takes_keywords_and_all_that_have_no_default() -> None:
    with pytest.raises(TypeError):
        Point(1)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Point()  # type: ignore[call-arg]


def test_a_record_with_fields_cannot_be_inherited_from() -> None:
    with pytest.raises(TypeError, match="cannot be inherited"):

        class Child(Point):
            z: int
