"""The benchmark runs, in its quick mode; what it measures is for people to judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.benchmarks import simulate
from tests.benchmarks.simulation.comparison import CELLS, POLICIES, TARGETS

if TYPE_CHECKING:
    from pathlib import Path


def test_every_policy_is_measured_under_every_fault(
    capsys: pytest.CaptureFixture[str],
) -> None:
    simulate.main(["--quick", "--seed", "7"])
    captured = capsys.readouterr()
    head, *rows = (line.split("\t") for line in captured.out.splitlines())
    assert head[:6] == ["fault", "mode", "policy", "p50_ms", "p50_ms_min", "p50_ms_max"]
    assert [tuple(row[:3]) for row in rows] == [
        (fault, mode, policy.name) for fault, mode in CELLS for policy in POLICIES
    ]
    assert all(len(row) == len(head) for row in rows)
    assert "a round is a seed: 7\n" in captured.err
    first, _, *others = captured.err.splitlines()
    assert first.endswith("no figure holds")
    assert others[0] == "seed 7: {}, {}".format(*CELLS[0])
    assert sum(line.startswith("seed 7: ") for line in others) == len(CELLS)
    assert not any(target.what in captured.err for target in TARGETS)


def test_the_same_seed_gives_the_same_table(capsys: pytest.CaptureFixture[str]) -> None:
    tables = []
    for seed in ("3", "3", "4"):
        simulate.main(["--quick", "--seed", seed])
        tables.append(capsys.readouterr().out)
    assert tables[0] == tables[1] != tables[2]


def test_a_picture_is_drawn_when_one_is_wanted(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="NOT DRAWN: the group `bench` has it")
    path = tmp_path / "simulate.png"
    simulate.main(["--quick", "--png", str(path)])
    assert path.read_bytes().startswith(b"\x89PNG")
