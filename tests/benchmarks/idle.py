"""Typing again after a pause: is there still a connection?

A completion, a pause of 6 or 30 s, and another one, over a path with a round trip of
60 ms. The second one is compared with an ideal of the same round: the same request on a
raw connection that is in use. Two servers: one keeps idle connections for 75 s, as
nginx and most load balancers do or longer, and one for 5 s, as the gateway's own
server does where a self-hosted one stands bare on the network: there every client pays
for a connection after such a pause, unless it is told before the author types.

All clients are idle at the same time, each with entrances of its own, and ask again one
after the other.

    python -m tests.benchmarks.idle [--quick] [--rounds N] [--seed N] [--png FILE]
"""

from __future__ import annotations

import asyncio
import math
import statistics
import sys
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from tests.benchmarks.contenders import (
    CONTENDERS,
    IDEAL,
    MISSING,
    OURS,
    PACKAGES,
    timed,
)
from tests.benchmarks.paths import RTT_S, far_away
from tests.benchmarks.pictures import bars, picture
from tests.benchmarks.rounds import (
    Series,
    machine,
    number_of,
    orders,
    print_row,
    read_wish,
    say,
    say_missing,
    say_origin,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.benchmarks.paths import Entrances, FarAway
    from tests.benchmarks.rounds import Wish

ROUNDS = 5
ANSWER_S = 0.15
"""Seconds that the gateway takes."""
SLOT_S = 0.5
"""Seconds that each client has the machine for itself: a cold call takes 0.34."""
WARM_S = 1.0
"""Seconds that the first completion may take, connection details included."""


class Pauses(NamedTuple):
    """How long nothing is typed, and how long servers keep what is idle.

    Args:
        gaps_s: Seconds of the pauses.
        keeps_s: Seconds that the servers keep an idle connection, the usual one first.
    """

    gaps_s: tuple[float, ...] = (6.0, 30.0)
    keeps_s: tuple[float, ...] = (75.0, 5.0)


MOST_SHOWN = 2.8
"""The ratio at a picture's right edge: a cold call has 1.6, and then come numbers."""
QUICK = Pauses(gaps_s=(0.5,), keeps_s=(75.0, 0.2))


class Subject(NamedTuple):
    """Who types, after which pause, and at which server.

    Args:
        client: The contender's name.
        told: Whether it is told to warm up again just before, as on focus.
        gap_s: Seconds of the pause.
        keep_s: Seconds that the server keeps its connection.
    """

    client: str
    told: bool
    gap_s: float
    keep_s: float

    @property
    def label(self) -> str:
        """What a table calls it."""
        return f"{self.client}, warm_up() before" if self.told else self.client


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """What came of one keystroke after a pause.

    Args:
        answer_s: Seconds from the keystroke to its answer.
        connections: TCP connections that were opened for it, to either host.
        ideal_s: Seconds of the ideal in the same round.
    """

    answer_s: float
    connections: int
    ideal_s: float = math.nan


def subjects(pauses: Pauses) -> dict[str, Subject]:
    """Return who is measured."""
    who = [(OURS, False), (OURS, True)]
    who += [(name, False) for name in CONTENDERS if name not in {IDEAL, OURS}]
    every = [
        Subject(name, told, gap_s, keep_s)
        for keep_s in pauses.keeps_s
        for gap_s in pauses.gaps_s
        for name, told in who
    ]
    return {str(one): one for one in every}


class Round:
    """One round: everybody idle at once, and typing again in turn.

    Args:
        aways: The servers, by how long they keep a connection.
    """

    def __init__(self, aways: Mapping[float, FarAway]) -> None:
        self._aways = aways
        # A server grants one gateway entrance at a time.
        self._warming = {keep_s: asyncio.Lock() for keep_s in aways}

    async def run(self, typists: Sequence[Subject]) -> list[Again]:
        """Return what each of them waited, in their order."""
        loop = asyncio.get_running_loop()
        first = loop.time() + WARM_S + max(one.gap_s for one in typists)
        slots = [first + number * SLOT_S for number in range(len(typists) + 3)]
        middle = slots.pop(len(slots) // 2)
        ideals = (slots.pop(0), middle, slots.pop())
        async with asyncio.TaskGroup() as group:
            ideal = group.create_task(self._measure_ideal(ideals))
            tasks = [
                group.create_task(self._type(one, at))
                for one, at in zip(typists, slots, strict=True)
            ]
        return [replace(task.result(), ideal_s=ideal.result()) for task in tasks]

    async def _measure_ideal(self, slots: Sequence[float]) -> float:
        """Ask on one connection at all these times; what is usual is the ideal."""
        away = next(iter(self._aways.values()))
        raw = CONTENDERS[IDEAL](away.entrances().place)
        await raw.warm_up()
        taken = []
        for at in slots:
            await _until(at)
            taken.append(await timed(raw))
        await raw.aclose()
        return statistics.median(taken)

    async def _type(self, who: Subject, at: float) -> Again:
        """Complete, pause, and complete again at `at`."""
        away = self._aways[who.keep_s]
        await _until(at - who.gap_s - WARM_S)
        async with self._warming[who.keep_s]:
            entrances = away.entrances()
            contender = CONTENDERS[who.client](entrances.place)
            await contender.warm_up()
        await contender.ask()
        await _until(at)
        if who.told:
            await contender.warm_up()
        before = _opened(away, entrances)
        answer_s = await timed(contender)
        connections = _opened(away, entrances) - before
        await contender.aclose()
        return Again(answer_s=answer_s, connections=connections)


def _opened(away: FarAway, entrances: Entrances) -> int:
    both = entrances.instance, entrances.gateway
    return sum(away.distance.opened(one) for one in both)


async def _until(at: float) -> None:
    await asyncio.sleep(at - asyncio.get_running_loop().time())


Found = dict[Subject, list[Again]]


async def measure(wish: Wish, pauses: Pauses) -> Found:
    """Measure everybody, in as many rounds as are wished."""
    everybody = subjects(pauses)
    found: Found = {one: [] for one in everybody.values()}
    with ExitStack() as stack:
        aways = {
            keep_s: stack.enter_context(far_away(delay_s=ANSWER_S, keep_alive_s=keep_s))
            for keep_s in pauses.keeps_s
        }
        for number, order in enumerate(orders(everybody, wish), 1):
            say(f"round {number} of {wish.rounds}")
            typists = [everybody[name] for name in order]
            again = await Round(aways).run(typists)
            for one, what in zip(typists, again, strict=True):
                found[one].append(what)
    return found


def answer_ms(rounds: Sequence[Again]) -> Series:
    """Return what the keystrokes after a pause waited."""
    return Series.of(1000 * one.answer_s for one in rounds)


def over_ideal(rounds: Sequence[Again]) -> Series:
    """Return the ratios to the ideal of the same round."""
    return answer_ms(rounds).over(Series.of(1000 * one.ideal_s for one in rounds))


COLUMNS = (
    *("server_keeps_s", "pause_s", "client", "answer_ms", "answer_ms_min"),
    *("answer_ms_max", "x_ideal", "x_ideal_min", "x_ideal_max", "new_tcp"),
)


def report(found: Found) -> None:
    """Print a row for each client, pause and server."""
    print_row(*COLUMNS)
    for who, rounds in found.items():
        connections = Series.of(one.connections for one in rounds)
        print_row(
            f"{who.keep_s:g}",
            f"{who.gap_s:g}",
            who.label,
            *answer_ms(rounds).cells(),
            *over_ideal(rounds).cells(3),
            f"{connections.median:g}",
        )


def draw(found: Found, wish: Wish, pauses: Pauses) -> None:
    """Draw the ratios to the ideal, a panel for each server and pause."""
    usual = next(one for one in found if one.gap_s == max(pauses.gaps_s))
    ratio = over_ideal(found[usual]).median
    title = (
        f"Typing again after {usual.gap_s:g} s takes {ratio:.2f} times the ideal while "
        f"the server keeps the connection ({usual.client})"
    )
    caption = (
        f"Round trip {1000 * RTT_S:.0f} ms, answers of {1000 * ANSWER_S:.0f} ms, TLS, "
        f"{number_of(wish.rounds, 'round')}; bars: medians, lines: least to greatest.\n"
        "Ideal: the same request on an open connection that is in use.\n"
        f"{machine(*PACKAGES)}"
    )
    panels = [(keep_s, gap_s) for keep_s in pauses.keeps_s for gap_s in pauses.gaps_s]
    with picture(
        wish,
        title=title,
        caption=caption,
        panels=len(panels),
        size=(5.5 * len(panels), 5.5),
    ) as grid:
        for axes, (keep_s, gap_s) in zip(grid, panels, strict=True):
            ratios = {
                who.label.replace(", ", ",\n"): over_ideal(rounds)
                for who, rounds in found.items()
                if (who.keep_s, who.gap_s) == (keep_s, gap_s)
            }
            bars(axes, ratios)
            axes.set_xlim(0, MOST_SHOWN)
            axes.set_title(f"after {gap_s:g} s; the server keeps {keep_s:g} s")
            axes.set_xlabel("answer / ideal (less is better)")
            if axes is not grid[0]:
                axes.set_yticklabels([])
            axes.axvline(1.0, color="black", lw=0.8, ls=":")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and report."""
    wish = read_wish(__doc__, arguments, rounds=ROUNDS, quick_rounds=1)
    pauses = QUICK if wish.quick else Pauses()
    say_origin("ms from a keystroke after a pause to its answer", wish, *PACKAGES)
    say_missing(MISSING)
    found = asyncio.run(measure(wish, pauses))
    report(found)
    if wish.png is not None:
        draw(found, wish, pauses)


if __name__ == "__main__":
    main(sys.argv[1:])
