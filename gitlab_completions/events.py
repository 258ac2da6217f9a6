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
    from gitlab_completions.models import Intent, Model, Route, RouteReason
    from gitlab_completions.status import RoutingStatus

__all__ = (
    "AttemptFailed",
    "AttemptSucceeded",
    "CallFinished",
    "CallStarted",
    "CircuitProbed",
    "CircuitRecovered",
    "CircuitTripped",
    "ClockJumped",
    "ContextSize",
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
    "StreamBegan",
    "Superseded",
)


class ContextSize(Record):
    """What an item of a call's context is, and how large; its name's ending alone.

    Args:
        kind: A whole `"file"`, or a `"snippet"` of one.
        file_extension: What follows the last dot of its name; empty without one.
        size_bytes: Bytes of its text in UTF-8, before anything is cut.
    """

    kind: Literal["file", "snippet"]
    file_extension: str
    size_bytes: int


class CallStarted(Record):
    """A call began; told to observers of yours only, in the caller's context.

    Sizes are the request's own, before anything is cut or withheld.

    Args:
        call_id: The call, in all events of it.
        intent: What it wants.
        streams: Its text is read while it comes.
        language: The language identifier that is sent, where there is one.
        file_extension: What follows the last dot of the file's name.
        above_chars: Characters above the cursor.
        below_chars: Characters below it.
        above_bytes: The same in bytes of UTF-8.
        below_bytes: The same below the cursor.
        context: The items of its context, in their order.
    """

    call_id: int
    intent: Intent
    streams: bool
    language: str | None
    file_extension: str
    above_chars: int
    below_chars: int
    above_bytes: int
    below_bytes: int
    context: tuple[ContextSize, ...] = ()


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
    """An attempt brought a completion, perhaps after its call had ended.

    Args:
        call_id: The call that ordered it.
        route: Where it went.
        elapsed_s: Seconds from the send to the end of the answer.
        status_code: HTTP status of the answer.
        request_id: The server's id of the request.
        reason: Why it was sent there.
        bytes_sent: Bytes of the request's body, each time that it was sent.
        bytes_received: Bytes of the answers' bodies, unpacked.
        token_age_s: Seconds since the gateway's token was granted; `None` on indirect.
        superseded: Its call had ended without it.
    """

    call_id: int
    route: Route
    elapsed_s: float
    status_code: int
    request_id: str | None
    reason: RouteReason | None = None
    bytes_sent: int = 0
    bytes_received: int = 0
    token_age_s: float | None = None
    superseded: bool = False


class AttemptFailed(Record):
    """An attempt ended without a completion, perhaps after its call had ended.

    Args:
        call_id: The call that ordered it.
        route: Where it went.
        elapsed_s: Seconds from the send to the failure.
        error: Why it brought none.
        reason: Why it was sent there.
        bytes_sent: Bytes of the request's body, each time that it was sent.
        bytes_received: Bytes of the answers' bodies, unpacked.
        token_age_s: Seconds since the gateway's token was granted; `None` on indirect.
        superseded: Its call had ended without it.
    """

    call_id: int
    route: Route
    elapsed_s: float
    error: RouteError
    reason: RouteReason | None = None
    bytes_sent: int = 0
    bytes_received: int = 0
    token_age_s: float | None = None
    superseded: bool = False


class StreamBegan(Record):
    """The first piece of a stream has come: there is no other route from now on."""

    call_id: int
    route: Route
    elapsed_s: float


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

    Args:
        call_id: The call.
        elapsed_s: Seconds from its beginning.
        route: Where a stream came from that was sent, and ended with its reader.
        bytes_sent: Bytes of the body that asked for it.
        bytes_received: Bytes of it that had come, unpacked.
    """

    call_id: int
    elapsed_s: float
    route: Route | None = None
    bytes_sent: int = 0
    bytes_received: int = 0


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
        elapsed_s: Seconds that asking took.
    """

    project_path: str | None
    lifetime_s: float
    dropped_headers: int
    shared: bool = False
    elapsed_s: float | None = None


class DetailsRefused(Record):
    """Direct access was refused, or asking for it failed.

    Args:
        project_path: The project it was asked for.
        problem: Why.
        again_in_s: Seconds from which on a call has it asked again.
        elapsed_s: Seconds that asking took; `None` when the gateway refused what had
            been granted, or another process was told so.
    """

    project_path: str | None
    problem: DirectAccessError
    again_in_s: float | None
    elapsed_s: float | None = None


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
    """A call ended with a completion or an error; not sent for superseded calls.

    Args:
        call_id: The call.
        elapsed_s: Seconds from its beginning.
        route: The route that answered; `None` when none did.
        reason: Why that route.
        error: What the caller was raised; `None` for a completion.
        model: The model that was used, where the server says.
        choices: How many suggestions there are; none means that there is nothing to
            suggest.
        attempts: How often it was sent.
    """

    call_id: int
    elapsed_s: float
    route: Route | None
    reason: RouteReason | None
    error: GitLabCompletionsError | None
    model: Model | None = None
    choices: int = 0
    attempts: int = 0


class StatusChanged(Record):
    """Health, route or reason are not what they were."""

    status: RoutingStatus


Event: TypeAlias = (
    CallStarted
    | RouteChosen
    | ContextWithheld
    | AttemptSucceeded
    | AttemptFailed
    | StreamBegan
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
