"""Watches one client: what it tells becomes spans and measurements.

On the client's loop an event is only noted, with the time, and with the context that
its call was made in. All else happens when the backlog is written, in another thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.context import get_current
from opentelemetry.trace import (
    Link,
    SpanKind,
    StatusCode,
    get_current_span,
    set_span_in_context,
)

from gitlab_completions import events
from gitlab_completions.models import Route
from gitlab_completions.otel import _attributes as attributes, names
from gitlab_completions.otel._calls import Calls
from gitlab_completions.otel._times import NOWHERE, nanoseconds, seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.context import Context
    from opentelemetry.trace import Tracer

    from gitlab_completions.events import Event
    from gitlab_completions.otel._backlog import Backlog
    from gitlab_completions.otel._metrics import Metrics
    from gitlab_completions.status import CircuitWord

    Fetched = events.DetailsRefreshed | events.DetailsRefused

TOKEN_LIVES_S = 3600.0
"""Seconds: what the gateway's tokens live, where no grant was seen that tells it."""

_STEPS = (
    *(events.FellBack, events.Hedged, events.CircuitProbed),
    *(events.StreamBegan, events.ContextWithheld),
)
_ATTEMPTED = (events.AttemptSucceeded, events.AttemptFailed)
_FETCHED = (events.DetailsRefreshed, events.DetailsRefused)
_STANDING = (
    *(events.CircuitTripped, events.CircuitRecovered, events.ClockJumped),
    events.StatusChanged,
)
_HEARD = frozenset(
    {
        *(events.CallStarted, events.CallFinished, events.Superseded),
        *(*_STEPS, *_ATTEMPTED, *_FETCHED, *_STANDING),
    }
)
_IN_CONTEXT = frozenset({events.CallStarted, *_FETCHED})
"""The events whose spans follow from where they were told."""


class Watch:
    """The observer of one client.

    Args:
        tracer: Makes the spans.
        metrics: Takes the measurements.
        backlog: Where what is told waits.
        now_ns: Tells the Unix time in nanoseconds.

    Attributes:
        calls: The client's calls.
    """

    def __init__(
        self,
        tracer: Tracer,
        metrics: Metrics,
        backlog: Backlog,
        now_ns: Callable[[], int],
    ) -> None:
        self._tracer = tracer
        self._metrics = metrics
        self._put = backlog.put
        self._now_ns = now_ns
        self._granted_ns: int | None = None
        self._token_lives_s = TOKEN_LIVES_S
        self.calls = Calls(tracer, metrics)
        self._circuits: dict[Route, CircuitWord] = dict.fromkeys(Route, "closed")
        self._rests_until_ns: dict[Route, int] = {}
        metrics.watch(self)

    # On the client's loop.

    def __call__(self, event: Event, /) -> None:
        """Note an event."""
        kind = type(event)
        if kind in _HEARD:
            context = get_current() if kind in _IN_CONTEXT else NOWHERE
            self._put(self.write, event, self._now_ns(), context)

    # In whichever thread collects.

    @property
    def circuits(self) -> dict[Route, CircuitWord]:
        """The state of each route's circuit: nobody tells of it when a rest is over."""
        now_ns = self._now_ns()
        over = {at for at, ns in tuple(self._rests_until_ns.items()) if ns <= now_ns}
        return {
            route: "half_open" if word == "open" and route in over else word
            for route, word in self._circuits.items()
        }

    @property
    def token_age_s(self) -> float | None:
        """Seconds since its newest token was granted, unless that has expired."""
        if self._granted_ns is None:
            return None
        age_s = seconds(self._now_ns() - self._granted_ns)
        return age_s if age_s < self._token_lives_s else None

    # In the thread that writes.

    def write(self, event: Event, at_ns: int, context: Context) -> None:
        """Write an event that was told at a time, in a context where that matters."""
        if isinstance(event, events.CallStarted):
            self.calls.begin(event, at_ns, context)
        elif isinstance(event, events.CallFinished):
            self.calls.end(event, at_ns)
        elif isinstance(event, events.Superseded):
            self.calls.supersede(event, at_ns)
        elif isinstance(event, _ATTEMPTED):
            self.calls.attempt(event, at_ns)
            if event.token_age_s is not None:
                self._granted(at_ns - nanoseconds(event.token_age_s), at_ns)
        elif isinstance(event, _STEPS):
            self.calls.step(event)
            if isinstance(event, events.CircuitProbed):
                self._circuits[event.route] = "half_open"
        elif isinstance(event, _FETCHED):
            self._fetched(event, at_ns, context)
        else:
            self._stands(event, at_ns)

    def _stands(self, event: Event, at_ns: int) -> None:
        if isinstance(event, events.StatusChanged):
            self._circuits.update(event.status.circuits)
        elif isinstance(event, events.CircuitRecovered):
            self._circuits[event.route] = "closed"
        elif isinstance(event, events.ClockJumped):  # which cuts all rests short
            self._rests_until_ns.update(dict.fromkeys(Route, at_ns))
        elif isinstance(event, events.CircuitTripped):
            self._circuits[event.route] = "open"
            self._rests_until_ns[event.route] = at_ns + nanoseconds(event.rests_s)
            self._metrics.add(
                names.CIRCUIT_TRIPS,
                (names.ROUTE, event.route.value),
                (names.CAUSE, event.cause),
            )

    def _granted(self, granted_ns: int, at_ns: int) -> None:
        """Note a token that was used, unless it is an older one of another project."""
        known_ns = self._granted_ns
        if known_ns is None or not granted_ns < known_ns <= at_ns:
            self._granted_ns = granted_ns

    def _fetched(self, event: Fetched, at_ns: int, context: Context) -> None:
        if isinstance(event, events.DetailsRefreshed):
            self._token_lives_s = event.lifetime_s
            if not event.shared:  # else attempts will tell how old it is by now
                self._granted_ns = at_ns
        if event.elapsed_s is not None:
            self._write_fetch(event, event.elapsed_s, at_ns, context)
        elif isinstance(event, events.DetailsRefused):
            code = (names.ERROR_TYPE, event.problem.code.value)
            self._metrics.add(names.DETAILS_BARS, code)

    def _write_fetch(
        self, event: Fetched, elapsed_s: float, at_ns: int, context: Context
    ) -> None:
        """Write a fetch: all calls wait for it, so it is in a trace of its own."""
        found = attributes.of_fetch(event)
        alone: attributes.Attributes = {}
        if isinstance(event, events.DetailsRefreshed):
            alone[names.LIFETIME_S] = event.lifetime_s
        if not found.get(names.SHARED):  # else another process has asked
            alone[names.METHOD] = "POST"
        begun_in = get_current_span(context).get_span_context()
        span = self._tracer.start_span(
            names.DETAILS.name,
            NOWHERE,
            SpanKind.CLIENT,
            found | alone,
            links=[Link(begun_in)] if begun_in.is_valid else [],
            start_time=at_ns - nanoseconds(elapsed_s),
        )
        if isinstance(event, events.DetailsRefused):
            span.set_status(StatusCode.ERROR)
        span.end(at_ns)
        in_span = set_span_in_context(span, NOWHERE)
        self._metrics.details_duration.record(elapsed_s, found, in_span)
