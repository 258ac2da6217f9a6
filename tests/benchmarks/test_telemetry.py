"""The benchmark runs, in its quick mode; what it measures is for people to judge."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.benchmarks import telemetry
from tests.benchmarks.rounds import read_wish

if TYPE_CHECKING:
    from collections.abc import Sequence


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


def test_two_checkouts_are_compared_in_processes_of_their_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    places: list[object] = []

    class Printed:
        stdout = "300.0\n"

    def run(command: Sequence[str], *, cwd: Path, **_: object) -> Printed:
        assert command[0] == sys.executable
        compile(command[-1], "program", "exec")
        places.append(cwd)
        return Printed()

    monkeypatch.setattr(subprocess, "run", run)
    telemetry.compare(Path("other"), read_wish("Doc.", ["--quick"], rounds=2))
    assert sorted(map(str, places)).count("other") == len(places) / 2 == 2
    _, here, there = capsys.readouterr().out.splitlines()
    assert here.split("\t") == [telemetry.HERE, *["300.0"] * 3, "0.0"]
    assert there.split("\t")[0] == telemetry.THERE
