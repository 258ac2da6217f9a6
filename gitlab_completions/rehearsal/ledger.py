"""What the observers of all authors' clients heard, as rows to reckon with.

One row for each call that ended and each attempt that brought something or failed, in
the order in which they ended, so that a window of time is a slice. Calls that their
author superseded are counted and nothing more: nobody waited for them.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from gitlab_completions.events import (
    AttemptFailed,
    AttemptSucceeded,
    CallFinished,
    CallStarted,
    FellBack,
    Hedged,
    Superseded,
)
from gitlab_completions.models import Route

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitlab_completions.events import Event

__all__ = ("AttemptRow", "CallRow", "Ledger", "RowT", "quantile", "since")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """A call that ended with a completion or an error.

    Attributes:
        author: Whose it was.
        phase: Number of the lever's setting that it began in.
        ended_s: When, in the loop's seconds.
        elapsed_s: Seconds that its author waited.
        route: What answered; `None` when it was lost.
        had_context: It had context.
        rerouted: Another route answered than the first one.
    """

    author: int
    phase: int
    ended_s: float
    elapsed_s: float
    route: Route | None
    had_context: bool
    rerouted: bool

    @property
    def lost(self) -> bool:
        """Whether its author got an error."""
        return self.route is None

    @property
    def began_s(self) -> float:
        """When it began."""
        return self.ended_s - self.elapsed_s


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """An attempt that succeeded or failed.

    Attributes:
        author: Whose it was.
        phase: Number of the lever's setting that it was sent in.
        ended_s: When it ended, in the loop's seconds.
        elapsed_s: Seconds from its send.
        route: Where it went.
        failed: It brought no completion.
    """

    author: int
    phase: int
    ended_s: float
    elapsed_s: float
    route: Route
    failed: bool

    @property
    def began_s(self) -> float:
        """When it was sent."""
        return self.ended_s - self.elapsed_s


RowT = TypeVar("RowT", CallRow, AttemptRow)


@dataclass(slots=True)
class _Open:
    """A call that has not ended."""

    phase: int
    had_context: bool
    others: set[Route] = field(default_factory=set[Route])


@dataclass(slots=True)
class Ledger:
    """The rows of one rehearsal.

    Attributes:
        phase: Number of the lever's setting now; whoever sets it says so.
        calls: Calls that ended.
        attempts: Attempts that ended otherwise than by being given up.
        superseded: How many calls were.
        losses: How many calls ended in an error, by its code.
    """

    phase: int = 0
    calls: list[CallRow] = field(default_factory=list[CallRow])
    attempts: list[AttemptRow] = field(default_factory=list[AttemptRow])
    superseded: int = 0
    losses: Counter[str] = field(default_factory=Counter[str])
    _phases: list[float] = field(default_factory=list[float])

    @property
    def lost(self) -> int:
        """How many calls ended in an error."""
        return self.losses.total()

    def turn(self, now: float) -> None:
        """Begin the next phase."""
        self._phases.append(now)
        self.phase = len(self._phases) - 1

    def phase_at(self, at: float) -> int:
        """Return which phase it was at a time."""
        return max(0, bisect_left(self._phases, at) - 1)

    def observer(self, author: int) -> Callable[[Event], None]:
        """Return an observer of one client of `author`'s: call ids are its own."""
        return _Pen(self, author)


class _Pen:
    """Writes what one client tells.

    Args:
        ledger: Where to.
        author: Whose client it is.
    """

    def __init__(self, ledger: Ledger, author: int) -> None:
        self._ledger = ledger
        self._author = author
        self._open: dict[int, _Open] = {}

    def __call__(self, event: Event) -> None:
        """Take note of an event."""
        match event:
            case CallStarted():
                phase = self._ledger.phase
                self._open[event.call_id] = _Open(phase, bool(event.context))
            case FellBack() | Hedged():
                if event.call_id in self._open:
                    self._open[event.call_id].others.add(event.route)
            case AttemptSucceeded() | AttemptFailed():
                self._attempt(event)
            case CallFinished():
                self._finished(event)
            case Superseded():
                self._open.pop(event.call_id, None)
                self._ledger.superseded += 1
            case _:
                pass

    def _attempt(self, event: AttemptSucceeded | AttemptFailed) -> None:
        now = asyncio.get_running_loop().time()
        self._ledger.attempts.append(
            AttemptRow(
                author=self._author,
                phase=self._ledger.phase_at(now - event.elapsed_s),
                ended_s=now,
                elapsed_s=event.elapsed_s,
                route=event.route,
                failed=isinstance(event, AttemptFailed),
            )
        )

    def _finished(self, event: CallFinished) -> None:
        call = self._open.pop(event.call_id, None)
        if call is None:
            return
        if event.error is not None:
            self._ledger.losses[event.error.code] += 1
        self._ledger.calls.append(
            CallRow(
                author=self._author,
                phase=call.phase,
                ended_s=asyncio.get_running_loop().time(),
                elapsed_s=event.elapsed_s,
                route=event.route if event.error is None else None,
                had_context=call.had_context,
                rerouted=event.route in call.others,
            )
        )


def since(rows: Sequence[RowT], at: float) -> Sequence[RowT]:
    """Return the rows of what ended at a time or later."""
    return rows[bisect_left(rows, at, key=lambda row: row.ended_s) :]


def quantile(values: Sequence[float], share: float) -> float | None:
    """Return the value that so large a share is not above; `None` of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
