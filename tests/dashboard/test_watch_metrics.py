"""What the example of metrics arranges, and how it links them to traces."""

from __future__ import annotations

import asyncio

from opentelemetry.sdk.metrics import Exemplar
from prometheus_client.core import HistogramMetricFamily

from examples import watch_metrics
from gitlab_completions.emulator import Endpoint, FaultKind

CYCLE_S = 80.0


async def test_the_gateway_fails_then_hangs_then_is_well() -> None:
    gateway = Endpoint("gateway")
    incidents = asyncio.create_task(watch_metrics.have_incidents(gateway, CYCLE_S))
    seen = []
    for _ in range(16):
        await asyncio.sleep(CYCLE_S / 8)
        await asyncio.sleep(0.01)
        seen.append(gateway.fault and gateway.fault.kind)
    incidents.cancel()
    once = [*[None] * 3, FaultKind.STATUS, FaultKind.HANG, *[None] * 3]
    assert seen == once * 2


def test_a_bucket_has_the_trace_of_a_call_in_it() -> None:
    family = HistogramMetricFamily("x_seconds", "", labels=["route", "reason"])
    for route in ("direct", "indirect"):
        buckets = [("0.1", 1), ("0.5", 3), ("+Inf", 4)]
        family.add_metric([route, ""], buckets, 2.0)
    exposition = watch_metrics.Exposition()
    of_direct = watch_metrics.labels_of({"route": "direct"})
    calls = [kept(0.1), kept(0.3), kept(7.0)]
    exposition.reader.exemplars["x_seconds", of_direct] = calls
    linked = [
        (sample.labels["route"], sample.labels.get("le"), sample.exemplar.value)
        for sample in exposition.linked(family)
        if sample.exemplar
    ]
    assert linked == [
        ("direct", "0.1", 0.1),
        ("direct", "0.5", 0.3),
        ("direct", "+Inf", 7.0),
    ]


def test_labels_are_written_as_the_exporter_does() -> None:
    attributes = {"http.response.status_code": 200, "superseded": True, "reason": ""}
    assert watch_metrics.labels_of(attributes) == {
        ("http_response_status_code", "200"),
        ("superseded", "true"),
    }


def kept(value: float) -> Exemplar:
    return Exemplar({}, value, 10**18, 1, 2)
