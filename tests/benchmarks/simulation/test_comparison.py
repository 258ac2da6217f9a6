"""The comparison: the same sessions for all, ratios within a seed, targets judged."""

from __future__ import annotations

from tests.benchmarks.simulation.comparison import (
    CELLS,
    POLICIES,
    TARGETS,
    calls_a_second,
    compare,
    over_oracle,
    verdicts,
)
from tests.benchmarks.simulation.oracle import Oracle
from tests.benchmarks.simulation.ours import Ours
from tests.benchmarks.simulation.workload import PERIOD_S

TABLE = compare(range(1, 3), 1, PERIOD_S, str)


def test_every_policy_plays_every_call_of_every_cell() -> None:
    assert len(TABLE) == len(CELLS) * len(POLICIES)
    assert len({row.calls for row in TABLE.values()}) == 1
    assert all(len(row.figures) == 2 for row in TABLE.values())
    assert calls_a_second(TABLE, Ours.name) > 0


def test_the_oracle_is_one_beside_itself() -> None:
    for row in TABLE.values():
        if row.policy == Oracle.name:
            assert over_oracle(TABLE, row, "p99_ms").values == (1.0, 1.0)


def test_each_target_is_said_to_be_met_or_missed() -> None:
    lines = list(verdicts(TABLE))
    assert len(lines) == len(TARGETS)
    assert all(line.endswith(("met", "MISSED")) for line in lines)


def test_a_bound_is_kept_from_its_own_side() -> None:
    for target in TARGETS:
        beyond = 0.9 if target.at_least else 1.1
        assert target.is_met(target.limit)
        assert not target.is_met(target.limit * beyond)
