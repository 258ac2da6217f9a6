"""The benchmark runs, in its quick mode; what it measures is for people to judge."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.benchmarks import call_cost
from tests.benchmarks.rounds import Wish

if TYPE_CHECKING:
    import pytest


def test_every_caller_is_measured_and_all_of_ours_go_direct(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_cost.main(["--quick", "--rounds", "1"])
    captured = capsys.readouterr()
    head, *rows = captured.out.splitlines()
    subjects = call_cost.subjects()
    labels = [subject.label for subject in subjects]
    assert head.split("\t")[-1] == "cpu_x openai SDK"
    assert [row.split("\t")[2] for row in rows] == labels * 2
    assert all(len(row.split("\t")) == 9 + 2 * len(call_cost.BASES) for row in rows)
    # Each batch has one call in flight, then eight, each warmed up by as many.
    calls = sum(call_cost.QUICK_CALLS + number for number in (1, 8))
    started = re.search(r"started=(\d+), finished=(\d+)", captured.err)
    assert started is not None
    assert started[1] == started[2]
    if "once more" not in captured.err:
        assert int(started[1]) == calls * len(subjects)


def test_one_cell_may_be_asked_for() -> None:
    wish = Wish(quick=False, rounds=1, seed=1, png=None)
    assert len(call_cost.cells(wish)) == 9
    assert call_cost.cells(wish, 20, 50) == [call_cost.Cell(20, 50)]


def test_most_of_a_batch_has_as_many_in_flight_as_it_says() -> None:
    one = call_cost.Subject("bare httpx", orjson=True)
    for number in call_cost.IN_FLIGHT:
        batch = call_cost.batch_of(one, call_cost.Cell(20, number), quick=False)
        assert batch.calls >= call_cost.WAVES * number
