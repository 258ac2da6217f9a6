"""What each setting of the filters shows."""

from __future__ import annotations

from itertools import product

import pytest

from gitlab_completions.report.aggregating import Aggregate
from gitlab_completions.report.views import (
    CONTEXTS,
    DASH,
    LANES,
    MOST_DETOURS,
    MOST_ISSUERS,
    ROUTE_FILTERS,
    View,
    Views,
    make_views,
)
from tests.report.logs import call, row


def views(*rows: dict[str, object]) -> Views:
    made = Aggregate()
    for each in rows:
        made.add(each)
    return make_views(made)


def mixed() -> Views:
    """Return views of ten calls a route and context, and two without a route."""
    rows: list[dict[str, object]] = []
    for number, (route, context) in enumerate(
        product(["direct", "indirect"], [True, False])
    ):
        for each in range(10):
            elapsed_s = 0.1 + 0.1 * number + 0.001 * each
            at_s = 60.0 * each
            rows += call(
                10 * number + each,
                at_s,
                route=route,
                context=context,
                elapsed_s=elapsed_s,
                reason="preferred" if route == "direct" else "rollout",
            )
    for number in (100, 101):
        rows += call(number, route=None, action="suggestion_cancelled")[::2]
    return views(*rows)


def everything(made: Views) -> View:
    return made.by_filter["both/both"]


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


def test_superseded_calls_are_no_failures() -> None:
    numbers = everything(mixed()).numbers
    assert (numbers["superseded"], numbers["failed"]) == ("2", "0")
    assert numbers["answered-share"] == "100 %"
    assert numbers["superseded-share"] == "4.8 %"


def test_quantiles_are_told_by_route_and_change_with_context() -> None:
    made = mixed().by_filter
    assert made["both/with"].numbers["direct-p50"] == "104 ms"
    assert made["both/without"].numbers["direct-p50"] == "205 ms"
    assert made["indirect/both"].numbers["direct-p50"] == DASH
    assert made["direct/both"].numbers["indirect-calls"] == "0"


def test_the_saving_heeds_context_and_not_the_filter_of_routes() -> None:
    made = mixed().by_filter
    savings = {name: view.numbers["saving-p50"] for name, view in made.items()}
    assert {savings[f"both/{context}"] for context in CONTEXTS} <= {"198 ms", "201 ms"}
    assert savings["direct/with"] == savings["both/with"] == savings["indirect/with"]


def test_a_loss_has_a_minus_and_one_route_alone_no_saving() -> None:
    slow = [*call(1, elapsed_s=0.5), *call(2, route="indirect", elapsed_s=0.2)]
    assert everything(views(*slow)).numbers["saving-p50"].startswith("\N{MINUS SIGN}")
    assert everything(views(*call(1))).numbers["saving-p50"] == DASH


def test_error_rates_are_told_by_issuer() -> None:
    rows = [
        *call(1),
        row("attempt", route="direct", error_code="server"),
        row("attempt", route="direct", error_code="timeout"),
        row("attempt", route="direct", error_code="timeout"),
        *call(2, route="indirect"),
    ]
    made = views(*rows)
    numbers = everything(made).numbers
    assert made.issuers == ["gitlab-ai-gateway", "instance"]
    assert numbers["error-rate-0"] == "75.0 %"
    assert numbers["errors-0"] == "3 of 4"
    assert numbers["error-codes-0"] == "timeout 2, server 1"
    assert numbers["error-rate-1"] == "0 %"


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


def test_each_strip_has_a_title_and_stays_in_its_row() -> None:
    points = everything(mixed()).points["calls"]
    titles = [str(point["title"]) for point in points if "title" in point]
    assert [title.partition(":")[0] for title in titles] == list(LANES)
    assert titles[0] == "direct: 20, at most 2 in 10 s"
    for point in points:
        if "t" in point:
            floor, top = float(point["y"]), float(point["top"])
            assert floor < top < floor + 0.76


def test_quantiles_over_time_need_answers() -> None:
    many = [each for n in range(20) for each in call(n, at_s=0.01 * n)]
    few = [each for n in range(20, 23) for each in call(n, at_s=50.0)]
    points = everything(views(*many, *few)).points["times"]
    assert [point["line"] for point in points] == ["direct p50", "direct p95"]
    points = everything(views(*few)).points["times"]
    assert [point["line"] for point in points] == ["direct p50", "direct p95"]


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


@pytest.mark.parametrize(
    ("failed", "calls", "told"),
    [
        (0, 3, "100 %"),
        (3, 3, "0 %"),
        (1, 2, "50.0 %"),
        (1, 100_000, "> 99.99 %"),
        (99_999, 100_000, "< 0.01 %"),
        (1, 1000, "99.90 %"),
    ],
)
def test_a_share_is_all_or_none_only_when_it_is(
    failed: int, calls: int, told: str
) -> None:
    made = Aggregate()
    for each in (*call(1), *call(2, action="suggestion_error")):
        made.add(each)
    (tally,) = (one for _, one in made.timeline.tallies())
    tally.outcomes.update(suggested=calls - failed - 1, failed=failed - 1)
    assert everything(make_views(made)).numbers["answered-share"] == told
