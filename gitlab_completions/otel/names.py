"""The names of all spans, metrics and attributes, as data: for dashboards and tests.

Where OpenTelemetry's semantic conventions have a name it is theirs (HTTP's and errors'
are stable; those of generative AI are not, and stand on spans only). What they have no
name for is the library's own word from the glossary: `route`, `reason`, `had_context`.
The route tells whose token was used too: the gateway's on `direct`, the instance's on
`indirect`. There is no content, file, project, user or host, and no id but a trace's.
"""

from __future__ import annotations

from typing import Literal

from gitlab_completions._records import Record

__all__ = (
    "ATTEMPT",
    "ATTEMPTS",
    "ATTEMPT_DURATION",
    "CALL",
    "CALLS_SUPERSEDED",
    "CALL_DURATION",
    "CAUSE",
    "CHOICES",
    "CIRCUITS",
    "CIRCUIT_PROBES",
    "CIRCUIT_TRIPS",
    "CONTEXT_ITEMS",
    "DETAILS",
    "DETAILS_BARS",
    "DETAILS_DURATION",
    "DIRECTION",
    "DURATION_BUCKETS_S",
    "ERROR_ORIGIN",
    "ERROR_TYPE",
    "EVENTS_DROPPED",
    "FALLBACKS",
    "FIRST_CHUNK_S",
    "FIRST_PIECE",
    "HAD_CONTEXT",
    "HEDGES",
    "INTENT",
    "LIFETIME_S",
    "METHOD",
    "METRICS",
    "NETWORK_IO",
    "OPERATION",
    "OUTCOME",
    "PROVIDER",
    "REASON",
    "REQUEST_SIZE",
    "RESPONSE_MODEL",
    "RESPONSE_SIZE",
    "ROUTE",
    "SCOPE",
    "SHARED",
    "SPANS",
    "STATE",
    "STATUS_CODE",
    "STREAMED",
    "SUPERSEDED",
    "TOKEN_AGE",
    "TOKEN_AGE_S",
    "Metric",
    "MetricKind",
    "Span",
)

SCOPE = "gitlab_completions"
"""The instrumentation scope: of the tracer and of the meter."""

MetricKind = Literal["histogram", "counter", "up_down_counter", "gauge"]

# The library's own attributes.
ROUTE = "route"
"""`direct` or `indirect`; of a call: the route that answered, left out if none did."""
REASON = "reason"
"""Why that route: a `RouteReason`."""
HAD_CONTEXT = "had_context"
"""Whether pieces of other files went along."""
INTENT = "intent"
"""`completion` or `generation`."""
STREAMED = "streamed"
"""Whether the text was read while it came; a duration is that of the whole text."""
OUTCOME = "outcome"
"""Of a call: `suggestion`, `nothing` (the model has nothing to suggest) or `error`; on
spans also `superseded`, and `unknown` when its end was never told. Of a fetch:
`granted`, or `refused`, which a failure is too."""
ERROR_ORIGIN = "error_origin"
"""Who wrote an error answer: an `Origin`."""
SUPERSEDED = "superseded"
"""Of an attempt: its call had ended without it."""
CAUSE = "cause"
"""Why a call fell back: the `ErrorCode` of the attempt before, or `slow` if that was
given up; left out if there was no room. Why a circuit tripped: `failures`, `lateness`,
`rate_limit` or `slower`."""
STATE = "state"
"""A circuit's: `closed`, `open` while it rests, then `half_open` until probed."""
SHARED = "shared"
"""Of a fetch: another process had asked, and the store had its answer."""
ATTEMPTS = "attempts"
"""How often a call was sent."""
CHOICES = "choices"
"""How many suggestions it got."""
CONTEXT_ITEMS = "context_items"
"""How many pieces of other files went along."""
TOKEN_AGE_S = "token_age_s"
"""Seconds since the gateway's token was granted that an attempt used."""
LIFETIME_S = "lifetime_s"
"""Seconds that granted connection details live."""

# The semantic conventions'.
ERROR_TYPE = "error.type"
"""The library's `ErrorCode`; only where there was an error."""
METHOD = "http.request.method"
STATUS_CODE = "http.response.status_code"
"""Only where an HTTP answer came."""
REQUEST_SIZE = "http.request.body.size"
RESPONSE_SIZE = "http.response.body.size"
DIRECTION = "network.io.direction"
"""`transmit` or `receive`."""
OPERATION = "gen_ai.operation.name"
"""Always `text_completion`."""
PROVIDER = "gen_ai.provider.name"
"""Always `gitlab`: who hosts the model is the gateway's business, and may change."""
RESPONSE_MODEL = "gen_ai.response.model"
"""What the server says, where that is fit to be a name."""
FIRST_CHUNK_S = "gen_ai.response.time_to_first_chunk"
"""Seconds from the send to the first piece of a stream."""

DURATION_BUCKETS_S = (
    *(0.02, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.65, 0.8),
    *(1.0, 1.5, 2.0, 3.0, 5.0, 7.5, 10.0, 30.0, 60.0),
)
"""Upper bounds of the histograms. Completions take 0.1 to 1 s, within a deadline of 10;
direct saves 0.1 to 0.15 s, so no bucket there is wider. Generations take up to 60 s.
OpenTelemetry's own for HTTP have four bounds from 0.1 to 1 s, which hide the saving."""


class Span(Record):
    """A kind of span.

    Args:
        name: Its name.
        what: What it is of.
        attributes: All that it may have; what is not known is left out.
    """

    name: str
    what: str
    attributes: tuple[str, ...]


class Metric(Record):
    """A metric.

    Args:
        name: Its name.
        kind: The instrument.
        unit: UCUM's word for its unit; in braces it is only counted.
        description: What it tells.
        attributes: All that it may have; what is not known is left out.
    """

    name: str
    kind: MetricKind
    unit: str
    description: str
    attributes: tuple[str, ...] = ()


CALL = Span(
    name="gitlab_completions.call",
    what="A call, from when it is made to its end; a child of its caller's span.",
    attributes=(
        *(INTENT, STREAMED, HAD_CONTEXT, CONTEXT_ITEMS, OUTCOME, ROUTE, REASON),
        *(ATTEMPTS, CHOICES, ERROR_TYPE),
        *(OPERATION, PROVIDER, RESPONSE_MODEL, FIRST_CHUNK_S),
    ),
)
ATTEMPT = Span(
    name="gitlab_completions.attempt",
    what="A send on one route; a child of its call, and may end after it.",
    attributes=(
        *(ROUTE, REASON, SUPERSEDED, TOKEN_AGE_S, ERROR_TYPE, ERROR_ORIGIN),
        *(METHOD, STATUS_CODE, REQUEST_SIZE, RESPONSE_SIZE),
    ),
)
DETAILS = Span(
    name="gitlab_completions.details",
    what="A fetch of connection details, for all calls: in a trace of its own, with a "
    "link to the span in which it was begun.",
    attributes=(OUTCOME, SHARED, LIFETIME_S, ERROR_TYPE, METHOD, STATUS_CODE),
)
SPANS = (CALL, ATTEMPT, DETAILS)

CALL_DURATION = Metric(
    name="gitlab_completions.call.duration",
    kind="histogram",
    unit="s",
    description="How long calls took that were not superseded.",
    attributes=(ROUTE, REASON, HAD_CONTEXT, INTENT, STREAMED, OUTCOME, ERROR_TYPE),
)
FIRST_PIECE = Metric(
    name="gitlab_completions.stream.first_piece",
    kind="histogram",
    unit="s",
    description="How long it took from the send to the first piece of a stream.",
    attributes=(ROUTE, INTENT),
)
CALLS_SUPERSEDED = Metric(
    name="gitlab_completions.calls.superseded",
    kind="counter",
    unit="{call}",
    description="Calls whose callers left before their end.",
    attributes=(HAD_CONTEXT, INTENT, STREAMED),
)
ATTEMPT_DURATION = Metric(
    name="gitlab_completions.attempt.duration",
    kind="histogram",
    unit="s",
    description="How long attempts took on each route, those included whose calls had "
    "ended.",
    attributes=(ROUTE, REASON, SUPERSEDED, ERROR_TYPE, ERROR_ORIGIN, STATUS_CODE),
)
NETWORK_IO = Metric(
    name="gitlab_completions.network.io",
    kind="counter",
    unit="By",
    description="Bytes of the bodies that attempts sent, and received unpacked.",
    attributes=(ROUTE, DIRECTION),
)
FALLBACKS = Metric(
    name="gitlab_completions.fallbacks",
    kind="counter",
    unit="{fallback}",
    description="Calls that went to the next route, since the one before gave nothing.",
    attributes=(ROUTE, REASON, CAUSE),
)
HEDGES = Metric(
    name="gitlab_completions.hedges",
    kind="counter",
    unit="{hedge}",
    description="Other routes started beside a slow attempt.",
    attributes=(ROUTE,),
)
CIRCUITS = Metric(
    name="gitlab_completions.circuits",
    kind="up_down_counter",
    unit="{circuit}",
    description="Circuits in each state: one for each route of each client.",
    attributes=(ROUTE, STATE),
)
CIRCUIT_TRIPS = Metric(
    name="gitlab_completions.circuit.trips",
    kind="counter",
    unit="{trip}",
    description="Routes that were given a rest.",
    attributes=(ROUTE, CAUSE),
)
CIRCUIT_PROBES = Metric(
    name="gitlab_completions.circuit.probes",
    kind="counter",
    unit="{probe}",
    description="Probes of routes whose rest was over.",
    attributes=(ROUTE,),
)
TOKEN_AGE = Metric(
    name="gitlab_completions.token.age",
    kind="gauge",
    unit="s",
    description="Time since the gateway's token was granted: of a client's the newest, "
    "with several clients the oldest of these.",
)
DETAILS_DURATION = Metric(
    name="gitlab_completions.details.duration",
    kind="histogram",
    unit="s",
    description="How long fetches of connection details took.",
    attributes=(OUTCOME, SHARED, ERROR_TYPE, STATUS_CODE),
)
DETAILS_BARS = Metric(
    name="gitlab_completions.details.bars",
    kind="counter",
    unit="{bar}",
    description="Times that direct access was barred by what the gateway answered, or "
    "another process was told.",
    attributes=(ERROR_TYPE,),
)
EVENTS_DROPPED = Metric(
    name="gitlab_completions.events.dropped",
    kind="counter",
    unit="{event}",
    description="Events of which nothing was written, since too many were waiting.",
)
METRICS = (
    *(CALL_DURATION, FIRST_PIECE, CALLS_SUPERSEDED, ATTEMPT_DURATION, NETWORK_IO),
    *(FALLBACKS, HEDGES),
    *(CIRCUITS, CIRCUIT_TRIPS, CIRCUIT_PROBES, TOKEN_AGE),
    *(DETAILS_DURATION, DETAILS_BARS, EVENTS_DROPPED),
)
