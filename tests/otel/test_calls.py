"""What is remembered of calls is bounded, whatever is never told."""

from __future__ import annotations

import pytest
from opentelemetry.context import Context

from gitlab_completions.errors import RouteTimeoutError
from gitlab_completions.events import (
    AttemptFailed,
    AttemptSucceeded,
    CallFinished,
    CallStarted,
    CircuitProbed,
    ContextSize,
    ContextWithheld,
    FellBack,
    Hedged,
    StreamBegan,
    Superseded,
)
from gitlab_completions.models import Intent, Route, RouteReason
from gitlab_completions.otel import _calls, names
from gitlab_completions.otel._backlog import BACKLOG
from gitlab_completions.otel._calls import Calls
from gitlab_completions.otel._metrics import Metrics
from tests.otel.scene import EPOCH_NS, Scene, attributes_of, is_child

NOWHERE = Context()
DIRECT, INDIRECT = Route


@pytest.fixture
def calls(scene: Scene) -> Calls:
    tracer = scene.tracer_provider.get_tracer("test")
    return Calls(tracer, metrics_of(scene))


def metrics_of(scene: Scene) -> Metrics:
    return Metrics.of(scene.meter_provider, BACKLOG)


def started(call_id: int, *, items: int = 0) -> CallStarted:
    item = ContextSize(kind="file", file_extension="py", size_bytes=1)
    return CallStarted(
        call_id=call_id,
        intent=Intent.COMPLETION,
        streams=False,
        language=None,
        file_extension="",
        above_chars=1,
        below_chars=0,
        above_bytes=1,
        below_bytes=0,
        context=(item,) * items,
    )


def succeeded(call_id: int, route: Route = DIRECT) -> AttemptSucceeded:
    return AttemptSucceeded(
        call_id=call_id, route=route, elapsed_s=0.1, status_code=200, request_id=None
    )


def failed(call_id: int) -> AttemptFailed:
    error = RouteTimeoutError("late", route=DIRECT)
    return AttemptFailed(call_id=call_id, route=DIRECT, elapsed_s=1.0, error=error)


def finished(call_id: int, *, attempts: int = 1) -> CallFinished:
    return CallFinished(
        call_id=call_id,
        elapsed_s=0.1,
        route=None,
        reason=None,
        error=None,
        attempts=attempts,
    )


def begin(calls: Calls, call_id: int, *, items: int = 0) -> None:
    calls.begin(started(call_id, items=items), EPOCH_NS, NOWHERE)


def test_a_stream_that_ended_with_its_reader_is_not_waited_for(calls: Calls) -> None:
    begin(calls, 1)
    calls.supersede(
        Superseded(call_id=1, elapsed_s=0.1, route=INDIRECT, bytes_sent=2), EPOCH_NS
    )
    assert len(calls) == 0


def test_of_calls_that_never_end_the_oldest_are_given_up(
    calls: Calls, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_calls, "MOST_CALLS", 3)
    for call_id in range(10):
        begin(calls, call_id)
    assert len(calls) == 3
    given_up = scene.finished(names.CALL)
    assert len(given_up) == 7
    assert {attributes_of(span)["outcome"] for span in given_up} == {"unknown"}


def test_a_call_that_has_ended_is_forgotten_with_its_last_attempt(calls: Calls) -> None:
    begin(calls, 1)
    calls.step(Hedged(call_id=1, route=INDIRECT))
    calls.attempt(succeeded(1, INDIRECT), EPOCH_NS)
    calls.end(finished(1), EPOCH_NS)
    assert len(calls) == 1
    calls.attempt(succeeded(1), EPOCH_NS)
    assert len(calls) == 0


def test_a_call_whose_attempts_have_ended_is_forgotten_at_once(calls: Calls) -> None:
    begin(calls, 1)
    calls.attempt(succeeded(1), EPOCH_NS)
    calls.end(finished(1), EPOCH_NS)
    assert len(calls) == 0


def test_a_call_that_was_never_sent_is_forgotten_at_once(calls: Calls) -> None:
    begin(calls, 1)
    calls.end(finished(1, attempts=0), EPOCH_NS)
    assert len(calls) == 0


def test_of_calls_whose_attempts_never_end_the_oldest_are_forgotten(
    calls: Calls, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_calls, "MOST_LEFT", 2)
    for call_id in range(5):
        begin(calls, call_id)
        calls.supersede(Superseded(call_id=call_id, elapsed_s=0.1), EPOCH_NS)
    assert len(calls) == 2
    calls.attempt(succeeded(0), EPOCH_NS)  # only measured
    calls.attempt(succeeded(4), EPOCH_NS)
    [attempt] = scene.finished(names.ATTEMPT)
    assert is_child(attempt, scene.finished(names.CALL)[-1])
    assert scene.number(names.ATTEMPT_DURATION) == 2


def test_an_attempt_that_is_given_up_for_being_slow_is_that_fallbacks_cause(
    calls: Calls, scene: Scene
) -> None:
    begin(calls, 1)
    calls.step(FellBack(call_id=1, route=INDIRECT, reason=RouteReason.FELL_BACK))
    assert scene.number(names.FALLBACKS, cause="slow") == 1


def test_a_fallback_has_the_cause_of_the_attempt_before_it_once(
    calls: Calls, scene: Scene
) -> None:
    begin(calls, 1)
    calls.attempt(failed(1), EPOCH_NS)
    calls.step(FellBack(call_id=1, route=INDIRECT, reason=RouteReason.FELL_BACK))
    calls.step(FellBack(call_id=1, route=DIRECT, reason=RouteReason.LAST_TRY))
    assert scene.number(names.FALLBACKS, cause="timeout", reason="fell_back") == 1
    assert scene.number(names.FALLBACKS, cause="slow", reason="last_try") == 1


def test_a_fallback_for_want_of_room_has_no_cause(calls: Calls, scene: Scene) -> None:
    begin(calls, 1)
    calls.step(FellBack(call_id=1, route=INDIRECT, reason=RouteReason.SATURATED))
    [reading] = scene.readings(names.FALLBACKS)
    assert reading.attributes == {"route": "indirect", "reason": "saturated"}


def test_a_call_whose_context_was_withheld_had_none(calls: Calls, scene: Scene) -> None:
    begin(calls, 1, items=2)
    calls.step(ContextWithheld(call_id=1, items=2))
    begin(calls, 2, items=2)
    calls.step(ContextWithheld(call_id=2, items=1))
    for call_id in (1, 2):
        calls.end(finished(call_id), EPOCH_NS)
    first, second = map(attributes_of, scene.finished(names.CALL))
    assert (first["had_context"], first["context_items"]) == (False, 0)
    assert (second["had_context"], second["context_items"]) == (True, 1)
    assert scene.number(names.CALL_DURATION, had_context=True) == 1


def test_what_is_told_of_unknown_calls_is_counted(calls: Calls, scene: Scene) -> None:
    calls.step(Hedged(call_id=1, route=INDIRECT))
    calls.step(CircuitProbed(call_id=1, route=DIRECT))
    calls.step(StreamBegan(call_id=1, route=INDIRECT, elapsed_s=0.4))
    calls.step(FellBack(call_id=1, route=INDIRECT, reason=RouteReason.FELL_BACK))
    calls.step(ContextWithheld(call_id=1, items=1))
    calls.attempt(failed(1), EPOCH_NS)
    calls.supersede(Superseded(call_id=1, elapsed_s=0.1), EPOCH_NS)
    calls.end(finished(2), EPOCH_NS)
    assert not scene.finished()
    assert len(calls) == 0
    for metric in (
        *(names.HEDGES, names.CIRCUIT_PROBES, names.FIRST_PIECE, names.FALLBACKS),
        *(names.ATTEMPT_DURATION, names.CALLS_SUPERSEDED, names.CALL_DURATION),
    ):
        assert scene.number(metric) == 1, metric.name


def test_each_provider_has_one_set_of_instruments(scene: Scene) -> None:
    assert metrics_of(scene) is metrics_of(scene)
    assert metrics_of(scene) is not metrics_of(Scene())
