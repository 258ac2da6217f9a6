"""The instruments of one meter provider.

Durations are recorded as they come, in the context of their span, so that exemplars
link a bucket to a trace. All else is totals, which the SDK reads when it collects:
adding to one costs a dictionary's look-up. Circuits are counted in the clients that are
alive, and being measured keeps none of them so.

One thread at a time writes here: who holds the backlog's lock.
"""

from __future__ import annotations

import threading
from collections import Counter
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Protocol
from weakref import WeakValueDictionary, ref

from opentelemetry import metrics
from opentelemetry.metrics import Observation

from gitlab_completions._version import __version__
from gitlab_completions.otel import names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.metrics import CallbackOptions, Histogram, Meter, MeterProvider

    from gitlab_completions.models import Route
    from gitlab_completions.otel.names import Metric
    from gitlab_completions.status import CircuitWord

    Label = tuple[str, str | bool]

_STATES: tuple[CircuitWord, ...] = ("closed", "open", "half_open")


class Source(Protocol):
    """Where what is measured comes from."""

    @property
    def dropped(self) -> int:
        """Of how many events nothing was written."""
        ...

    def flush(self) -> bool:
        """Write what was told and still waits."""
        ...


class Watched(Protocol):
    """A client as far as it is measured whenever the SDK collects."""

    @property
    def circuits(self) -> Mapping[Route, CircuitWord]:
        """The state of each route's circuit."""
        ...

    @property
    def token_age_s(self) -> float | None:
        """Seconds since its newest token was granted, unless that has expired."""
        ...


class Metrics:
    """Measures all clients that are watched for one meter provider.

    Args:
        provider: The provider; `None`: the program's own.
        source: Where what is measured comes from.
    """

    def __init__(self, provider: MeterProvider | None, source: Source) -> None:
        self._provider = provider  # kept, so that no other one gets its id
        self._source = source
        self._totals: dict[str, dict[tuple[Label, ...], int]] = {}
        self._clients: dict[int, ref[Watched]] = {}
        meter = metrics.get_meter(names.SCOPE, __version__, provider)
        self.call_duration = _histogram(meter, names.CALL_DURATION)
        self.first_piece = _histogram(meter, names.FIRST_PIECE)
        self.attempt_duration = _histogram(meter, names.ATTEMPT_DURATION)
        self.details_duration = _histogram(meter, names.DETAILS_DURATION)
        for metric in names.METRICS:
            self._observe(meter, metric)

    @classmethod
    def of(cls, provider: MeterProvider | None, source: Source) -> Metrics:
        """Return the instruments of a provider: it takes the callbacks of one alone."""
        own = metrics.get_meter_provider()
        same = (None, own) if provider is None or provider is own else (provider,)
        with _MAKING:
            known = (_METRICS.get(id(one)) for one in same)
            found = next((one for one in known if one is not None), None)
            if found is None:
                found = _METRICS[id(provider)] = cls(provider, source)
            return found

    def watch(self, client: Watched) -> None:
        """Measure a client until nobody else refers to it."""
        key = id(client)
        self._clients[key] = ref(client, lambda _: self._clients.pop(key, None))

    def add(self, metric: Metric, *labels: Label, amount: int = 1) -> None:
        """Add to a total."""
        totals = self._totals[metric.name]
        totals[labels] = totals.get(labels, 0) + amount

    def _observe(self, meter: Meter, metric: Metric) -> None:
        """Have the SDK ask for what is not recorded as it comes."""
        name, unit, text = metric.name, metric.unit, metric.description
        if metric is names.CIRCUITS:
            meter.create_observable_up_down_counter(
                name, [self._read_circuits], unit, text
            )
        elif metric is names.TOKEN_AGE:
            meter.create_observable_gauge(name, [self._read_token_age], unit, text)
        elif metric is names.EVENTS_DROPPED:
            meter.create_observable_counter(name, [self._read_dropped], unit, text)
        elif metric.kind == "counter":
            self._totals[name] = {}
            read = partial(self._read_totals, self._totals[name])
            meter.create_observable_counter(name, [read], unit, text)

    # What the SDK calls when it collects, before it reads the histograms.

    def _read_totals(
        self, totals: dict[tuple[Label, ...], int], _: CallbackOptions
    ) -> list[Observation]:
        self._source.flush()
        return [
            Observation(total, dict(labels)) for labels, total in totals.copy().items()
        ]

    def _read_circuits(self, _: CallbackOptions) -> list[Observation]:
        self._source.flush()
        numbers: Counter[tuple[Route, CircuitWord]] = Counter()
        for client in self._alive():
            for route, state in client.circuits.items():
                # A state of none is told too: else nobody can tell a share of it.
                numbers.update(dict.fromkeys(product([route], _STATES), 0))
                numbers[route, state] += 1
        return [
            Observation(number, {names.ROUTE: route.value, names.STATE: state})
            for (route, state), number in numbers.items()
        ]

    def _read_token_age(self, _: CallbackOptions) -> list[Observation]:
        self._source.flush()
        ages = [client.token_age_s for client in self._alive()]
        oldest = max((age for age in ages if age is not None), default=None)
        return [] if oldest is None else [Observation(oldest)]

    def _read_dropped(self, _: CallbackOptions) -> list[Observation]:
        return [Observation(self._source.dropped)]

    def _alive(self) -> list[Watched]:
        clients = [one() for one in tuple(self._clients.values())]
        return [client for client in clients if client is not None]


def _histogram(meter: Meter, metric: Metric) -> Histogram:
    return meter.create_histogram(
        metric.name,
        metric.unit,
        metric.description,
        explicit_bucket_boundaries_advisory=names.DURATION_BUCKETS_S,
    )


_MAKING = threading.Lock()
_METRICS: WeakValueDictionary[int, Metrics] = WeakValueDictionary()
