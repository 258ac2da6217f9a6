"""Spans and metrics of clients, by OpenTelemetry (extra `otel`).

Make one `Telemetry` for the program, and an observer of it for each client::

    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import (
        ConsoleMetricExporter,
        PeriodicExportingMetricReader,
    )
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

    tracers = TracerProvider()
    tracers.add_span_processor(BatchSpanProcessor(ConsoleSpanExporter()))
    meters = MeterProvider([PeriodicExportingMetricReader(ConsoleMetricExporter())])

    telemetry = Telemetry(tracer_provider=tracers, meter_provider=meters)
    client = CompletionClient(url, token, observers=[telemetry.observer()])

The extra brings OpenTelemetry's API alone: the SDK, exporters, or a distribution that
sets global providers (for which `Telemetry()` is enough) are the program's choice, and
without them nothing is written. All names are in `gitlab_completions.otel.names`.

A call's span is a child of the span in which the call was made, in another thread too;
its attempts are children of it. Requests that an instrumentation of httpx tells of are
siblings of the call: its span is only made when the call is written down. Histograms
have exemplars that link to these spans, where the SDK samples both.

An observer costs a call some microseconds. What is told is written down 0.2 s later, in
a thread of its own; readers of metrics that collect have it written first, and so does
`Telemetry.flush`, and the end of the program.

Nothing of the source is told, no token, no name of a file, a project, a user or a host.
Where the program runs, and for whom, is for the resource of its providers to say.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING

from gitlab_completions._version import __version__
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.otel import names

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

    from gitlab_completions.events import Observer

__all__ = ("Telemetry",)


class Telemetry:
    """Makes the observers that tell OpenTelemetry of clients.

    Needs `pip install 'gitlab-completions[otel]'`. It may be used in any thread, and
    several of them with the same providers are as one.

    Args:
        tracer_provider: Where spans go; by default to the program's own provider.
        meter_provider: Where metrics go; likewise.
        now_ns: Tells the Unix time in nanoseconds; for clients on another clock.

    Raises:
        ConfigurationError: When the extra is not installed.
    """

    def __init__(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        try:
            from opentelemetry import trace  # noqa: PLC0415 - an extra
        except ModuleNotFoundError:
            raise ConfigurationError(
                "Telemetry needs the opentelemetry-api package: "
                "pip install 'gitlab-completions[otel]'"
            ) from None
        from gitlab_completions.otel._backlog import (  # noqa: PLC0415 - which need it
            BACKLOG,
            flush_at_exit,
        )
        from gitlab_completions.otel._metrics import Metrics  # noqa: PLC0415
        from gitlab_completions.otel._watch import Watch  # noqa: PLC0415

        tracer = trace.get_tracer(names.SCOPE, __version__, tracer_provider)
        metrics = Metrics.of(meter_provider, BACKLOG)
        self._backlog = BACKLOG
        self._watch = partial(Watch, tracer, metrics, BACKLOG, now_ns)
        flush_at_exit()

    def observer(self) -> Observer:
        """Return the observer of a client, and of no other: it keeps its calls apart.

        It keeps nothing alive, and is forgotten with its client.
        """
        return self._watch()

    def flush(self) -> bool:
        """Hand the providers what was told so far, such as before they shut down.

        Returns:
            Whether that is done; not when something in them has been blocking the
            thread that does it for a second.
        """
        return self._backlog.flush()
