"""Whom a fault kept waiting, and what no fault can have touched. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gitlab_completions._records import Record
from gitlab_completions.models import Route
from gitlab_completions.rehearsal.ledger import AttemptRow, CallRow, RowT, quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitlab_completions.rehearsal.conductor import Strike

__all__ = ("Affected", "affected", "well")

_SERVES = {"gateway": Route.DIRECT, "instance": Route.INDIRECT}
"""What route an endpoint answers completions on."""


class Affected(Record):
    """Whom a fault kept waiting.

    Counted are calls during the fault that a delay held up, that another route had to
    answer, that took longer than any before the roll-out without a fault, or that were
    lost.

    Args:
        fault: The fault.
        began_s: When it began, in seconds since the rehearsal's beginning.
        lasted_s: How long it lasted.
        authors: How many authors had such a call.
        calls: How many such calls there were.
        lost: How many of them got nothing.
        median_span_s: Seconds from an author's first such call to the end of the last
            one, for half of the authors at most.
        longest_span_s: The longest of these.
        worst_extra_s: The longest wait, less the median before the roll-out; not
            below 0.
    """

    fault: str
    began_s: float
    lasted_s: float
    authors: int
    calls: int
    lost: int
    median_span_s: float
    longest_span_s: float
    worst_extra_s: float


def well(rows: Sequence[RowT], strikes: Sequence[Strike]) -> list[RowT]:
    """Return the rows of what no fault can have touched."""
    return [row for row in rows if not any(_during(row, each) for each in strikes)]


def affected(
    strike: Strike, calls: Sequence[CallRow], usual: Sequence[float], began_s: float
) -> Affected:
    """Say whom a fault affected, by the waits that were usual before."""
    usual_s, slowest_s = quantile(usual, 0.5) or 0.0, max(usual, default=math.inf)
    hit = [
        call
        for call in calls
        if _during(call, strike)
        and (
            call.lost
            or call.rerouted
            or call.elapsed_s > slowest_s
            or _is_held_up(call, strike)
        )
    ]
    first: dict[int, float] = {}
    last: dict[int, float] = {}
    for call in hit:
        first.setdefault(call.author, call.began_s)
        last[call.author] = call.ended_s
    spans = [last[author] - first[author] for author in first]
    return Affected(
        fault=strike.fault.title,
        began_s=strike.began_s - began_s,
        lasted_s=strike.ended_s - strike.began_s,
        authors=len(spans),
        calls=len(hit),
        lost=sum(call.lost for call in hit),
        median_span_s=quantile(spans, 0.5) or 0.0,
        longest_span_s=max(spans, default=0.0),
        worst_extra_s=max([0.0, *(call.elapsed_s - usual_s for call in hit)]),
    )


def _is_held_up(call: CallRow, strike: Strike) -> bool:
    """Tell whether a delay struck a call: all that come to its endpoint."""
    fault = strike.fault
    if not fault.is_delay or call.route is not _SERVES.get(fault.endpoint):
        return False
    return strike.began_s <= call.began_s <= strike.ended_s


def _during(row: CallRow | AttemptRow, strike: Strike) -> bool:
    return row.began_s <= strike.ended_s and row.ended_s >= strike.began_s
