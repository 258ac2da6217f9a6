"""The whole conversation between a flow and its driver.

A flow yields a `Command`, is sent an `Outcome` with the time, and returns an `Answer`.
Times are monotonic seconds.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from gitlab_completions._records import Record
from gitlab_completions.details import Endpoint

if TYPE_CHECKING:
    from gitlab_completions.details import ConnectionDetails
    from gitlab_completions.models import Route, RouteReason


class Send(Record):
    """Start an attempt; report what happens first, at `until` the latest.

    Args:
        route: Where to.
        reason: Why there, should it answer.
        until: When to report `Slow` (or `Busy`); a moment that has passed means at
            once, so that another attempt can start beside it.
        ends_at: When the attempt has to end.
        last_resort: No other route is left to this call.
        price: How many hedges of the budget it costs.
        least_s: Seconds that its exchange has at least on the wire, be the call's
            deadline sooner: what is cut short says nothing of the route.
        details: What it takes to go direct; `None` on indirect.
        endpoint: Which of the gateway's endpoints; without meaning on indirect.
    """

    route: Route
    reason: RouteReason
    until: float
    ends_at: float
    last_resort: bool
    price: int = 0
    least_s: float = 0.0
    details: ConnectionDetails | None = None
    endpoint: Endpoint = Endpoint.V2


class Wait(Record):
    """Report what happens next to what is in flight, at `until` the latest."""

    until: float


class AwaitDetails(Record):
    """Report when the fetch of connection details has ended, at `until` the latest."""

    until: float


Command: TypeAlias = Send | Wait | AwaitDetails


class Answered(Record):
    """An attempt brought a completion, be it an empty one."""

    route: Route
    at: float


class Failed(Record):
    """An attempt ended without a completion.

    Args:
        route: Where it was sent.
        at: When it ended.
        final: No other route would do better: the call is over.
        passing: The cause passes by itself (a rate limit, a failing server, the
            network), so that direct may be tried in place of the instance.
        sent: It has been on the wire; else it was turned away at the gate, for its
            route rests or its details are refused.
    """

    route: Route
    at: float
    final: bool
    passing: bool
    sent: bool = True


class Slow(Record):
    """`until` has passed and nothing has ended."""

    at: float


class Busy(Record):
    """`until` has passed; the attempt was still in the gate, and was not sent."""

    route: Route
    at: float


class DetailsSettled(Record):
    """The fetch of connection details has ended, well or not, or `until` has passed."""

    at: float


Outcome: TypeAlias = Answered | Failed | Slow | Busy | DetailsSettled


class Chosen(Record):
    """The call has its completion."""

    route: Route
    reason: RouteReason


class GaveUp(Enum):
    """The call ends without a completion."""

    REJECTED = "rejected"
    """The instance refused the request itself."""
    EXHAUSTED = "exhausted"
    """Every route that was possible has failed."""
    RATE_LIMITED = "rate_limited"
    """The only route left is not to be asked now."""
    DEADLINE = "deadline"
    """The time is up."""


Answer: TypeAlias = Chosen | GaveUp
