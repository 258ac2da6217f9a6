"""One picture per benchmark, readable without colour: hatches, markers, and numbers.

matplotlib comes with the dependency group `bench` and is imported when something is
drawn: everything else runs without it.
"""

from __future__ import annotations

import math
import textwrap
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from tests.benchmarks.rounds import say

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.axes import Axes

    from tests.benchmarks.rounds import Series, Wish

TITLE_SIZE, CAPTION_SIZE = 12, 9
LETTER = 0.5
"""The width of a usual letter, in heights of the type."""
LINE_INCHES = 0.16
"""The height of a caption's line."""


class Style(NamedTuple):
    """How one subject is drawn; each part alone tells it from the others."""

    colour: str
    marker: str
    line: str
    hatch: str


# Okabe and Ito's colours, which people see apart whatever their eyes.
STYLES = (
    Style("#0072B2", "o", "-", ""),
    Style("#D55E00", "s", "--", "//"),
    Style("#009E73", "^", "-.", ".."),
    Style("#CC79A7", "D", ":", "xx"),
    Style("#E69F00", "v", "-", "\\\\"),
    Style("#56B4E9", "P", "--", "oo"),
    Style("#444444", "X", "-.", "++"),
    Style("#A0A000", "*", ":", "--"),
)


def style(index: int) -> Style:
    """Return the style of a subject by its place; they repeat after eight."""
    return STYLES[index % len(STYLES)]


@contextmanager
def picture(
    wish: Wish,
    *,
    title: str,
    caption: str,
    panels: int = 1,
    columns: int | None = None,
    size: tuple[float, float] = (11.0, 6.5),
) -> Iterator[list[Axes]]:
    """Give as many axes as there are panels; save them in the end.

    Args:
        wish: Where it goes; a quick run's title says that it is one.
        title: What was measured, and the result, in words.
        caption: How it was measured, and on what; it stands below.
        panels: How many axes there are.
        columns: How many of them are side by side: all, unless told. Pictures are
            shown as wide as a page, so that with fewer the type is larger.
        size: Inches.

    Raises:
        ModuleNotFoundError: If matplotlib is not installed.
    """
    import matplotlib as mpl  # noqa: PLC0415 - a benchmark runs without it

    mpl.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    assert wish.png is not None
    across = columns or panels
    figure, grid = pyplot.subplots(
        math.ceil(panels / across), across, figsize=size, squeeze=False
    )
    try:
        axes: list[Axes] = list(grid.flat)
        for surplus in axes[panels:]:
            surplus.set_axis_off()
        yield axes[:panels]
        title = f"QUICK: {title}" if wish.quick else title
        figure.suptitle(filled(title, TITLE_SIZE, size[0]), fontsize=TITLE_SIZE)
        caption = filled(caption, CAPTION_SIZE, size[0])
        figure.text(
            0.5,
            0.01,
            caption,
            ha="center",
            va="bottom",
            fontsize=CAPTION_SIZE,
        )
        lines = caption.count("\n") + 1
        figure.tight_layout(rect=(0, LINE_INCHES * (lines + 1) / size[1], 1, 0.99))
        figure.savefig(wish.png, dpi=110)
    finally:
        pyplot.close(figure)
    say(f"picture: {wish.png}")


def filled(text: str, type_size: int, inches: float) -> str:
    """Break the lines of a text that are too long for a picture so wide."""
    letters = int(inches * 72 / (type_size * LETTER))
    return "\n".join(textwrap.fill(line, letters) for line in text.split("\n"))


def bars(axes: Axes, series: Mapping[str, Series], *, digits: int = 2) -> None:
    """Draw each series' median as a bar with its number, least and greatest as a line.

    The first one is at the top.
    """
    widest = max(one.high for one in series.values())
    for row, one in enumerate(series.values()):
        look = style(row)
        axes.barh(
            row, one.median, height=0.7, color=look.colour, alpha=0.55, hatch=look.hatch
        )
        axes.plot([one.low, one.high], [row, row], color="black", lw=1.4, marker="|")
        median, low, high = one.cells(digits)
        text = f"{median}  ({low} to {high})"
        axes.text(one.high + 0.015 * widest, row, text, va="center", fontsize=8)
    axes.set_yticks(range(len(series)), list(series))
    axes.set_xlim(0, 1.5 * widest)
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.3)


def line(
    axes: Axes, index: int, label: str, xs: Sequence[float], ys: Sequence[Series]
) -> None:
    """Draw medians as a line with markers, least and greatest as bars of error."""
    look = style(index)
    medians = [one.median for one in ys]
    spread = [
        [one.median - one.low for one in ys],
        [one.high - one.median for one in ys],
    ]
    axes.errorbar(
        xs,
        medians,
        yerr=spread,
        label=label,
        color=look.colour,
        marker=look.marker,
        linestyle=look.line,
        capsize=2,
        lw=1.5,
    )
