"""What happened in a soak, as compactly as it can be kept for as long as it lasts.

Calls are three numbers each: what the soak itself holds must not look like a leak of
the library. A call that ends in an error is judged at once and only counted, unless it
is a violation.
"""

from __future__ import annotations

import asyncio
import sys
from array import array
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitlab_completions import Route, errors, events

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitlab_completions.events import Event
    from tests.soak.faults import Fault, Part

OUTCOMES = ("direct", "indirect", "error", "superseded")


@dataclass(slots=True)
class Spell:
    """A fault that is, or was, in force; in the loop's seconds.

    It begins a moment before anything is done about it, and ends when the server has
    said that all is well again.
    """

    fault: Fault
    start: float
    end: float | None = None


@dataclass(slots=True)
class Journal:
    """What happened, in the loop's seconds.

    Attributes:
        began: When the soak began.
        spells: Faults as they came and went.
        suspends: When the machine slept.
        restarts: When a server was killed, and which.
        counts: Calls by how they ended.
        excuses: Calls that ended in an error, by why each route owed no answer.
        violations: What must not be.
        over: Set when it is time to stop typing.
    """

    began: float
    spells: list[Spell] = field(default_factory=list)
    suspends: list[float] = field(default_factory=list)
    restarts: list[tuple[float, str]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    excuses: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    started: array[float] = field(default_factory=lambda: array("d"))
    elapsed_s: array[float] = field(default_factory=lambda: array("f"))
    outcomes: array[int] = field(default_factory=lambda: array("b"))

    @property
    def calls(self) -> int:
        """How many calls have ended."""
        return len(self.started)

    def call(self, started: float, elapsed_s: float, outcome: str) -> None:
        """Take note of a call that has ended."""
        self.counts[outcome] += 1
        self.started.append(started)
        self.elapsed_s.append(elapsed_s)
        self.outcomes.append(OUTCOMES.index(outcome))

    def series(self, outcome: str) -> tuple[list[float], list[float]]:
        """Return when the calls of an outcome began since the start, and their time."""
        number = OUTCOMES.index(outcome)
        rows = zip(self.started, self.elapsed_s, self.outcomes, strict=True)
        found = [(at - self.began, took) for at, took, one in rows if one == number]
        return [at for at, _ in found], [took for _, took in found]

    def active(self) -> list[Spell]:
        """Return the faults in force."""
        return [one for one in self.spells if one.end is None]

    def breaking(self, parts: Iterable[Part], since: float) -> list[Spell]:
        """Return the faults that broke any of the parts at any time since then."""
        broken = frozenset(parts)
        return [
            one
            for one in self.spells
            if one.fault.breaks & broken and (one.end is None or one.end > since)
        ]

    def violation(self, text: str) -> None:
        """Take note of what must not be, and tell at once: a soak is long."""
        self.violations.append(text)
        print(f"VIOLATION: {text}", file=sys.stderr, flush=True)

    async def pause(self, span_s: float) -> None:
        """Wait so long, or until it is over."""
        with suppress(TimeoutError):
            async with asyncio.timeout(span_s):
                await self.over.wait()


class Told:
    """What the servers have told one client: a rest until a time, a no.

    An observer of the client; in the loop's seconds.
    """

    def __init__(self) -> None:
        self.rest_until: dict[Route, float] = dict.fromkeys(Route, 0.0)
        self.refused_at = 0.0

    def slept(self) -> None:
        """Forget what was said before the machine slept."""
        self.rest_until = dict.fromkeys(Route, 0.0)

    def hear(self, event: Event, now: float) -> None:
        """Take note of an event."""
        if isinstance(event, events.DetailsRefused):
            self.refused_at = now
        elif isinstance(event, events.AttemptFailed):
            self._failed(event, now)

    def _failed(self, event: events.AttemptFailed, now: float) -> None:
        error = event.error
        if isinstance(error, errors.RouteRateLimitedError):
            rest_s = error.retry_after_s or 60.0
            until = max(self.rest_until[event.route], now + rest_s)
            self.rest_until[event.route] = until
        refused = errors.RouteUnauthorizedError | errors.RouteForbiddenError
        if event.route is Route.DIRECT and isinstance(error, refused):
            self.refused_at = now
