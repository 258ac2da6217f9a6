"""The core at work: conserved counts, and the guarantees that are counts."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from gitlab_completions.models import RouteReason
from gitlab_completions.policy import DetailsPolicy, HedgePolicy
from tests.benchmarks.simulation.comparison import CELLS
from tests.benchmarks.simulation.network import Network
from tests.benchmarks.simulation.oracle import Oracle
from tests.benchmarks.simulation.ours import LIFETIME_S, Attempt, Ours
from tests.benchmarks.simulation.tally import Tally
from tests.benchmarks.simulation.workload import (
    PERIOD_S,
    SESSION_S,
    Fault,
    Mode,
    Session,
    sessions,
)

if TYPE_CHECKING:
    from gitlab_completions._core.commands import Send
    from tests.benchmarks.simulation.client import Client
    from tests.benchmarks.simulation.ours import Call

SESSION = Session("1/0", 3 * PERIOD_S)
COUNT = 4
"""Sessions in which the guarantees are looked for: 5 000 calls."""


class Watched(Ours):
    """Remembers its attempts."""

    __slots__ = ("attempts", "landed")

    def __init__(self, session: Session, network: Network, mode: Mode) -> None:
        self.attempts: list[Attempt] = []
        self.landed: list[Attempt] = []
        super().__init__(session, network, mode)

    def _start(self, call: Call, send: Send, now: float) -> Attempt:
        attempt = super()._start(call, send, now)
        self.attempts.append(attempt)
        return attempt

    def _lands(self, attempt: Attempt, now: float) -> None:
        self.landed.append(attempt)
        super()._lands(attempt, now)


def watched(fault: Fault, mode: Mode) -> Watched:
    """Return a client that has played the session."""
    client = Watched(SESSION, Network(SESSION, fault, mode), mode)
    client.run()
    return client


def ended(tally: Tally) -> int:
    """Return how many calls have ended."""
    return len(tally.latencies_s) + tally.superseded + tally.failed


@pytest.mark.parametrize(("fault", "mode"), CELLS)
def test_each_call_ends_once_and_each_attempt_is_settled(
    fault: Fault, mode: Mode
) -> None:
    client = watched(fault, mode)
    tally = client.tally
    assert ended(tally) == tally.calls == len(SESSION.starts)
    assert tally.failed == 0
    assert len(client.landed) == len(client.attempts) == tally.sends
    assert {id(one) for one in client.landed} == {id(one) for one in client.attempts}
    assert all(attempt.permit.settled for attempt in client.attempts)


@pytest.mark.parametrize(("fault", "mode"), CELLS)
def test_no_route_is_tried_twice_in_a_call(fault: Fault, mode: Mode) -> None:
    sent = [(one.call.number, one.send.route) for one in watched(fault, mode).attempts]
    assert len(set(sent)) == len(sent)


@pytest.mark.parametrize(("fault", "mode"), CELLS)
def test_hedges_stay_within_their_budget(fault: Fault, mode: Mode) -> None:
    attempts = watched(fault, mode).attempts
    hedged = [
        one
        for one in attempts
        if one.send.reason is RouteReason.HEDGED and not one.permit.probe
    ]
    hedge = HedgePolicy()
    most = hedge.budget_burst + hedge.budget_share * len(SESSION.starts)
    assert len(hedged) <= most


def test_the_same_session_comes_out_the_same() -> None:
    one, again = (watched(Fault.SLOW, Mode.TYPING).tally for _ in range(2))
    assert one.latencies_s == again.latencies_s
    assert (one.sends, one.trips) == (again.sends, again.trips)


def test_no_token_grows_old_within_a_session() -> None:
    assert LIFETIME_S * DetailsPolicy().renew_at > SESSION_S


def test_a_refused_token_is_renewed_once_an_episode() -> None:
    client = watched(Fault.REFUSES, Mode.EPISODIC)
    tokens = {one.send.details.token for one in client.attempts if one.send.details}
    episodes = {SESSION.episode(start) for start in SESSION.starts} - {None}
    assert 1 < len(tokens) <= 1 + len(episodes)


# The guarantees that are counts.


@cache
def played(policy: type[Client], fault: Fault, mode: Mode) -> Tally:
    """Return what came of the sessions."""
    total = Tally()
    for session in sessions(1, COUNT):
        total.add(policy(session, Network(session, fault, mode), mode).run())
    return total


@pytest.mark.parametrize("mode", [Mode.EPISODIC, Mode.TYPING])
def test_when_all_is_well_there_are_few_extras_and_hardly_a_trip(mode: Mode) -> None:
    figures = played(Ours, Fault.NONE, mode).figures()
    assert figures.extra <= 3
    assert figures.trips < 1


@pytest.mark.parametrize("mode", Mode)
def test_when_both_routes_are_slow_there_are_few_extras(mode: Mode) -> None:
    assert played(Ours, Fault.BOTH_SLOW, mode).figures().extra <= 5


@pytest.mark.parametrize(
    ("fault", "least"), [(Fault.SILENT, 0.88), (Fault.FAILS, 0.95), (Fault.SLOW, 0.8)]
)
def test_who_types_in_a_fault_is_answered_nearly_as_often_as_can_be(
    fault: Fault, least: float
) -> None:
    ours = played(Ours, fault, Mode.TYPING)
    oracle = played(Oracle, fault, Mode.TYPING)
    assert ours.answered_in_fault >= least * oracle.answered_in_fault


def test_a_silent_gateway_stalls_nobody_though_calls_are_slow_on_both_routes() -> None:
    """The hedges of a sound gateway's slow calls are slow too, and cast no doubt."""
    tally = played(Ours, Fault.SILENT_ALIKE, Mode.EPISODIC)
    oracle = played(Oracle, Fault.SILENT_ALIKE, Mode.EPISODIC)
    stalled, bound = (
        sum(span_s > 2 for span_s in one.latencies_s) for one in (tally, oracle)
    )
    assert stalled <= bound + 0.002 * tally.calls


def test_a_gate_of_eight_hardly_ever_binds_at_an_authors_pace() -> None:
    tallies = [played(Ours, fault, mode) for fault, mode in CELLS[:5]]
    crowded = sum(tally.crowded for tally in tallies)
    assert crowded <= 0.001 * sum(tally.sends for tally in tallies)
