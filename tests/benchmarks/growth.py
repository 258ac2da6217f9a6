"""Measure how the cost of calls grows, and say whether anything is worse than linear.

Against calls in flight, stored projects, observers and events: the CPU that a number of
them takes in all, with a sender that answers from memory, so that what grows is ours.
Over the larger half of the numbers a power law is fitted, a line through the logarithms
of number and total: an exponent of 1 is linear. Up to `LINEAR` counts as linear:
caches of the processor and of Python's allocator alone make 10 000 projects dearer than
10 000 times one.

    python -m tests.benchmarks.growth [--quick] [--rounds N] [--seed N] [--png FILE]
"""

from __future__ import annotations

import asyncio
import math
import statistics
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from tests.benchmarks.growing import (
    LEAST_CALLS,
    MEASURES,
    DetouredError,
    Measure,
)
from tests.benchmarks.pictures import line, picture
from tests.benchmarks.rounds import (
    Series,
    Wish,
    interleave,
    machine,
    number_of,
    print_row,
    read_wish,
    say,
    say_origin,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

ROUNDS = 5
LINEAR = 1.15
"""The greatest exponent that is called linear."""

TRIES = 5
"""Times that a measurement may be begun anew."""


class Growth(NamedTuple):
    """What was measured of one measure.

    Args:
        measure: What grew.
        totals: The microseconds of CPU that each number of them took in all.
        exponent: Of the power law, round by round.
    """

    measure: Measure
    totals: dict[int, Series]
    exponent: Series

    @property
    def words(self) -> str:
        """What the exponent means."""
        worse = self.exponent.median > LINEAR
        return "WORSE THAN LINEAR" if worse else "linear or better"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and report."""
    wish = read_wish(__doc__, arguments, rounds=ROUNDS, quick_rounds=1)
    say_origin("us of CPU in all, and for one of them", wish)
    found = measure(wish)
    report(found)
    say(verdict(found))
    if wish.png is not None:
        draw(found, wish)


def measure(wish: Wish) -> list[Growth]:
    """Return how each measure grew."""
    subjects = {
        f"{one.name}\t{number}": partial(total_us, one, number, quick=wish.quick)
        for one in MEASURES
        for number in numbers(one, wish)
    }
    taken = interleave(subjects, wish)
    found: list[Growth] = []
    for one in MEASURES:
        totals = {
            number: Series.of(taken[f"{one.name}\t{number}"])
            for number in numbers(one, wish)
        }
        found.append(Growth(one, totals, exponent(totals)))
    return found


def numbers(one: Measure, wish: Wish) -> tuple[int, ...]:
    """Return the numbers that are measured."""
    return one.quick_numbers if wish.quick else one.numbers


def total_us(one: Measure, number: int, *, quick: bool) -> float:
    """Return what a number of them takes; small ones are repeated."""
    least = 1 if quick else LEAST_CALLS
    repeats = max(1, least // number) if one.repeats else 1
    with asyncio.Runner() as runner:
        spent = [_spent_s(one, number, runner) for _ in range(repeats)]
    return 1e6 * statistics.fmean(spent)


def _spent_s(one: Measure, number: int, runner: asyncio.Runner) -> float:
    for _ in range(TRIES):
        try:
            return runner.run(one.spend(number))
        except DetouredError:
            say(f"once more, the machine was too busy: {one.name}, {number}")
    raise RuntimeError(f"calls do not go direct: {one.name}, {number}")


def exponent(totals: dict[int, Series]) -> Series:
    """Return the power law's exponent in each round, by the larger half of numbers."""
    larger = sorted(totals)[len(totals) // 2 :] if len(totals) > 2 else sorted(totals)
    logs = [math.log(number) for number in larger]
    rounds = zip(*(totals[number].values for number in larger), strict=True)
    return Series.of(
        statistics.linear_regression(logs, [math.log(total) for total in one]).slope
        for one in rounds
    )


def report(found: list[Growth]) -> None:
    """Print every number's cost, and each measure's exponent."""
    ends = ("", "_min", "_max")
    totals = (f"total_us{end}" for end in ends)
    print_row(
        "what", "number", *totals, "us_each", "exponent", "exponent_max", "growth"
    )
    for growth in found:
        power = growth.exponent
        for number, total in growth.totals.items():
            print_row(
                *(growth.measure.name, number, *total.cells(0)),
                f"{total.median / number:.2f}",
                *(f"{power.median:.2f}", f"{power.high:.2f}", growth.words),
            )


def verdict(found: list[Growth]) -> str:
    """Say in a line whether anything grows faster than it should."""
    worse = [one for one in found if one.exponent.median > LINEAR]
    if worse:
        named = ", ".join(
            f"{one.measure.name} ({one.exponent.median:.2f})" for one in worse
        )
        return f"Worse than linear (exponent): {named}"
    most = max(found, key=lambda one: one.exponent.median)
    return (
        "Nothing grows worse than linearly: the greatest exponent is "
        f"{most.exponent.median:.2f}, of {most.measure.name}"
    )


def draw(found: list[Growth], wish: Wish) -> None:
    """Draw the cost of one against how many there are, on logarithmic axes."""
    if wish.png is None:
        return
    kinds = list(dict.fromkeys(one.measure.of_what for one in found))
    with picture(
        wish,
        title=verdict(found),
        caption="Client CPU with a sender that answers from memory; a level line is "
        "linear growth in all, a falling one better; in brackets the exponent of the "
        f"total over the larger half;\nmedian of {number_of(wish.rounds, 'round')}, "
        f"bars: least and greatest; {machine()}",
        panels=len(kinds),
        columns=2,
        size=(12.0, 10.0),
    ) as panels:
        for axes, kind in zip(panels, kinds, strict=True):
            shown = [one for one in found if one.measure.of_what == kind]
            for index, growth in enumerate(shown):
                label = f"{growth.measure.name} ({growth.exponent.median:.2f})"
                each = [
                    Series.of(total / number for total in series.values)
                    for number, series in growth.totals.items()
                ]
                line(axes, index, label, list(growth.totals), each)
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_xlabel(kind)
            axes.set_ylabel("us of CPU for each one (less is better)")
            axes.grid(which="both", alpha=0.25)
            axes.legend(loc="best", fontsize=8)


if __name__ == "__main__":
    main()
