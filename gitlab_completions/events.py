"""What observers are told: frozen records of what the library decided and saw.

An observer is called on the client's event loop, in the order of events; it must be
quick, and what it raises is logged once and otherwise ignored. Events hold no source
code and no secrets. The union is open: new kinds of event appear in minor versions, so
an observer ignores what it does not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from gitlab_completions._records import Record

if TYPE_CHECKING:
    from gitlab_completions.details import Endpoint
    from gitlab_completions.errors import (
        DirectAccessError,
        GitLabCompletionsError,
        RouteError,
    )
    from gitlab_completions.models import Route, RouteReason
    from gitlab_completions.status import RoutingStatus

__all__ = (
    "AttemptFailed",
    "AttemptSucceeded",
    "CallFinished",
    "CircuitProbed",
    "CircuitRecovered",
    "CircuitTripped",
    "ClockJumped",
    "ContextWithheld",
    "DetailsRefreshed",
    "DetailsRefused",
    "EndpointRefused",
    "Event",
    "FellBack",
    "Hedged",
    "Observer",
    "RouteChosen",
    "StatusChanged",
    "Superseded",
)


class ContextWithheld(Record):
    """A call goes without some of its context: the ignore list has their files.

    Args:
        call_id: The call.
        items: How many items were left out.
    """

    call_id: int
    items: int


class RouteChosen(Record):
    """A call was sent on its first route."""

    call_id: int
    route: Route
    reason: RouteReason


class AttemptSucceeded(Record):
    """An attempt brought a completion, perhaps after its call had ended."""

    call_id: int
    route: Route
    elapsed_s: float
    status_code: int
    request_id: str | None


class AttemptFailed(Record):
    """An attempt ended without a completion, perhaps after its call had ended."""

    call_id: int
    route: Route
    elapsed_s: float
    error: RouteError


class FellBack(Record):
    """A call went to the next route, because the last attempt gave nothing."""

    call_id: int
    route: Route
    reason: RouteReason


class Hedged(Record):
    """A call's first attempt was slow, and the other route was started beside it."""

    call_id: int
    route: Route


class Superseded(Record):
    """The caller left; what is in flight may still finish, and teach.

    Unless it is a stream, which ends with its reader.
    """

    call_id: int
    elapsed_s: float


class CircuitTripped(Record):
    """A route rests.

    Args:
        route: Which one.
        rests_s: For so many seconds.
        cause: It failed, kept callers waiting, asked for the rest, or is slower than
            the other route.
    """

    route: Route
    rests_s: float
    cause: Literal["failures", "lateness", "rate_limit", "slower"] = "failures"


class CircuitProbed(Record):
    """A probe was sent on a route whose rest is over."""

    call_id: int
    route: Route


class CircuitRecovered(Record):
    """Probes answered in time: the route is in use again."""

    route: Route


class DetailsRefreshed(Record):
    """New connection details arrived.

    Args:
        project_path: The project they are for.
        lifetime_s: Seconds they live.
        dropped_headers: Granted header pairs that are not fit to be sent.
        shared: Another process had asked for them, and the store had them.
    """

    project_path: str | None
    lifetime_s: float
    dropped_headers: int
    shared: bool = False


class DetailsRefused(Record):
    """Direct access was refused, or asking for it failed.

    Args:
        project_path: The project it was asked for.
        problem: Why.
        again_in_s: Seconds from which on a call has it asked again.
    """

    project_path: str | None
    problem: DirectAccessError
    again_in_s: float | None


class EndpointRefused(Record):
    """The gateway refused one of its endpoints: calls go direct by another from now on.

    Args:
        project_path: The project whose requests it refused.
        endpoint: The one that was refused.
        instead: The one that is asked from now on.
        status_code: HTTP status that refused it.
    """

    project_path: str | None
    endpoint: Endpoint
    instead: Endpoint
    status_code: int | None


class ClockJumped(Record):
    """The machine was suspended: connections are replaced, details looked at again."""


class CallFinished(Record):
    """A call ended with a completion or an error; not sent for superseded calls."""

    call_id: int
    elapsed_s: float
    route: Route | None
    reason: RouteReason | None
    error: GitLabCompletionsError | None


class StatusChanged(Record):
    """Health, route or reason are not what they were."""

    status: RoutingStatus


Event: TypeAlias = (
    RouteChosen
    | ContextWithheld
    | AttemptSucceeded
    | AttemptFailed
    | FellBack
    | Hedged
    | Superseded
    | CircuitTripped
    | CircuitProbed
    | CircuitRecovered
    | DetailsRefreshed
    | DetailsRefused
    | EndpointRefused
    | ClockJumped
    | CallFinished
    | StatusChanged
)


class Observer(Protocol):
    """Anything that can be called with an event."""

    def __call__(self, event: Event, /) -> object:
        """Take note of an event; quick, and on the client's loop."""
        ...
