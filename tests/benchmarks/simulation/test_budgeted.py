"""The instance's budget: what has no slot waits, or goes elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.benchmarks.simulation.budgeted import OursWithinBudget
from tests.benchmarks.simulation.network import Network
from tests.benchmarks.simulation.workload import PERIOD_S, Fault, Mode, Session

if TYPE_CHECKING:
    from tests.benchmarks.simulation.ours import Attempt

SESSION = Session("1/0", 3 * PERIOD_S)


class Counting(OursWithinBudget):
    """Remembers the most completions that a minute had."""

    __slots__ = ("most",)
    most: int

    def _departs(self, attempt: Attempt, now: float) -> float:
        ends_at = super()._departs(attempt, now)
        self.most = max(self.most, self._budget.used(now))
        return ends_at


@pytest.mark.parametrize("mode", [Mode.PERSISTENT, Mode.TYPING])
def test_within_the_instances_budget_no_minute_has_more_than_it_allows(
    mode: Mode,
) -> None:
    client = Counting(SESSION, Network(SESSION, Fault.FAILS, mode), mode)
    client.most = 0
    tally = client.run()
    ended = len(tally.latencies_s) + tally.superseded + tally.failed
    assert ended == tally.calls
    assert not client._waiting
    assert 0 < client.most <= 55
