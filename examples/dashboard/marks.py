"""The marks of each kind of panel: numbers, lines, bars, states.

Lines differ by more than their colours, and states have their names on them, so that
all of it can be read without colour.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Final, Literal, TypedDict, cast

from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from examples.dashboard.units import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes

    from examples.dashboard.cards import Card
    from examples.dashboard.panels import Panel
    from examples.dashboard.prometheus import Exemplar, Series

__all__ = ("Answers", "draw")

AXIS_IN: Final = 0.27
LEGEND_IN: Final = 0.27
SIDE_IN: Final = 0.66
"""Inches that the times, the legend, and the numbers at the left take."""
LETTER_IN: Final = 0.085
"""Of a text, in the mean."""
PALETTE: Final = ("#3B87C8", "#DE7A34", "#2A9D7F", "#B07CD8", "#C9A227", "#D4556B")
BAR_ALPHA: Final = 0.85
DAY_S: Final = 86_400
MINUTE_S: Final = 60
PACES_S: Final = (
    *(1, 5, 10, 30, 60, 120, 300, 600, 900, 1200, 1800),
    *(3600, 7200, 14_400, 21_600, 43_200, 86_400),
)
DECIMALS: Final = (1, 2, 2.5, 5, 10)
"""By what times, and numbers of another kind, an axis is divided."""
MOST_LINES: Final = 4
MOST_TIMES: Final = 8


@dataclass(slots=True)
class Answers:
    """What a panel's queries have brought, each series with its name."""

    start: float
    end: float
    step_s: float
    series: list[tuple[str, Series]] = field(default_factory=list)
    exemplars: list[Exemplar] = field(default_factory=list)


class Look(TypedDict):
    """How a series is drawn, in matplotlib's words."""

    color: str
    linewidth: float
    linestyle: Literal["-"] | tuple[float, tuple[float, ...]]


def draw(card: Card, panel: Panel, answers: Answers) -> None:
    """Draw a panel on its card."""
    if panel.kind == "row":
        card.write(0.06, card.box.height / 2, panel.title, size=12.5, weight="bold")
        return
    card.lay(panel.title)
    mark = _MARKS.get(panel.kind)
    if mark is not None and answers.series:
        mark(card, panel, answers)
        return
    text = "no data" if mark else f"a {panel.kind} is for Grafana alone"
    middle = card.box.width / 2, card.box.height / 2 - 0.1
    card.write(*middle, text, color=card.theme.faint, align="center")


def _number_card(card: Card, panel: Panel, answers: Answers) -> None:
    """Draw a series' last value, or its mean, and how it came to that."""
    name, series = answers.series[0]
    style = panel.style(name)
    known = [value for value in series.values if not math.isnan(value)] or [math.nan]
    value = sum(known) / len(known) if panel.takes_mean else known[-1]
    color = _threshold(style, value) or _look(style, 0)["color"]
    if len(series.values) > 1:
        axes = card.axes(0.02, 0.03, 0.02, card.box.height * 0.62)
        times = _days(series.times)
        axes.plot(times, series.values, color=color, linewidth=1.3)
        axes.fill_between(times, series.values, min(known), color=color, alpha=0.16)
        axes.set_axis_off()
        axes.margins(x=0)
    text = say(value, str(style.get("unit", "short")))
    card.write(0.14, card.box.height * 0.52, text, size=21, color=color, weight="bold")


def _lines(card: Card, panel: Panel, answers: Answers) -> None:
    """Draw series over time, as lines or as bars, each stacked where it says so."""
    axes = card.axes(SIDE_IN, AXIS_IN + LEGEND_IN)
    stacking = cast("dict[str, str]", panel.style("").get("custom.stacking", {}))
    stacked = stacking.get("mode") == "normal"
    if stacked:
        _stack(axes, panel, answers)
    else:
        for index, (name, series) in enumerate(answers.series):
            _line(axes, panel.style(name), index, series, answers.step_s)
    for one in answers.exemplars:
        at = _days([one.time])
        axes.plot(at, [one.value], marker="D", markersize=3.5, color="#C9A227")
    _frame(axes, panel, answers)
    looks = [_look(panel.style(name), i) for i, (name, _) in enumerate(answers.series)]
    _legend(card, [name for name, _ in answers.series], looks, filled=stacked)


def _line(
    axes: Axes, style: Mapping[str, object], index: int, series: Series, step_s: float
) -> None:
    look = _look(style, index)
    times, values = _with_gaps(series, step_s)
    axes.plot(_days(times), values, **look, solid_capstyle="round")
    opacity = float(str(style.get("custom.fillOpacity", 0))) / 100
    if opacity:
        color = look["color"]
        axes.fill_between(_days(times), values, color=color, alpha=opacity, lw=0)


def _stack(axes: Axes, panel: Panel, answers: Answers) -> None:
    """Draw bars on top of each other."""
    below: dict[float, float] = {}
    bars = panel.style("").get("custom.drawStyle") == "bars"
    for index, (name, series) in enumerate(answers.series):
        color = _look(panel.style(name), index)["color"]
        found = dict(zip(series.times, series.values, strict=True))
        times = sorted({time for _, one in answers.series for time in one.times})
        bottoms = [below.get(time, 0.0) for time in times]
        tops = [
            base + _number(found.get(time))
            for base, time in zip(bottoms, times, strict=True)
        ]
        below |= zip(times, tops, strict=True)
        axes.fill_between(
            _days(times),
            tops,
            bottoms,
            color=color,
            alpha=BAR_ALPHA,
            step="mid" if bars else None,
            linewidth=0.2,
        )


def _states(card: Card, panel: Panel, answers: Answers) -> None:
    """Draw a band for each series, with the names of its states."""
    axes = card.axes(SIDE_IN + 0.1, AXIS_IN + 0.04)
    rows = list(reversed(answers.series))
    for row, (name, series) in enumerate(rows):
        known = _mappings(panel.style(name))
        for value, start, end in _spells(series, answers.step_s):
            text, color = known.get(value, (f"{value:g}", PALETTE[0]))
            left, right = _days([start, end])
            axes.barh(
                row, right - left, left=left, height=0.7, color=color, alpha=BAR_ALPHA
            )
            share = (end - start) / (answers.end - answers.start)
            if share * card.box.width > LETTER_IN * len(text):
                axes.text(
                    (left + right) / 2,
                    row,
                    text,
                    ha="center",
                    va="center",
                    color="white",
                    fontweight="bold",
                )
    _times(axes, answers)
    axes.set_yticks(range(len(rows)), [name for name, _ in rows], fontsize=9)


def _spells(series: Series, step_s: float) -> Iterator[tuple[float, float, float]]:
    """Yield each state, and from when until when it was."""
    pairs = zip(series.times, series.values, strict=True)
    for value, spell in groupby(pairs, key=itemgetter(1)):
        times = [time for time, _ in spell]
        yield value, times[0] - step_s / 2, times[-1] + step_s / 2


def _frame(axes: Axes, panel: Panel, answers: Answers) -> None:
    """Scale the axes and write their numbers."""
    style = panel.style("")
    unit = str(style.get("unit", "short"))
    values = [value for _, one in answers.series for value in one.values]
    highest = max((value for value in values if not math.isnan(value)), default=0.0)
    if "min" in style:
        axes.set_ylim(bottom=_number(style["min"]))
    if highest <= 0:
        axes.set_ylim(top=1)
    if unit == "s" and highest > 2 * MINUTE_S:
        axes.yaxis.set_major_locator(MultipleLocator(_pace(highest, MOST_LINES)))
    else:
        axes.yaxis.set_major_locator(MaxNLocator(MOST_LINES, steps=DECIMALS))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: say(value, unit)))
    axes.grid(axis="y", linewidth=0.8)
    axes.set_axisbelow(True)
    _times(axes, answers)


def _times(axes: Axes, answers: Answers) -> None:
    """Let the axis go from the first to the last time, and write some of them."""
    pace_s = _pace(answers.end - answers.start, MOST_TIMES)
    first = math.ceil(answers.start / pace_s)
    ticks = [number * pace_s for number in range(first, int(answers.end / pace_s) + 1)]
    form = "%H:%M" if pace_s >= MINUTE_S else "%H:%M:%S"
    texts = [datetime.fromtimestamp(tick, UTC).strftime(form) for tick in ticks]
    axes.set_xticks(_days(ticks), texts)
    axes.set_xlim(*_days([answers.start, answers.end]))


def _pace(span_s: float, most: int) -> float:
    """Return the seconds between marks of which a span has so many at most."""
    return next((pace for pace in PACES_S if span_s / pace <= most), PACES_S[-1])


def _legend(
    card: Card, names: Sequence[str], looks: Sequence[Look], *, filled: bool
) -> None:
    """Write the series' names at the foot, each beside a piece of its line or bar."""
    axes = card.axes(0.1, 0.03, 0.1, card.box.height - LEGEND_IN)
    axes.set_axis_off()
    handles: list[Artist] = [
        Patch(color=look["color"], alpha=BAR_ALPHA)
        if filled
        else Line2D([], [], **look)
        for look in looks
    ]
    needed_in = sum(0.45 + LETTER_IN * 0.8 * len(name) for name in names)
    axes.legend(
        handles,
        names,
        loc="center left",
        ncols=len(names),
        frameon=False,
        fontsize=8.6 * min(1.0, (card.box.width - 0.3) / needed_in),
        handlelength=0.9 if filled else 1.9,
        handletextpad=0.5,
        columnspacing=1.3,
        borderaxespad=0.2,
    )


def _look(style: Mapping[str, object], index: int) -> Look:
    """Return how a series is drawn, by Grafana's words for it."""
    color = cast("dict[str, str]", style.get("color", {})).get("fixedColor")
    line = cast("dict[str, object]", style.get("custom.lineStyle", {}))
    width = float(str(style.get("custom.lineWidth", 2)))
    dash = cast("list[float]", line.get("dash", [10, 10]))
    dashed = line.get("fill") in {"dash", "dot"}
    return Look(
        color=color or PALETTE[index % len(PALETTE)],
        linewidth=width * 0.85,
        linestyle=(0.0, tuple(part / 4 for part in dash)) if dashed else "-",
    )


def _threshold(style: Mapping[str, object], value: float) -> str | None:
    """Return the colour of the highest step that a value has reached."""
    if cast("dict[str, str]", style.get("color", {})).get("mode") != "thresholds":
        return None
    thresholds = cast("dict[str, list[dict[str, object]]]", style["thresholds"])
    reached = [
        str(step["color"])
        for step in thresholds["steps"]
        if step["value"] is None or value >= _number(step["value"])
    ]
    return reached[-1]


def _mappings(style: Mapping[str, object]) -> dict[float, tuple[str, str]]:
    """Return the names and colours that values have."""
    known: dict[float, tuple[str, str]] = {}
    for one in cast("list[dict[str, object]]", style.get("mappings", [])):
        options = cast("dict[str, dict[str, str]]", one["options"])
        known |= {
            float(value): (shown["text"], shown["color"])
            for value, shown in options.items()
        }
    return known


def _with_gaps(series: Series, step_s: float) -> tuple[list[float], list[float]]:
    """Return times and values, with a hole where nothing was known."""
    times: list[float] = []
    values: list[float] = []
    for time, value in zip(series.times, series.values, strict=True):
        if times and time - times[-1] > 1.5 * step_s:
            times.append(times[-1] + step_s)
            values.append(math.nan)
        times.append(time)
        values.append(value)
    return times, values


def _days(times: Sequence[float]) -> list[float]:
    """Return Unix seconds as matplotlib counts time."""
    return [time / DAY_S for time in times]


def _number(value: object) -> float:
    """Return a number; 0 for what is none."""
    number = float(value) if isinstance(value, int | float) else 0.0
    return 0.0 if math.isnan(number) else number


_MARKS: Final = {
    "stat": _number_card,
    "timeseries": _lines,
    "state-timeline": _states,
}
