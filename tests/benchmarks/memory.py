"""Measure what memory a client takes, and what 1000 calls leave behind.

Beside bare clients, each with a TLS context of its own as they make it by default, in
fresh processes, against the benchmarks' server: what the process got from the system
(RSS), and in other processes what Python's objects take (tracemalloc).

    python -m tests.benchmarks.memory [--quick] [--rounds N] [--seed N] [--png FILE]
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING

from tests.benchmarks.call_worker import ROOT
from tests.benchmarks.callers import CALLERS, missing
from tests.benchmarks.memory_worker import Order, Taken
from tests.benchmarks.pictures import bars, picture
from tests.benchmarks.rounds import (
    Series,
    Wish,
    interleave,
    machine,
    number_of,
    print_row,
    read_wish,
    say_missing,
    say_origin,
)
from tests.benchmarks.server import served

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.benchmarks.server import Served

ROUNDS = 5
CLIENTS, QUICK_CLIENTS = 20, 2
CALLS, QUICK_CALLS = 2000, 20
QUICK_CALLERS = ("ours on httpx", "bare httpx")
PACKAGES = ("httpx", "httpx2", "aiohttp", "openai")
LEFT_OUT = "heavy on httpx"
"""Its client is bare httpx's."""

Figures = dict[str, dict[str, Series]]
"""By caller, by what: kilobytes."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and report."""
    wish = read_wish(__doc__, arguments, rounds=ROUNDS, quick_rounds=1)
    say_origin("kB: a client, and what 1000 calls leave behind", wish, *PACKAGES)
    found = measure(wish)
    report(found)
    if wish.png is not None:
        draw(found, wish)


def measure(wish: Wish) -> Figures:
    """Return each caller's figures, round by round."""
    with served(keep_alive_s=3600.0) as target:
        subjects = {
            f"{name}\t{kind}": partial(
                measure_once, order_of(target, name, wish, traced=kind == "objects")
            )
            for name in callers(wish)
            for kind in ("rss", "objects")
        }
        taken = interleave(subjects, wish)
    found: Figures = {name: {} for name in callers(wish)}
    for subject, figures in taken.items():
        name, kind = subject.split("\t")
        clients = Series.of(one.client_kb for one in figures)
        found[name][f"client_{kind}"] = clients
        growth = Series.of(one.growth_kb for one in figures)
        found[name][f"growth_{kind}"] = growth
    return found


def callers(wish: Wish) -> list[str]:
    """Return who is measured here; who is not says so by what it lacks."""
    names = [name for name in CALLERS if name != LEFT_OUT]
    if wish.quick:
        return [name for name in names if name in QUICK_CALLERS]
    lacking = missing()
    say_missing(lacking)
    return [name for name in names if name not in lacking]


def order_of(target: Served, name: str, wish: Wish, *, traced: bool) -> Order:
    """Say what one process is to do."""
    return Order(
        instance_url=target.instance_url,
        ca_pem=str(target.ca_pem),
        caller=name,
        clients=QUICK_CLIENTS if wish.quick else CLIENTS,
        calls=QUICK_CALLS if wish.quick else CALLS,
        traced=traced,
    )


def measure_once(order: Order) -> Taken:
    """Have a process do it."""
    words = json.dumps(order._asdict())
    ended = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.memory_worker", words],
        stdout=subprocess.PIPE,
        check=True,
        cwd=ROOT,
    )
    return Taken(**json.loads(ended.stdout))


def report(found: Figures) -> None:
    """Print what each takes."""
    kinds = ("client_rss", "client_objects", "growth_rss", "growth_objects")
    print_row("client", *(f"{kind}_kb{end}" for kind in kinds for end in ENDS))
    for name, figures in found.items():
        cells = (cell for kind in kinds for cell in figures[kind].cells())
        print_row(name, *cells)


ENDS = ("", "_min", "_max")


def draw(found: Figures, wish: Wish) -> None:
    """Draw what a client takes, and what calls leave behind."""
    if wish.png is None:
        return
    ours, bare = found["ours on httpx"], found["bare httpx"]
    panels = {
        "client_rss": "kB of the process for one client more (less is better)",
        "growth_objects": "kB of Python objects left by 1000 calls (less is better)",
    }
    with picture(
        wish,
        title=f"A client takes {ours['client_rss'].median:.0f} kB, a bare httpx one "
        f"{bare['client_rss'].median:.0f}; 1000 calls leave "
        f"{ours['growth_objects'].median:.1f} kB of objects behind",
        caption=f"{QUICK_CLIENTS if wish.quick else CLIENTS} clients in one process, "
        "each with one open TLS connection and a TLS context of its own; "
        f"{QUICK_CALLS if wish.quick else CALLS} calls of 20 KB by one of them;\nbar: "
        f"median of {number_of(wish.rounds, 'round')} in fresh processes, "
        "line: least and greatest\n"
        f"{machine(*PACKAGES)}",
        panels=2,
        size=(15.0, 6.0),
    ) as axes:
        for one, (kind, label) in zip(axes, panels.items(), strict=True):
            bars(
                one, {name: figures[kind] for name, figures in found.items()}, digits=1
            )
            one.set_xlabel(label)


if __name__ == "__main__":
    main()
