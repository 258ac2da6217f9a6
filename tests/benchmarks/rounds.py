"""Interleaved rounds: what a benchmark is asked for, measures, and prints.

Machines slow down and speed up. So every subject is measured in every round, in another
order each time, and what is compared is what one round measured: a ratio is the median
of the rounds' ratios. What is measured is each benchmark's own.
"""

from __future__ import annotations

import argparse
import os
import platform
import random
import statistics
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import (
        Awaitable,
        Callable,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )

Figure = TypeVar("Figure")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a benchmark is asked for.

    Args:
        quick: Only show that it runs.
        rounds: How often each subject is measured.
        seed: What chance goes by: the order within a round, and what is random else.
        png: Where the picture goes, if one is wanted.
    """

    quick: bool
    rounds: int
    seed: int
    png: Path | None


def read_wish(
    doc: str | None,
    arguments: Sequence[str] | None = None,
    *,
    rounds: int,
    quick_rounds: int = 2,
    parents: Sequence[argparse.ArgumentParser] = (),
) -> Wish:
    """Read the command line, or the arguments; what cannot be done ends it at once.

    Args:
        doc: The benchmark's docstring.
        arguments: The arguments, instead of the command line's.
        rounds: How many rounds are usual.
        quick_rounds: The same for who only wants to see it run.
        parents: A benchmark's own options, so that the help knows them.
    """
    parser = argparse.ArgumentParser(
        description=doc,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=parents,
    )
    parser.add_argument("--quick", action="store_true", help="only show that it runs")
    parser.add_argument("--rounds", type=count, help=f"{rounds}; quick: {quick_rounds}")
    parser.add_argument("--seed", type=int, default=1, help="what chance goes by")
    parser.add_argument("--png", type=png_file, help="draw a picture into this file")
    read = parser.parse_args(arguments)
    usual = quick_rounds if read.quick else rounds
    return Wish(
        quick=read.quick,
        rounds=usual if read.rounds is None else read.rounds,
        seed=read.seed,
        png=read.png,
    )


def count(text: str) -> int:
    """Read an option that says how many.

    Raises:
        argparse.ArgumentTypeError: When it is no whole number of at least 1.
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("must be a whole number of at least 1")
    return int(text)


def png_file(text: str) -> Path:
    """Read where a picture goes: nobody measures for an hour to learn that it cannot.

    Raises:
        argparse.ArgumentTypeError: When no picture can be drawn there, or at all.
    """
    path = Path(text)
    if path.suffix != ".png" or path.is_dir():
        raise argparse.ArgumentTypeError("must be a file whose name ends in .png")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {path.parent}")
    if find_spec("matplotlib") is None:
        raise argparse.ArgumentTypeError(
            "a picture needs matplotlib: install the group `bench`"
        )
    return path


@dataclass(frozen=True, slots=True)
class Series:
    """What one subject was measured to be, round by round."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Iterable[float]) -> Series:
        """Make a series of what comes."""
        return cls(tuple(values))

    @property
    def median(self) -> float:
        """The one in the middle."""
        return statistics.median(self.values)

    @property
    def low(self) -> float:
        """The least."""
        return min(self.values)

    @property
    def high(self) -> float:
        """The greatest."""
        return max(self.values)

    def over(self, other: Series) -> Series:
        """Return the ratios to another subject's, each within its round."""
        pairs = zip(self.values, other.values, strict=True)
        return Series.of(one / beside for one, beside in pairs)

    def minus(self, other: Series) -> Series:
        """Return the differences from another subject's, each within its round."""
        pairs = zip(self.values, other.values, strict=True)
        return Series.of(one - beside for one, beside in pairs)

    def cells(self, digits: int = 1) -> tuple[str, str, str]:
        """Return median, least and greatest as a table shows them."""
        low, high = f"{self.low:.{digits}f}", f"{self.high:.{digits}f}"
        return f"{self.median:.{digits}f}", low, high


def orders(names: Iterable[str], wish: Wish) -> Iterator[list[str]]:
    """Give the order of each round: shuffled, since who goes first may fare better."""
    dice = random.Random(wish.seed)
    shuffled = list(names)
    for _ in range(wish.rounds):
        dice.shuffle(shuffled)
        yield list(shuffled)


def interleave(
    subjects: Mapping[str, Callable[[], Figure]], wish: Wish
) -> dict[str, list[Figure]]:
    """Measure every subject in every round; return what came out, in their order."""
    taken: dict[str, list[Figure]] = {name: [] for name in subjects}
    for order in orders(subjects, wish):
        for name in order:
            taken[name].append(subjects[name]())
    return taken


async def interleave_async(
    subjects: Mapping[str, Callable[[], Awaitable[Figure]]], wish: Wish
) -> dict[str, list[Figure]]:
    """Do as `interleave` does, on the event loop that runs."""
    taken: dict[str, list[Figure]] = {name: [] for name in subjects}
    for order in orders(subjects, wish):
        for name in order:
            taken[name].append(await subjects[name]())
    return taken


def print_row(*cells: object) -> None:
    """Print a row of the table, its columns parted by tabs."""
    print(*cells, sep="\t", flush=True)


def say(text: str) -> None:
    """Say what is no row of the table."""
    print(text, file=sys.stderr, flush=True)


def say_origin(units: str, wish: Wish, *packages: str) -> None:
    """Say what the numbers are in, where they come from, and how to get them again."""
    rounds = number_of(wish.rounds, "interleaved round")
    say(f"{units}; medians of {rounds}, seed {wish.seed}{caveat(wish)}")
    say(machine(*packages))


def caveat(wish: Wish) -> str:
    """Say how little the figures of a quick run mean; nothing of another one."""
    return "; quick: shows only that it runs, no figure holds" if wish.quick else ""


def say_missing(packages: Mapping[str, str]) -> None:
    """Say who is not measured, for want of which package."""
    for name, package in packages.items():
        say(f"NOT MEASURED: {name}, since {package} is not installed here")


def number_of(number: int, what: str) -> str:
    """Say how many there are of what, in the plural but for one."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def machine(*packages: str) -> str:
    """Return what ran it: the machine, the Python, and the packages' versions."""
    parts = [
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
        f"{platform.python_implementation()} {platform.python_version()}",
        *(f"{name} {version_of(name)}" for name in packages),
    ]
    return ", ".join(parts)


def version_of(package: str) -> str:
    """Return an installed package's version."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
