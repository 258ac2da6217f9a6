"""The charts, in Altair: readable without colour, on a phone, by light and in the dark.

Lines differ by dash and marker as well as by colour, and counts stand in strips of
their own with their names above, instead of in stacks of colours. The points of each
chart are given to it later, by name, so that no word of a log is part of a chart's
program; names of token issuers are, as plain values of a scale.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import altair as alt
from altair.utils.schemapi import debug_mode

from gitlab_completions.report.points import LANES
from gitlab_completions.report.themes import THEMES, make_config

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitlab_completions.report.tallies import Timeline
    from gitlab_completions.report.themes import Palette, Theme
    from gitlab_completions.report.views import Views

__all__ = ("CHARTS", "Chart", "make_charts")

_Drawing: TypeAlias = "alt.LayerChart | alt.FacetChart"


DASHES = ([1, 0], [7, 4], [2, 3], [9, 3, 2, 3])
SHAPES = ("circle", "square", "triangle-up", "diamond")
STRIP_PIXELS = 58
SECONDS_SHOWN_BELOW_S = 30
"""Seconds of a stretch; longer ones begin at whole minutes."""
CLOCK_SHOWN_TO_S, HOURS_SHOWN_TO_S = 86_400, 4 * 86_400
"""Seconds of a log that is told by the clock, and by date and clock; longer ones are
told by the date."""
LEAST_RATE = 0.01
"""The least end of the axis of error rates: without errors it would have none."""
FEWEST_STRETCHES = 12
"""As many stretches have room at least: one bar as wide as the page says nothing."""


class Chart(NamedTuple):
    """A chart of the page.

    Args:
        name: Its name, and that of its points.
        title: What it shows.
        note: How to read it.
    """

    name: str
    title: str
    note: str


CHARTS = (
    Chart(
        "latency",
        "Response times by route",
        "How many of a route's answers took how long, each bar of the outline 8 % "
        "wider than the last: direct solid, indirect dashed. Upright lines are the "
        "medians.",
    ),
    Chart(
        "times",
        "Response times over time",
        "Half of the answers came within p50, 95 % within p95; times with fewer than 5 "
        "answers (20 for p95) are left out, unless there are no others.",
    ),
    Chart(
        "calls",
        "Calls over time",
        "Each strip is as high as its own greatest number, which stands above it.",
    ),
    Chart(
        "detours",
        "Fallbacks, and why calls went indirect, over time",
        "After “fell back” stands what had failed on the other route.",
    ),
    Chart(
        "errors",
        "Error rate over time by token issuer",
        "Failed attempts among all attempts with a token of that issuer.",
    ),
)


def make_charts(
    views: Views, timeline: Timeline, theme: Theme
) -> Mapping[str, dict[str, object]]:
    """Return each chart's Vega-Lite specification, without its points."""
    palette = THEMES[theme]
    # The tests hold them against Vega-Lite's schema; that takes as long as drawing.
    with debug_mode(False):
        made = {
            "latency": _latency(palette),
            "times": _times(timeline, palette),
            "calls": _strips("calls", LANES, timeline, palette),
            "detours": _strips("detours", views.detours, timeline, palette),
            "errors": _errors(views, timeline, palette),
        }
        return {name: _dressed(chart, palette) for name, chart in made.items()}


def _dressed(chart: _Drawing, palette: Palette) -> dict[str, object]:
    """Return a chart as JSON, with its theme."""
    spec: dict[str, object] = chart.to_dict(validate=False)
    return {
        **spec,
        "width": "container",
        "autosize": {"type": "fit-x", "contains": "padding"},
        "config": make_config(palette).to_dict(),
    }


def _scale(
    names: Sequence[str], looks: Sequence[str] | Sequence[Sequence[float]]
) -> alt.Scale:
    return alt.Scale(domain=list(names), range=looks[: len(names)])


def _latency(palette: Palette) -> _Drawing:
    """Draw each route's distribution: an outline, and a rule at its median."""
    names = ("direct", "indirect")
    colour = alt.Color("route:N", scale=_scale(names, palette.lines))
    unnamed = alt.Color("route:N", scale=_scale(names, palette.lines), legend=None)
    dash = alt.StrokeDash("route:N", scale=_scale(names, DASHES))
    ms = alt.X(
        "ms:Q",
        title="milliseconds (logarithmic)",
        scale=alt.Scale(type="log", nice=False, padding=8),
        axis=alt.Axis(grid=False, tickCount=8, format=","),
    )
    share = alt.Y(
        "share:Q",
        stack=None,
        title="share of the route's answers",
        axis=alt.Axis(format="~%", tickCount=5),
    )
    outlines = alt.Chart(alt.NamedData("latency")).encode(x=ms, y=share)
    medians = alt.Chart(alt.NamedData("medians")).encode(x=ms)
    return alt.layer(
        outlines.mark_area(interpolate="step-after", opacity=0.16, line=False).encode(
            color=unnamed, tooltip=_tooltip(("route:N", "route"), ("ms:Q", "from ms"))
        ),
        outlines.mark_line(interpolate="step-after", strokeWidth=2).encode(
            color=colour, strokeDash=dash
        ),
        medians.mark_rule(strokeWidth=2).encode(color=colour, strokeDash=dash),
        *_labels(medians, palette),
    ).properties(height=280)


def _labels(medians: alt.Chart, palette: Palette) -> Iterator[alt.Chart]:
    """Give the medians in words, and first a rim, so that they are read on any line."""
    chart = medians.encode(y=alt.value(2), text="label:N")
    below = alt.ExprRef(expr="datum.route == 'direct' ? 0 : 20")
    # On the side of its rule where there is room for it.
    room = "scale('x', datum.ms) + 150 < width"
    side = alt.ExprRef(expr=f"{room} ? 'left' : 'right'")
    beside = alt.ExprRef(expr=f"{room} ? 6 : -6")
    yield chart.mark_text(
        align=side,
        baseline="top",
        dx=beside,
        dy=below,
        fontSize=13,
        fontWeight="bold",
        stroke=palette.paper,
        strokeWidth=5,
        strokeJoin="round",
    )
    yield chart.mark_text(
        align=side,
        baseline="top",
        dx=beside,
        dy=below,
        fontSize=13,
        fontWeight="bold",
        color=palette.ink,
    )


def _times(timeline: Timeline, palette: Palette) -> _Drawing:
    """Draw p50 and p95 of both routes: dash and colour by route, marker by both."""
    names = ("direct p50", "direct p95", "indirect p50", "indirect p95")
    one, other, *_ = palette.lines
    line = alt.Chart(alt.NamedData("times")).encode(
        x=_time(timeline),
        y=alt.Y("ms:Q", title="milliseconds", axis=alt.Axis(tickCount=6)),
        color=alt.Color("line:N", scale=_scale(names, (one, one, other, other))),
        tooltip=_tooltip(
            ("t:T", "from"), ("line:N", "what"), ("ms:Q", "ms"), ("n:Q", "answers")
        ),
    )
    dashes = ([1, 0], [2, 3], [9, 4], [9, 3, 2, 3])
    return alt.layer(
        line.mark_line(strokeWidth=2).encode(
            strokeDash=alt.StrokeDash("line:N", scale=_scale(names, dashes)),
        ),
        _marked(line, palette).encode(
            shape=alt.Shape("line:N", scale=_scale(names, SHAPES)),
        ),
    ).properties(height=300)


def _errors(views: Views, timeline: Timeline, palette: Palette) -> _Drawing:
    """Draw a line for each issuer; the axis stays as it is when filters change."""
    issuers = views.issuers
    rates = (
        float(point["rate"])
        for view in views.by_filter.values()
        for point in view.points["errors"]
    )
    most = max((LEAST_RATE, *rates))
    line = alt.Chart(alt.NamedData("errors")).encode(
        x=_time(timeline),
        y=alt.Y(
            "rate:Q",
            title="failed attempts",
            axis=alt.Axis(format="~%", tickCount=5),
            scale=alt.Scale(domain=[0, most]),
        ),
        color=alt.Color("issuer:N", scale=_scale(issuers, palette.lines)),
        tooltip=_tooltip(
            ("t:T", "from"),
            ("issuer:N", "issuer"),
            ("failed:Q", "failed"),
            ("n:Q", "of"),
        ),
    )
    return alt.layer(
        line.mark_line(strokeWidth=2).encode(
            strokeDash=alt.StrokeDash("issuer:N", scale=_scale(issuers, DASHES)),
        ),
        _marked(line, palette).encode(
            shape=alt.Shape("issuer:N", scale=_scale(issuers, SHAPES)),
        ),
    ).properties(height=240)


def _marked(line: alt.Chart, palette: Palette) -> alt.Chart:
    """Return the line's markers, smaller on a phone, where points are closer."""
    marked: alt.Chart = line.mark_point(
        size=alt.ExprRef(expr="width < 500 ? 14 : 46"),
        strokeWidth=1.6,
        fill=palette.paper,
        opacity=1,
    )
    return marked


def _strips(
    name: str, rows: Sequence[str], timeline: Timeline, palette: Palette
) -> _Drawing:
    """Draw a strip of bars for each row, its name and numbers above it."""
    height = alt.Y(
        "y:Q",
        axis=None,
        scale=alt.Scale(domain=[-max(1, len(rows)), 0], nice=False, zero=False),
    )
    # Not `x2`: Vega-Lite takes the ends of its axis of time for plain numbers.
    width = alt.ExprRef(expr=f"width * 0.84 / {_stretches(timeline)}")
    bars = (
        alt.Chart(alt.NamedData(name))
        .transform_filter("isValid(datum.t)")
        .transform_calculate(middle=f"datum.t + {timeline.width_s * 500}")
        .mark_bar(color=palette.lines[0], width=width)
        .encode(
            x=_time(timeline, "middle:T"),
            y=height,
            y2="top:Q",
            tooltip=_tooltip(("t:T", "from"), ("name:N", "what"), ("n:Q", "calls")),
        )
    )
    titles = (
        alt.Chart(alt.NamedData(name))
        .transform_filter("isValid(datum.title)")
        .mark_text(
            align="left",
            fontSize=13,
            color=palette.ink,
            baseline="middle",
            limit=alt.ExprRef(expr="width"),  # or a long name takes the bars' room
        )
        .encode(x=alt.value(0), y=height, text="title:N")
    )
    floors = (
        alt.Chart(alt.NamedData(name))
        .transform_filter("isValid(datum.title)")
        .transform_calculate(floor="datum.y - 0.76")
        .mark_rule(color=palette.faint, strokeWidth=1)
        .encode(y=alt.Y("floor:Q", axis=None))
    )
    return alt.layer(floors, bars, titles).properties(
        height=STRIP_PIXELS * max(1, len(rows))
    )


def _time(timeline: Timeline, field: str = "t:T") -> alt.X:
    """Return the axis of time: UTC, and the whole span whatever is drawn."""
    first_s = timeline.starts_s.start
    span_s = _stretches(timeline) * timeline.width_s
    if timeline.width_s < SECONDS_SHOWN_BELOW_S:
        format_ = "%H:%M:%S"
    elif span_s <= CLOCK_SHOWN_TO_S:
        format_ = "%H:%M"
    else:
        format_ = "%d %b %H:%M" if span_s <= HOURS_SHOWN_TO_S else "%d %b %Y"
    return alt.X(
        field,
        title="time (UTC)",
        scale=alt.Scale(
            type="utc", domain=[_date(first_s), _date(first_s + span_s)], nice=False
        ),
        axis=alt.Axis(
            grid=False,
            tickCount=6,
            format=format_,
        ),
    )


def _stretches(timeline: Timeline) -> int:
    return max(FEWEST_STRETCHES, len(timeline.starts_s))


def _date(at_s: int) -> alt.DateTime:
    """Return a moment as Vega-Lite's own record, which it reads alike everywhere."""
    at = datetime.fromtimestamp(at_s, UTC)
    return alt.DateTime(
        utc=True,
        year=at.year,
        month=at.month,
        date=at.day,
        hours=at.hour,
        minutes=at.minute,
        seconds=at.second,
    )


def _tooltip(*fields: tuple[str, str]) -> list[alt.Tooltip]:
    return [
        alt.Tooltip(field, title=title, format="%d %b %Y %H:%M:%S", formatType="utc")
        if field.endswith(":T")
        else alt.Tooltip(field, title=title)
        for field, title in fields
    ]
