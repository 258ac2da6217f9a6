"""Plays the same sessions to every policy, seed by seed, and sets them side by side."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.benchmarks.rounds import Series
from tests.benchmarks.simulation.budgeted import OursWithinBudget
from tests.benchmarks.simulation.fallback import (
    AdaptiveTimeout,
    Reference2025,
    Reference2026,
    TimeoutOnly,
)
from tests.benchmarks.simulation.network import Network
from tests.benchmarks.simulation.oracle import Oracle
from tests.benchmarks.simulation.ours import Ours
from tests.benchmarks.simulation.plain_hedge import PlainHedge
from tests.benchmarks.simulation.tally import Tally
from tests.benchmarks.simulation.workload import Fault, Mode, sessions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.benchmarks.simulation.client import Client
    from tests.benchmarks.simulation.tally import Figures
    from tests.benchmarks.simulation.workload import Session

POLICIES: tuple[type[Client], ...] = (
    Oracle,
    Ours,
    OursWithinBudget,
    PlainHedge,
    AdaptiveTimeout,
    Reference2025,
    Reference2026,
    TimeoutOnly,
)
CELLS = tuple(
    (fault, mode)
    for fault in Fault
    for mode in Mode
    # Without a fault, always and in episodes are the same.
    if (fault, mode) != (Fault.NONE, Mode.PERSISTENT)
)


@dataclass(slots=True)
class Row:
    """One policy under one fault: figures for each seed, and what playing it took."""

    fault: Fault
    mode: Mode
    policy: str
    figures: list[Figures] = field(default_factory=list)
    calls: int = 0
    crowded: int = 0
    cpu_s: float = 0.0

    def series(self, figure: str) -> Series:
        """Return a figure, seed by seed."""
        return Series.of(getattr(one, figure) for one in self.figures)


Table = dict[tuple[Fault, Mode, str], Row]


def compare(
    seeds: range, count: int, seconds: float, tell: Callable[[str], object]
) -> Table:
    """Play so many sessions of each seed, in every cell, to every policy.

    Args:
        seeds: What the sessions are drawn from.
        count: How many are drawn from each.
        seconds: How long each is.
        tell: Is told what is played next.
    """
    rows = {
        (fault, mode, policy.name): Row(fault, mode, policy.name)
        for fault, mode in CELLS
        for policy in POLICIES
    }
    for seed in seeds:
        drawn = sessions(seed, count, seconds)
        for fault, mode in CELLS:
            tell(f"seed {seed}: {fault}, {mode}")
            for policy in POLICIES:
                play(policy, drawn, rows[fault, mode, policy.name])
    return rows


def play(policy: type[Client], drawn: list[Session], row: Row) -> None:
    """Play sessions to a policy, and add what came of them to its row."""
    total, began = Tally(), time.process_time()
    for session in drawn:
        network = Network(session, row.fault, row.mode)
        total.add(policy(session, network, row.mode).run())
    row.cpu_s += time.process_time() - began
    row.figures.append(total.figures())
    row.calls += total.calls
    row.crowded += total.crowded


def calls_a_second(table: Table, policy: str) -> float:
    """Return how many calls of a policy one core plays in a second."""
    rows = [row for row in table.values() if row.policy == policy]
    return sum(row.calls for row in rows) / sum(row.cpu_s for row in rows)


RATIOS = ("p50_ms", "p95_ms", "p99_ms", "answered", "answered_first")
"""The figures that are set beside the oracle's."""


def over_oracle(table: Table, row: Row, figure: str) -> Series:
    """Return a figure beside the oracle's of the same seed; NaN beside nothing."""
    beside = table[row.fault, row.mode, Oracle.name].series(figure)
    pairs = zip(row.series(figure).values, beside.values, strict=True)
    return Series.of(one / other if other else math.nan for one, other in pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What ours has to show.

    Args:
        what: In words.
        fault: Under which fault.
        mode: In which mode.
        figure: Which figure.
        limit: The bound.
        ratio: Whether it is of the figure's ratio to the oracle's.
        at_least: Whether the bound is a lower one.
    """

    what: str
    fault: Fault
    mode: Mode
    figure: str
    limit: float
    ratio: bool = False
    at_least: bool = False

    def reached(self, table: Table, policy: str = Ours.name) -> Series:
        """Return what a policy reaches, seed by seed."""
        row = table[self.fault, self.mode, policy]
        if self.ratio:
            return over_oracle(table, row, self.figure)
        return row.series(self.figure)

    def is_met(self, value: float) -> bool:
        """Tell whether a value keeps within the bound."""
        return value >= self.limit if self.at_least else value <= self.limit


TARGETS = (
    Target(
        what="silent gateway in episodes: p99 / oracle's",
        fault=Fault.SILENT,
        mode=Mode.EPISODIC,
        figure="p99_ms",
        limit=1.35,
        ratio=True,
    ),
    Target(
        what="typing, silent gateway: share answered / oracle's",
        fault=Fault.SILENT,
        mode=Mode.TYPING,
        figure="answered",
        limit=0.92,
        ratio=True,
        at_least=True,
    ),
    Target(
        what="gateway five times slower in episodes: p95 / oracle's",
        fault=Fault.SLOW,
        mode=Mode.EPISODIC,
        figure="p95_ms",
        limit=1.6,
        ratio=True,
    ),
    Target(
        what="silent gateway, calls alike on both routes: p99 / oracle's",
        fault=Fault.SILENT_ALIKE,
        mode=Mode.EPISODIC,
        figure="p99_ms",
        limit=1.35,
        ratio=True,
    ),
    *(
        Target(
            what=f"all well, {mode}: extra requests per 100",
            fault=Fault.NONE,
            mode=mode,
            figure="extra",
            limit=3.0,
        )
        for mode in (Mode.EPISODIC, Mode.TYPING)
    ),
    Target(
        what="all well, typing: trips per 1 000 calls",
        fault=Fault.NONE,
        mode=Mode.TYPING,
        figure="trips",
        limit=1.0,
    ),
    *(
        Target(
            what=f"both routes slow, {mode}: extra requests per 100",
            fault=Fault.BOTH_SLOW,
            mode=mode,
            figure="extra",
            limit=5.0,
        )
        for mode in Mode
    ),
)


def verdicts(table: Table) -> Iterator[str]:
    """Tell of each target what was reached, and whether that is enough."""
    for target in TARGETS:
        series = target.reached(table)
        met = "met" if target.is_met(series.median) else "MISSED"
        bound = "at least" if target.at_least else "at most"
        median, low, high = series.cells(2)
        reached = f"{median} ({low} to {high})"
        yield f"{target.what}: {reached}, {bound} {target.limit}: {met}"
