"""Pictures for who has a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions.report import Summary, summarize, write_pictures
from gitlab_completions.report.charts import CHARTS
from tests.report.logs import write

if TYPE_CHECKING:
    from pathlib import Path


def test_each_chart_becomes_a_png(summary: Summary, tmp_path: Path) -> None:
    written = write_pictures(summary, tmp_path / "new" / "pictures", theme="dark")
    assert [path.stem for path in written] == [chart.name for chart in CHARTS]
    for path in written:
        content = path.read_bytes()
        assert content.startswith(b"\x89PNG")
        assert int.from_bytes(content[16:20]) > 1000


def test_charts_without_points_are_left_out(tmp_path: Path) -> None:
    nothing = summarize([write(tmp_path / "log", [])])
    assert write_pictures(nothing, tmp_path / "pictures") == []
