"""Draws a soak: what each answer took, what was broken, what the process held."""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from tests.soak.journal import Journal
    from tests.soak.run import Report


class Style(TypedDict):
    """How the calls of one outcome are drawn, in matplotlib's words."""

    marker: str
    color: str
    s: float
    linewidths: float


# Okabe and Ito's blue, vermilion and green, which people see apart whatever their eyes;
# the markers differ too.
STYLES = {
    "direct": Style(marker="o", color="#0072B2", s=5, linewidths=0),
    "indirect": Style(marker="x", color="#D55E00", s=12, linewidths=0.7),
    "error": Style(marker="v", color="black", s=16, linewidths=0),
}
LANES = {"gateway": "#0072B2", "instance": "#D55E00", "direct_access": "#009E73"}
RSS, SOCKETS = "#444444", "#CC79A7"


def draw(report: Report, path: Path) -> None:
    """Draw a soak into a PNG file.

    Raises:
        ModuleNotFoundError: If matplotlib is not installed.
    """
    import matplotlib as mpl  # noqa: PLC0415 - a soak runs without it

    mpl.use("Agg")
    from matplotlib import pyplot  # noqa: PLC0415

    figure, (calls, faults, held) = pyplot.subplots(
        3, 1, sharex=True, figsize=(18, 10), height_ratios=(5, 2.2, 1.6)
    )
    began = report.journal.began
    _calls(calls, report.journal)
    _faults(faults, report.journal)
    _held(held, report)
    for axes in (calls, faults, held):
        _marks(axes, report.journal)
    held.set_xlim(0, max(report.plan.seconds, report.meter.at[-1] - began))
    held.set_xlabel("seconds")
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"
    python = f"CPython {platform.python_version()}"
    found = "sound" if report.sound else "NOT sound"
    figure.suptitle(
        f"Soak of {report.plan.seconds:.0f} s, seed {report.plan.seed}: {found}   "
        f"({_counts(report.journal)};  {python}, {machine})",
        fontsize=12,
    )
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def _counts(journal: Journal) -> str:
    counted = ", ".join(
        f"{count} {what}" for what, count in journal.counts.most_common()
    )
    return f"{journal.calls} calls: {counted}"


def _calls(axes: Axes, journal: Journal) -> None:
    for outcome, style in STYLES.items():
        at_s, took_s = journal.series(outcome)
        label = f"{outcome} ({len(at_s)})"
        axes.scatter(at_s, took_s, label=label, alpha=0.8, zorder=3, **style)
    axes.set_yscale("log")
    axes.set_ylabel("seconds from call to end")
    axes.grid(axis="y", which="major", alpha=0.4)
    for spell in journal.spells:
        if spell.fault.breaks:
            _shade(axes, journal, spell.start, spell.end, LANES[spell.fault.lane.value])
    axes.legend(loc="upper right", ncols=3, framealpha=0.95, markerscale=2)


def _shade(
    axes: Axes, journal: Journal, start: float, end: float | None, colour: str
) -> None:
    until = journal.began if end is None else end
    axes.axvspan(
        start - journal.began, until - journal.began, color=colour, alpha=0.12, lw=0
    )


def _faults(axes: Axes, journal: Journal) -> None:
    """Draw each lane's faults as bars with their names; one that only slows is open."""
    names = tuple(LANES)
    for spell in journal.spells:
        lane, colour = spell.fault.lane.value, LANES[spell.fault.lane.value]
        start = spell.start - journal.began
        end = (spell.end or spell.start) - journal.began
        row = names.index(lane)
        axes.barh(
            row,
            end - start,
            left=start,
            height=0.8,
            color=colour if spell.fault.breaks else "none",
            edgecolor=colour,
            alpha=0.45 if spell.fault.breaks else 1.0,
        )
        axes.text(
            (start + end) / 2,
            row,
            spell.fault.name,
            rotation=90,
            ha="center",
            va="center",
            fontsize=7,
            clip_on=True,
        )
    axes.set_yticks(range(len(names)), [name.replace("_", " ") for name in names])
    axes.invert_yaxis()
    axes.set_ylabel("faults")
    axes.set_title(
        "shaded: breaks it; open: only slows it.  solid line: suspend of 8 h; dotted: "
        "SIGKILL",
        loc="left",
        fontsize=9,
    )


def _held(axes: Axes, report: Report) -> None:
    at_s = [at - report.journal.began for at in report.meter.at]
    axes.plot(at_s, report.meter.rss_mb, color=RSS, lw=1.4, label="memory (MB)")
    axes.set_ylabel("memory (MB)")
    axes.set_ylim(0, 1.25 * max(report.meter.rss_mb))
    right = axes.twinx()
    sockets = report.meter.sockets
    right.plot(at_s, sockets, color=SOCKETS, lw=1.2, ls="--", label="open sockets")
    right.set_ylabel("open sockets")
    right.set_ylim(0, 1.25 * max(sockets))
    lines = [*axes.get_lines(), *right.get_lines()]
    names = [str(line.get_label()) for line in lines]
    axes.legend(lines, names, loc="lower right", ncols=2, framealpha=0.95)


def _marks(axes: Axes, journal: Journal) -> None:
    """Mark suspends and restarts by lines of two kinds."""
    for at in journal.suspends:
        axes.axvline(at - journal.began, color="black", lw=1.1, ls="-", alpha=0.7)
    for at, _ in journal.restarts:
        axes.axvline(at - journal.began, color="red", lw=1.0, ls=":", alpha=0.9)
