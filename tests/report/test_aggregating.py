"""What a log's rows count as."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitlab_completions.report import aggregating
from gitlab_completions.report.aggregating import Aggregate
from gitlab_completions.report.tallies import Cell, Tally, total
from tests.report.logs import call, row

if TYPE_CHECKING:
    from gitlab_completions.report.reading import Row

DIRECT = Cell("direct", context=True)
INDIRECT = Cell("indirect", context=True)


def aggregate(*rows: Row) -> Aggregate:
    made = Aggregate()
    for each in rows:
        made.add(each)
    return made


def tally(made: Aggregate, cell: Cell | None = None) -> Tally:
    return total(
        each for where, each in made.timeline.tallies() if cell in {None, where}
    )


def test_a_call_counts_by_its_route_and_context() -> None:
    made = aggregate(*call(1), *call(2, route="indirect", context=False))
    assert tally(made, DIRECT).outcomes == {"suggested": 1}
    assert tally(made, Cell("indirect", context=False)).outcomes == {"suggested": 1}
    assert made.models == {"codestral-2501 / vertex-ai": 2}


@pytest.mark.parametrize(
    ("action", "outcome"),
    [
        ("suggestion_loaded", "suggested"),
        ("suggestion_stream_completed", "suggested"),
        ("suggestion_not_provided", "empty"),
        ("suggestion_error", "failed"),
        ("suggestion_cancelled", "superseded"),
    ],
)
def test_how_a_call_ended_is_counted(action: str, outcome: str) -> None:
    made = tally(aggregate(*call(1, action=action)))
    assert made.outcomes == {outcome: 1}
    assert made.latencies.total == (outcome in {"suggested", "empty"})


def test_a_call_is_counted_once_however_often_its_end_is_told() -> None:
    rows = call(1)
    made = aggregate(*rows, rows[-1], {**rows[-1], "action": "suggestion_error"})
    assert tally(made).outcomes == {"suggested": 1}


def test_rows_that_two_logs_hold_are_counted_once() -> None:
    ids: dict[str, object] = {"unique_tracking_id": "call-1"}
    requested, answered, ended = call(1, route="indirect", reason="fell_back")
    failed = row("attempt", route="direct", error_code="server") | ids
    fell = row("fell_back", route="indirect", reason="fell_back") | ids
    rows = [requested, failed, fell, answered, ended]
    once, twice = tally(aggregate(*rows)), tally(aggregate(*rows, *rows))
    assert twice.attempts == once.attempts == {"gitlab-ai-gateway": 1, "instance": 1}
    assert twice.lost == once.lost
    assert (twice.fallbacks, twice.detours) == (1, once.detours)


def test_attempts_of_a_call_that_differ_are_all_counted() -> None:
    requested, attempt, ended = call(1)
    later = [{**attempt, "elapsed_s": 0.2 + each} for each in range(20)]
    made = aggregate(requested, attempt, *later, ended)
    assert tally(made).attempts.total() == 21


def test_calls_without_an_id_are_all_counted() -> None:
    ended = {k: v for k, v in call(1)[-1].items() if k != "unique_tracking_id"}
    assert tally(aggregate(ended, ended)).calls == 2


def test_the_context_of_an_attempt_is_that_of_its_call() -> None:
    requested, attempt, ended = call(1, context=False)
    made = aggregate(requested, attempt, ended)
    assert tally(made, Cell("direct", context=False)).attempts == {
        "gitlab-ai-gateway": 1
    }
    without_call = aggregate(attempt)
    assert tally(without_call, Cell("direct", None)).attempts.total() == 1


def test_an_author_waits_for_a_stream_until_its_first_piece() -> None:
    requested, attempt, ended = call(1, action="suggestion_stream_completed")
    began = {**requested, "action": "suggestion_stream_started", "elapsed_s": 0.05}
    made = tally(aggregate(requested, began, attempt, {**ended, "elapsed_s": 3.0}))
    assert made.latencies.quantile(0.5) == pytest.approx(0.05, rel=0.01)


def test_a_first_piece_that_came_at_once_is_the_answer() -> None:
    requested, attempt, ended = call(1, action="suggestion_stream_completed")
    began = {**requested, "action": "suggestion_stream_started", "elapsed_s": 0.0}
    made = tally(aggregate(requested, began, attempt, {**ended, "elapsed_s": 3.0}))
    assert made.latencies.quantile(0.5) == pytest.approx(0, abs=0.001)


def test_only_calls_of_one_attempt_are_compared() -> None:
    made = tally(aggregate(*call(1), *call(2, attempts=2)))
    assert (made.latencies.total, made.first_try.total) == (2, 1)


def test_a_fallback_counts_by_what_had_failed() -> None:
    ids: dict[str, object] = {"unique_tracking_id": "call-1"}
    requested, answered, ended = call(1, route="indirect", reason="fell_back")
    failed = row("attempt", route="direct", error_code="rate_limited") | ids
    fell = row("fell_back", route="indirect", reason="fell_back") | ids
    made = aggregate(requested, failed, fell, answered, ended)
    assert tally(made, INDIRECT).fallbacks == 1
    assert tally(made).detours == {"fell back: rate limited": 1}
    assert tally(made).lost == {("gitlab-ai-gateway", "rate limited"): 1}
    assert tally(made, INDIRECT).attempts == {"instance": 1}


def test_a_fallback_says_itself_what_had_failed_or_nobody_does() -> None:
    told = row("fell_back", route="indirect", reason="fell_back", error_code="timeout")
    untold = row("fell_back", route="indirect")
    assert tally(aggregate(told, untold)).detours == {
        "fell back: timeout": 1,
        "fell back": 1,
    }


def test_a_call_that_went_indirect_says_why() -> None:
    made = aggregate(
        *call(1, route="indirect", reason="circuit_open"),
        *call(2, route="indirect", reason="fell_back"),
        *call(3, route="direct", reason="hedged"),
    )
    assert tally(made).detours == {"circuit open": 1}


def test_without_rows_of_attempts_a_call_counts_as_one() -> None:
    requested, _, ended = call(1, action="suggestion_error", error_code="server")
    made = aggregate(requested, ended)
    assert tally(made).attempts == {"gitlab-ai-gateway": 1}
    assert tally(made).failures("gitlab-ai-gateway") == 1


def test_a_call_that_was_never_sent_is_no_attempt() -> None:
    requested, _, ended = call(1, action="suggestion_error", attempts=0)
    assert tally(aggregate(requested, ended)).attempts == {}


def test_an_attempt_that_is_told_after_its_call_is_counted_once() -> None:
    requested, attempt, ended = call(1)
    assert tally(aggregate(requested, ended, attempt)).attempts.total() == 1


def test_superseded_calls_are_no_attempts() -> None:
    requested, _, ended = call(1, action="suggestion_cancelled", route=None)
    assert tally(aggregate(requested, ended)).attempts == {}


def test_gitlabs_own_rows_tell_the_route_in_their_own_way() -> None:
    ended = {k: v for k, v in call(1)[-1].items() if k != "route"}
    made = aggregate(ended, {**ended, "unique_tracking_id": "2", "route": None})
    assert tally(made, DIRECT).calls == 1
    assert tally(made, Cell(None, context=True)).calls == 1


@pytest.mark.parametrize("route", [None, 3, "sideways", ["direct"]])
def test_a_route_that_is_none_is_no_route(route: object) -> None:
    ended = {**call(1)[-1], "route": route}
    assert tally(aggregate(ended), Cell(None, context=True)).calls == 1


@pytest.mark.parametrize(
    "time", [None, 3, "yesterday", "", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]
)
def test_rows_without_a_time_are_counted_apart(time: object) -> None:
    made = aggregate({**call(1)[-1], "time": time})
    assert (made.timeless, made.rows, tally(made).calls) == (1, 0, 0)


def test_times_of_any_zone_are_one_time() -> None:
    zones = ("2026-11-25T10:00:00+01:00", "2026-11-25T09:00:00", "2026-11-25T09:00:00Z")
    made = aggregate(*(row("hedged") | {"time": time} for time in zones))
    assert made.first_s == made.last_s


@pytest.mark.parametrize("elapsed_s", [None, True, "1", -1, float("nan"), [], 1e308])
def test_numbers_that_are_none_are_not_counted(elapsed_s: object) -> None:
    made = tally(aggregate({**call(1)[-1], "elapsed_s": elapsed_s}))
    assert (made.calls, made.latencies.total) == (1, 0)


def test_other_rows_are_counted_as_unknown_or_known_and_not_shown() -> None:
    unknown: list[Row] = [row("nap_taken"), {"action": 3}, {}]
    known = [row("circuit_tripped"), row("suggestion_accepted")]
    made = aggregate(*unknown, *known)
    assert (made.unknown, made.rows) == (3, 2)


@pytest.mark.parametrize("category", ["auth", None, 3, ["routing"]])
def test_rows_of_other_categories_are_unknown(category: object) -> None:
    made = aggregate(*({**each, "category": category} for each in call(1)))
    assert (made.unknown, made.rows, tally(made).calls) == (3, 0, 0)


def test_a_row_without_a_category_is_taken_by_its_action() -> None:
    requested, *_ = call(1)
    del requested["category"]
    assert aggregate(requested).rows == 1


def test_lines_that_the_log_lacks_are_known() -> None:
    assert aggregate(row("lines_lost", lines=7), row("lines_lost")).lines_lost == 7


def test_a_log_cannot_make_up_as_many_names_as_it_likes() -> None:
    rows = [
        each
        for number in range(500)
        for each in call(number, route="indirect", reason=f"reason {number}" * 99)
    ]
    made = tally(aggregate(*rows))
    assert len(made.detours) <= aggregating.MOST_NAMES + 1
    assert made.detours["other"] > 0
    assert made.detours.total() == 500
    assert max(map(len, made.detours)) <= aggregating.MOST_LETTERS


def test_names_of_one_kind_leave_room_for_those_of_another() -> None:
    made = aggregate(
        *(
            {**call(number)[-1], "model_name": f"model {number}"}
            for number in range(aggregating.MOST_NAMES + 1)
        ),
        *call(1000, route="indirect", reason="rollout"),
    )
    assert tally(made, INDIRECT).detours == {"rollout": 1}
    assert tally(made, INDIRECT).attempts == {"instance": 1}
    assert made.models["other"] > 0


def test_calls_are_forgotten_after_many_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aggregating, "MOST_CALLS_KEPT", 2)
    rows = [call(number) for number in range(3)]
    made = aggregate(*(requested for requested, _, _ in rows))
    made.add(rows[0][1])
    made.add(rows[2][1])
    assert tally(made, Cell("direct", None)).attempts.total() == 1
    assert tally(made, DIRECT).attempts.total() == 1
