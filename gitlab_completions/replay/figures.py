"""What a replay has shown, in figures. Pure: tallies in, records out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitlab_completions._records import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("Aim", "Comparison", "Figures", "Tally", "compare")

P50_AIM = 0.6
"""Of the reference client's median wait, at most."""
REQUESTS_AIM = 0.7
"""Of the reference client's requests per accepted suggestion, at most."""

_AT_ONCE_S = 0.001
"""Seconds: less is no waiting."""


@dataclass(slots=True)
class Tally:
    """What one pipeline did for one author, as it is counted.

    Args:
        asked: Strokes after which suggestions were asked for.
        waits_s: Seconds from stroke to screen of each suggestion that appeared.
        stayed: Strokes after which the rest of a suggestion stayed on the screen.
        stale: Moments at which what was shown was not made for the document.
        accepted: Suggestions that were taken.
        accepted_characters: Characters that were not typed for it.
        requests: What arrived at the gateway and the instance.
        repeated: Those of them that only repeat one that was cancelled.
        elapsed_s: Seconds from the first stroke to the last.
    """

    asked: int = 0
    waits_s: list[float] = field(default_factory=list[float])
    stayed: int = 0
    stale: int = 0
    accepted: int = 0
    accepted_characters: int = 0
    requests: int = 0
    repeated: int = 0
    elapsed_s: float = 0.0


class Figures(Record):
    """What one pipeline did.

    Args:
        strokes: Strokes after which suggestions were asked for.
        requests: Requests that it sent.
        repeated: Those of them that only repeat one that it had cancelled.
        shown: Suggestions that appeared on the screen.
        at_once: Those of them that were there with the stroke: nothing was waited for.
        stayed: Strokes after which one stayed there, shorter.
        stale: Moments at which one was there that was made for another document.
        accepted: Suggestions that were taken.
        accepted_characters: Characters that were not typed for it.
        p50_s: Seconds from stroke to screen, of half of those that were waited for, at
            most. What came at once would hide what waiting is like.
        p90_s: The same of 9 in 10.
        accepted_share: Of those that appeared.
        requests_per_accepted: Requests that a taken suggestion cost.
        requests_a_minute: Requests in a minute of the author's.
        elapsed_s: Seconds that the author took.
    """

    strokes: int
    requests: int
    repeated: int
    shown: int
    at_once: int
    stayed: int
    stale: int
    accepted: int
    accepted_characters: int
    p50_s: float | None
    p90_s: float | None
    accepted_share: float | None
    requests_per_accepted: float | None
    requests_a_minute: float | None
    elapsed_s: float


class Aim(Record):
    """What a figure is to be.

    Args:
        name: What it is.
        value: What it is now; `None` where there is nothing to compare.
        at_most: What it may be.
    """

    name: str
    value: float | None
    at_most: float

    @property
    def is_met(self) -> bool:
        """Whether it is as it should be."""
        return self.value is not None and self.value <= self.at_most


class Comparison(Record):
    """Our keystroke logic beside the reference client's, for the same author.

    Args:
        author: Whose it is.
        ours: Ours.
        reference: The reference client's.
        aims: What ours is to be beside it.
    """

    author: str
    ours: Figures
    reference: Figures
    aims: tuple[Aim, ...]


def compare(
    author: str, ours: Sequence[Tally], reference: Sequence[Tally]
) -> Comparison:
    """Return the comparison of an author, or of several together.

    Args:
        author: What to call it.
        ours: What our keystroke logic did.
        reference: What the reference client did.
    """
    one, other = _figures(ours), _figures(reference)
    per_accepted = _ratio(one.requests_per_accepted, other.requests_per_accepted)
    aims = (
        Aim(name="p50", value=_ratio(one.p50_s, other.p50_s), at_most=P50_AIM),
        Aim(name="requests", value=per_accepted, at_most=REQUESTS_AIM),
        Aim(name="stale", value=float(one.stale), at_most=0.0),
    )
    return Comparison(author=author, ours=one, reference=other, aims=aims)


def _figures(tallies: Sequence[Tally]) -> Figures:
    shown = [wait_s for each in tallies for wait_s in each.waits_s]
    waits_s = sorted(wait_s for wait_s in shown if wait_s > _AT_ONCE_S)
    requests = sum(each.requests for each in tallies)
    accepted = sum(each.accepted for each in tallies)
    elapsed_s = sum(each.elapsed_s for each in tallies)
    return Figures(
        strokes=sum(each.asked for each in tallies),
        requests=requests,
        repeated=sum(each.repeated for each in tallies),
        shown=len(shown),
        at_once=len(shown) - len(waits_s),
        stayed=sum(each.stayed for each in tallies),
        stale=sum(each.stale for each in tallies),
        accepted=accepted,
        accepted_characters=sum(each.accepted_characters for each in tallies),
        p50_s=_quantile(waits_s, 0.5),
        p90_s=_quantile(waits_s, 0.9),
        accepted_share=_ratio(accepted, len(shown)),
        requests_per_accepted=_ratio(requests, accepted),
        requests_a_minute=_ratio(60 * requests, elapsed_s),
        elapsed_s=elapsed_s,
    )


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    """Return the value that so large a share is not above; `None` of nothing."""
    if not ordered:
        return None
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _ratio(one: float | None, other: float | None) -> float | None:
    return None if one is None or not other else one / other
