"""What a line says of an event: one client's events as JSON objects, without any I/O.

A line holds sizes, times, codes, and words out of closed lists: no path, no content, no
project, no token, no host. A call's tracking id is drawn from its number and a key that
nobody else has. So it is random to everybody, and yet known again when an attempt ends
long after its call, without anything being kept of the call. Only an id of the caller's
own has to be remembered.
"""

from __future__ import annotations

import os
from hashlib import blake2b
from typing import TYPE_CHECKING
from uuid import UUID

from cachetools import FIFOCache

from gitlab_completions import events
from gitlab_completions._plain_names import plain_name
from gitlab_completions.errors import ErrorCode
from gitlab_completions.event_log._wording import (
    LANGUAGE_CHARS,
    context_item,
    deciding,
    on,
    seconds,
    status_code,
    why,
)

if TYPE_CHECKING:
    from gitlab_completions.errors import GitLabCompletionsError, RouteError
    from gitlab_completions.event_log._wording import Line
    from gitlab_completions.models import Route

SUGGESTIONS, ROUTING = "code_suggestions", "routing"
"""The categories: GitLab's own, and ours."""
MOST_CALLS = 4096
"""Calls of a client at once, far more than it could have on the wire; and those ended
whose ids are remembered."""
MOST_ITEMS = 64
"""Context items that a line lists; their total has them all."""


class _Call:
    """What is remembered of a call while it lasts."""

    __slots__ = ("base", "failed", "items", "status_codes", "streams", "tracking_id")

    def __init__(self, tracking_id: str, base: Line) -> None:
        self.tracking_id = tracking_id
        self.base: Line = base
        self.streams = False
        self.items = 0
        self.status_codes: dict[Route, int | None] = {}
        self.failed: RouteError | None = None


class Scribe:
    """Turns the events of one client into lines.

    Args:
        key: Random bytes.
        realm: GitLab's word for the kind of instance, where it is known.
    """

    def __init__(self, key: bytes, realm: str | None = None) -> None:
        self._key = key
        self._realm: Line = {} if realm is None else {"gitlab_realm": realm}
        self._calls: FIFOCache[int, _Call] = FIFOCache(MOST_CALLS)
        self._given: FIFOCache[int, str] = FIFOCache(MOST_CALLS)

    def line(self, event: events.Event, given: str | None = None) -> Line | None:
        """Return what a line says of an event; `None` for one that has no line.

        Args:
            event: What observers were told.
            given: The tracking id that its caller gave the call which begins.
        """
        if given is not None and isinstance(event, events.CallStarted):
            self._given[event.call_id] = given
        return (
            self._of_suggestion(event)
            or self._of_attempt(event)
            or self._of_circuit(event)
            or _of_access(event)
        )

    def _of_suggestion(self, event: events.Event) -> Line | None:
        match event:
            case events.CallStarted():
                return self._started(event)
            case events.CallFinished():
                return self._finished(event)
            case events.Superseded():
                call = self._end(event.call_id)
                left = {**on(event.route), "elapsed_s": seconds(event.elapsed_s)}
                return _suggestion("suggestion_cancelled", call, left | _left(event))
            case events.StreamBegan():
                call = self._call(event.call_id)
                came = {**on(event.route), "elapsed_s": seconds(event.elapsed_s)}
                return _suggestion("suggestion_stream_started", call, came)
            case _:
                return None

    def _of_attempt(self, event: events.Event) -> Line | None:
        match event:
            case events.AttemptSucceeded():
                call, status = self._call(event.call_id), status_code(event.status_code)
                call.status_codes[event.route] = status
                return {**_attempt(event, call), **why(None), "api_status_code": status}
            case events.AttemptFailed():
                call = self._call(event.call_id)
                call.failed = event.error
                return {**_attempt(event, call), **why(event.error)}
            case events.FellBack():
                call = self._call(event.call_id)
                line = self._sent("fell_back", event.call_id, event.route)
                return {**line, "reason": event.reason.value, **why(call.failed)}
            case events.Hedged():
                return self._sent("hedged", event.call_id, event.route)
            case events.ContextWithheld():
                return self._withheld(event)
            case _:
                return None

    def _of_circuit(self, event: events.Event) -> Line | None:
        match event:
            case events.CircuitTripped():
                return _routing(
                    "circuit_tripped",
                    route=event.route.value,
                    rests_s=seconds(event.rests_s),
                    cause=event.cause,
                )
            case events.CircuitProbed():
                return self._sent("circuit_probed", event.call_id, event.route)
            case events.CircuitRecovered():
                return _routing("circuit_recovered", route=event.route.value)
            case _:
                return None

    def _started(self, event: events.CallStarted) -> Line:
        sizes = [item.size_bytes for item in event.context]
        call = self._new(event.call_id)
        call.streams, call.items = event.streams, len(sizes)
        call.base |= {
            "intent": event.intent.value,
            "suggestion_source": "network",
            "language": plain_name(event.language, LANGUAGE_CHARS),
            "prefix_length": event.above_chars,
            "suffix_length": event.below_chars,
            "is_streaming": event.streams,
            "has_advanced_context": bool(sizes),
            "content_above_cursor_size_bytes": event.above_bytes,
            "content_below_cursor_size_bytes": event.below_bytes,
            "total_context_size_bytes": sum(sizes),
            "context_items": [context_item(one) for one in event.context[:MOST_ITEMS]],
        }
        self._calls[event.call_id] = call
        return _suggestion("suggestion_requested", call, {})

    def _finished(self, event: events.CallFinished) -> Line:
        call = self._end(event.call_id)
        if event.error is not None:
            return _failed(event, event.error, call)
        action = "suggestion_loaded"
        if not event.choices:
            action = "suggestion_not_provided"
        elif call.streams:
            action = "suggestion_stream_completed"
        model, route = event.model, event.route
        outcome = {
            **_outcome(event, route, None),
            "api_status_code": call.status_codes.get(route) if route else None,
            "model_engine": plain_name(model.engine) if model else None,
            "model_name": plain_name(model.name) if model else None,
            "options_count": event.choices,
        }
        return _suggestion(action, call, outcome)

    def _sent(self, action: str, call_id: int, route: Route) -> Line:
        tracking_id = self._call(call_id).tracking_id
        return _routing(action, unique_tracking_id=tracking_id, route=route.value)

    def _withheld(self, event: events.ContextWithheld) -> Line:
        """Forget a call's context, if all of it is withheld.

        Of a part the event does not say which items are left.
        """
        call = self._call(event.call_id)
        if event.items == call.items:
            none = {"has_advanced_context": False, "total_context_size_bytes": 0}
            call.base |= {**none, "context_items": []}
        return _routing(
            "context_withheld", unique_tracking_id=call.tracking_id, items=event.items
        )

    def _call(self, call_id: int) -> _Call:
        return self._calls.get(call_id) or self._new(call_id)

    def _end(self, call_id: int) -> _Call:
        return self._calls.pop(call_id, None) or self._new(call_id)

    def _new(self, call_id: int) -> _Call:
        tracking_id = self._given.get(call_id) or self._draw(call_id)
        return _Call(tracking_id, {"unique_tracking_id": tracking_id, **self._realm})

    def _draw(self, call_id: int) -> str:
        # The process too: a forked child counts its calls on from where it was.
        text = f"{os.getpid()} {call_id}".encode()
        drawn = blake2b(text, digest_size=16, key=self._key).digest()
        return str(UUID(bytes=drawn, version=4))


def _of_access(event: events.Event) -> Line | None:
    match event:
        case events.DetailsRefreshed():
            return _routing(
                "details_refreshed",
                elapsed_s=seconds(event.elapsed_s),
                error_code=None,
                lifetime_s=seconds(event.lifetime_s),
                dropped_headers=event.dropped_headers,
                shared=event.shared,
            )
        case events.DetailsRefused():
            return _routing(
                "details_refused",
                elapsed_s=seconds(event.elapsed_s),
                error_code=event.problem.code.value,
                api_status_code=status_code(event.problem.status_code),
                again_in_s=seconds(event.again_in_s),
            )
        case events.EndpointRefused():
            return _routing(
                "endpoint_refused",
                endpoint=event.endpoint.value,
                instead=event.instead.value,
                api_status_code=status_code(event.status_code),
            )
        case events.StatusChanged():
            status = event.status
            return _routing(
                "status_changed",
                health=status.health.value,
                route=status.route.value if status.route else None,
                reason=status.reason.value,
                error_code=status.problem.code.value if status.problem else None,
            )
        case events.ClockJumped():
            return _routing("clock_jumped")
        case _:
            return None


def _suggestion(action: str, call: _Call, more: Line) -> Line:
    return {"category": SUGGESTIONS, "action": action, **call.base, **more}


def _routing(action: str, **more: object) -> Line:
    return {"category": ROUTING, "action": action, **more}


def _failed(
    event: events.CallFinished, error: GitLabCompletionsError, call: _Call
) -> Line:
    """Say why there is no completion: by the attempt that decided it, if any did.

    That a client was closed is no failure: its user has left.
    """
    closed = error.code is ErrorCode.CLOSED
    decided = deciding(error)
    route = None if decided is None else decided.route
    outcome = {**_outcome(event, route, decided), "error_code": error.code.value}
    action = "suggestion_cancelled" if closed else "suggestion_error"
    return _suggestion(action, call, outcome)


def _outcome(
    event: events.CallFinished, route: Route | None, error: RouteError | None
) -> Line:
    return {
        **on(route),
        "elapsed_s": seconds(event.elapsed_s),
        "reason": event.reason.value if event.reason else None,
        "attempts": event.attempts,
        **why(error),
    }


def _left(event: events.Superseded) -> Line:
    """Return what of a stream had come: no attempt is told of what its reader ends."""
    if event.route is None:
        return {}
    return {"bytes_sent": event.bytes_sent, "bytes_received": event.bytes_received}


def _attempt(
    event: events.AttemptSucceeded | events.AttemptFailed, call: _Call
) -> Line:
    more = {
        "unique_tracking_id": call.tracking_id,
        **on(event.route),
        "reason": event.reason.value if event.reason else None,
        "elapsed_s": seconds(event.elapsed_s),
        "token_age_s": seconds(event.token_age_s),
        "bytes_sent": event.bytes_sent,
        "bytes_received": event.bytes_received,
        "superseded": event.superseded,
    }
    return _routing("attempt", **more)
