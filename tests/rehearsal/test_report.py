"""The report's figures follow from the rows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gitlab_completions import _records
from gitlab_completions.models import Route
from gitlab_completions.rehearsal import Outcome, Report, Step
from gitlab_completions.rehearsal.conductor import Phase, Strike
from gitlab_completions.rehearsal.ledger import AttemptRow, CallRow, Ledger
from gitlab_completions.rehearsal.report import make_report
from tests.rehearsal.parts import INCIDENT, attempt, bare, call, small

BEFORE = Step(number=0, title="before", pause_s=10)
SOME = Step(number=1, title="some", percent=50, pause_s=20)
BACK = Step(number=-1, title="taken back", pause_s=40)
PHASES = [
    Phase(step=BEFORE, began_s=0, ended_s=10),
    Phase(step=SOME, began_s=10, ended_s=30),
    Phase(step=BACK, began_s=30, ended_s=70),
]


def report(
    calls: list[CallRow],
    attempts: list[AttemptRow] | None = None,
    *,
    strikes: tuple[Strike, ...] = (),
    taken_back_s: float | None = None,
) -> Report:
    return make_report(
        bare(),
        Ledger(calls=calls, attempts=attempts or []),
        Outcome.TAKEN_BACK,
        phases=PHASES,
        strikes=strikes,
        taken_back_s=taken_back_s,
        timeline=(),
    )


def before(*waits_s: float) -> list[CallRow]:
    return [call(1, wait, phase=0, route=Route.INDIRECT) for wait in waits_s]


def strike(began_s: float = 20, ended_s: float = 25) -> Strike:
    [fault] = small(INCIDENT).faults
    return Strike(fault=fault, began_s=began_s, ended_s=ended_s, in_force=False)


def test_waits_are_told_by_phase_and_route() -> None:
    made = report([*before(0.3), call(12, 0.2), call(13, 0.4, route=Route.INDIRECT)])
    assert [(each.phase, each.route, each.p50_s) for each in made.waits] == [
        ("before", Route.INDIRECT, 0.3),
        ("some", Route.DIRECT, 0.2),
        ("some", Route.INDIRECT, 0.4),
    ]
    assert (made.reached, made.lasted_s) == ("some", 70)


def test_the_saving_leaves_out_what_a_fault_can_have_touched() -> None:
    answers = [
        AttemptRow(
            author=0,
            phase=phase,
            ended_s=ended_s,
            elapsed_s=elapsed_s,
            route=route,
            failed=False,
        )
        for phase, ended_s, elapsed_s, route in (
            (0, 1, 0.275, Route.INDIRECT),
            (1, 12, 0.150, Route.DIRECT),
            (1, 22, 4.0, Route.DIRECT),
        )
    ]
    calls = [*before(0.3), call(12, 0.2), call(22, 3.0)]
    saving = report(calls, answers, strikes=(strike(),)).saving
    assert saving is not None
    assert saving.waited_less_s == pytest.approx(0.1)
    assert saving.quicker_s == pytest.approx(0.125)
    assert saving.after.calls == 1


def test_there_is_no_saving_while_nothing_goes_direct() -> None:
    assert report(before(0.3)).saving is None
    assert report([call(12)]).saving is None


def test_errors_are_told_by_who_issued_the_token() -> None:
    attempts = [
        attempt(12, failed=True),
        attempt(13),
        attempt(14, route=Route.INDIRECT),
    ]
    made = report([], attempts)
    assert [(each.issuer, each.attempts, each.failed) for each in made.errors] == [
        ("gitlab-ai-gateway", 2, 1),
        ("instance", 1, 0),
    ]
    assert made.errors[0].rate == 0.5


def test_the_saving_is_of_what_brought_an_answer() -> None:
    answers = [
        replace(attempt(1, route=Route.INDIRECT), phase=0, elapsed_s=0.275),
        attempt(12),
        *[attempt(12, failed=True)] * 2,
        *[replace(attempt(1, failed=True, route=Route.INDIRECT), phase=0)] * 2,
    ]
    lost = [call(1, 9.0, phase=0, route=None)] * 2
    saving = report([*before(0.3), *lost, call(12)], answers).saving
    assert saving is not None
    assert (saving.before.calls, saving.before.p50_s) == (1, 0.3)
    assert saving.quicker_s == pytest.approx(0.175)


def test_a_fault_before_the_roll_out_is_no_measure_of_itself() -> None:
    calls = [
        *before(0.2, 0.3),
        *[call(5, 4.0, phase=0, route=Route.INDIRECT, author=n) for n in range(4)],
    ]
    [affected] = report(calls, strikes=(strike(2, 8),)).affected
    assert (affected.authors, affected.calls) == (4, 4)
    assert affected.worst_extra_s == pytest.approx(3.7)


def test_a_delay_affects_each_call_that_it_holds_up() -> None:
    calls = [
        *before(0.2, 0.9),
        call(21.0, 0.5, author=1),
        call(21.0, 0.5, author=2, route=Route.INDIRECT),
        call(20.2, 0.5, author=3),  # which had arrived before
    ]
    late = strike()
    late.fault = _records.replace(late.fault, is_delay=True)
    [affected] = report(calls, strikes=(late,)).affected
    assert (affected.authors, affected.calls) == (1, 1)
    assert affected.worst_extra_s == 0


def test_an_error_that_comes_at_once_is_no_negative_wait() -> None:
    calls = [*before(0.3), call(21, 0.01, route=None)]
    [affected] = report(calls, strikes=(strike(),)).affected
    assert (affected.lost, affected.worst_extra_s) == (1, 0)


def test_whom_a_fault_affected_is_told_with_for_how_long() -> None:
    calls = [
        *before(0.2, 0.3, 0.4),
        call(21, 0.3, author=1, rerouted=True),
        call(24, 1.3, author=1),
        call(24, 0.3, author=2),
        call(25, 0.9, author=3, route=None),
        call(40, 9.0, author=4),
    ]
    [affected] = report(calls, strikes=(strike(),)).affected
    assert (affected.authors, affected.calls, affected.lost) == (2, 3, 1)
    assert affected.longest_span_s == pytest.approx(3.3)
    assert affected.worst_extra_s == pytest.approx(1.0)
    assert (affected.began_s, affected.lasted_s) == (20, 5)


def test_a_fault_that_nobody_noticed_affected_nobody() -> None:
    [affected] = report([], strikes=(strike(),)).affected
    assert (affected.authors, affected.longest_span_s) == (0, 0)
    assert affected.worst_extra_s == 0


def test_how_long_direct_went_on_is_told_after_a_take_back() -> None:
    attempts = [
        attempt(29, author=1),
        attempt(31, author=1),
        attempt(36, author=1),
        attempt(32, author=2),
        attempt(60, author=3, route=Route.INDIRECT),
    ]
    tail = report([], attempts, taken_back_s=30).tail
    assert tail is not None
    assert (tail.authors, tail.attempts, tail.watched_s) == (2, 3, 40)
    assert tail.last_s == pytest.approx(5.9)
    assert report([], attempts).tail is None


def test_nobody_goes_direct_after_a_lever_that_works_at_once() -> None:
    tail = report([], [], taken_back_s=30).tail
    assert tail is not None
    assert (tail.authors, tail.last_s, tail.median_s) == (0, 0, 0)
