"""Draws the charts as PNGs, for who has a terminal and no browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import vl_convert

from gitlab_completions.report.charts import CHARTS, make_charts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitlab_completions.report.summary import Summary
    from gitlab_completions.report.themes import Theme

__all__ = ("draw",)

WIDTH_PIXELS, SCALE = 900, 1.5


def draw(summary: Summary, theme: Theme) -> Iterator[tuple[str, bytes]]:
    """Give each chart's name and PNG: what is shown while nothing is filtered.

    Charts without points are left out.
    """
    points = summary.everything.points
    charts = make_charts(summary.views, summary.aggregate.timeline, theme)
    for chart in CHARTS:
        if not any("t" in point or "ms" in point for point in points[chart.name]):
            continue
        spec = {
            **charts[chart.name],
            "width": WIDTH_PIXELS,
            "autosize": "pad",
            "padding": 16,
            "title": {"text": chart.title, "subtitle": summary.span},
            "datasets": points,
        }
        yield chart.name, vl_convert.vegalite_to_png(spec, scale=SCALE)
