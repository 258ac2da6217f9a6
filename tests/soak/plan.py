"""Who fails when: a timeline of faults, restarts and suspends, made from a seed.

A plan is chapters, and each begins with a suspend, which ends every bar: a refusal that
holds for half an hour would else leave the direct route out of a whole soak. Around a
suspend neither server fails as a whole, so that all clocks are put forward together;
direct access may, which is when clients ask for it. The end is quiet: there all must be
as it was at first.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.soak.faults import BARRING, KILLS, PASSING, Fault, Part

if TYPE_CHECKING:
    from collections.abc import Iterator

SUSPEND_S = 8 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """A fault from when to when, in seconds since the soak began."""

    fault: Fault
    start_s: float
    end_s: float

    def __str__(self) -> str:
        return f"{self.start_s:6.1f} to {self.end_s:6.1f} s  {self.fault}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspend:
    """The machine sleeps for eight hours; `cuts` when its connections end meanwhile."""

    at_s: float
    cuts: bool

    def __str__(self) -> str:
        cuts = "connections are cut" if self.cuts else "connections stay"
        return f"{self.at_s:6.1f} s            suspend, {cuts}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A soak's timeline; `quiet_s` is left at its end."""

    seed: int
    seconds: float
    episodes: tuple[Episode, ...]
    suspends: tuple[Suspend, ...]
    quiet_s: float

    def lane(self, part: Part) -> tuple[Episode, ...]:
        """Return the episodes of a lane, in order."""
        return tuple(one for one in self.episodes if one.fault.lane is part)

    def __str__(self) -> str:
        timed = [(one.start_s, str(one)) for one in self.episodes]
        timed += [(one.at_s, str(one)) for one in self.suspends]
        return "\n".join(line for _, line in sorted(timed))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long things take, in seconds.

    Attributes:
        chapter: From one suspend to the next.
        clear: Before and after a suspend in which no server fails as a whole.
        gap: Shortest and longest time without a fault, by lane.
        spell: The same with one.
        quiet: At the end.
    """

    chapter: float
    clear: float
    gap: dict[Part, tuple[float, float]]
    spell: dict[Part, tuple[float, float]]
    quiet: float


SLOW = Pace(
    chapter=45.0,
    clear=3.0,
    gap={Part.GATEWAY: (2.0, 7.0), Part.INSTANCE: (3.0, 11.0)},
    spell={
        Part.GATEWAY: (2.0, 12.0),
        Part.INSTANCE: (2.0, 9.0),
        Part.DIRECT_ACCESS: (3.0, 8.0),
    },
    quiet=25.0,
)
QUICK = Pace(
    chapter=7.0,
    clear=0.6,
    gap={Part.GATEWAY: (0.4, 1.2), Part.INSTANCE: (0.8, 2.0)},
    spell={
        Part.GATEWAY: (0.6, 1.6),
        Part.INSTANCE: (0.5, 1.2),
        Part.DIRECT_ACCESS: (0.8, 1.4),
    },
    quiet=5.0,
)
BARRED_SHARE = 0.25
"""Share of suspends after which direct access is refused for long."""
LONG_S = 120.0
"""From so many seconds on there is time for the slow pace."""


def make_plan(seed: int, seconds: float) -> Plan:
    """Return the plan of a seed."""
    return _Planner(seed, seconds).plan()


class _Planner:
    def __init__(self, seed: int, seconds: float) -> None:
        self.seed, self.seconds = seed, seconds
        self.random = random.Random(seed)
        self.pace = SLOW if seconds >= LONG_S else QUICK
        self.decks = {part: self._deck(part) for part in Part}
        self.barring = {part: self._shuffled(BARRING[part]) for part in BARRING}
        self.episodes: list[Episode] = []
        self.suspends: list[Suspend] = []

    def plan(self) -> Plan:
        end_s = self.seconds - self.pace.quiet
        chapters = max(1, round(end_s / self.pace.chapter))
        marks = [end_s * one / chapters for one in range(chapters + 1)]
        awake_s = marks[0]
        for until_s in marks[1:-1]:
            self._chapter(awake_s, until_s)
            awake_s = self._suspend(until_s)
        self._chapter(awake_s, end_s)
        self._sleep(end_s)  # into the quiet end
        return Plan(
            seed=self.seed,
            seconds=self.seconds,
            episodes=tuple(sorted(self.episodes, key=lambda one: one.start_s)),
            suspends=tuple(self.suspends),
            quiet_s=self.pace.quiet,
        )

    def _chapter(self, start_s: float, until_s: float) -> None:
        clear_s = self.pace.clear
        for lane in (Part.GATEWAY, Part.INSTANCE):
            self._lane(lane, start_s + clear_s, until_s - clear_s)

    def _lane(self, lane: Part, start_s: float, until_s: float) -> None:
        at_s = start_s + self._between(self.pace.gap[lane])
        while True:
            spell_s = self._between(self.pace.spell[lane])
            if at_s + spell_s > until_s:
                return
            late = at_s > start_s + 0.75 * (until_s - start_s)
            deck = self.barring if late and lane in self.barring else self.decks
            self._episode(next(deck[lane]), at_s, spell_s)
            at_s += spell_s + self._between(self.pace.gap[lane])

    def _suspend(self, at_s: float) -> float:
        """Have direct access fail about a suspend; return when all bars are over."""
        self._sleep(at_s)
        spell_s = self._between(self.pace.spell[Part.DIRECT_ACCESS])
        bars = self.random.random() < BARRED_SHARE
        deck = self.barring if bars else self.decks
        fault = next(deck[Part.DIRECT_ACCESS])
        self._episode(fault, at_s - 0.2 * spell_s, 0.8 * spell_s)
        if not bars:
            return at_s
        self._sleep(at_s + spell_s)
        return at_s + spell_s

    def _sleep(self, at_s: float) -> None:
        cuts = self.random.random() < 0.5
        self.suspends.append(Suspend(at_s=at_s, cuts=cuts))

    def _episode(self, fault: Fault, start_s: float, spell_s: float) -> None:
        self.episodes.append(
            Episode(fault=fault, start_s=start_s, end_s=start_s + spell_s)
        )

    def _deck(self, part: Part) -> Iterator[Fault]:
        """Give each fault of a lane before any of them again; restarts come first."""
        kills = (KILLS[part],) if part in KILLS else ()
        yield from kills
        yield from self._shuffled((*PASSING[part], *kills))

    def _shuffled(self, faults: tuple[Fault, ...]) -> Iterator[Fault]:
        while True:
            yield from self.random.sample(faults, len(faults))

    def _between(self, span: tuple[float, float]) -> float:
        return self.random.uniform(*span)
