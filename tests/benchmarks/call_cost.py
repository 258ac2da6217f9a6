"""Measure what a call costs beside bare clients, an SDK and a heavy pipeline.

The wall clock's microseconds of a call and those of the client's CPU, over TLS on
loopback, against a server in a process of its own: with 1, 8 and 50 calls in flight and
2, 20 and 50 KB above the cursor. `callers` says what each does, and that it is the same
job. Ours is measured with orjson and, in another process, without it; each is compared
to the bare client in its own process.

    python -m tests.benchmarks.call_cost [--quick] [--rounds N] [--seed N] [--png FILE]
                                         [--kb N] [--in-flight N]
"""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from tests.benchmarks.call_worker import Batch, Cost, Worker, worker
from tests.benchmarks.callers import CALLERS, missing
from tests.benchmarks.pictures import bars, picture
from tests.benchmarks.rounds import (
    Series,
    Wish,
    interleave,
    machine,
    number_of,
    print_row,
    read_wish,
    say,
    say_missing,
    say_origin,
)
from tests.benchmarks.server import served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

ROUNDS = 7
CALLS, QUICK_CALLS = 100, 16
WAVES = 8
"""Calls for each one in flight, at least: with few the last ones, no longer so many at
a time, would be most of what is measured."""
SIZES, QUICK_SIZES = (2, 20, 50), (2,)
IN_FLIGHT, QUICK_IN_FLIGHT = (1, 8, 50), (1, 8)
PACKAGES = ("httpx", "httpx2", "aiohttp", "openai", "orjson", "PyJWT", "tenacity")
WITHOUT = ("ours on httpx", "ours on httpx2", "bare httpx", "bare httpx2")
"""Who is measured without orjson too; a client of yours is there for its own cost."""
BASES = ("bare httpx", "bare httpx2", "openai SDK")
"""Who the others are compared to, if it is there."""


class Subject(NamedTuple):
    """One caller in one process."""

    caller: str
    orjson: bool

    @property
    def label(self) -> str:
        """Its name in the table; the bare ones never use orjson."""
        is_ours = self.caller.startswith("ours")
        if is_ours:
            return f"{self.caller}, {'orjson' if self.orjson else 'json'}"
        return self.caller if self.orjson else f"{self.caller} (again)"


class Cell(NamedTuple):
    """One size and one number in flight."""

    kilobytes: int
    in_flight: int


Taken = dict[Cell, dict[Subject, tuple[Series, Series]]]
"""The clock's and the CPU's microseconds of a call."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and report."""
    knobs = argparse.ArgumentParser(add_help=False)
    knobs.add_argument("--kb", type=int, choices=SIZES, help="this size only")
    knobs.add_argument(
        "--in-flight", type=int, choices=IN_FLIGHT, help="so many in flight only"
    )
    wish = read_wish(__doc__, arguments, rounds=ROUNDS, parents=[knobs])
    knob, _ = knobs.parse_known_args(arguments)
    say_origin("us a call: the clock's, and the client's CPU", wish, *PACKAGES)
    taken = measure(wish, cells(wish, knob.kb, knob.in_flight))
    report(taken)
    if wish.png is not None:
        draw(taken, wish)


def measure(wish: Wish, wanted: Sequence[Cell]) -> Taken:
    """Return what a call of each subject took in each cell, round by round."""
    with ExitStack() as stack:
        target = stack.enter_context(served(keep_alive_s=3600.0))
        workers = {
            orjson: stack.enter_context(worker(target, orjson=orjson))
            for orjson in (True, False)
        }
        batches = {
            (cell, one): partial(
                workers[one.orjson].make,
                batch_of(one, cell, quick=wish.quick),
            )
            for cell in wanted
            for one in subjects()
        }
        taken = _interleave(batches, wanted, wish)
        say_whether_orjson(workers)
        counts = target.counts()
    say(f"at the gateway: {counts['gateway']}")
    if counts["instance"].started:
        say("SOME CALLS DID NOT GO DIRECT; their batches were made anew")
    return taken


def batch_of(one: Subject, cell: Cell, *, quick: bool) -> Batch:
    """Return the calls by which a subject is measured in a cell."""
    calls = QUICK_CALLS if quick else max(CALLS, WAVES * cell.in_flight)
    return Batch(one.caller, calls, cell.in_flight, cell.kilobytes)


def _interleave(
    batches: Mapping[tuple[Cell, Subject], Callable[[], Cost]],
    wanted: Sequence[Cell],
    wish: Wish,
) -> Taken:
    """Measure all subjects of a cell before the next cell: they are compared."""
    taken: Taken = {}
    for cell in wanted:
        named = {one: batches[cell, one] for one in subjects()}
        by_label = {one.label: one for one in named}
        costs = interleave({one.label: make for one, make in named.items()}, wish)
        taken[cell] = {
            by_label[label]: (
                Series.of(cost.wall_us for cost in found),
                Series.of(cost.cpu_us for cost in found),
            )
            for label, found in costs.items()
        }
        say(f"measured: {cell.kilobytes} KB, {cell.in_flight} in flight")
    return taken


def cells(
    wish: Wish, kilobytes: int | None = None, in_flight: int | None = None
) -> list[Cell]:
    """Return the sizes and the numbers in flight that are measured."""
    sizes: tuple[int, ...] = QUICK_SIZES if wish.quick else SIZES
    at_once: tuple[int, ...] = QUICK_IN_FLIGHT if wish.quick else IN_FLIGHT
    sizes = sizes if kilobytes is None else (kilobytes,)
    at_once = at_once if in_flight is None else (in_flight,)
    return [Cell(size, number) for number in at_once for size in sizes]


def subjects() -> list[Subject]:
    """Return who is measured here; who is not says so by what it lacks."""
    there = [name for name in CALLERS if name not in missing()]
    return [
        *(Subject(name, orjson=True) for name in there),
        *(Subject(name, orjson=False) for name in WITHOUT if name in there),
    ]


def say_whether_orjson(workers: dict[bool, Worker]) -> None:
    """Say whether the library has made its JSON by orjson, and who was not there."""
    used = workers[True].uses_orjson()
    say(f"orjson: {'used' if used else 'NOT USED'} by the process that may use it")
    if workers[False].uses_orjson():
        raise RuntimeError("orjson is used where it was to be hidden")
    say_missing(missing())


def ratio(
    found: dict[Subject, tuple[Series, Series]], one: Subject, base: str, index: int
) -> Series | None:
    """Return the ratios to a base, in the same process if it is measured there."""
    for orjson in (one.orjson, True):
        beside = found.get(Subject(base, orjson))
        if beside is not None:
            return found[one][index].over(beside[index])
    return None


def report(taken: Taken) -> None:
    """Print what each takes, and its ratios to the bases."""
    columns = [
        f"{what}_us{end}" for what in ("wall", "cpu") for end in ("", "_min", "_max")
    ]
    over = [f"{what}_x {base}" for base in BASES for what in ("wall", "cpu")]
    print_row("KB", "in_flight", "client", *columns, *over)
    for cell, found in taken.items():
        for one, (wall, cpu) in found.items():
            ratios = (ratio(found, one, base, way) for base in BASES for way in (0, 1))
            print_row(
                *(cell.kilobytes, cell.in_flight, one.label),
                *(*wall.cells(0), *cpu.cells(0)),
                *("" if each is None else f"{each.median:.2f}" for each in ratios),
            )


def draw(taken: Taken, wish: Wish) -> None:
    """Draw the CPU of a call as ratios to bare httpx's, for each number in flight."""
    if wish.png is None:
        return
    shown = [cell for cell in taken if cell.kilobytes == middle(taken)]
    with picture(
        wish,
        title=title(taken, shown),
        caption="Client CPU of a call over TLS on loopback, as ratios within a round "
        "to bare httpx's post(json=) and .json() at its default limits; "
        f"{shown[0].kilobytes} KB above the cursor;\nbar: median of "
        f"{number_of(wish.rounds, 'round')}, line: least and greatest; "
        "aiohttp has a parser in C\n"
        f"{machine(*PACKAGES)}",
        panels=len(shown),
        size=(6.5 * len(shown), 7.0),
    ) as panels:
        for axes, cell in zip(panels, shown, strict=True):
            found = taken[cell]
            ratios = {one.label: ratio(found, one, BASES[0], 1) for one in drawn(found)}
            bars(axes, {label: each for label, each in ratios.items() if each})
            axes.axvline(1.0, color="black", ls=":", lw=1.2)
            axes.set_title(f"{cell.in_flight} in flight")
            axes.set_xlabel("times the CPU of bare httpx (less is better)")


def drawn(found: Iterable[Subject]) -> list[Subject]:
    """Return who is drawn, ours together; without orjson nobody else differs."""
    shown = [one for one in found if one.orjson or one.caller.startswith("ours")]
    return sorted(shown, key=lambda one: not one.caller.startswith("ours"))


def middle(taken: Iterable[Cell]) -> int:
    """Return the size in the middle: the one that is drawn."""
    sizes = sorted({cell.kilobytes for cell in taken})
    return sizes[len(sizes) // 2]


def title(taken: Taken, shown: Sequence[Cell]) -> str:
    """Say the result in words."""
    parts: list[str] = []
    for cell in shown:
        found = taken[cell]
        both = [
            ratio(found, Subject("ours on httpx", orjson=orjson), BASES[0], 1)
            for orjson in (True, False)
        ]
        share = " / ".join(f"{one.median:.2f}" for one in both if one)
        parts.append(f"{share} with {cell.in_flight} in flight")
    return (
        f"A call of ours takes, of bare httpx's CPU (orjson / json): {'; '.join(parts)}"
    )


if __name__ == "__main__":
    main()
