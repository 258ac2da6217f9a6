"""The plain hedge: its budget, and its three losses in a row."""

from __future__ import annotations

import pytest

from tests.benchmarks.simulation.network import Network
from tests.benchmarks.simulation.plain_hedge import BUCKET, SHARE, PlainHedge
from tests.benchmarks.simulation.workload import Fault, Mode, Session

SESSION = Session("1/0", 300)
CALLS = len(SESSION.starts)


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("mode", Mode)
def test_each_call_ends_once(fault: Fault, mode: Mode) -> None:
    tally = PlainHedge(SESSION, Network(SESSION, fault, mode), mode).run()
    assert len(tally.latencies_s) + tally.superseded + tally.failed == CALLS


@pytest.mark.parametrize("fault", [Fault.NONE, Fault.SLOW, Fault.BOTH_SLOW])
def test_its_extras_are_within_its_bucket(fault: Fault) -> None:
    mode = Mode.EPISODIC
    tally = PlainHedge(SESSION, Network(SESSION, fault, mode), mode).run()
    assert 0 < tally.sends - CALLS <= BUCKET + SHARE * CALLS


def test_three_losses_in_a_row_rest_direct() -> None:
    mode = Mode.PERSISTENT
    network = Network(SESSION, Fault.FAILS, mode)
    client = PlainHedge(SESSION, network, mode)
    tally = client.run()
    assert tally.trips >= 3
    assert tally.sends < 1.2 * CALLS
