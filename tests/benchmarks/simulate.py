"""Simulate an author's calls under faults: our policy beside others' and an oracle.

The library's own core is driven by discrete events, without an event loop: its router,
circuits, hedge budget and freshness decide as they do in a client. The model is in
`simulation`: `workload` (calls, latencies, episodes), `network` (faults), and a module
for each policy. Every policy plays the same sessions, drawn from the same seeds.

A round is a seed: the figures of its sessions are taken together, and ratios are to the
oracle's of the same seed. TSV on stdout; units, seeds, and what was to be shown on
stderr.

    python -m tests.benchmarks.simulate [--quick] [--rounds N] [--seed N] [--png FILE]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.benchmarks.rounds import print_row, read_wish, say, say_origin
from tests.benchmarks.simulation.comparison import (
    RATIOS,
    calls_a_second,
    compare,
    over_oracle,
    verdicts,
)
from tests.benchmarks.simulation.ours import Ours
from tests.benchmarks.simulation.picture import draw
from tests.benchmarks.simulation.workload import PERIOD_S, SESSION_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.benchmarks.rounds import Wish
    from tests.benchmarks.simulation.comparison import Table

ROUNDS = 5
SESSIONS, QUICK_SESSIONS = 10, 1
"""Sessions of each seed: 13 000 calls, of which 130 are beyond a p99."""
QUICK_SESSION_S = PERIOD_S
"""One episode: what it shows is that it runs."""
CALLS_A_SECOND = 30_000
"""What one core should play, so that a change to the core can be judged in minutes."""
FIGURES = (
    "p50_ms",
    "p95_ms",
    "p99_ms",
    "extra",
    "trips",
    "answered",
    "answered_first",
    "failed",
)


def report(table: Table) -> None:
    """Print a row for each policy under each fault: median, least, greatest."""
    names = (*FIGURES, *(f"{name}_x_oracle" for name in RATIOS))
    columns = [f"{name}{part}" for name in names for part in ("", "_min", "_max")]
    print_row("fault", "mode", "policy", *columns)
    for row in table.values():
        figures = [row.series(name).cells() for name in FIGURES]
        ratios = [over_oracle(table, row, name).cells(3) for name in RATIOS]
        cells = [cell for cells in (*figures, *ratios) for cell in cells]
        print_row(row.fault, row.mode, row.policy, *cells)


def comment(table: Table, wish: Wish, seeds: range) -> None:
    """Say what the columns are, where they are from, and what was to be shown."""
    say("answered: per cent of the calls that began while the fault was on, and of")
    say("those in a session's first episode, which no breaker had met before")
    say(f"a round is a seed: {', '.join(map(str, seeds))}")
    speed = calls_a_second(table, Ours.name)
    say(f"ours: {speed:.0f} calls a second of CPU, {CALLS_A_SECOND} wanted")
    crowded = sum(row.crowded for row in table.values())
    say(f"ours: {crowded} sends in all would have found a gate of 8 full")
    if wish.quick:
        return  # one session a seed: too few calls to judge anything by
    for line in verdicts(table):
        say(line)


def main(arguments: Sequence[str] | None = None) -> None:
    """Simulate and report."""
    wish = read_wish(__doc__, arguments, rounds=ROUNDS, quick_rounds=1)
    seeds = range(wish.seed, wish.seed + wish.rounds)
    count, seconds = (
        (QUICK_SESSIONS, QUICK_SESSION_S) if wish.quick else (SESSIONS, SESSION_S)
    )
    say_origin("ms; extra requests per 100 calls; trips and failed per 1 000", wish)
    table = compare(seeds, count, seconds, say)
    report(table)
    comment(table, wish, seeds)
    if wish.png:
        draw(table, wish)


if __name__ == "__main__":
    main()
