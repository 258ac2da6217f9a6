"""What a program sees of its clients: whole calls, on a fake GitLab."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import textwrap
import threading
from functools import partial
from io import StringIO
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import pytest
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider, export as metrics_export
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider, export as trace_export
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, StatusCode

from gitlab_completions import (
    AllRoutesFailedError,
    CompletionClient,
    CompletionRequest,
    ConfigurationError,
    Intent,
    Route,
    SyncCompletionClient,
    otel,
)
from gitlab_completions.otel import Telemetry, _metrics, names
from gitlab_completions.testing import FakeGitLab
from tests.otel.scene import (
    REQUEST,
    WITH_CONTEXT,
    Scene,
    attributes_of,
    is_child,
    lasted_s,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from opentelemetry.sdk.trace import ReadableSpan

    from gitlab_completions.events import Observer

GENERATION = CompletionRequest(
    file_name="f.py",
    content_above_cursor="# the sum of a and b\n",
    intent=Intent.GENERATION,
    user_instruction="the sum",
)


@pytest.fixture
def gitlab() -> FakeGitLab:
    return FakeGitLab("return a + b")


# Spans.


async def test_a_call_is_a_child_of_its_callers_span_and_its_attempt_of_the_call(
    scene: Scene, gitlab: FakeGitLab
) -> None:
    gitlab.gateway.delay(0.25)
    async with gitlab.client(observers=[scene.telemetry.observer()]) as client:
        await client.warm_up()
        with scene.tracer.start_as_current_span("keystroke"):
            await client.complete(WITH_CONTEXT)
    [call] = scene.finished(names.CALL)
    [attempt] = scene.finished(names.ATTEMPT)
    [caller] = [span for span in scene.finished() if span.name == "keystroke"]
    assert is_child(call, caller)
    assert is_child(attempt, call)
    assert lasted_s(call) == lasted_s(attempt) == pytest.approx(0.25)
    assert call.kind is SpanKind.INTERNAL
    assert attempt.kind is SpanKind.CLIENT
    assert attributes_of(call) == {
        "intent": "completion",
        "streamed": False,
        "had_context": True,
        "context_items": 1,
        "outcome": "suggestion",
        "route": "direct",
        "reason": "preferred",
        "attempts": 1,
        "choices": 1,
        "gen_ai.operation.name": "text_completion",
        "gen_ai.provider.name": "gitlab",
        "gen_ai.response.model": "codestral_2508_fireworks",
    }
    found = attributes_of(attempt)
    sizes = found.pop("http.request.body.size"), found.pop("http.response.body.size")
    assert all(isinstance(size, int) and size > 0 for size in sizes)
    assert found == {
        "route": "direct",
        "reason": "preferred",
        "superseded": False,
        "token_age_s": pytest.approx(0.25),
        "http.request.method": "POST",
        "http.response.status_code": 200,
    }


async def test_a_call_outside_of_any_span_begins_a_trace(
    scene: Scene, gitlab: FakeGitLab
) -> None:
    async with gitlab.client(observers=[scene.telemetry.observer()]) as client:
        await client.complete(REQUEST)
        await client.complete(REQUEST)
    first, second = scene.finished(names.CALL)
    assert first.parent is second.parent is None
    assert first.context.trace_id != second.context.trace_id


async def test_concurrent_calls_are_children_each_of_its_own_callers_span(
    scene: Scene, gitlab: FakeGitLab
) -> None:
    gitlab.gateway.delay(0.1)

    async def one() -> None:
        with scene.tracer.start_as_current_span("caller"):
            await client.complete(REQUEST)

    async with gitlab.client(observers=[scene.telemetry.observer()]) as client:
        await asyncio.gather(*(one() for _ in range(3)))
    calls = scene.finished(names.CALL)
    callers = [span for span in scene.finished() if span.name == "caller"]
    attempts = scene.finished(names.ATTEMPT)
    for caller in callers:
        [call] = [span for span in calls if is_child(span, caller)]
        assert len([span for span in attempts if is_child(span, call)]) == 1


@pytest.mark.real_time
@pytest.mark.parametrize("way", ["complete", "submit", "stream"])
def test_the_callers_span_is_found_from_another_thread(
    scene: Scene, gitlab: FakeGitLab, way: str
) -> None:
    with SyncCompletionClient(
        gitlab.instance_url,
        gitlab.access_token,
        sender=gitlab,
        observers=[scene.telemetry.observer()],
    ) as client:
        for _ in range(2):
            with scene.tracer.start_as_current_span("caller"):
                if way == "complete":
                    client.complete(REQUEST)
                elif way == "submit":
                    client.submit(REQUEST).result()
                else:
                    with client.stream(REQUEST) as stream:
                        assert "".join(stream)
    callers = [span for span in scene.finished() if span.name == "caller"]
    calls = scene.finished(names.CALL)
    assert len(callers) == len(calls) == 2
    for caller, call in zip(callers, calls, strict=True):
        assert is_child(call, caller)


async def test_an_attempt_may_end_after_its_call_whose_caller_has_left(
    scene: Scene, gitlab: FakeGitLab
) -> None:
    gitlab.gateway.delay(0.5)
    async with gitlab.client(observers=[scene.telemetry.observer()]) as client:
        await client.warm_up()
        task = asyncio.create_task(client.complete(REQUEST))
        await asyncio.wait({task}, timeout=0.2)
        task.cancel()
        await asyncio.wait({task})
        await gitlab.settle()
    [call] = scene.finished(names.CALL)
    [attempt] = scene.finished(names.ATTEMPT)
    assert is_child(attempt, call)
    assert (lasted_s(call), lasted_s(attempt)) == pytest.approx((0.2, 0.5))
    assert attributes_of(call)["outcome"] == "superseded"
    assert call.status.status_code is StatusCode.UNSET
    assert attributes_of(attempt)["superseded"] is True
    superseded = {"had_context": False, "intent": "completion", "streamed": False}
    assert scene.number(names.CALLS_SUPERSEDED, **superseded) == 1
    assert scene.number(names.CALL_DURATION) == 0
    assert scene.number(names.ATTEMPT_DURATION, superseded=True, route="direct") == 1


async def test_a_stream_tells_when_its_first_piece_came(
    scene: Scene, gitlab: FakeGitLab
) -> None:
    gitlab.instance.delay(0.7)
    async with gitlab.client(observers=[scene.telemetry.observer()]) as client:
        with scene.tracer.start_as_current_span("caller"):
            async with client.stream(GENERATION) as stream:
                assert [piece async for piece in stream]
    [call] = scene.finished(names.CALL)
    [caller] = [span for span in scene.finished() if span.name == "caller"]
    assert is_child(call, caller)
    found = attributes_of(call)
    first_s = found[names.FIRST_CHUNK_S]
    assert isinstance(first_s, float)
    assert 0.7 <= first_s <= lasted_s(call)
    assert found["streamed"] is True
    assert found["intent"] == "generation"
    assert scene.number(names.FIRST_PIECE, route="indirect", intent="generation") == 1
    assert scene.number(names.CALL_DURATION, streamed=True, reason="generation") == 1


async def test_a_stream_that_is_left_is_superseded_and_its_bytes_are_counted(
    scene: Scene, gitlab: FakeGitLab
) -> None:
    async with gitlab.client(observers=[scene.telemetry.observer()]) as client:
        async with client.stream(GENERATION) as stream:
            await anext(stream)
        await gitlab.settle()
    [call] = scene.finished(names.CALL)
    assert attributes_of(call)["outcome"] == "superseded"
    assert scene.number(names.CALLS_SUPERSEDED, streamed=True) == 1
    [sent] = [len(request.body) for request in gitlab.instance.requests]
    bytes_ = partial(scene.number, names.NETWORK_IO, route="indirect")
    assert bytes_(network_io_direction="transmit") == sent
    assert bytes_(network_io_direction="receive") > 0
    assert scene.number(names.ATTEMPT_DURATION) == 0


async def test_a_fetch_is_in_a_trace_of_its_own_with_a_link_to_where_it_was_begun(
    scene: Scene, gitlab: FakeGitLab
) -> None:
    gitlab.direct_access.delay(0.4)
    async with gitlab.client(observers=[scene.telemetry.observer()]) as client:
        with scene.tracer.start_as_current_span("caller") as caller:
            await client.warm_up()
        begun_in = caller.get_span_context()
    [fetch] = scene.finished(names.DETAILS)
    assert fetch.parent is None
    assert fetch.context.trace_id != begun_in.trace_id
    assert [link.context.span_id for link in fetch.links] == [begun_in.span_id]
    assert lasted_s(fetch) == pytest.approx(0.4)
    assert attributes_of(fetch) == {
        "outcome": "granted",
        "shared": False,
        "lifetime_s": 3600.0,
        "http.request.method": "POST",
    }


async def test_a_refused_fetch_tells_which_error_it_was(
    scene: Scene, gitlab: FakeGitLab
) -> None:
    gitlab.direct_access.fail(403)
    async with gitlab.client(observers=[scene.telemetry.observer()]) as client:
        await client.complete(REQUEST)
        await gitlab.settle()
    [fetch] = scene.finished(names.DETAILS)
    assert fetch.status.status_code is StatusCode.ERROR
    assert not fetch.links
    assert attributes_of(fetch)["http.response.status_code"] == 403
    refused = {"outcome": "refused", "http_response_status_code": 403}
    assert scene.number(names.DETAILS_DURATION, **refused) == 1


# Metrics.


async def test_a_fallback_tells_what_the_attempt_before_failed_with(
    scene: Scene, gitlab: FakeGitLab
) -> None:
    gitlab.gateway.fail(503)
    async with gitlab.client(observers=[scene.telemetry.observer()]) as client:
        await client.warm_up()
        await client.complete(REQUEST)
    fell_back = {"route": "indirect", "reason": "fell_back", "cause": "server"}
    assert scene.number(names.FALLBACKS, **fell_back) == 1
    failed = {"route": "direct", "error_type": "server"}
    assert scene.number(names.ATTEMPT_DURATION, **failed) == 1
    assert scene.number(names.ATTEMPT_DURATION, route="indirect") == 1
    assert scene.number(names.CALL_DURATION, reason="fell_back") == 1
    first, second = scene.finished(names.ATTEMPT)
    assert first.status.status_code is StatusCode.ERROR
    assert attributes_of(first)["http.response.status_code"] == 503
    assert "error_origin" in attributes_of(first)
    assert attributes_of(second)["reason"] == "fell_back"


async def test_a_hedge_is_counted_and_its_attempts_are_both_of_the_call(
    scene: Scene, gitlab: FakeGitLab
) -> None:
    gitlab.gateway.delay(3)
    async with gitlab.client(observers=[scene.telemetry.observer()]) as client:
        await client.warm_up()
        done = await client.complete(REQUEST)
        assert done.reason == "hedged"
        await gitlab.settle()
    assert scene.number(names.HEDGES, route="indirect") == 1
    [call] = scene.finished(names.CALL)
    hedge, slow = scene.finished(names.ATTEMPT)
    assert is_child(hedge, call)
    assert is_child(slow, call)
    assert attributes_of(slow)["superseded"] is True


async def test_a_call_that_fails_is_an_error(scene: Scene, gitlab: FakeGitLab) -> None:
    gitlab.direct_access.fail(404)
    gitlab.instance.fail(402)
    async with gitlab.client(observers=[scene.telemetry.observer()]) as client:
        with pytest.raises(AllRoutesFailedError):
            await client.complete(REQUEST)
    [call] = scene.finished(names.CALL)
    assert call.status.status_code is StatusCode.ERROR
    assert attributes_of(call)["error.type"] == "quota"
    assert "route" not in attributes_of(call)
    failed = {"outcome": "error", "error_type": "quota"}
    assert scene.number(names.CALL_DURATION, **failed) == 1


async def test_circuits_are_counted_by_their_state(
    scene: Scene, gitlab: FakeGitLab
) -> None:
    circuits = names.CIRCUITS
    async with gitlab.client(observers=[scene.telemetry.observer()]) as client:
        await client.warm_up()
        assert scene.number(circuits, route="direct", state="closed") == 1
        gitlab.gateway.fail(503)
        await client.complete(REQUEST)
        await client.complete(REQUEST)
        assert scene.number(circuits, route="direct", state="open") == 1
        assert scene.number(circuits, route="indirect", state="closed") == 1
        assert scene.number(circuits) == 2
        trips = {"route": "direct", "cause": "failures"}
        assert scene.number(names.CIRCUIT_TRIPS, **trips) == 1
        gitlab.gateway.heal()
        for _ in range(4):
            await asyncio.sleep(2)
            await client.complete(REQUEST)
        assert scene.number(circuits, route="direct", state="closed") == 1
        assert scene.number(names.CIRCUIT_PROBES, route="direct") == 2


async def test_a_client_that_is_gone_has_no_circuits_and_nothing_keeps_it(
    scene: Scene, gitlab: FakeGitLab
) -> None:
    client = gitlab.client(observers=[scene.telemetry.observer()])
    async with client:
        await client.complete(REQUEST)
        await gitlab.settle()
    assert scene.number(names.CIRCUITS) == 2
    assert scene.readings(names.TOKEN_AGE)
    del client
    gc.collect()
    assert scene.number(names.CIRCUITS) == 0
    assert not scene.readings(names.TOKEN_AGE)
    assert scene.number(names.CALL_DURATION) == 1


async def test_the_tokens_age_is_told_until_it_expires(
    scene: Scene, gitlab: FakeGitLab
) -> None:
    async with gitlab.client(observers=[scene.telemetry.observer()]) as client:
        await client.warm_up()
        await asyncio.sleep(100)
        [reading] = scene.readings(names.TOKEN_AGE)
        assert reading.number == pytest.approx(100)
        await asyncio.sleep(3600)
        assert not scene.readings(names.TOKEN_AGE)


async def test_bytes_are_counted_for_each_route_and_direction(
    scene: Scene, gitlab: FakeGitLab
) -> None:
    async with gitlab.client(observers=[scene.telemetry.observer()]) as client:
        await client.warm_up()
        await client.complete(REQUEST)
    [sent] = [len(request.body) for request in gitlab.gateway.requests]
    transmitted = {"route": "direct", "network_io_direction": "transmit"}
    assert scene.number(names.NETWORK_IO, **transmitted) == sent
    assert scene.number(names.NETWORK_IO, network_io_direction="receive") > 0


async def test_durations_are_in_the_buckets_and_have_exemplars_of_their_spans(
    scene: Scene, gitlab: FakeGitLab
) -> None:
    gitlab.gateway.delay(0.26)
    async with gitlab.client(observers=[scene.telemetry.observer()]) as client:
        await client.warm_up()
        await client.complete(REQUEST)
    readings = dict(scene.collect())
    for metric, kind in (
        (names.CALL_DURATION, names.CALL),
        (names.ATTEMPT_DURATION, names.ATTEMPT),
        (names.DETAILS_DURATION, names.DETAILS),
    ):
        [span] = scene.finished(kind)
        point = readings[metric.name].point
        assert isinstance(point, HistogramDataPoint)
        assert tuple(point.explicit_bounds) == names.DURATION_BUCKETS_S
        [exemplar] = point.exemplars
        assert exemplar.span_id == span.context.span_id
        assert exemplar.trace_id == span.context.trace_id
    [reading] = scene.readings(names.CALL_DURATION)
    assert isinstance(reading.point, HistogramDataPoint)
    full = [
        bound
        for bound, count in zip(
            names.DURATION_BUCKETS_S, reading.point.bucket_counts, strict=False
        )
        if count
    ]
    assert full == [0.3]


async def test_calls_that_are_not_sampled_are_measured_all_the_same(
    scene: Scene, gitlab: FakeGitLab
) -> None:
    tracers = TracerProvider(ALWAYS_OFF, shutdown_on_exit=False)
    telemetry = Telemetry(tracer_provider=tracers, meter_provider=scene.meter_provider)
    async with gitlab.client(observers=[telemetry.observer()]) as client:
        await client.complete(REQUEST)
    [reading] = scene.readings(names.CALL_DURATION)
    assert reading.number == 1
    assert not reading.point.exemplars


class StuckExporter(SpanExporter):
    """Blocks until it is told not to."""

    def __init__(self) -> None:
        self.entered, self.released = threading.Event(), threading.Event()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.entered.set()
        assert self.released.wait(10)
        return SpanExportResult.SUCCESS


@pytest.mark.real_time
async def test_an_exporter_that_blocks_holds_up_no_call(gitlab: FakeGitLab) -> None:
    exporter, tracers = StuckExporter(), TracerProvider(shutdown_on_exit=False)
    tracers.add_span_processor(trace_export.SimpleSpanProcessor(exporter))
    telemetry = Telemetry(tracer_provider=tracers)
    async with gitlab.client(observers=[telemetry.observer()]) as client:
        await client.complete(REQUEST)
        assert await asyncio.to_thread(exporter.entered.wait, 10)
        try:
            assert (await client.complete(REQUEST)).text
        finally:
            exporter.released.set()
    assert telemetry.flush()


# Several clients.


async def test_clients_are_kept_apart_though_their_calls_have_the_same_ids(
    scene: Scene,
) -> None:
    gitlabs = FakeGitLab("a"), FakeGitLab("b")
    for gitlab in gitlabs:
        gitlab.gateway.delay(0.1)

    async def one(gitlab: FakeGitLab) -> None:
        observer = scene.another().observer()
        async with gitlab.client(observers=[observer]) as client:
            with scene.tracer.start_as_current_span("caller"):
                await client.complete(REQUEST)
            await gitlab.settle()

    await asyncio.gather(*map(one, gitlabs))
    calls = scene.finished(names.CALL)
    callers = [span for span in scene.finished() if span.name == "caller"]
    for caller in callers:
        [call] = [span for span in calls if is_child(span, caller)]
        attempts = scene.finished(names.ATTEMPT)
        assert len([span for span in attempts if is_child(span, call)]) == 1
    assert scene.number(names.CALL_DURATION) == 2
    assert scene.number(names.NETWORK_IO, route="direct") > 0


@pytest.mark.parametrize("named_first", [True, False])
async def test_a_provider_that_is_the_programs_own_may_be_named_or_not(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, *, named_first: bool
) -> None:
    """Else it would take the callbacks of the first alone."""
    scene.reader = InMemoryMetricReader()
    own = MeterProvider([scene.reader], shutdown_on_exit=False)
    monkeypatch.setattr(metrics, "get_meter_provider", lambda: own)
    monkeypatch.setattr(
        "opentelemetry.metrics._internal.get_meter_provider", lambda: own
    )
    monkeypatch.setattr(_metrics, "_METRICS", WeakValueDictionary())
    named = Telemetry(meter_provider=own) if named_first else None
    unnamed = Telemetry()
    named = named or Telemetry(meter_provider=own)
    sent = 0
    for telemetry in (named, unnamed):
        gitlab = FakeGitLab("a")
        async with gitlab.client(observers=[telemetry.observer()]) as client:
            await client.complete(REQUEST)
            sent += len(gitlab.gateway.requests[-1].body)
    transmitted = {"route": "direct", "network_io_direction": "transmit"}
    assert scene.number(names.NETWORK_IO, **transmitted) == sent


async def test_an_observer_that_two_clients_share_still_counts_and_ends_all_spans(
    scene: Scene,
) -> None:
    gitlabs = FakeGitLab("a"), FakeGitLab("b")
    shared = scene.telemetry.observer()
    for gitlab in gitlabs:
        gitlab.gateway.delay(0.1)

    async def one(gitlab: FakeGitLab) -> None:
        async with gitlab.client(observers=[shared]) as client:
            await client.complete(REQUEST)

    await asyncio.gather(*map(one, gitlabs))
    outcomes = [attributes_of(span)["outcome"] for span in scene.finished(names.CALL)]
    assert sorted(map(str, outcomes)) == ["suggestion", "unknown"]
    assert scene.number(names.CALL_DURATION) == 2


async def test_an_observer_that_comes_in_the_midst_of_a_call_only_counts_it(
    scene: Scene, gitlab: FakeGitLab
) -> None:
    gitlab.gateway.delay(0.1)
    async with gitlab.client() as client:
        task = asyncio.create_task(client.complete(REQUEST))
        await asyncio.wait({task}, timeout=0.05)
        client.observe(scene.telemetry.observer())
        await task
    assert not scene.finished(names.CALL) + scene.finished(names.ATTEMPT)
    assert scene.number(names.CALL_DURATION, route="direct") == 1
    assert scene.number(names.ATTEMPT_DURATION, route="direct") == 1


# Programs.


async def test_without_an_sdk_nothing_is_written_and_nothing_fails(
    gitlab: FakeGitLab, caplog: pytest.LogCaptureFixture
) -> None:
    telemetry = Telemetry()
    async with gitlab.client(observers=[telemetry.observer()]) as client:
        done = await client.complete(REQUEST)
    assert done.route is Route.DIRECT
    assert telemetry.flush()
    assert not caplog.records


def test_without_the_extra_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(ConfigurationError, match=r"gitlab-completions\[otel\]"):
        Telemetry()


async def test_the_example_in_the_documentation_runs(
    gitlab: FakeGitLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = StringIO()
    for module, name in (
        (trace_export, "ConsoleSpanExporter"),
        (metrics_export, "ConsoleMetricExporter"),
    ):
        printing = partial(getattr(module, name), out=printed)
        monkeypatch.setattr(module, name, printing)
    doc = otel.__doc__ or ""
    example = [line for line in doc.splitlines() if line.startswith("    ")]

    def client_of(url: str, token: str, observers: list[Observer]) -> CompletionClient:
        return gitlab.client(observers=observers)

    scope: dict[str, object] = {
        "CompletionClient": client_of,
        "Telemetry": Telemetry,
        "token": gitlab.access_token,
        "url": gitlab.instance_url,
    }
    exec(textwrap.dedent("\n".join(example)), scope)
    client, telemetry = scope["client"], scope["telemetry"]
    assert isinstance(client, CompletionClient)
    assert isinstance(telemetry, Telemetry)
    async with client:
        await client.complete(REQUEST)
    assert telemetry.flush()
    for provider in (scope["tracers"], scope["meters"]):
        assert isinstance(provider, TracerProvider | MeterProvider)
        provider.shutdown()
    assert names.CALL.name in printed.getvalue()
    assert names.CALL_DURATION.name in printed.getvalue()


PROGRAM = """
import asyncio, sys
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider, export as trace_export
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter
from gitlab_completions import CompletionRequest
from gitlab_completions.otel import Telemetry
from gitlab_completions.testing import FakeGitLab, run

provider = TracerProvider()
exporter = ConsoleSpanExporter(formatter=lambda span: span.name + "\\n")
provider.add_span_processor(BatchSpanProcessor(exporter))
trace.set_tracer_provider(provider)

async def main():
    gitlab = FakeGitLab("x")
    async with gitlab.client(observers=[Telemetry().observer()]) as client:
        await client.complete(
            CompletionRequest(file_name="f.py", content_above_cursor="x = ")
        )

run(main())
"""


def test_what_waits_is_written_before_the_program_ends(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, "utf-8")
    printed = subprocess.run(
        [sys.executable, "-P", str(program)],
        capture_output=True,
        check=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ).stdout
    assert set(printed.split()) >= {names.CALL.name, names.ATTEMPT.name}
