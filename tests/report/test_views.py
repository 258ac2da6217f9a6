"""What each setting of the filters shows."""

from __future__ import annotations

from itertools import product

import pytest

from gitlab_completions.report.numbers import DASH
from gitlab_completions.report.views import (
    CONTEXTS,
    MOST_DETOURS,
    MOST_ISSUERS,
    ROUTE_FILTERS,
)
from tests.report.counting import everything, mixed, views
from tests.report.logs import call


def test_there_is_a_view_for_each_setting() -> None:
    expected = {f"{one}/{other}" for one, other in product(ROUTE_FILTERS, CONTEXTS)}
    assert set(mixed().by_filter) == expected


@pytest.mark.parametrize(
    ("setting", "calls"),
    [
        ("both/both", 42),
        ("both/with", 22),
        ("both/without", 20),
        ("direct/both", 20),
        ("direct/with", 10),
        ("indirect/without", 10),
    ],
)
def test_a_filter_shows_its_own_calls(setting: str, calls: int) -> None:
    view = mixed().by_filter[setting]
    assert view.calls == calls
    assert view.numbers["calls"] == str(calls)


def test_a_name_that_is_other_is_told_once() -> None:
    reasons = ["other"] * 5 + [f"reason {number}" for number in range(30)]
    rows = [
        each
        for number, reason in enumerate(reasons)
        for each in call(number, route="indirect", reason=reason, token_issuer=reason)
    ]
    made = views(*rows)
    assert made.issuers.count("other") == made.detours.count("other") == 1
    assert (made.issuers[-1], made.detours[-1]) == ("other", "other")
    drawn = [each["n"] for each in everything(made).points["detours"] if "t" in each]
    assert sum(float(count) for count in drawn) == len(reasons)


def test_many_names_end_in_other_and_nothing_is_lost() -> None:
    rows = [
        each
        for number in range(30)
        for each in call(
            number,
            route="indirect",
            reason=f"reason {number}",
            token_issuer=f"issuer {number}",
        )
    ]
    made = views(*rows)
    assert (len(made.issuers), len(made.detours)) == (MOST_ISSUERS, MOST_DETOURS)
    assert made.issuers[-1] == made.detours[-1] == "other"
    points = everything(made).points
    drawn = [point["n"] for point in points["detours"] if "t" in point]
    assert sum(float(count) for count in drawn) == 30
    last = MOST_ISSUERS - 1
    assert everything(made).numbers[f"errors-{last}"] == "0 of 27"


def test_the_table_has_a_row_for_each_route_and_context() -> None:
    table = mixed().table
    assert [(one.route, one.context) for one in table] == [
        ("direct", "with"),
        ("direct", "without"),
        ("indirect", "with"),
        ("indirect", "without"),
        ("no route", "with"),
    ]
    assert table[0].shown_with == (
        "both/both",
        "both/with",
        "direct/both",
        "direct/with",
    )
    assert table[0].cells[:3] == ("10", "10", "104 ms")


def test_nothing_has_views_too() -> None:
    made = views()
    assert everything(made).calls == 0
    assert (list(made.table), made.issuers, made.detours) == ([], [], [])
    assert everything(made).numbers["answered-share"] == DASH


def test_issuers_stand_in_the_order_of_their_routes() -> None:
    rows = [*call(1, route="indirect"), *call(2, route="indirect"), *call(3)]
    assert views(*rows).issuers == ["gitlab-ai-gateway", "instance"]
