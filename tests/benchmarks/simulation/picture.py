"""Draws the comparison: what a fault costs under each policy, on a common scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.benchmarks.pictures import picture, style
from tests.benchmarks.rounds import machine, number_of
from tests.benchmarks.simulation.comparison import POLICIES, TARGETS, over_oracle
from tests.benchmarks.simulation.fallback import TimeoutOnly
from tests.benchmarks.simulation.workload import Fault, Mode

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

    from tests.benchmarks.rounds import Series, Wish
    from tests.benchmarks.simulation.comparison import Row, Table

SPREAD = 0.09
"""How far apart the policies of one fault are drawn."""


def draw(table: Table, wish: Wish) -> None:
    """Draw four panels: p99 in episodes; answers and p50 while typing; extra requests.

    Raises:
        ModuleNotFoundError: If matplotlib is not installed.
    """

    def beside(figure: str) -> Callable[[Row], Series]:
        return lambda row: over_oracle(table, row, figure)

    with picture(
        wish,
        title=_title(table),
        caption=_caption(wish),
        panels=4,
        columns=2,
        size=(13.0, 14.0),
    ) as (p99, answered, p50, extra):
        _panel(p99, table, Mode.EPISODIC, beside("p99_ms"))
        p99.set_xscale("log")
        p99.set_xticks([1, 1.5, 2, 3, 4, 6], ["1", "1.5", "2", "3", "4", "6"])
        p99.minorticks_off()
        p99.set_xlabel("p99 of all calls / oracle's (log; less is better)")
        p99.set_title("30 s of fault in each 180 s")
        p99.legend(loc="lower right", fontsize=8, framealpha=0.95)
        _panel(answered, table, Mode.TYPING, beside("answered"))
        answered.set_xlabel(
            "share answered of calls in the fault / oracle's (more is better)"
        )
        answered.set_title("the same, typing: a keystroke supersedes")
        _panel(p50, table, Mode.TYPING, beside("p50_ms"))
        p50.set_xlabel("p50 of all answered calls / oracle's (less is better)")
        p50.set_title("median wait while typing, fault or not")
        _panel(extra, table, Mode.EPISODIC, lambda row: row.series("extra"))
        extra.set_xlabel("extra requests per 100 calls (less is better)")
        extra.set_title("what it costs the servers, in episodes")


def _panel(
    axes: Axes, table: Table, mode: Mode, figure: Callable[[Row], Series]
) -> None:
    """Draw a fault in each line, a marker for each policy with its least and most."""
    for index, policy in enumerate(POLICIES):
        look = style(index)
        shift = (index - (len(POLICIES) - 1) / 2) * SPREAD
        series = [figure(table[fault, mode, policy.name]) for fault in Fault]
        medians = [one.median for one in series]
        axes.errorbar(
            medians,
            [line + shift for line in range(len(Fault))],
            xerr=[
                [one.median - one.low for one in series],
                [one.high - one.median for one in series],
            ],
            label=policy.name,
            color=look.colour,
            marker=look.marker,
            linestyle="none",
            markersize=6,
            capsize=2,
        )
    axes.set_yticks(range(len(Fault)), [str(fault) for fault in Fault])
    axes.set_ylim(len(Fault) - 0.5, -0.5)
    for line in range(1, len(Fault)):
        axes.axhline(line - 0.5, color="black", lw=0.5, alpha=0.4)
    axes.grid(axis="x", alpha=0.3)


def _title(table: Table) -> str:
    """Say what was measured, and the result."""
    silent, typing, slow = TARGETS[:3]

    def reached(policy: str | None = None) -> tuple[str, str, str]:
        named = {} if policy is None else {"policy": policy}
        p99, share, p95 = (
            target.reached(table, **named).median for target in (silent, typing, slow)
        )
        return f"{p99:.2f}", f"{share:.2f}", f"{p95:.2f}"

    ours, plain = reached(), reached(TimeoutOnly.name)
    return (
        "Routing under faults, simulated on the library's core; ratios to an oracle "
        "that knows the fault\n"
        f"Silent gateway in episodes: p99 {ours[0]} (a 5 s timeout: {plain[0]}); "
        f"typing: answered {ours[1]} ({plain[1]}); "
        f"five times slower: p95 {ours[2]} ({plain[2]})"
    )


def _caption(wish: Wish) -> str:
    played = "quick: one session" if wish.quick else "10 sessions of 30 minutes"
    return (
        "Direct answers lognormal, p50 250 and p99 900 ms; indirect: another draw and "
        "125 ms. A call each lognormal pause, p50 0.8 and p90 3 s. Markers: medians of "
        f"{number_of(wish.rounds, 'seed')} from {wish.seed} on;\n"
        f"lines: least and greatest. {played} a seed, the same for all "
        f"policies. Faults are of the direct route, but for the last. {machine()}"
    )
