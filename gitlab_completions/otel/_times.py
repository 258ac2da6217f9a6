"""Where a span is put: in time, and outside of any other."""

from __future__ import annotations

from opentelemetry.context import Context

NOWHERE = Context()
"""The context of what belongs to no trace; without one it would be the thread's."""
_NS = 1_000_000_000


def nanoseconds(span_s: float) -> int:
    """Return a span of seconds in nanoseconds."""
    return round(span_s * _NS)


def seconds(span_ns: int) -> float:
    """Return a span of nanoseconds in seconds."""
    return span_ns / _NS
