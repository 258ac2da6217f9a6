"""Numbers as text: what they count, and how they are told."""

from __future__ import annotations

import pytest

from gitlab_completions.report.aggregating import Aggregate
from gitlab_completions.report.numbers import DASH
from gitlab_completions.report.views import CONTEXTS, make_views
from tests.report.counting import everything, mixed, views
from tests.report.logs import call, row


def test_quantiles_are_told_by_route_and_change_with_context() -> None:
    made = mixed().by_filter
    assert made["both/with"].numbers["direct-p50"] == "104 ms"
    assert made["both/without"].numbers["direct-p50"] == "205 ms"
    assert made["indirect/both"].numbers["direct-p50"] == DASH
    assert made["direct/both"].numbers["indirect-calls"] == "0"


def test_superseded_calls_are_no_failures() -> None:
    numbers = everything(mixed()).numbers
    assert (numbers["superseded"], numbers["failed"]) == ("2", "0")
    assert numbers["answered-share"] == "100 %"
    assert numbers["superseded-share"] == "4.8 %"


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
