"""The calls of one client, and their attempts, as spans and measurements.

A call's span is made when its beginning is read, and ended at its end; an attempt's is
made at its end, and begins as long before as it took. That may be after its call's end,
so a call is remembered while attempts of it are under way. What is remembered is
bounded, whatever is never told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.trace import (
    NonRecordingSpan,
    SpanKind,
    StatusCode,
    set_span_in_context,
)

from gitlab_completions import events
from gitlab_completions.models import Route, RouteReason
from gitlab_completions.otel import _attributes as attributes, names
from gitlab_completions.otel._times import NOWHERE, nanoseconds

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span, Tracer

    from gitlab_completions.otel._attributes import Attributes
    from gitlab_completions.otel._metrics import Label, Metrics

    Step = (
        events.FellBack
        | events.Hedged
        | events.CircuitProbed
        | events.StreamBegan
        | events.ContextWithheld
    )
    Attempted = events.AttemptSucceeded | events.AttemptFailed

MOST_CALLS = 1024
"""Calls that are remembered before their end: far more than are ever under way, since a
route takes eight at a time. Of one that is pushed out the end is unknown."""
MOST_LEFT = 64
"""Calls that are remembered after their end, for attempts that are under way, or were
never sent, which nobody tells."""
_ONE_MORE = (
    events.FellBack,
    events.Hedged,
    events.CircuitProbed,  # beside another attempt it is all that tells of this one
)
"""What tells of an attempt after the first one, which every call is taken to have: its
own event would be a fourth part of what an observer has to note."""
_GIVEN_UP = frozenset({RouteReason.FELL_BACK, RouteReason.LAST_TRY})
"""Of these the attempt before has failed, or was given up since it was slow."""


class Calls:
    """The calls of one client.

    Args:
        tracer: Makes the spans.
        metrics: Takes the measurements.
    """

    def __init__(self, tracer: Tracer, metrics: Metrics) -> None:
        self._tracer = tracer
        self._metrics = metrics
        self._calls: dict[int, _Call] = {}
        self._left: dict[int, _Call] = {}

    def __len__(self) -> int:
        return len(self._calls) + len(self._left)

    def begin(self, event: events.CallStarted, at_ns: int, context: Context) -> None:
        """Begin a call's span, in its caller's context."""
        same = self._calls.pop(event.call_id, None)
        if same is not None:  # of another client: this one counts up
            same.abandon(at_ns)
        elif len(self._calls) >= MOST_CALLS:
            self._calls.pop(next(iter(self._calls))).abandon(at_ns)
        self._calls[event.call_id] = _Call(self._tracer, event, at_ns, context)

    def step(self, event: Step) -> None:
        """Take note of what a call does on its way."""
        call = self._calls.get(event.call_id)
        if call is not None:
            call.under_way += isinstance(event, _ONE_MORE)
        if isinstance(event, events.FellBack):
            self._fell_back(event, call)
        elif isinstance(event, events.Hedged):
            self._metrics.add(names.HEDGES, (names.ROUTE, event.route.value))
        elif isinstance(event, events.CircuitProbed):
            self._metrics.add(names.CIRCUIT_PROBES, (names.ROUTE, event.route.value))
        elif isinstance(event, events.StreamBegan):
            self._stream_began(event, call)
        elif call is not None:
            call.items -= event.items

    def _fell_back(self, event: events.FellBack, call: _Call | None) -> None:
        labels: list[Label] = [
            (names.ROUTE, event.route.value),
            (names.REASON, event.reason.value),
        ]
        if call is not None and event.reason in _GIVEN_UP:
            labels.append((names.CAUSE, call.cause or "slow"))
            call.cause = None
        self._metrics.add(names.FALLBACKS, *labels)

    def _stream_began(self, event: events.StreamBegan, call: _Call | None) -> None:
        labels: Attributes = {names.ROUTE: event.route.value}
        context = NOWHERE
        if call is not None:
            call.first_piece_s = event.elapsed_s
            labels[names.INTENT] = call.event.intent.value
            context = call.context
        self._metrics.first_piece.record(event.elapsed_s, labels, context)

    def attempt(self, event: Attempted, at_ns: int) -> None:
        """Write an attempt, under its call if that is still remembered."""
        call = self._calls.get(event.call_id) or self._left.get(event.call_id)
        found = attributes.of_attempt(event)
        context = NOWHERE
        if call is not None:
            context = self._write_attempt(call, event, found, at_ns)
            self._one_less(event.call_id, call)
        self._metrics.attempt_duration.record(event.elapsed_s, found, context)
        self._count_bytes(event.route, event.bytes_sent, event.bytes_received)

    def _write_attempt(
        self, call: _Call, event: Attempted, found: Attributes, at_ns: int
    ) -> Context:
        """Write an attempt's span; return its context."""
        span = self._tracer.start_span(
            names.ATTEMPT.name,
            call.context,
            SpanKind.CLIENT,
            found | attributes.of_traffic(event),
            start_time=at_ns - nanoseconds(event.elapsed_s),
        )
        if isinstance(event, events.AttemptFailed):
            span.set_status(StatusCode.ERROR)
            call.cause = event.error.code.value
        span.end(at_ns)
        return set_span_in_context(span, NOWHERE)

    def _count_bytes(self, route: Route, sent: int, received: int) -> None:
        for way, size in (("transmit", sent), ("receive", received)):
            labels = (names.ROUTE, route.value), (names.DIRECTION, way)
            self._metrics.add(names.NETWORK_IO, *labels, amount=size)

    def _one_less(self, call_id: int, call: _Call) -> None:
        call.under_way -= 1
        if call.under_way <= 0:
            self._left.pop(call_id, None)

    def end(self, event: events.CallFinished, at_ns: int) -> None:
        """End a call's span, and measure it."""
        call = self._calls.pop(event.call_id, None)
        found = attributes.of_end(event)
        if call is None:
            self._metrics.call_duration.record(event.elapsed_s, found, NOWHERE)
            return
        labels = found | dict(call.labels)
        self._metrics.call_duration.record(event.elapsed_s, labels, call.context)
        counts: Attributes = {
            names.ATTEMPTS: event.attempts,
            names.CHOICES: event.choices,
        }
        if event.error is not None:
            call.span.set_status(StatusCode.ERROR)
        call.end(found | counts | attributes.of_model(event.model), at_ns)
        if event.attempts:
            self._leave(event.call_id, call)

    def supersede(self, event: events.Superseded, at_ns: int) -> None:
        """End a call's span whose caller has left."""
        call = self._calls.pop(event.call_id, None)
        labels = () if call is None else call.labels
        self._metrics.add(names.CALLS_SUPERSEDED, *labels)
        if event.route is not None:  # a stream's, of which no attempt will be told
            self._count_bytes(event.route, event.bytes_sent, event.bytes_received)
        if call is not None:
            call.under_way -= event.route is not None
            call.end({names.OUTCOME: "superseded"}, at_ns)
            self._leave(event.call_id, call)

    def _leave(self, call_id: int, call: _Call) -> None:
        """Remember a call that has ended, if attempts of it are under way."""
        if call.under_way <= 0:
            return
        call.forget_span()
        if len(self._left) >= MOST_LEFT:
            del self._left[next(iter(self._left))]
        self._left[call_id] = call


class _Call:
    """A call, while it or an attempt of it is under way.

    Args:
        tracer: Makes its span.
        event: What it is.
        at_ns: When it began.
        context: Its caller's.

    Attributes:
        context: Its span's.
        items: How many items of context go along.
        under_way: Attempts of it, those included that wait to be sent.
        cause: What its last attempt failed with.
        first_piece_s: Seconds from the send to the first piece of its stream.
    """

    __slots__ = (
        *("cause", "context", "event", "first_piece_s", "items", "span", "under_way"),
    )

    def __init__(
        self, tracer: Tracer, event: events.CallStarted, at_ns: int, context: Context
    ) -> None:
        self.event = event
        self.items = len(event.context)
        self.under_way = 1
        self.cause: str | None = None
        self.first_piece_s: float | None = None
        self.span: Span = tracer.start_span(
            names.CALL.name,
            context,
            attributes={
                names.OPERATION: "text_completion",
                names.PROVIDER: "gitlab",
                **dict(self.labels),
            },
            start_time=at_ns,
        )
        self.context = set_span_in_context(self.span, NOWHERE)

    @property
    def labels(self) -> tuple[Label, ...]:
        """What it is."""
        return (
            (names.INTENT, self.event.intent.value),
            (names.STREAMED, self.event.streams),
            (names.HAD_CONTEXT, self.items > 0),
        )

    def end(self, found: Attributes, at_ns: int) -> None:
        """End its span, with what is known by now."""
        found = {
            **found,
            names.HAD_CONTEXT: self.items > 0,
            names.CONTEXT_ITEMS: self.items,
        }
        if self.first_piece_s is not None:
            found[names.FIRST_CHUNK_S] = self.first_piece_s
        self.span.set_attributes(found)
        self.span.end(at_ns)

    def abandon(self, at_ns: int) -> None:
        """End its span, when its end will not be told."""
        self.span.set_attribute(names.OUTCOME, "unknown")
        self.span.end(at_ns)

    def forget_span(self) -> None:
        """Keep no more of its span than what its attempts need."""
        self.span = NonRecordingSpan(self.span.get_span_context())
        self.context = set_span_in_context(self.span, NOWHERE)
