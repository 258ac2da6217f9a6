"""Values are checked the way pydantic checks them."""

from __future__ import annotations

import pytest

from gitlab_completions.emulator.validation import (
    Check,
    array,
    boolean,
    check_object,
    one_of,
    optional,
    text,
    whole_number,
)

LIST = array(1, required={"a": whole_number}, allowed={"b": text(1)})


@pytest.mark.parametrize(
    ("check", "value", "problem"),
    [
        (text(2), "ab", None),
        (text(2), "abc", "string_too_long"),
        (text(2), " ab ", "string_too_long"),
        (text(2, stripped=True), " ab ", None),
        (text(2), 7, "string_type"),
        (text(9), "\ud800", "string_unicode"),
        (whole_number, 1, None),
        (whole_number, -2.0, None),
        (whole_number, " -2 ", None),
        (whole_number, 1.5, "int_from_float"),
        (whole_number, "²", "int_parsing"),
        (whole_number, None, "int_type"),
        (boolean, True, None),
        (boolean, 1, None),
        (boolean, "Yes", None),
        (boolean, 2, "bool_parsing"),
        (boolean, "maybe", "bool_parsing"),
        (boolean, [], "bool_parsing"),
        (optional(whole_number), None, None),
        (optional(whole_number), "x", "int_parsing"),
        (one_of("a", "b"), "a", None),
        (one_of("a", "b"), None, None),
        (one_of("a", "b"), "c", "enum"),
        (LIST, [{"a": 1, "b": "x", "c": 0}], None),
        (LIST, [{}], "missing"),
        (LIST, [{"a": 1}] * 2, "too_long"),
        (LIST, [7], "model_attributes_type"),
        (LIST, {}, "list_type"),
    ],
)
def test_checks(check: Check, value: object, problem: str | None) -> None:
    found = [item.type for item in check(value, ("body",))]
    assert found == ([] if problem is None else [problem])


def test_problems_know_where_they_are() -> None:
    (problem,) = LIST([{"a": 1, "b": "xy"}], ("body", 1))
    assert problem.document() == {
        "type": "string_too_long",
        "loc": ["body", 1, 0, "b"],
        "msg": "String should have at most 1 characters",
        "input": "xy",
        "ctx": {"max_length": 1},
    }


def test_every_missing_key_is_told() -> None:
    required = {"a": whole_number, "b": whole_number}
    problems = check_object({}, ("body",), required=required, allowed={})
    assert [problem.loc for problem in problems] == [("body", "a"), ("body", "b")]
    assert problems[0].document()["input"] == {}
