"""Faults: what becomes of an attempt that is sent while one is on."""

from __future__ import annotations

import math

import pytest

from tests.benchmarks.simulation.network import End, Network
from tests.benchmarks.simulation.workload import (
    DETOUR_S,
    REFUSAL_S,
    Fault,
    Mode,
    Session,
)

SESSION = Session("1/0", 300)
DRAWN_S = SESSION.direct_s[0]
BEFORE, DURING = SESSION.phase_s - 1, SESSION.phase_s + 1
OLD, NEW = SESSION.phase_s - 10, SESSION.phase_s + 0.5


@pytest.mark.parametrize("fault", Fault)
def test_an_attempt_before_the_episode_is_answered_in_its_own_time(
    fault: Fault,
) -> None:
    network = Network(SESSION, fault, Mode.EPISODIC)
    assert network.direct(0, BEFORE, OLD) == (DRAWN_S, End.ANSWER)


@pytest.mark.parametrize(
    ("fault", "granted_at", "expected"),
    [
        (Fault.NONE, OLD, (DRAWN_S, End.ANSWER)),
        (Fault.SILENT, OLD, (math.inf, End.NEVER)),
        (Fault.FAILS, OLD, (REFUSAL_S, End.SERVER_ERROR)),
        (Fault.SLOW, OLD, (5 * DRAWN_S, End.ANSWER)),
        (Fault.BOTH_SLOW, OLD, (5 * DRAWN_S, End.ANSWER)),
        (Fault.REFUSES, OLD, (REFUSAL_S, End.TOKEN_REFUSED)),
        (Fault.REFUSES, NEW, (DRAWN_S, End.ANSWER)),
    ],
)
def test_an_attempt_during_the_episode_is_under_its_fault(
    fault: Fault, granted_at: float, expected: tuple[float, End]
) -> None:
    network = Network(SESSION, fault, Mode.EPISODIC)
    assert network.direct(0, DURING, granted_at) == expected


def test_half_of_the_attempts_fail_and_it_is_the_calls_luck_which() -> None:
    network = Network(SESSION, Fault.FAILS_HALF, Mode.PERSISTENT)
    calls = range(len(SESSION.starts))
    ends = [network.direct(call, 0.0, 0.0)[1] for call in calls]
    assert 0.35 < ends.count(End.SERVER_ERROR) / len(ends) < 0.65
    assert ends == [network.direct(call, 9.0, 0.0)[1] for call in calls]


def test_alike_calls_take_as_long_on_either_route() -> None:
    network = Network(SESSION, Fault.SILENT_ALIKE, Mode.EPISODIC)
    assert network.direct(0, DURING, OLD) == (math.inf, End.NEVER)
    assert network.indirect_s(0, DURING) == DRAWN_S + DETOUR_S


def test_indirect_is_slow_only_with_the_gateway_behind_it() -> None:
    took_s = SESSION.gateway_s[0]
    slow = Network(SESSION, Fault.SLOW, Mode.EPISODIC)
    both = Network(SESSION, Fault.BOTH_SLOW, Mode.EPISODIC)
    assert slow.indirect_s(0, DURING) == took_s + DETOUR_S
    assert both.indirect_s(0, DURING) == 5 * took_s + DETOUR_S
    assert both.indirect_s(0, BEFORE) == took_s + DETOUR_S
