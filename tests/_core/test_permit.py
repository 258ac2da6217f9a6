"""What the holder of a permit may say, and that it counts once."""

from __future__ import annotations

import pytest

from gitlab_completions._core.circuit import Circuit, CircuitState
from gitlab_completions._core.hedging import Pace
from gitlab_completions._core.permit import Permit, Transition
from gitlab_completions.policy import CircuitPolicy, HedgePolicy


def circuit() -> Circuit:
    ours, theirs = (Pace(HedgePolicy(), 20) for _ in range(2))
    policy = CircuitPolicy(losses_in_a_row=2)
    rival = Circuit(policy, lambda: 0.5, pace=theirs)
    return Circuit(policy, lambda: 0.5, pace=ours, rival=rival)


def settled(permit: Permit) -> bool:
    return permit.settled


def test_whatever_settles_it_first_has_the_say() -> None:
    one = circuit()
    one.admit(0.0).fail(0.0)
    permit = one.admit(0.0)
    assert permit.succeed(0.1) is Transition.NONE
    assert permit.settled
    assert permit.fail(0.1) is Transition.NONE
    assert permit.rest(0.1, 60) is Transition.NONE
    assert permit.refuse(0.1) is Transition.NONE
    assert permit.release() is Transition.NONE
    assert one.admit(0.1).fail(0.1) is Transition.NONE, "the success came between"
    assert one.admit(0.1).fail(0.1) is Transition.TRIPPED


def test_leaving_settles_it_only_when_it_is_late() -> None:
    one = circuit()
    early, late = one.admit(0.0), one.admit(0.0)
    assert early.left(0.6) is Transition.NONE
    assert not settled(early)
    late.left(0.7)
    assert settled(late)
    assert early.fail(0.8) is Transition.TRIPPED, "two losses in a row"


def test_leaving_an_attempt_that_has_ended_says_nothing() -> None:
    one = circuit()
    one.admit(0.0).fail(0.0)
    permit = one.admit(0.0)
    permit.succeed(0.3)
    assert permit.left(2.0) is Transition.NONE
    assert one.count_late(9.0) is Transition.NONE


def test_a_generation_is_never_late() -> None:
    one = circuit()
    for _ in range(3):
        permit = one.admit(0.0, timed=False)
        assert permit.left(60.0) is Transition.NONE
        assert permit.succeed(60.0) is Transition.NONE
    assert one.pace.median_s(1) is None


def test_an_answer_to_a_lost_attempt_teaches_the_pace_once() -> None:
    one = circuit()
    permit = one.admit(0.0)
    permit.left(1.0)
    permit.succeed(1.5)
    assert one.pace.median_s(1) == 1.5
    permit.succeed(3.0)
    assert one.pace.median_s(1) == 1.5
    assert one.state(3.0) is CircuitState.CLOSED


def test_a_lost_attempt_that_is_told_to_rest_is_heeded_once() -> None:
    one = circuit()
    permit = one.admit(0.0)
    permit.left(1.0)
    assert permit.rest(1.5, 60) is Transition.TRIPPED
    assert one.rests_s(1.5) == 60
    assert permit.rest(2.0, 120) is Transition.NONE
    assert one.rests_s(2.0) == 59.5


def test_a_refusal_settles_it_without_a_loss() -> None:
    one = circuit()
    one.admit(0.0).fail(0.0)
    permit = one.admit(0.0)
    assert permit.refuse(0.1) is Transition.NONE
    assert permit.settled
    assert permit.refuse(0.1) is Transition.NONE
    assert permit.fail(0.1) is Transition.NONE


@pytest.mark.parametrize("probe", [False, True])
def test_a_permit_that_is_released_makes_way(probe: bool) -> None:
    one = circuit()
    if probe:
        for _ in range(2):
            one.admit(0.0).fail(0.0)
    permit = one.admit(1.0)
    assert permit.probe is probe
    permit.release()
    assert one.may_probe(1.0) is probe
    assert one.count_late(9.0) is Transition.NONE


@pytest.mark.parametrize(("at", "trips"), [(0.6, False), (0.7, True)])
def test_what_is_cut_short_is_a_loss_when_it_was_late_by_then(
    at: float, *, trips: bool
) -> None:
    one = circuit()
    for _ in range(2):
        permit = one.admit(0.0, whole=False)
        permit.cut(at)
        assert permit.settled
        assert permit.fail(at) is Transition.NONE
    assert (one.state(at) is CircuitState.OPEN) is trips
    assert one.count_late(9.0) is Transition.NONE


@pytest.mark.parametrize(("at", "trips"), [(100.6, False), (100.7, True)])
def test_a_probe_that_is_cut_short_is_one_too(at: float, *, trips: bool) -> None:
    """Nothing else served its call meanwhile."""
    one = circuit()
    for _ in range(2):
        one.admit(0.0).fail(0.0)
    permit = one.admit(100.0, whole=False)
    assert permit.probe
    assert (permit.cut(at) is Transition.TRIPPED) is trips
    assert one.may_probe(at) is not trips


def test_what_has_begun_or_takes_its_time_is_cut_short_without_a_loss() -> None:
    one = circuit()
    for _ in range(3):
        begun = one.admit(0.0, whole=False)
        begun.succeed(0.2)
        assert begun.cut(60.0) is Transition.NONE
        assert one.admit(0.0, timed=False, whole=False).cut(60.0) is Transition.NONE


def test_a_first_piece_teaches_no_pace() -> None:
    one = circuit()
    one.admit(0.0, whole=False).succeed(0.1)
    assert one.pace.median_s(1) is None


def test_a_first_piece_does_not_show_that_whole_answers_are_fast_again() -> None:
    rival = Circuit(CircuitPolicy(), lambda: 0.5, pace=Pace(HedgePolicy(), 20))
    pace = Pace(HedgePolicy(), 20)
    one = Circuit(CircuitPolicy(), lambda: 0.5, pace=pace, rival=rival)
    for _ in range(10):
        rival.pace.learn(0.3)
        pace.learn(0.8)
    assert one.admit(0.0).succeed(0.8) is Transition.TRIPPED
    assert not one.admit(100.0, whole=False).probe
    assert one.admit(100.0).probe
