"""How routing stands, in one value: for status bars, health checks and bug reports."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, cast

from gitlab_completions._records import Record, fields

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from gitlab_completions.errors import GitLabCompletionsError
    from gitlab_completions.models import Route, RouteReason

__all__ = ("Availability", "CircuitWord", "Health", "RoutingStatus")

CircuitWord = Literal["closed", "open", "half_open"]


class Health(StrEnum):
    """Whether completions can be had, in a word."""

    STARTING = "starting"
    """Nothing has been asked for yet."""
    READY = "ready"
    """Completions come, by the route that the policy prefers."""
    DEGRADED = "degraded"
    """Completions come, though not by the route that the policy prefers."""
    UNAVAILABLE = "unavailable"
    """The last call got no completion, or the first would get none."""
    CLOSED = "closed"
    """The client is closed."""


class Availability(Record):
    """Whether code suggestions work for a user and a project, and if not, why.

    Args:
        available: They do, as far as GitLab tells before a completion.
        problem: Why not, with a code and what a person can do; `None` when they do.
            Whether it passes by itself is in its `retryable`.
        gitlab_version: The instance's version, where it told.
    """

    available: bool
    problem: GitLabCompletionsError | None
    gitlab_version: str | None


class RoutingStatus(Record):
    """What the next call would do, and why.

    Args:
        health: Whether completions can be had.
        route: The route that the next call would take first; `None` when closed.
        reason: Why that route.
        problem: Why direct is not in use, or why the last call failed; `None` when all
            is well, or your side keeps to indirect, as `reason` tells.
        at: When this was written, with its time zone.
        recheck_in_s: Seconds until a call would try direct again; `None` when it is in
            use, or will never be.
        token_age_s: Seconds since the gateway's token was granted; `None` without one.
        token_expires_in_s: Seconds until it is not used any more.
        circuits: The state of each route's circuit.
        indirect_used: Completions asked of the instance in the last minute.
        in_flight: Exchanges on the wire, those included whose callers have left.
        counts: What happened since the client was made, by name.
    """

    health: Health
    route: Route | None
    reason: RouteReason
    problem: GitLabCompletionsError | None
    at: datetime
    recheck_in_s: float | None
    token_age_s: float | None
    token_expires_in_s: float | None
    circuits: Mapping[Route, CircuitWord]
    indirect_used: int
    in_flight: int
    counts: Mapping[str, int]

    def __reduce__(self) -> tuple[object, ...]:
        mutable = {name: _thawed(value) for name, value in fields(self).items()}
        return _rebuild, (RoutingStatus, mutable)


def _thawed(value: object) -> object:
    """Return what can be pickled for a view of a dictionary, which cannot."""
    return dict(cast("Mapping[object, object]", value)) if _is_view(value) else value


def _is_view(value: object) -> bool:
    return isinstance(value, MappingProxyType)


def _rebuild(
    kind: Callable[..., RoutingStatus], values: dict[str, object]
) -> RoutingStatus:
    return kind(**values)
