"""The clients that wait and fall back: what a cancel does to each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.simulation.fallback import (
    AdaptiveTimeout,
    Reference2025,
    Reference2026,
    TimeoutOnly,
)
from tests.benchmarks.simulation.network import Network
from tests.benchmarks.simulation.workload import Fault, Mode, Session

if TYPE_CHECKING:
    from tests.benchmarks.simulation.fallback import FallBack

DETOUR_S = 0.125


def session(*starts: float, direct_s: float = 0.25) -> Session:
    """Return a session of calls at those moments, all alike."""
    made = Session("by hand", 0.0)
    made.starts = list(starts)
    made.direct_s = [direct_s] * len(starts)
    made.gateway_s = [0.25] * len(starts)
    made.coins = [0.9] * len(starts)
    made.phase_s = 0.0
    return made


def client(
    kind: type[FallBack], drawn: Session, fault: Fault, mode: Mode = Mode.PERSISTENT
) -> FallBack:
    """Return a client that has played a session."""
    made = kind(drawn, Network(drawn, fault, mode), mode)
    made.run()
    return made


def test_a_silent_gateway_costs_five_seconds_and_then_indirect() -> None:
    tally = client(TimeoutOnly, session(1.0), Fault.SILENT).tally
    assert tally.latencies_s == [pytest.approx(5.0 + 0.25 + DETOUR_S)]
    assert (tally.sends, tally.trips) == (2, 1)


def test_calls_go_indirect_while_the_breaker_is_open() -> None:
    drawn = session(1.0, 6.5, 7.5)
    tally = client(TimeoutOnly, drawn, Fault.FAILS).tally
    # The first error opens for 1 s, the second, at 6.56, for 5 s: the third goes
    # indirect at once.
    assert tally.sends == 2 + 2 + 1
    assert tally.trips == 2


def test_a_success_does_not_shorten_the_next_opening() -> None:
    drawn = session(1.0, 170.0, 181.0, 183.0)
    played = client(TimeoutOnly, drawn, Fault.FAILS, Mode.EPISODIC)
    assert played.tally.sends == 2 + 1 + 2 + 1
    assert played.direct_breaker.is_open(185.9)


def test_a_cancel_is_unseen_where_breakers_ignore_aborts() -> None:
    drawn = session(1.0, 2.0, 3.0)
    played = client(TimeoutOnly, drawn, Fault.SILENT, Mode.TYPING)
    assert (played.tally.superseded, played.tally.sends) == (2, 4)
    assert played.tally.trips == 1  # the last one's, whom nobody cancels


def test_in_2025_a_cancelled_attempt_goes_on_and_falls_back_for_nobody() -> None:
    drawn = session(1.0, 2.0)
    tally = client(Reference2025, drawn, Fault.SILENT, Mode.TYPING).tally
    assert (tally.superseded, tally.sends, len(tally.latencies_s)) == (1, 4, 1)
    assert tally.trips == 2  # at 6 s, for a second; and at 7 s, when that is over


def test_in_2026_a_cancel_opens_the_breaker_and_sends_indirect_for_nobody() -> None:
    drawn = session(1.0, 1.1, direct_s=0.2)
    tally = client(Reference2026, drawn, Fault.NONE, Mode.TYPING).tally
    assert tally.trips == 1
    assert tally.sends == 2 + 1
    assert tally.latencies_s == [pytest.approx(0.25 + DETOUR_S)]


def test_an_adaptive_timeout_is_twice_the_p95_once_there_is_one() -> None:
    drawn = session(*(float(number) for number in range(40)))
    drawn.phase_s = 30.5
    played = client(AdaptiveTimeout, drawn, Fault.SILENT, Mode.EPISODIC)
    assert played.timeout_s() == pytest.approx(0.5)
    assert max(played.tally.latencies_s) == pytest.approx(0.5 + 0.25 + DETOUR_S)
