"""A whole rehearsal shows the saving, takes the flag back, and loses nothing."""

from __future__ import annotations

from functools import cache

import pytest

from gitlab_completions.rehearsal import (
    Authors,
    Latencies,
    Lever,
    Metric,
    Outcome,
    Report,
    Step,
    Time,
    rehearse,
)
from tests.rehearsal.parts import INCIDENT, SMALL, rail, small


@cache
def incident(lever: Lever) -> Report:
    return rehearse(small(INCIDENT, lever=lever))


def test_a_roll_out_without_incident_goes_through() -> None:
    report = rehearse(small())
    assert (report.outcome, report.reached) == (Outcome.WENT_THROUGH, "all (100 %)")
    assert report.lost == 0
    assert report.saving is not None
    assert report.saving.quicker_s == pytest.approx(0.125, abs=0.03)


@pytest.mark.parametrize("lever", Lever)
def test_an_incident_takes_the_flag_back_and_nobody_loses_a_completion(
    lever: Lever,
) -> None:
    report = incident(lever)
    assert (report.outcome, report.reached) == (Outcome.TAKEN_BACK, "all (100 %)")
    assert (report.lost, len(report.affected)) == (0, 1)
    [affected] = report.affected
    assert 0 < affected.authors <= report.authors
    assert affected.worst_extra_s > 0
    assert report.tail is not None
    if lever is Lever.CLIENT_PERCENTAGE:
        assert report.tail.attempts == 0
    if lever is Lever.CLIENT_FLAG:
        assert 0 < report.tail.last_s < 75  # asked for once a minute, and a think time
    if lever is Lever.INSTANCE_FLAG:
        assert report.tail.last_s > 75


def test_the_same_plan_makes_the_same_rehearsal() -> None:
    plan = small(INCIDENT, lever=Lever.CLIENT_FLAG)
    assert rehearse(plan) == incident(Lever.CLIENT_FLAG)


def test_it_plays_over_sockets_in_real_time() -> None:
    plan = small(
        SMALL,
        time=Time.LOOPBACK,
        latencies=Latencies(direct_s=0.001, indirect_extra_s=0.001, grant_s=0),
        authors=Authors(count=3, think_s=0.02, session_s=60, break_s=0.001),
        before_s=0.1,
        steps=(Step(number=1, title="all", percent=100, pause_s=0.1),),
        # However slow the machine is, it is held until there are so many.
        guard_rails=(rail(Metric.LOST, 0.0, window_s=60, least_samples=5),),
        look_s=0.1,
        longest_hold_s=45,
    )
    report = rehearse(plan)
    assert (report.outcome, report.lost) == (Outcome.WENT_THROUGH, 0)
    assert report.calls >= 5
