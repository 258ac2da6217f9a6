"""Counts what happened, for `status()`: an observer like any other."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gitlab_completions.events import (
    AttemptFailed,
    CallFinished,
    CircuitTripped,
    DetailsRefreshed,
    DetailsRefused,
    EndpointRefused,
    FellBack,
    Hedged,
    Superseded,
)

if TYPE_CHECKING:
    from gitlab_completions.events import Event

_NAMES: dict[type, str] = {
    AttemptFailed: "attempts_failed",
    CircuitTripped: "circuits_tripped",
    DetailsRefreshed: "details_refreshed",
    DetailsRefused: "details_refused",
    EndpointRefused: "endpoints_refused",
    FellBack: "fell_back",
    Hedged: "hedged",
    Superseded: "superseded",
}


class Tally:
    """The counts of one client, by name; a name that is missing counts zero."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def __call__(self, event: Event) -> None:
        """Count an event."""
        name = _NAMES.get(type(event))
        if name is not None:
            self.counts[name] += 1
        elif isinstance(event, CallFinished):
            self.counts["completed" if event.route else "failed"] += 1
            if event.route is not None:
                self.counts[event.route.value] += 1
