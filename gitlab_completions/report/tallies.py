"""What is counted of calls that are alike, and the stretches of time they fall into."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from gitlab_completions.report.latencies import Latencies

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ("Cell", "Outcome", "Tally", "Timeline", "total")

Outcome: TypeAlias = Literal["suggested", "empty", "failed", "superseded"]

WIDTHS_S = (
    *(1, 5, 10, 30, 60, 300, 600, 1800),
    *(3600, 7200, 21600, 43200, 86400, 604800, 2419200, 29030400),
)
"""Seconds of a stretch, each a multiple of the one before: whole ones become one."""
MOST_STRETCHES = 60
"""As many as can be told apart on a phone, and few enough for a small page."""


class Cell(NamedTuple):
    """What the filters tell apart; `None` is what the log does not say."""

    route: Literal["direct", "indirect"] | None
    context: bool | None


class Tally:
    """Counts of calls that are alike."""

    __slots__ = (
        "attempts",
        "detours",
        "fallbacks",
        "first_try",
        "latencies",
        "lost",
        "outcomes",
    )

    def __init__(self) -> None:
        self.outcomes: Counter[Outcome] = Counter()
        self.latencies: Latencies = Latencies()
        self.first_try: Latencies = Latencies()
        """Of calls that one attempt answered: the fair comparison of the routes."""
        self.fallbacks: int = 0
        self.detours: Counter[str] = Counter()
        """Why calls went indirect, or on to the other route."""
        self.attempts: Counter[str] = Counter()
        """By the issuer of their token."""
        self.lost: Counter[tuple[str, str]] = Counter()
        """Attempts that failed, by the issuer of their token and the error's code."""

    def merge(self, other: Tally) -> None:
        """Count everything of another one too."""
        self.outcomes.update(other.outcomes)
        self.latencies.merge(other.latencies)
        self.first_try.merge(other.first_try)
        self.fallbacks += other.fallbacks
        self.detours.update(other.detours)
        self.attempts.update(other.attempts)
        self.lost.update(other.lost)

    @property
    def calls(self) -> int:
        """Calls that ended."""
        return self.outcomes.total()

    @property
    def answered(self) -> int:
        """Calls that ended with suggestions, or with none to make."""
        return self.outcomes["suggested"] + self.outcomes["empty"]

    def failures(self, issuer: str) -> int:
        """Return how many attempts with that issuer's tokens failed."""
        return sum(count for (whose, _), count in self.lost.items() if whose == issuer)


def total(tallies: Iterable[Tally]) -> Tally:
    """Return the sum of tallies."""
    made = Tally()
    for tally in tallies:
        made.merge(tally)
    return made


class Timeline:
    """Tallies by stretch of time and cell; the stretches grow with the log's span."""

    def __init__(self) -> None:
        self.width_s: int = WIDTHS_S[0]
        self._stretches: dict[int, dict[Cell, Tally]] = {}
        self._first = self._last = 0

    def at(self, time_s: float, cell: Cell) -> Tally:
        """Return the tally for a moment, in seconds since 1970."""
        number = int(time_s // self.width_s)
        cells = self._stretches.get(number)
        if cells is None:
            number = self._make_room(time_s)
            cells = self._stretches.setdefault(number, {})
        tally = cells.get(cell)
        if tally is None:
            tally = cells[cell] = Tally()
        return tally

    @property
    def width(self) -> str:
        """How long a stretch is, in words."""
        for seconds, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
            if self.width_s % seconds == 0:
                return f"{self.width_s // seconds} {unit}"
        raise AssertionError(self.width_s)

    @property
    def starts_s(self) -> range:
        """When each stretch begins, in seconds since 1970; empty ones too."""
        if not self._stretches:
            return range(0)
        width = self.width_s
        return range(self._first * width, (self._last + 1) * width, width)

    def stretch(self, start_s: int) -> dict[Cell, Tally]:
        """Return what is counted in the stretch that begins then."""
        return self._stretches.get(start_s // self.width_s, {})

    def tallies(self) -> Iterator[tuple[Cell, Tally]]:
        """Give all that is counted."""
        for cells in self._stretches.values():
            yield from cells.items()

    def _make_room(self, time_s: float) -> int:
        """Widen the stretches until there is one for that moment; return its number."""
        number = int(time_s // self.width_s)
        first = min(self._first, number) if self._stretches else number
        last = max(self._last, number) if self._stretches else number
        while last - first >= MOST_STRETCHES and self.width_s < WIDTHS_S[-1]:
            self._widen()
            number = int(time_s // self.width_s)
            first, last = min(self._first, number), max(self._last, number)
        self._first, self._last = first, last
        return number

    def _widen(self) -> None:
        width = next(width for width in WIDTHS_S if width > self.width_s)
        before, self._stretches = self._stretches, {}
        for number, cells in before.items():
            target = self._stretches.setdefault(number * self.width_s // width, {})
            for cell, tally in cells.items():
                target.setdefault(cell, Tally()).merge(tally)
        self._first = self._first * self.width_s // width
        self._last = self._last * self.width_s // width
        self.width_s = width
