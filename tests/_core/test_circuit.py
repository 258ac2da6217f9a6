"""When a circuit trips, how long it rests, and what closes it again."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, TypeAlias

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gitlab_completions._core.circuit import (
    LAST_RESORT_S,
    Cause,
    Circuit,
    CircuitState,
)
from gitlab_completions._core.hedging import Pace
from gitlab_completions._core.permit import Permit, Transition
from gitlab_completions.policy import CircuitPolicy, HedgePolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Settle: TypeAlias = Callable[[Permit, float], Transition]

CLOSED, OPEN, HALF_OPEN = CircuitState
NONE, TRIPPED, RECOVERED = Transition

SUCCEED: Settle = Permit.succeed
FAIL: Settle = Permit.fail


def REST(permit: Permit, now: float) -> Transition:  # noqa: N802 - reads as its peers
    return permit.rest(now, 60)


def RELEASE(permit: Permit, _: float) -> Transition:  # noqa: N802 - reads as its peers
    return permit.release()


def circuit(
    jitter: float = 0.5,
    *,
    policy: CircuitPolicy | None = None,
    last_resort: bool = False,
) -> Circuit:
    """Return a circuit with a hedge delay of 0.9 s, and a rival unless told."""
    policy = policy or CircuitPolicy()
    ours, theirs = (Pace(HedgePolicy(), policy.compared) for _ in range(2))
    rival = None if last_resort else Circuit(policy, lambda: jitter, pace=theirs)
    return Circuit(policy, lambda: jitter, pace=ours, rival=rival)


def tripped(
    now: float = 0.0, jitter: float = 0.5, *, last_resort: bool = False
) -> Circuit:
    one = circuit(jitter, last_resort=last_resort)
    one.admit(now).fail(now)
    assert one.admit(now).fail(now) is TRIPPED
    return one


def rests(one: Circuit, now: float) -> float:
    rest_s = one.rests_s(now)
    assert rest_s is not None
    return rest_s


def outcomes(one: Circuit, losses: str) -> list[Transition]:
    """Settle an attempt for each letter: `x` is a failure, `.` a success."""
    return [
        one.admit(0.0).fail(0.0) if letter == "x" else one.admit(0.0).succeed(0.0)
        for letter in losses
    ]


# Tripping.


@pytest.mark.parametrize(
    ("losses", "trips"),
    [
        ("x", False),
        ("xx", True),
        ("x.x.x", False),
        ("x.x.x.x", True),
        ("x..x..x..x", True),
        ("x...x..x..x", False),
        ("..........", False),
    ],
)
def test_two_losses_in_a_row_or_four_of_the_last_ten_trip(
    losses: str, trips: bool
) -> None:
    one = circuit()
    transitions = outcomes(one, losses)
    assert (transitions[-1] is TRIPPED) is trips
    assert set(transitions[:-1]) <= {NONE}
    assert (one.state(0.0) is OPEN) is trips


def test_a_success_never_trips_however_many_losses_there_were() -> None:
    one = circuit(policy=CircuitPolicy(losses_in_window=1, losses_in_a_row=2))
    one._losses.append(True)
    assert one.admit(0.0).succeed(0.0) is NONE


@pytest.mark.parametrize(("jitter", "rest_s"), [(0.0, 0.8), (0.5, 1.0), (1.0, 1.2)])
def test_the_rest_is_longer_or_shorter_by_a_fifth(jitter: float, rest_s: float) -> None:
    assert rests(tripped(0.0, jitter), 0.0) == pytest.approx(rest_s)


def test_a_circuit_is_half_open_when_its_rest_is_over() -> None:
    one = tripped(10.0)
    assert [one.state(at) for at in (10.0, 10.9, 11.0)] == [OPEN, OPEN, HALF_OPEN]
    assert one.rests_s(11.0) is None
    assert circuit().rests_s(0.0) is None


def test_the_rest_doubles_to_thirty_seconds_and_is_forgotten_after_recovery() -> None:
    one = tripped()
    now, spans = 0.0, [rests(one, 0.0)]
    for _ in range(6):
        now += rests(one, now)
        assert one.admit(now).fail(now) is TRIPPED
        spans.append(rests(one, now))
    assert spans == pytest.approx([1, 2, 4, 8, 16, 30, 30])
    now += rests(one, now)
    assert [one.admit(now).succeed(now) for _ in range(2)] == [NONE, RECOVERED]
    assert outcomes(one, "xx") == [NONE, TRIPPED]
    assert rests(one, 0.0) == pytest.approx(1)


def test_losses_before_a_trip_are_forgotten_after_recovery() -> None:
    one = circuit()
    outcomes(one, "x.xx")
    assert [one.admit(2.0).succeed(2.0) for _ in range(2)] == [NONE, RECOVERED]
    assert outcomes(one, "x.x.x") == [NONE] * 5


# Permits.


@pytest.mark.parametrize("settle", [SUCCEED, FAIL, REST, RELEASE])
@pytest.mark.parametrize("again", [SUCCEED, FAIL, REST, RELEASE])
def test_a_permit_is_settled_once(settle: Settle, again: Settle) -> None:
    one = circuit()
    one.admit(0.0).fail(0.0)
    permit = one.admit(0.0)
    settle(permit, 0.0)
    before = one.state(0.0), one.rests_s(0.0)
    assert again(permit, 0.0) is NONE
    assert (one.state(0.0), one.rests_s(0.0)) == before
    assert permit.settled


@pytest.mark.parametrize("settle", [SUCCEED, FAIL, RELEASE])
@pytest.mark.parametrize("now", [0.5, 1.5])
def test_what_was_sent_before_a_trip_has_no_say_after_it(
    settle: Settle, now: float
) -> None:
    one = circuit()
    old = [one.admit(0.0) for _ in range(3)]
    outcomes(one, "xx")
    assert [settle(permit, now) for permit in old] == [NONE] * 3
    assert one.state(now) is (OPEN if now < 1 else HALF_OPEN)
    assert one.rests_s(0.0) == pytest.approx(1)


def test_what_was_sent_before_a_trip_has_no_say_after_recovery() -> None:
    one = circuit()
    old = [one.admit(0.0) for _ in range(2)]
    outcomes(one, "xx")
    old += [one.admit(0.5) for _ in range(2)]
    assert [one.admit(2.0).succeed(2.0) for _ in range(2)] == [NONE, RECOVERED]
    assert [permit.fail(2.0) for permit in old] == [NONE] * 4


def test_a_release_is_neutral() -> None:
    one = circuit()
    one.admit(0.0).fail(0.0)
    assert one.admit(0.0).release() is NONE
    assert one.admit(0.0).fail(0.0) is TRIPPED


def test_an_attempt_against_an_open_circuit_teaches_nothing() -> None:
    one = tripped()
    assert one.admit(0.5).fail(0.6) is NONE
    assert one.admit(0.5).succeed(0.6) is NONE
    assert rests(one, 0.6) == pytest.approx(0.4)


# Probes.


def test_one_probe_at_a_time() -> None:
    one = tripped()
    assert [one.may_probe(0.5), one.may_probe(1.0)] == [False, True]
    first, second = one.admit(1.0), one.admit(1.0)
    assert [first.probe, second.probe, one.may_probe(1.0)] == [True, False, False]
    assert second.fail(1.1) is NONE
    first.succeed(1.1)
    assert one.may_probe(1.1)


def test_a_released_probe_makes_way_for_another() -> None:
    one = tripped()
    one.admit(1.0).release()
    assert one.may_probe(1.0)


def test_a_failed_probe_trips_again() -> None:
    one = tripped()
    assert one.admit(1.0).fail(1.1) is TRIPPED
    assert rests(one, 1.1) == pytest.approx(2)


def test_a_late_good_probe_trips_again() -> None:
    one = tripped()
    assert one.admit(1.0).succeed(1.9) is NONE
    assert one.admit(2.0).succeed(2.91) is TRIPPED


def test_no_good_probe_is_late_on_a_route_that_calls_wait_for() -> None:
    one = tripped(last_resort=True)
    assert one.admit(1.0).succeed(9.0) is NONE
    assert one.admit(9.0).succeed(60.0) is RECOVERED


def test_good_probes_before_a_trip_do_not_count_after_it() -> None:
    one = tripped()
    one.admit(1.0).succeed(1.0)
    one.admit(1.0).fail(1.0)
    assert one.admit(3.0).succeed(3.0) is NONE
    assert one.admit(3.0).succeed(3.0) is RECOVERED


# Lateness.


def taught(one: Circuit, *spans_s: float) -> None:
    for span_s in spans_s:
        one.admit(0.0).succeed(span_s)


@pytest.mark.parametrize(("left_at", "late"), [(0.67, False), (0.675, True)])
def test_to_be_left_late_with_nothing_arrived_is_a_loss(
    left_at: float, late: bool
) -> None:
    one = circuit()
    assert one.admit(0.0).left(left_at) is NONE
    assert one.admit(0.0).left(left_at) is (TRIPPED if late else NONE)
    assert one.cause is (Cause.LATENESS if late else None)


def test_an_attempt_left_early_is_late_when_it_is_silent_past_the_hedge_delay() -> None:
    one = circuit()
    for sent_at in (0.0, 0.2):
        one.admit(sent_at).left(sent_at + 0.1)
    assert one.count_late(0.9) is NONE
    assert one.count_late(1.0) is NONE
    assert one.count_late(1.0) is NONE, "it was counted before"
    assert one.count_late(1.2) is TRIPPED
    assert one.cause is Cause.LATENESS


def test_an_answer_in_time_to_nobody_is_a_success() -> None:
    one = circuit()
    one.admit(0.0).fail(0.0)
    permit = one.admit(0.0)
    permit.left(0.1)
    permit.succeed(0.8)
    assert one.count_late(5.0) is NONE
    assert one.admit(5.0).fail(5.0) is NONE


def test_a_slow_answer_that_its_caller_received_is_no_loss() -> None:
    one = circuit()
    taught(one, *[3.0] * 20)
    assert one.state(3.0) is CLOSED


def test_lateness_goes_by_the_learnt_delay() -> None:
    one = circuit()
    taught(one, *[0.4] * 20)
    assert one.admit(1.0).left(1.29) is NONE
    one.admit(1.0).left(1.3)
    assert one.count_late(1.41) is TRIPPED


def test_what_waits_to_be_sent_is_never_late() -> None:
    one = circuit()
    permit = one.admit(0.0)
    permit.admitted_at = math.inf
    assert permit.left(5.0) is NONE
    assert one.count_late(60.0) is NONE


def test_what_is_out_is_rarely_looked_at_while_answers_come_in_time() -> None:
    class Watched(dict[Permit, None]):
        looks = 0

        def __iter__(self) -> Iterator[Permit]:
            self.looks += 1
            return super().__iter__()

    one = circuit()
    watched = one._out = Watched()
    permits: deque[Permit] = deque()
    for number in range(2000):
        now = 0.001 * number
        assert one.count_late(now) is NONE
        assert not one.is_overdue(now)
        permits.append(one.admit(now))
        if len(permits) == 300:  # 0.3 s, and the hedge delay is 0.4 s at least
            permits.popleft().succeed(now)
    assert watched.looks < 80


def test_what_trips_a_circuit_makes_those_before_it_late_for_nothing() -> None:
    one = circuit()
    for _ in range(4):
        one.admit(0.0).left(0.1)
    assert one.count_late(1.0) is TRIPPED
    assert rests(one, 1.0) == pytest.approx(1), "two more would have doubled it"


def test_a_jump_makes_nothing_late() -> None:
    one = circuit()
    for _ in range(2):
        one.admit(0.0).left(0.1)
    one.jump(100.0)
    assert one.count_late(100.0) is NONE


def test_lateness_never_trips_the_last_resort() -> None:
    one = circuit(last_resort=True)
    permits = [one.admit(0.0) for _ in range(9)]
    assert [permit.left(5.0) for permit in permits] == [NONE] * 9
    assert not any(permit.settled for permit in permits)
    assert permits[0].left(5.0) is NONE
    assert permits[0].fail(5.0) is NONE
    assert permits[1].fail(5.0) is TRIPPED, "how they end still has the say"
    assert one.cause is Cause.FAILURES


def test_a_silent_probe_is_late_though_its_call_was_served() -> None:
    one = tripped()
    probe = one.admit(1.0)
    assert probe.left(1.8) is NONE, "the other route's answer says nothing of it"
    assert one.count_late(1.9) is NONE
    assert one.count_late(1.91) is TRIPPED
    assert [one.cause, probe.settled] == [Cause.LATENESS, True]
    assert rests(one, 1.91) == pytest.approx(2)


def test_nothing_teaches_the_delay_while_the_circuit_is_not_closed() -> None:
    one = circuit()
    taught(one, *[0.5] * 30)
    old = one.admit(0.0)
    outcomes(one, "xx")
    old.succeed(60.0)
    for _ in range(50):
        one.admit(0.5).succeed(60.0)
    one.admit(2.0).succeed(2.8)
    assert one.pace.delay_s == 0.5


def test_a_silent_attempt_is_overdue_past_the_hedge_delay_until_it_ends() -> None:
    one = circuit()
    permit = one.admit(0.0)
    one.admit(0.0, timed=False)
    assert [one.is_overdue(at) for at in (0.9, 0.91)] == [False, True]
    permit.succeed(2.0)
    assert not one.is_overdue(2.0)


# Doubt.


def both_late() -> Circuit:
    """Return a circuit in trouble, whose rival is late as well."""
    one = circuit()
    for _ in range(2):
        rival_of(one).admit(0.0).left(1.0)
    for _ in range(3):
        one.admit(0.0).succeed(1.0)
    assert one.is_troubled
    return one


def test_lateness_is_a_loss_though_the_rival_was_late_now_and_then() -> None:
    """A call that is slow by itself is slow on both routes, and no sign of a fault."""
    one = circuit()
    for _ in range(3):
        rival_of(one).admit(0.0).left(1.0)
    assert one.admit(1.0).left(2.0) is NONE
    assert one.admit(1.0).left(2.0) is TRIPPED
    assert not one.is_troubled


def test_lateness_is_no_loss_while_the_rival_is_late_too() -> None:
    one = both_late()
    permits = [one.admit(1.0) for _ in range(3)]
    assert [permit.left(2.0) for permit in permits] == [NONE] * 3
    assert one.is_doubtful(2.0)
    assert permits[0].fail(6.0) is NONE
    assert permits[1].fail(6.0) is TRIPPED, "how they end still has the say"
    assert one.cause is Cause.FAILURES


def test_a_late_probe_is_good_enough_while_the_rival_is_late_too() -> None:
    one = both_late()
    outcomes(one, "xx")
    assert one.admit(2.0).succeed(5.0) is NONE
    assert one.admit(5.0).succeed(8.0) is RECOVERED


def test_a_route_that_was_late_or_failed_twice_of_three_times_is_doubtful() -> None:
    one = circuit(last_resort=True)
    assert not one.is_doubtful(0.0)
    one.admit(0.0).succeed(1.0)
    assert not one.is_doubtful(1.0)
    one.admit(1.0).left(2.0)
    assert one.is_doubtful(2.0)
    one.admit(2.0).succeed(2.1)
    assert one.is_doubtful(2.1)
    one.admit(2.1).succeed(2.2)
    assert not one.is_doubtful(2.2)


def test_doubt_passes_after_three_minutes() -> None:
    one = circuit(last_resort=True)
    one.admit(0.0).fail(0.0)
    one.admit(0.0).rest(1.0, 5)
    assert [one.is_doubtful(at) for at in (179.9, 180.0)] == [True, False]


def test_an_attempt_that_was_late_and_then_fails_is_doubted_once() -> None:
    one = circuit(last_resort=True)
    permit = one.admit(0.0)
    permit.left(1.0)
    permit.fail(5.0)
    assert not one.is_doubtful(5.0)


def test_a_generation_casts_no_doubt_by_taking_its_time() -> None:
    one = circuit(last_resort=True)
    for _ in range(3):
        one.admit(0.0, timed=False).succeed(20.0)
    assert not one.is_doubtful(20.0)


def test_an_attempt_of_before_a_suspend_casts_no_doubt() -> None:
    one = circuit(last_resort=True)
    permits = [one.admit(0.0) for _ in range(3)]
    one.jump(100.0)
    assert [permit.fail(100.0) for permit in permits] == [NONE] * 3
    assert not one.is_doubtful(100.0)
    assert not one.is_troubled


@pytest.mark.parametrize("last_resort", [False, True])
def test_a_refusal_is_no_loss_and_leaves_only_a_last_resort_in_doubt(
    last_resort: bool,
) -> None:
    one = circuit(last_resort=last_resort)
    assert [one.admit(0.0).refuse(0.1) for _ in range(9)] == [NONE] * 9
    assert one.state(0.1) is CLOSED
    assert one.is_doubtful(0.1) is last_resort


def test_a_probe_that_is_refused_has_the_route_rest_again() -> None:
    """Else every call would probe it, and no budget says how often."""
    one = tripped()
    one.admit(1.0).fail(1.0)
    assert one.admit(3.0).refuse(3.1) is TRIPPED
    assert rests(one, 3.1) == pytest.approx(1), "no longer than the first time"
    assert one.admit(5.0).fail(5.0) is TRIPPED
    assert rests(one, 5.0) == pytest.approx(4), "as long as it would have been"


def test_a_refusal_after_a_rate_limit_is_no_rate_limit() -> None:
    """Or the next call would be told that too many were asked for."""
    one = circuit(last_resort=True)
    one.admit(0.0).rest(0.0, 60)
    assert one.admit(60.0).refuse(60.1) is TRIPPED
    assert one.cause is Cause.FAILURES
    assert one.refuses_s(60.1) is None


def test_an_attempt_that_was_late_and_is_refused_is_doubted_once() -> None:
    one = circuit(last_resort=True)
    for end in (REST, lambda permit, now: permit.refuse(now)):
        permit = one.admit(0.0)
        permit.left(1.0)
        end(permit, 2.0)
        assert not one.is_doubtful(2.0)
        one = circuit(last_resort=True)


def test_a_generation_is_no_probe() -> None:
    one = tripped()
    assert not one.admit(1.0, timed=False).probe
    assert one.admit(1.0).probe


# The slower route.


def rivals(ours_s: float, theirs_s: float, answers: int = 10) -> Circuit:
    """Return a circuit whose next answer has it compared with its rival."""
    one = circuit()
    for _ in range(answers):
        rival_of(one).pace.learn(theirs_s)
    for _ in range(answers - 1):
        one.pace.learn(ours_s)
    return one


def rival_of(one: Circuit) -> Circuit:
    assert one._rival is not None
    return one._rival


@pytest.mark.parametrize(
    ("ours_s", "theirs_s", "gives_way"),
    [
        (0.61, 0.5, True),
        (0.59, 0.5, False),  # less than a fifth
        (0.16, 0.12, False),  # a third, but 40 ms
        (0.18, 0.12, True),
        (0.2, 0.5, False),
    ],
)
def test_a_route_gives_way_when_it_is_slower_by_a_fifth_and_by_50_ms(
    ours_s: float, theirs_s: float, gives_way: bool
) -> None:
    one = rivals(ours_s, theirs_s)
    transition = one.admit(0.0).succeed(ours_s)
    assert transition is (TRIPPED if gives_way else NONE)
    assert one.cause is (Cause.SLOWER if gives_way else None)


def test_nothing_is_compared_before_there_are_ten_answers_of_both() -> None:
    one = rivals(0.8, 0.2, answers=9)
    assert one.admit(0.0).succeed(0.8) is NONE
    lonely = circuit()
    taught(lonely, *[0.8] * 20)
    assert lonely.state(0.8) is CLOSED


def test_routes_are_compared_every_half_minute() -> None:
    one = rivals(0.2, 0.2)
    assert one.admit(0.0).succeed(0.2) is NONE
    for _ in range(20):
        one.pace.learn(0.8)
    assert one.admit(29.0).succeed(29.8) is NONE
    assert one.admit(30.0).succeed(30.8) is TRIPPED


def test_the_slower_route_comes_back_by_probes_that_are_no_slower() -> None:
    one = rivals(0.8, 0.4)
    one.admit(0.0).succeed(0.8)
    assert one.admit(2.0).succeed(2.5) is TRIPPED, "slower than 0.45 s"
    assert [one.cause, rests(one, 2.5)] == [Cause.SLOWER, pytest.approx(2)]
    assert one.admit(5.0).succeed(5.44) is NONE
    assert one.admit(6.0).succeed(6.44) is RECOVERED
    assert one.cause is None
    assert one.admit(40.0).succeed(40.4) is NONE, "what was slow is forgotten"


def test_a_slower_route_whose_probe_fails_has_failed() -> None:
    one = rivals(0.8, 0.4)
    one.admit(0.0).succeed(0.8)
    one.admit(2.0).fail(2.1)
    assert one.cause is Cause.FAILURES
    assert one.admit(9.0).succeed(9.8) is NONE, "in time is again the hedge delay"


def test_a_slower_route_whose_probe_is_silent_is_the_slower_one_still() -> None:
    one = rivals(0.8, 0.4)
    one.admit(0.0).succeed(0.8)
    one.admit(2.0)
    assert one.count_late(3.0) is TRIPPED
    assert one.cause is Cause.SLOWER


@pytest.mark.parametrize("how", ["silent", "failing", "refusing"])
def test_a_slower_route_comes_back_when_its_rival_is_none_any_more(how: str) -> None:
    one = rivals(0.8, 0.4)
    one.admit(0.0).succeed(0.8)
    for _ in range(2):
        permit = rival_of(one).admit(1.0)
        if how == "silent":
            permit.left(2.0)
        elif how == "failing":
            permit.fail(2.0)
        else:
            permit.refuse(2.0)
    assert one.admit(2.0).succeed(2.8) is NONE
    assert one.admit(3.0).succeed(3.8) is RECOVERED


def test_a_rival_that_has_nothing_to_show_is_no_measure() -> None:
    one = rivals(0.8, 0.4)
    one.admit(0.0).succeed(0.8)
    rival_of(one).pace.start_over()
    assert one.admit(2.0).succeed(2.8) is NONE


# Rate limits.


@pytest.mark.parametrize(
    ("asked_s", "rest_s"), [(1, 1), (60, 60), (120, 120), (999, 120)]
)
def test_a_rate_limit_rests_as_long_as_it_says_up_to_two_minutes(
    asked_s: float, rest_s: float
) -> None:
    one = circuit()
    assert one.admit(0.0).rest(5.0, asked_s) is TRIPPED
    assert rests(one, 5.0) == rest_s


def test_a_rate_limit_does_not_make_the_next_rest_longer() -> None:
    one = circuit()
    for now in (0.0, 60.0, 120.0):
        one.admit(now).rest(now, 60)
    assert one.admit(180.0).fail(180.0) is TRIPPED
    assert rests(one, 180.0) == pytest.approx(1)


def test_a_rate_limit_during_a_rest_only_makes_it_longer() -> None:
    one = circuit()
    one.admit(0.0).rest(0.0, 60)
    assert one.admit(1.0).rest(1.0, 5) is NONE
    assert rests(one, 1.0) == 59
    assert one.admit(2.0).rest(2.0, 90) is NONE
    assert rests(one, 2.0) == 90


def test_a_rate_limited_route_is_a_last_resort_once_in_five_seconds() -> None:
    one = circuit()
    assert one.refuses_s(0.0) is None
    one.admit(0.0).rest(0.0, 60)
    assert [one.refuses_s(at) for at in (0.0, 4.0, 5.0)] == [5, 1, None]
    one.admit(6.0)
    assert [one.refuses_s(at) for at in (6.0, 11.0)] == [5, None]
    assert one.refuses_s(60.0) is None


def test_a_trip_by_failures_never_refuses_the_last_resort() -> None:
    one = tripped()
    assert one.refuses_s(0.0) is None
    one.admit(1.0).rest(1.0, 60)
    one.admit(61.0).fail(61.0)
    assert one.refuses_s(61.0) is None


# A jump of the clock.


def test_a_rest_that_another_process_was_told_of_is_heeded() -> None:
    one = circuit()
    under_way = one.admit(0.0)
    assert one.heed(1.0, 30.0) is TRIPPED
    assert rests(one, 1.0) == 30
    assert one.is_rate_limited(1.0)
    assert one.heed(2.0, 10.0) is NONE
    assert rests(one, 2.0) == 29
    assert under_way.succeed(2.0) is NONE
    assert one.state(2.0) is OPEN


def test_a_jump_cuts_a_rest_short() -> None:
    one = tripped()
    one.jump(0.5)
    assert one.state(0.5) is HALF_OPEN
    limited = circuit()
    limited.admit(0.0).rest(0.0, 60)
    limited.jump(1.0)
    assert [limited.state(1.0), limited.refuses_s(1.0)] == [HALF_OPEN, None]


def test_a_jump_changes_nothing_when_nothing_rests() -> None:
    one = circuit()
    one.jump(1.0)
    assert one.state(1.0) is CLOSED
    half = tripped()
    half.admit(1.0).succeed(1.0)
    half.jump(2.0)
    assert half.admit(2.0).succeed(2.0) is RECOVERED


def test_what_was_in_flight_before_a_jump_has_no_say() -> None:
    one = circuit()
    permits = [one.admit(0.0) for _ in range(5)]
    one.jump(1.0)
    assert [permit.fail(1.0) for permit in permits] == [NONE] * 5
    assert one.state(1.0) is CLOSED


def test_a_probe_that_was_out_before_a_jump_keeps_none_from_going() -> None:
    one = tripped()
    dead = one.admit(1.0)
    one.jump(2.0)
    assert one.may_probe(2.0)
    probe = one.admit(2.0)
    assert [dead.fail(2.0), one.state(2.0)] == [NONE, HALF_OPEN]
    assert not one.may_probe(2.0)
    probe.succeed(2.1)
    assert one.admit(2.2).succeed(2.2) is RECOVERED


class Histories(RuleBasedStateMachine):
    """Attempts that end in any order, with any outcome, at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.policy = CircuitPolicy()
        self.jitter = 0.5
        ours, theirs = (Pace(HedgePolicy(), 20) for _ in range(2))
        rival = Circuit(self.policy, lambda: self.jitter, pace=theirs)
        self.circuit = Circuit(self.policy, lambda: self.jitter, pace=ours, rival=rival)
        self.now = 1000.0
        self.era = 0
        self.in_flight: list[tuple[int, Permit]] = []
        self.done: list[Permit] = []
        self.good_probes = 0
        self.trips_in_a_row = 0
        self.resorts: list[float] = []
        self.limited = False

    def take(self, data: st.DataObject) -> tuple[int, Permit]:
        at = data.draw(st.integers(0, len(self.in_flight) - 1))
        era, permit = self.in_flight.pop(at)
        self.done.append(permit)
        return era, permit

    def opened(self) -> None:
        self.era += 1
        self.good_probes = 0

    @rule(span_s=st.floats(0, 40), jitter=st.floats(0, 0.999))
    def time_passes(self, span_s: float, jitter: float) -> None:
        self.now += span_s
        self.jitter = jitter

    @rule()
    def an_attempt_is_sent(self) -> None:
        may_probe = self.circuit.may_probe(self.now)
        permit = self.circuit.admit(self.now)
        assert permit.probe is may_probe
        self.in_flight.append((self.era, permit))

    @precondition(lambda self: self.circuit.refuses_s(self.now) is None)
    @rule()
    def a_last_resort_is_sent(self) -> None:
        limited = self.limited and self.circuit.state(self.now) is OPEN
        self.in_flight.append((self.era, self.circuit.admit(self.now)))
        if limited:
            assert all(self.now - at >= LAST_RESORT_S - 1e-6 for at in self.resorts)
            self.resorts.append(self.now)

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data(), good=st.booleans())
    def an_attempt_ends(self, data: st.DataObject, good: bool) -> None:
        era, permit = self.take(data)
        before = self.circuit.state(self.now)
        settled = permit.succeed(self.now) if good else permit.fail(self.now)
        if era != self.era or (before is not CLOSED and not permit.probe):
            assert settled is NONE
        in_time = self.now - permit.admitted_at <= 0.9
        if permit.probe and era == self.era:
            self.good_probes += 1
            recovers = self.good_probes == self.policy.probes_to_close
            closes = RECOVERED if recovers else NONE
            assert settled is (closes if good and in_time else TRIPPED)
        if settled is TRIPPED:
            self.check_rest()
        elif settled is RECOVERED:
            assert self.circuit.state(self.now) is CLOSED
            self.trips_in_a_row = 0
            self.limited = False
            self.opened()

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data())
    def an_attempt_is_left(self, data: st.DataObject) -> None:
        era, permit = data.draw(st.sampled_from(self.in_flight))
        before = self.circuit.state(self.now)
        silent_s = self.now - permit.admitted_at
        left = permit.left(self.now)
        if era != self.era or before is not CLOSED or silent_s < 0.75 * 0.9:
            assert left is NONE
        self.saw(left)

    @rule()
    def the_late_are_counted(self) -> None:
        probes = [one for era, one in self.in_flight if self.probes(era, one)]
        late = any(self.now - one.admitted_at > 0.9 for one in probes)
        transition = self.circuit.count_late(self.now)
        assert transition is not RECOVERED
        assert (transition is TRIPPED) or not late, "a silent probe holds up all others"
        self.saw(transition)
        assert self.circuit.count_late(self.now) is NONE, "counted twice"

    def probes(self, era: int, permit: Permit) -> bool:
        return permit.probe and era == self.era and not permit.settled

    def saw(self, transition: Transition) -> None:
        """Check a trip by lateness: it is like any other."""
        if transition is TRIPPED:
            assert self.circuit.cause is Cause.LATENESS
            self.check_rest()

    def check_rest(self) -> None:
        rest_s = min(2.0**self.trips_in_a_row, self.policy.max_cool_down_s)
        assert 0.799 <= rests(self.circuit, self.now) / rest_s <= 1.201
        self.trips_in_a_row += 1
        self.limited = False
        self.opened()

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data(), rest_s=st.floats(1, 500))
    def an_attempt_is_rate_limited(self, data: st.DataObject, rest_s: float) -> None:
        _, permit = self.take(data)
        before = self.circuit.rests_s(self.now)
        permit.rest(self.now, rest_s)
        least = min(rest_s, self.policy.max_rate_limit_s)
        rest = rests(self.circuit, self.now)
        assert rest == pytest.approx(max(least, before or 0.0))
        assert rest <= self.policy.max_rate_limit_s + 1e-6
        self.resorts = [self.now]
        self.limited = True
        self.opened()

    @precondition(lambda self: self.in_flight)
    @rule(data=st.data())
    def an_attempt_is_released(self, data: st.DataObject) -> None:
        before = self.circuit.state(self.now), self.circuit.rests_s(self.now)
        era, permit = self.take(data)
        assert permit.release() is NONE
        after = self.circuit.state(self.now), self.circuit.rests_s(self.now)
        assert before == after
        if permit.probe and era == self.era and after[0] is HALF_OPEN:
            assert self.circuit.may_probe(self.now)

    @precondition(lambda self: self.done)
    @rule(data=st.data(), settle=st.sampled_from([SUCCEED, FAIL, REST, RELEASE]))
    def a_permit_is_settled_again(self, data: st.DataObject, settle: Settle) -> None:
        before = self.circuit.state(self.now), self.circuit.rests_s(self.now)
        permit = data.draw(st.sampled_from(self.done))
        assert settle(permit, self.now) is NONE
        assert before == (self.circuit.state(self.now), self.circuit.rests_s(self.now))

    @rule()
    def the_clock_jumps(self) -> None:
        closed = self.circuit.state(self.now) is CLOSED
        self.circuit.jump(self.now)
        self.era += 1
        assert self.circuit.state(self.now) is (CLOSED if closed else HALF_OPEN)
        self.limited = False

    @invariant()
    def at_most_one_probe_is_out_and_none_is_forgotten(self) -> None:
        probes = [
            permit for era, permit in self.in_flight if permit.probe and era == self.era
        ]
        half_open = self.circuit.state(self.now) is HALF_OPEN
        assert len(probes) <= 1
        assert self.circuit.may_probe(self.now) is (half_open and not probes)


TestHistories = Histories.TestCase


def test_another_policy_reaches_what_is_remembered() -> None:
    circuit = Circuit(
        CircuitPolicy(losses_in_a_row=9), lambda: 0.5, pace=Pace(None, 20)
    )
    for _ in range(3):
        circuit.admit(0.0).fail(0.0)
    circuit.reconfigure(CircuitPolicy(losses_in_a_row=9, losses_in_window=3, window=3))
    assert circuit.state(0.0) is CircuitState.CLOSED
    assert circuit.admit(0.0).fail(0.0) is Transition.TRIPPED


@pytest.mark.parametrize(("at", "state"), [(0.6, CLOSED), (0.7, OPEN)])
def test_attempts_that_are_cut_short_late_trip_it(
    at: float, state: CircuitState
) -> None:
    one = circuit()
    for _ in range(2):
        one.admit(0.0, whole=False).cut(at)
    assert one.state(at) is state
    assert one.cause is (Cause.LATENESS if state is OPEN else None)
