"""The benchmark runs, in its quick mode; what it measures is for people to judge."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks import telemetry
from tests.benchmarks.rounds import read_wish


@pytest.mark.real_time
def test_a_call_is_measured_with_each_observer_and_without(
    capsys: pytest.CaptureFixture[str],
) -> None:
    telemetry.main(["--quick"])
    captured = capsys.readouterr()
    head, *rows = captured.out.splitlines()
    assert head.split("\t")[-1] == "everything_us_over_none"
    kinds = [row.split("\t")[0] for row in rows]
    assert kinds[0] == telemetry.NOBODY
    assert kinds[-1] == telemetry.SDK
    assert all(len(row.split("\t")) == 13 for row in rows)
    assert "a call is held up by" in captured.err


@pytest.mark.real_time
def test_another_checkout_is_measured_beside_this_one_twice(
    capsys: pytest.CaptureFixture[str],
) -> None:
    checkout = Path(telemetry.__file__).parents[2]
    telemetry.compare(checkout, read_wish("Doc.", ["--quick"], rounds=2))
    _, *rows = (line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert [row[0] for row in rows] == [
        telemetry.HERE,
        telemetry.AGAIN,
        telemetry.THERE,
    ]
    assert all(float(row[1]) > 0 for row in rows)
