"""The names of a line: GitLab's as its schema has them, ours apart."""

from __future__ import annotations

from typing import cast

import pytest

from gitlab_completions.event_log._names import GITLAB, OWN, gitlab_part
from tests.event_log.schema import CONTEXT, VALIDATOR

VALUES: tuple[object, ...] = (
    *(True, False, -1, 0, 1, 599, 600, 4000, 4001, 0.5),
    *("", "saas", "self-managed", "cache", "network", "x" * 32, "x" * 33, "x" * 64),
    *("x" * 65, "x" * 255, "x" * 256, [], {}),
)


def test_gitlabs_names_are_those_of_its_schema() -> None:
    assert set(GITLAB) == set(cast("dict[str, object]", CONTEXT["properties"]))


def test_what_is_ours_has_no_name_of_gitlabs() -> None:
    assert OWN & GITLAB.keys() == set()


@pytest.mark.parametrize("name", sorted(GITLAB))
def test_what_is_taken_is_valid_at_gitlab(name: str) -> None:
    taken = [value for value in VALUES if GITLAB[name].takes(value)]
    assert taken
    for value in taken:
        VALIDATOR.validate({"gitlab_realm": "saas"} | {name: value})


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("gitlab_realm", "saas", True),
        ("gitlab_realm", "dedicated", False),
        ("language", "x" * 32, True),
        ("language", "x" * 33, False),
        ("language", 1, False),
        ("api_status_code", 599, True),
        ("api_status_code", 600, False),
        ("api_status_code", True, False),
        ("accepted_option", 0, False),
        ("is_streaming", 1, False),
        ("is_streaming", False, True),
        ("context_items", [], True),
        ("context_items", "all", False),
    ],
)
def test_bounds_are_gitlabs(name: str, value: object, taken: bool) -> None:
    assert GITLAB[name].takes(value) is taken


def test_gitlabs_part_of_a_line_is_what_its_schema_knows() -> None:
    line = {"time": "now", "route": None, "is_streaming": True, "user": "17"}
    assert gitlab_part(line) == {"is_streaming": True}
