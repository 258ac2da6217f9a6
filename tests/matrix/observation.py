"""What a cell has shown, and how that differs from what it must show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.matrix.expectation import Expected, Rest, Standings

SLACK_S = 1.0
"""Seconds by which a rest may be shorter than asked when it is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenStandings:
    """How the details stand: a word, for how long, and what a person is told."""

    word: str
    again_s: float = 0.0
    code: str = ""

    def __str__(self) -> str:
        span = f" {self.again_s:.0f} s" if self.again_s else ""
        return f"{self.word}{span}" + (f" ({self.code})" if self.code else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRest:
    """How a circuit is: a word, and for how long it rests."""

    word: str
    rests_s: float = 0.0

    def __str__(self) -> str:
        return (
            f"{self.word} {self.rests_s:.0f} s" if self.word == "rests" else self.word
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What a cell has shown.

    Args:
        outcomes: How often calls ended with each.
        requests: How many reached each endpoint.
        direct: The circuit of the direct route.
        indirect: The circuit of the indirect route.
        details: The connection details.
        elapsed_s: The seconds of the longest call.
        leaks: Where secrets were told.
        plays: How often the cell was played.
    """

    outcomes: Mapping[str, int]
    requests: Mapping[str, int]
    direct: SeenRest
    indirect: SeenRest
    details: SeenStandings
    elapsed_s: float
    leaks: tuple[str, ...] = ()
    plays: int = 1


def unexpected(expected: Expected, observed: Observed) -> list[str]:
    """Return what is not as it must be, a sentence each."""
    wrong = [
        f"{count} x {outcome}, not {' or '.join(sorted(expected.outcomes))}"
        for outcome, count in observed.outcomes.items()
        if outcome not in expected.outcomes
    ]
    for name, (least, most) in expected.requests.items():
        seen = observed.requests.get(name, 0)
        if not least <= seen <= most:
            wrong.append(f"{seen} requests to {name}, not {least} to {most}")
    for route, rest, must in (
        ("direct", observed.direct, expected.direct),
        ("indirect", observed.indirect, expected.indirect),
    ):
        if not _rests_as(must, rest, observed.elapsed_s):
            wrong.append(f"the {route} circuit: {rest}, not {must}")
    if not _stands_as(expected.details, observed.details, observed.elapsed_s):
        wrong.append(f"the details: {observed.details}, not {expected.details}")
    if too_slow(expected, observed):
        wrong.append(f"{observed.elapsed_s:.2f} s, not {expected.elapsed_s} s")
    return wrong + [f"a leak: {leak}" for leak in observed.leaks]


def too_slow(expected: Expected, observed: Observed) -> bool:
    """Tell whether it took another time than it must."""
    least_s, most_s = expected.elapsed_s
    return not least_s <= observed.elapsed_s <= most_s


def _rests_as(must: Rest, rest: SeenRest, elapsed_s: float) -> bool:
    if must.word != rest.word:
        return False
    if must.rests_s is None:
        return True
    return must.rests_s - elapsed_s - SLACK_S <= rest.rests_s <= must.rests_s


def _stands_as(must: Standings, stands: SeenStandings, elapsed_s: float) -> bool:
    if must.word != stands.word or (must.code or "") != stands.code:
        return False
    if must.again_s is None:
        return True
    least_s, most_s = must.again_s
    # A growing wait may have been over, and asked for again, twice as long.
    most_s *= 1 if most_s > elapsed_s else 2
    return least_s - elapsed_s - SLACK_S <= stands.again_s <= most_s
