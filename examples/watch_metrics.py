"""Metrics of completions on a loopback port, for a Prometheus and the dashboard.

Some authors type against an emulator, whose gateway fails for a while now and then.
With GITLAB_URL and GITLAB_TOKEN set, one author types slowly against that GitLab. Needs
`pip install 'gitlab-completions[emulator,otel]' opentelemetry-exporter-prometheus`.

    python examples/watch_metrics.py [--port 9464] [--seconds N]

`python -m examples.dashboard.start` starts it together with what looks at it.
"""

import argparse
import asyncio
import json
import os
import random
from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from math import inf

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import Exemplar, MeterProvider
from opentelemetry.sdk.metrics.export import (
    HistogramDataPoint,
    Metric as SdkMetric,
    MetricsData,
)
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import format_span_id, format_trace_id
from prometheus_client import CollectorRegistry, Metric, start_http_server
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar as Link, Sample

from gitlab_completions import (
    CompletionClient,
    CompletionRequest,
    ContextItem,
    GitLabCompletionsError,
    RoutingPolicy,
)
from gitlab_completions.emulator import Emulator, Endpoint
from gitlab_completions.otel import Telemetry

AUTHORS, PAUSE_S = 8, 0.6
DIRECT_PERCENTAGE = 75.0
"""Of the authors, so that there is something to compare direct to."""
SLOW_PAUSE_S = 10.0
"""Against a GitLab of yours: it counts what its users ask for."""
CYCLE_S = 120.0
"""Seconds from one incident to the next; it takes a quarter of them."""
GATEWAY_S, THROUGH_INSTANCE_S = 0.16, 0.125

Labels = frozenset[tuple[str, str]]

REQUEST = CompletionRequest(
    file_name="boxes.py",
    content_above_cursor="def area(width, height):\n    return width * height\n\n\n"
    "def volume(width, height, depth):\n    return width",
)
CONTEXT = ContextItem(name="units.py", content="MILLIMETRE = 0.001\n" * 100)


async def type_for_ever(client: CompletionClient, pause_s: float) -> None:
    """Be an author, who does not wait for every completion."""
    while True:
        context = (CONTEXT,) if random.random() < 0.4 else ()
        patience_s = random.choice([0.1, 0.2, None])
        with suppress(TimeoutError, GitLabCompletionsError):
            async with asyncio.timeout(patience_s):
                await client.complete(replace(REQUEST, context=context))
        await asyncio.sleep(random.expovariate(1 / pause_s))


async def have_incidents(gateway: Endpoint, cycle_s: float) -> None:
    """Let the gateway answer 503, then nothing, then be well again; and again."""
    while True:
        await asyncio.sleep(cycle_s / 2)
        gateway.fail(503)
        await asyncio.sleep(cycle_s / 8)
        gateway.hang()
        await asyncio.sleep(cycle_s / 8)
        gateway.heal()
        await asyncio.sleep(cycle_s / 4)


async def vary(gitlab: Emulator) -> None:
    """Let completions take longer or shorter."""
    while True:
        at_gateway_s = GATEWAY_S * random.lognormvariate(0, 0.3)
        gitlab.gateway.latency_s = at_gateway_s
        gitlab.instance.latency_s = at_gateway_s + THROUGH_INSTANCE_S
        await asyncio.sleep(0.05)


@asynccontextmanager
async def emulated(cycle_s: float) -> AsyncGenerator[Emulator, None]:
    """Run an emulator with incidents, on which nothing is rationed."""
    async with Emulator() as gitlab, asyncio.TaskGroup() as tasks:
        gitlab.settings.update({"direct_access_limit": 0, "completions_limit": 0})
        moods = [
            tasks.create_task(have_incidents(gitlab.gateway, cycle_s)),
            tasks.create_task(vary(gitlab)),
        ]
        yield gitlab
        for mood in moods:
            mood.cancel()


class Reader(PrometheusMetricReader):
    """Reads the SDK's metrics for Prometheus, and keeps the exemplars beside them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__(registry=registry, scope_info_enabled=False)
        self.exemplars: dict[tuple[str, Labels], list[Exemplar]] = {}

    def _receive_metrics(
        self, metrics_data: MetricsData, timeout_millis: float = 10_000, **more: object
    ) -> None:
        for resource in metrics_data.resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    self._keep(metric)
        super()._receive_metrics(metrics_data, timeout_millis, **more)

    def _keep(self, metric: SdkMetric) -> None:
        family = metric.name.replace(".", "_") + "_seconds"  # as the exporter has it
        for point in metric.data.data_points:
            if isinstance(point, HistogramDataPoint):
                key = family, labels_of(point.attributes or {})
                self.exemplars[key] = list(point.exemplars)


class Exposition(Collector):
    """What Prometheus is shown: the exporter's metrics, linked to traces.

    The exporter leaves out the exemplars that the SDK has: each is a single call of a
    bucket, with its trace.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.reader = Reader(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics as they are now."""
        for family in self._registry.collect():
            family.samples = list(self.linked(family))
            yield family

    def linked(self, family: Metric) -> Iterator[Sample]:
        """Yield its samples, each bucket with one of its calls where one is known."""
        above = -inf  # the bound of the bucket before
        for sample in family.samples:
            labels = dict(sample.labels)
            bound = float(labels.pop("le", "nan"))
            known = self.reader.exemplars.get((family.name, labels_of(labels)), [])
            within = [one for one in known if above < one.value <= bound]
            yield sample._replace(exemplar=link(within[-1])) if within else sample
            above = bound if bound < inf else -inf


def labels_of(attributes: Mapping[str, object]) -> Labels:
    """Return attributes as Prometheus has them; an empty label is none."""
    return frozenset(
        (name.replace(".", "_"), value if isinstance(value, str) else json.dumps(value))
        for name, value in attributes.items()
        if value != ""
    )


def link(exemplar: Exemplar) -> Link:
    """Return an exemplar as Prometheus has it."""
    trace = {
        "trace_id": format_trace_id(exemplar.trace_id or 0),
        "span_id": format_span_id(exemplar.span_id or 0),
    }
    return Link(trace, exemplar.value, exemplar.time_unix_nano / 1e9)


@contextmanager
def telemetry_on(port: int) -> Iterator[Telemetry]:
    """Serve what is measured on a loopback port."""
    exposition, shown = Exposition(), CollectorRegistry()
    shown.register(exposition)
    meters = MeterProvider([exposition.reader], shutdown_on_exit=False)
    # Spans go nowhere here. A span processor with an exporter would send them on, and
    # an exemplar is a link to one.
    tracers = TracerProvider(shutdown_on_exit=False)
    try:
        server, thread = start_http_server(port, "127.0.0.1", shown)
    except OSError as error:
        raise SystemExit(f"port {port}: {error.strerror}") from None
    print(f"metrics: http://127.0.0.1:{server.server_port}/metrics", flush=True)
    try:
        yield Telemetry(tracer_provider=tracers, meter_provider=meters)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def work(
    clients: Sequence[CompletionClient], pause_s: float, seconds: float | None
) -> None:
    """Let an author type with each client, for so many seconds or for ever."""
    try:
        async with asyncio.timeout(seconds), asyncio.TaskGroup() as tasks:
            for client in clients:
                tasks.create_task(type_for_ever(client, pause_s))
    except TimeoutError:
        pass  # it is over
    finally:
        counts = sum((Counter(one.status().counts) for one in clients), Counter[str]())
        told = ("completed", "direct", "indirect", "fell_back", "failed", "superseded")
        print(", ".join(f"{counts[name]} {name}" for name in told))


async def watch(telemetry: Telemetry, seconds: float | None) -> None:
    """Have authors work against what the environment names, else an emulator."""
    async with AsyncExitStack() as stack:
        if os.environ.get("GITLAB_URL"):
            observers = [telemetry.observer()]
            client = CompletionClient.from_env(observers=observers)
            await stack.enter_async_context(client)
            await work([client], SLOW_PAUSE_S, seconds)
            return
        cycle_s = min(CYCLE_S, seconds or CYCLE_S)
        gitlab = await stack.enter_async_context(emulated(cycle_s))
        clients = [
            CompletionClient(
                gitlab.instance_url,
                gitlab.access_token,
                policy=RoutingPolicy(
                    allow_plain_http=True,
                    direct_percentage=DIRECT_PERCENTAGE,
                    actor=f"User:{number}",
                ),
                observers=[telemetry.observer()],
            )
            for number in range(AUTHORS)
        ]
        for client in clients:
            await stack.enter_async_context(client)
        await work(clients, PAUSE_S, seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, default=9464, help="0 for any free one")
    parser.add_argument("--seconds", type=float, help="until it ends; else never")
    wish = parser.parse_args()
    with telemetry_on(wish.port) as telemetry, suppress(KeyboardInterrupt):
        asyncio.run(watch(telemetry, wish.seconds))


if __name__ == "__main__":
    main()
