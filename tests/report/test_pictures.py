"""Pictures for who has a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import vl_convert

from gitlab_completions.report import Summary, summarize, write_pictures
from gitlab_completions.report.charts import CHARTS
from gitlab_completions.report.pictures import draw
from tests.report.logs import write

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_chart_becomes_a_png(summary: Summary) -> None:
    # The first: each takes half a second, and all are held to the schema.
    name, content = next(draw(summary, "dark"))
    assert name == CHARTS[0].name
    assert content.startswith(b"\x89PNG")
    assert int.from_bytes(content[16:20]) > 1000


def test_they_are_written_into_a_folder_that_is_made(
    summary: Summary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vl_convert, "vegalite_to_png", lambda *_, **__: b"png")
    written = write_pictures(summary, tmp_path / "new" / "pictures")
    assert [path.stem for path in written] == [chart.name for chart in CHARTS]
    assert {path.read_bytes() for path in written} == {b"png"}


def test_charts_without_points_are_left_out(tmp_path: Path) -> None:
    nothing = summarize([write(tmp_path / "log", [])])
    assert write_pictures(nothing, tmp_path / "pictures") == []
