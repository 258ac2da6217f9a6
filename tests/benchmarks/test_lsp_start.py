"""The benchmark runs, in its quick mode; what it measures is for people to judge."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.benchmarks import lsp_start
from tests.benchmarks.rounds import Series, Wish

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells of another process's memory"
)


def test_a_server_is_started_and_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lsp_start.main(["--quick"])
    captured = capsys.readouterr()
    head, *rows = (line.split("\t") for line in captured.out.splitlines())
    assert head == ["what", "median", "min", "max", "limit"]
    assert [row[0] for row in rows] == ["start_ms", "cpu_ms", "memory_mb"]
    assert all(float(row[1]) > 0 for row in rows)
    assert "until the first suggestion" in captured.err


def test_the_picture_can_be_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    found = {
        name: Series.of([1.0, 2.0, 3.0]) for name in ("start_ms", "cpu_ms", "memory_mb")
    }
    png = tmp_path / "start.png"
    wish = Wish(quick=True, rounds=3, seed=1, png=png)
    lsp_start.draw(found, wish)
    assert png.stat().st_size > 1000
