"""A working day of some authors, played in virtual time: its metrics, with their times.

    python -m examples.dashboard.day > day.txt
    promtool tsdb create-blocks-from openmetrics day.txt data

Direct connections are rolled out in steps, and in the third of them the gateway has an
incident. The authors use the library's own clients, what they measure comes out of the
OpenTelemetry SDK, and only GitLab, the network and the clock are played.
"""

from __future__ import annotations

import asyncio
import random
import sys
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Final

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from gitlab_completions import (
    AllRoutesFailedError,
    CompletionRequest,
    ContextItem,
    Route,
    RoutingPolicy,
)
from gitlab_completions.otel import Telemetry
from gitlab_completions.senders import SendError
from gitlab_completions.testing import FakeGitLab, run

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable, Sequence

    from prometheus_client import Metric

    from gitlab_completions import CompletionClient
    from gitlab_completions.senders import WireRequest, WireResponse

__all__ = ("SCRAPE_S", "Plan", "play")

SCRAPE_S: Final = 30.0
"""Seconds between two looks at the metrics: what most let their Prometheus do."""
LABELS: Final = {"job": "completions", "instance": "a-day"}
MINUTE_S: Final = 60.0
NANOSECONDS: Final = 10**9

GATEWAY_S: Final = 0.16
THROUGH_INSTANCE_S: Final = 0.125
"""Seconds that a completion takes on direct, and how much more on indirect, without
context, in the median; the latter as GitLab measured it."""
READ_BYTES_PER_S: Final = 60_000
SPREAD: Final = 0.30
"""Sigma of the logarithms of response times."""

REQUEST: Final = CompletionRequest(
    file_name="boxes.py",
    content_above_cursor="def volume(width, height, depth):\n    return width",
)
CONTEXT: Final = (ContextItem(name="areas.py", content="AREA = 1\n" * 300),)
WITH_CONTEXT: Final = 0.4
PAUSE_S: Final = 10.0
"""Seconds that an author thinks, on average."""
MOST_KEYS: Final = 3
KEY_S: Final = (0.08, 0.35)
"""Seconds from one key to the next, and how many calls they supersede at most."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What happens when, in minutes.

    Args:
        authors: How many there are.
        minutes: How long they work.
        steps: From when on how many per cent of the authors may go direct.
        incident: From when on the gateway answers 503, then nothing at all; until when.
        refused: From when until when the instance fails to grant direct access.
        breaks: Share of the exchanges whose connections break.
        seed: Chooses those, the pauses, and the response times.
    """

    authors: int = 40
    minutes: float = 108
    steps: Sequence[tuple[float, float]] = (
        *((12, 10), (24, 25), (38, 50), (70, 75), (84, 100)),
    )
    incident: tuple[float, float, float] = (48, 53, 60)
    refused: tuple[float, float] = (83, 88)
    breaks: float = 0.004
    seed: int = 6

    def policies(self, percentage: float) -> list[RoutingPolicy]:
        """Return each author's policy, while so many per cent may go direct."""
        return [
            RoutingPolicy(direct_percentage=percentage, actor=f"User:{number}")
            for number in range(self.authors)
        ]


class Way:
    """The way to both hosts, a sender; the more there is to read, the longer."""

    def __init__(
        self, gitlab: FakeGitLab, chance: random.Random, breaks: float
    ) -> None:
        self.replace = gitlab.replace
        self.aclose = gitlab.aclose
        self._gitlab = gitlab
        self._breaks = breaks
        self._chance = chance

    @asynccontextmanager
    async def exchange(
        self, request: WireRequest
    ) -> AsyncGenerator[WireResponse, None]:
        """Perform an exchange, unless its connection breaks.

        Raises:
            SendError: If it does.
        """
        await asyncio.sleep(self._pace_s(request))
        if self._chance.random() < self._breaks:
            raise SendError("broken")
        async with self._gitlab.exchange(request) as response:
            yield response

    def _pace_s(self, request: WireRequest) -> float:
        typical_s = GATEWAY_S + len(request.body) / READ_BYTES_PER_S
        if request.route is Route.INDIRECT:
            typical_s += THROUGH_INSTANCE_S
        return typical_s * self._chance.lognormvariate(0, SPREAD)


class Kept:
    """What a registry showed each time that it was looked at."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._families: dict[str, Metric] = {}

    def look(self, at: float) -> None:
        """Keep what it shows at a time, in Unix seconds."""
        for family in self._registry.collect():
            samples, family.samples = family.samples, []
            self._families.setdefault(family.name, family).samples.extend(
                one._replace(labels=one.labels | LABELS, timestamp=at)
                for one in samples
            )

    def collect(self) -> Iterable[Metric]:
        """Return all of it, as a registry does."""
        return self._families.values()


async def author(client: CompletionClient, chance: random.Random) -> None:
    """Type for ever: wait for some completions, and leave others for the next key."""
    while True:
        await asyncio.sleep(chance.expovariate(1 / PAUSE_S))
        context = CONTEXT if chance.random() < WITH_CONTEXT else ()
        request = replace(REQUEST, context=context)
        for _ in range(chance.randrange(MOST_KEYS)):
            with suppress(TimeoutError, AllRoutesFailedError):
                async with asyncio.timeout(chance.uniform(*KEY_S)):
                    await client.complete(request)
        with suppress(AllRoutesFailedError):
            await client.complete(request)


def arrange(plan: Plan, gitlab: FakeGitLab, team: Sequence[CompletionClient]) -> None:
    """Have happen what is planned."""

    def let(percentage: float) -> None:
        for client, policy in zip(team, plan.policies(percentage), strict=True):
            client.reconfigure(policy)

    fails, falls_silent, recovers = plan.incident
    deeds: list[tuple[float, Callable[[], object]]] = [
        *((at, partial(let, percentage)) for at, percentage in plan.steps),
        (fails, partial(gitlab.gateway.fail, 503)),
        (falls_silent, gitlab.gateway.hang),
        (recovers, gitlab.gateway.heal),
        (plan.refused[0], partial(gitlab.direct_access.fail, 503)),
        (plan.refused[1], gitlab.direct_access.heal),
    ]
    loop = asyncio.get_running_loop()
    for minutes, deed in deeds:
        loop.call_at(loop.time() + minutes * MINUTE_S, deed)


async def work(plan: Plan, meters: MeterProvider, look: Callable[[], None]) -> None:
    """Play the plan; `look` is called now and then."""
    now_s = asyncio.get_running_loop().time
    telemetry = Telemetry(
        meter_provider=meters, now_ns=lambda: int(now_s() * NANOSECONDS)
    )
    chance = random.Random(plan.seed)
    gitlab = FakeGitLab()
    # One user stands for all of them here, and no user is so fast.
    gitlab.settings.update({"direct_access_limit": 0, "completions_limit": 0})
    way = Way(gitlab, chance, plan.breaks)
    async with AsyncExitStack() as stack:
        team = [
            await stack.enter_async_context(
                gitlab.client(
                    policy=policy, sender=way, observers=[telemetry.observer()]
                )
            )
            for policy in plan.policies(0)
        ]
        arrange(plan, gitlab, team)
        async with asyncio.TaskGroup() as tasks:
            working = [tasks.create_task(author(client, chance)) for client in team]
            for _ in range(int(plan.minutes * MINUTE_S / SCRAPE_S)):
                await asyncio.sleep(SCRAPE_S)
                look()
            for task in working:
                task.cancel()


def play(plan: Plan, start_unix: float) -> str:
    """Return the metrics of a day that begins at a time, as OpenMetrics text."""
    registry = CollectorRegistry()
    reader = PrometheusMetricReader(registry=registry, scope_info_enabled=False)
    meters = MeterProvider(metric_readers=[reader], shutdown_on_exit=False)
    kept = Kept(registry)
    times = count(start_unix + SCRAPE_S, SCRAPE_S)
    run(work(plan, meters, lambda: kept.look(next(times))))
    meters.shutdown()
    encode, _ = choose_encoder("application/openmetrics-text")
    return encode(kept).decode()


if __name__ == "__main__":
    sys.stdout.write(play(Plan(), 1_790_000_000))
