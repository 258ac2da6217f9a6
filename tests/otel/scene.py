"""OpenTelemetry's SDK in memory, and what it was told of a fake GitLab's clients."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, NamedTuple

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    HistogramDataPoint,
    InMemoryMetricReader,
    NumberDataPoint,
)
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gitlab_completions import CompletionRequest, ContextItem
from gitlab_completions.otel import Telemetry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.sdk.trace import ReadableSpan

    from gitlab_completions.otel.names import Metric, Span

    Point = HistogramDataPoint | NumberDataPoint

REQUEST = CompletionRequest(file_name="f.py", content_above_cursor="total = 1\ntot")
WITH_CONTEXT = CompletionRequest(
    file_name="f.py",
    content_above_cursor="total = 1\ntot",
    context=(ContextItem(name="lib.py", content="def total(): ..."),),
)
EPOCH_NS = 1_800_000_000 * 10**9


class Reading(NamedTuple):
    """One series of a metric: what it is called, and what it has come to."""

    attributes: dict[str, object]
    number: float
    point: Point

    def has(self, **wanted: object) -> bool:
        """Tell whether it has these attributes, dots as underscores."""
        flat = {name.replace(".", "_"): each for name, each in self.attributes.items()}
        return wanted.items() <= flat.items()


class Scene:
    """A program with providers of its own."""

    def __init__(self) -> None:
        self.spans = InMemorySpanExporter()
        self.tracer_provider = TracerProvider(shutdown_on_exit=False)
        self.tracer_provider.add_span_processor(SimpleSpanProcessor(self.spans))
        self.reader = InMemoryMetricReader()
        self.meter_provider = MeterProvider([self.reader], shutdown_on_exit=False)
        self.tracer = self.tracer_provider.get_tracer("program")
        self.telemetry = self.another()

    def another(self) -> Telemetry:
        """Return telemetry for the same providers."""
        return Telemetry(
            tracer_provider=self.tracer_provider,
            meter_provider=self.meter_provider,
            now_ns=now_ns,
        )

    def finished(self, kind: Span | None = None) -> list[ReadableSpan]:
        """Return the spans that have ended, of one kind, in the order of their ends."""
        assert self.telemetry.flush()
        name = None if kind is None else kind.name
        found = self.spans.get_finished_spans()
        return [span for span in found if name in {None, span.name}]

    def readings(self, metric: Metric) -> list[Reading]:
        """Return the series of a metric, as the SDK collects them now."""
        return [reading for name, reading in self.collect() if name == metric.name]

    def number(self, metric: Metric, **wanted: object) -> float:
        """Return what series add up to: numbers, or how many durations."""
        return sum(one.number for one in self.readings(metric) if one.has(**wanted))

    def collect(self) -> Iterator[tuple[str, Reading]]:
        """Give all series of all metrics."""
        data = self.reader.get_metrics_data()
        for resource in [] if data is None else data.resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    for point in metric.data.data_points:
                        yield metric.name, _reading(point)


def _reading(point: object) -> Reading:
    assert isinstance(point, HistogramDataPoint | NumberDataPoint)
    number = point.count if isinstance(point, HistogramDataPoint) else point.value
    return Reading(dict(point.attributes or {}), number, point)


def now_ns() -> int:
    """Return the Unix time; in virtual time that of the loop."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return time.time_ns()
    return EPOCH_NS + round(loop.time() * 1e9)


def attributes_of(span: ReadableSpan) -> dict[str, object]:
    """Return a span's attributes."""
    return dict(span.attributes or {})


def is_child(span: ReadableSpan, of: ReadableSpan) -> bool:
    """Tell whether a span is another's child."""
    mine, parent = span.get_span_context(), of.get_span_context()
    assert mine is not None
    assert parent is not None
    return (
        span.parent is not None
        and span.parent.span_id == parent.span_id
        and mine.trace_id == parent.trace_id
    )


def lasted_s(span: ReadableSpan) -> float:
    """Return how long a span lasted, in seconds."""
    assert span.start_time is not None
    assert span.end_time is not None
    return (span.end_time - span.start_time) / 1e9
