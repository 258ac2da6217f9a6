"""The oracle: the quicker route, from the first call of a fault on."""

from __future__ import annotations

import pytest

from tests.benchmarks.simulation.network import Network
from tests.benchmarks.simulation.oracle import Oracle
from tests.benchmarks.simulation.workload import DETOUR_S, Fault, Mode, Session

SESSION = Session("1/0", 300)
CALLS = len(SESSION.starts)
INDIRECT_S = sorted(took_s + DETOUR_S for took_s in SESSION.gateway_s)


@pytest.mark.parametrize("fault", [Fault.SILENT, Fault.FAILS, Fault.SLOW])
def test_it_goes_indirect_while_direct_is_the_slower_route(fault: Fault) -> None:
    network = Network(SESSION, fault, Mode.PERSISTENT)
    tally = Oracle(SESSION, network, Mode.PERSISTENT).run()
    assert sorted(tally.latencies_s) == pytest.approx(INDIRECT_S)
    assert tally.sends == CALLS


@pytest.mark.parametrize("fault", [Fault.NONE, Fault.REFUSES])
def test_it_goes_direct_while_that_is_well_or_soon_will_be(fault: Fault) -> None:
    network = Network(SESSION, fault, Mode.EPISODIC)
    tally = Oracle(SESSION, network, Mode.EPISODIC).run()
    assert sorted(tally.latencies_s) == pytest.approx(sorted(SESSION.direct_s))


def test_where_half_fails_it_tries_direct_and_falls_back() -> None:
    network = Network(SESSION, Fault.FAILS_HALF, Mode.PERSISTENT)
    tally = Oracle(SESSION, network, Mode.PERSISTENT).run()
    assert tally.sends == CALLS + sum(coin < 0.5 for coin in SESSION.coins)


@pytest.mark.parametrize("fault", Fault)
def test_while_typing_each_call_ends_once(fault: Fault) -> None:
    tally = Oracle(SESSION, Network(SESSION, fault, Mode.TYPING), Mode.TYPING).run()
    assert len(tally.latencies_s) + tally.superseded == CALLS
