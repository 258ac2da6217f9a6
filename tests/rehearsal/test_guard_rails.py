"""Guard rails are kept, are breached, or say nothing; the gravest decides."""

from __future__ import annotations

import math

import pytest

from gitlab_completions.models import Route
from gitlab_completions.rehearsal import (
    Bound,
    Breach,
    Finding,
    GuardRail,
    Metric,
    Verdict,
)
from gitlab_completions.rehearsal.guard_rails import figure, judge, look, shown
from gitlab_completions.rehearsal.ledger import Ledger
from tests.rehearsal.parts import attempt, call, rail


def ledger(*, failed: int = 0, well: int = 0) -> Ledger:
    made = Ledger()
    made.attempts = [attempt(100, failed=at < failed) for at in range(failed + well)]
    return made


def verdict(made: Ledger, *rails: GuardRail, began_s: float = 0) -> Verdict:
    return judge(look(rails, made, 100, began_s=began_s, before={}))


def test_a_roll_out_goes_on_while_all_hold() -> None:
    assert verdict(ledger(failed=1, well=9), rail(at_most=0.1)) is Verdict.ADVANCE
    assert verdict(ledger()) is Verdict.ADVANCE


def test_a_breach_does_what_the_rail_says() -> None:
    made = ledger(failed=2, well=8)
    assert verdict(made, rail()) is Verdict.TAKE_BACK
    assert verdict(made, rail(breach=Breach.HOLD)) is Verdict.HOLD
    assert verdict(made, rail(breach=Breach.HOLD), rail()) is Verdict.TAKE_BACK


def test_too_few_samples_hold_and_decide_nothing() -> None:
    assert verdict(ledger(failed=1), rail()) is Verdict.HOLD
    assert verdict(ledger(), rail()) is Verdict.HOLD


def test_a_window_slides_and_ends_at_the_step_s_beginning() -> None:
    made = ledger(failed=4)
    late = ledger(failed=4, well=0)
    late.attempts = [attempt(89, failed=True) for _ in range(9)]
    assert verdict(made, rail()) is Verdict.TAKE_BACK
    assert verdict(late, rail()) is Verdict.HOLD
    assert verdict(made, rail(), began_s=100.5) is Verdict.HOLD


def test_a_bound_of_before_waits_for_what_was_before() -> None:
    made = Ledger()
    made.calls = [call(100, 0.3), call(100, 0.4)]
    relative = rail(Metric.P95, at_most=Bound(value=1.1, of_before=True))
    for before, finding in (
        ((None, 0), Finding.TOO_FEW),
        ((0.3, 1), Finding.TOO_FEW),
        ((0.4, 2), Finding.KEPT),
        ((0.3, 2), Finding.BREACHED),
    ):
        [reading] = look([relative], made, 100, began_s=0, before={Metric.P95: before})
        assert reading.finding is finding


def test_each_figure_counts_what_it_is_named_after() -> None:
    made = Ledger()
    made.calls = [
        call(1, 0.1),
        call(2, 0.2, rerouted=True),
        call(3, 0.3, route=None),
        call(4, 0.4),
    ]
    made.attempts = [
        attempt(1, failed=True),
        attempt(2),
        attempt(3, route=Route.INDIRECT),
    ]
    assert {metric: figure(metric, made, 0) for metric in Metric} == {
        Metric.GATEWAY_ERRORS: (0.5, 2),
        Metric.INSTANCE_ERRORS: (0.0, 1),
        Metric.REROUTED: (0.25, 4),
        Metric.LOST: (0.25, 4),
        Metric.P50: (0.4, 4),
        Metric.P95: (math.inf, 4),
        Metric.P99: (math.inf, 4),
    }
    assert figure(Metric.LOST, made, 9) == (None, 0)


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (ledger(failed=2, well=2), "gateway_errors: 50.00 % > 10.00 % (4 samples)"),
        (ledger(well=4), "gateway_errors: 0.00 % <= 10.00 % (4 samples)"),
        (ledger(well=1), "gateway_errors: too few samples (1)"),
    ],
    ids=["breached", "kept", "too few"],
)
def test_a_reading_is_told_in_a_few_words(made: Ledger, says: str) -> None:
    [reading] = look([rail()], made, 100, began_s=0, before={})
    assert reading.describe() == says


def test_too_few_samples_before_are_told_as_what_they_are() -> None:
    made = Ledger()
    made.calls = [call(100), call(100)]
    relative = rail(Metric.P95, at_most=Bound(value=1.1, of_before=True))
    [reading] = look([relative], made, 100, began_s=0, before={Metric.P95: (0.4, 1)})
    assert reading.describe() == "p95: too few samples before, to compare with"


def test_figures_are_shown_in_their_units() -> None:
    assert shown(None, of_time=True) == "-"
    assert shown(0.97, of_time=True) == "970 ms"
    assert shown(61, of_time=True) == "1 min 1 s"
    assert shown(0.5, of_time=False) == "50.00 %"
    assert shown(math.inf, of_time=True) == "no end"


def test_losing_completions_fast_is_no_quick_answer() -> None:
    made = Ledger()
    made.calls = [call(100, 0.01, route=None) for _ in range(4)]
    [reading] = look([rail(Metric.P95, 0.5)], made, 100, began_s=0, before={})
    assert reading.finding is Finding.BREACHED
    assert reading.describe() == "p95: no end > 500 ms (4 samples)"
