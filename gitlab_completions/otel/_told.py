"""An event as it was told: when, and in which context."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from opentelemetry.context import Context

if TYPE_CHECKING:
    from gitlab_completions.events import Event
    from gitlab_completions.otel._watch import Watch

NOWHERE = Context()
"""The context of what belongs to no trace; without one it would be the thread's."""
_NS = 1_000_000_000


class Told(NamedTuple):
    """An event, as it was told.

    Args:
        watch: Who was told.
        event: It.
        at_ns: When, in nanoseconds of Unix time.
        context: In which context, where that matters.
    """

    watch: Watch
    event: Event
    at_ns: int
    context: Context = NOWHERE

    def write(self) -> None:
        """Have it written by who was told."""
        self.watch.write(self)


def nanoseconds(span_s: float) -> int:
    """Return a span of seconds in nanoseconds."""
    return round(span_s * _NS)


def seconds(span_ns: int) -> float:
    """Return a span of nanoseconds in seconds."""
    return span_ns / _NS
