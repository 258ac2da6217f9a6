"""What a line says of each event, and by which id its call is known."""

from __future__ import annotations

import json
import os
import re
import typing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from gitlab_completions import events
from gitlab_completions._records import Record
from gitlab_completions.details import Endpoint
from gitlab_completions.errors import (
    AllRoutesFailedError,
    ClientClosedError,
    DirectAccessBarredError,
    ErrorCode,
    Origin,
    RouteServerError,
)
from gitlab_completions.event_log import _scribe, gitlab_part
from gitlab_completions.event_log._names import ACTIONS, GITLAB, OWN
from gitlab_completions.event_log._scribe import MOST_ITEMS, Scribe
from gitlab_completions.models import Attempt, Intent, Model, Route, RouteReason
from gitlab_completions.status import Health, RoutingStatus
from tests.event_log.schema import VALIDATOR

if TYPE_CHECKING:
    from gitlab_completions.event_log._wording import Line

DIRECT, INDIRECT = Route
UUID4 = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
)
ITEM = events.ContextSize(kind="snippet", file_extension="go", size_bytes=7)
BROKEN = RouteServerError(
    "x", route=DIRECT, status_code=503, elapsed_s=0.5, origin=Origin.GATEWAY
)
FAILED = AllRoutesFailedError(
    "x",
    attempts=(Attempt(route=DIRECT, started_s=0.0, elapsed_s=0.5, error=BROKEN),),
    code=ErrorCode.SERVER,
)


def started(
    call_id: int = 1,
    *,
    streams: bool = False,
    language: str | None = "go",
    context: tuple[events.ContextSize, ...] = (),
) -> events.CallStarted:
    return events.CallStarted(
        call_id=call_id,
        intent=Intent.COMPLETION,
        streams=streams,
        language=language,
        file_extension="go",
        above_chars=3,
        below_chars=1,
        above_bytes=4,
        below_bytes=1,
        context=context,
    )


def succeeded(call_id: int = 1, *, superseded: bool = False) -> events.AttemptSucceeded:
    return events.AttemptSucceeded(
        call_id=call_id,
        route=DIRECT,
        elapsed_s=0.2,
        status_code=200,
        request_id="their-own",
        reason=RouteReason.PREFERRED,
        bytes_sent=300,
        bytes_received=400,
        token_age_s=60.0,
        superseded=superseded,
    )


def failed(call_id: int = 1) -> events.AttemptFailed:
    return events.AttemptFailed(
        call_id=call_id, route=DIRECT, elapsed_s=0.5, error=BROKEN
    )


def finished(
    call_id: int = 1,
    *,
    error: AllRoutesFailedError | ClientClosedError | None = None,
    choices: int = 1,
) -> events.CallFinished:
    return events.CallFinished(
        call_id=call_id,
        elapsed_s=0.25,
        route=None if error else DIRECT,
        reason=None if error else RouteReason.PREFERRED,
        error=error,
        model=None if error else Model(engine="fireworks_ai", name="codestral-2508"),
        choices=0 if error else choices,
        attempts=1,
    )


STATUS = RoutingStatus(
    health=Health.DEGRADED,
    route=INDIRECT,
    reason=RouteReason.BARRED,
    problem=DirectAccessBarredError("x"),
    at=datetime(2026, 1, 1, tzinfo=UTC),
    recheck_in_s=None,
    token_age_s=None,
    token_expires_in_s=None,
    circuits={},
    indirect_used=0,
    in_flight=0,
    counts={},
)
ALL: tuple[events.Event, ...] = (
    started(context=(ITEM,)),
    events.RouteChosen(call_id=1, route=DIRECT, reason=RouteReason.PREFERRED),
    events.ContextWithheld(call_id=1, items=1),
    succeeded(),
    failed(),
    events.StreamBegan(call_id=1, route=DIRECT, elapsed_s=0.1),
    events.FellBack(call_id=1, route=INDIRECT, reason=RouteReason.FELL_BACK),
    events.Hedged(call_id=1, route=INDIRECT),
    events.Superseded(call_id=2, elapsed_s=0.1),
    events.CircuitTripped(route=DIRECT, rests_s=1.0, cause="lateness"),
    events.CircuitProbed(call_id=1, route=DIRECT),
    events.CircuitRecovered(route=DIRECT),
    events.DetailsRefreshed(
        project_path="secret/project", lifetime_s=3600.0, dropped_headers=0
    ),
    events.DetailsRefused(
        project_path="secret/project",
        problem=DirectAccessBarredError("x", status_code=403),
        again_in_s=1800.0,
        elapsed_s=0.1,
    ),
    events.EndpointRefused(
        project_path="secret/project",
        endpoint=Endpoint.V2,
        instead=Endpoint.V4,
        status_code=404,
    ),
    events.ClockJumped(),
    finished(),
    finished(3, error=FAILED),
    events.StatusChanged(status=STATUS),
)
ACTIONS_OF = {
    events.CallStarted: "suggestion_requested",
    events.RouteChosen: None,
    events.ContextWithheld: "context_withheld",
    events.AttemptSucceeded: "attempt",
    events.AttemptFailed: "attempt",
    events.StreamBegan: "suggestion_stream_started",
    events.FellBack: "fell_back",
    events.Hedged: "hedged",
    events.Superseded: "suggestion_cancelled",
    events.CircuitTripped: "circuit_tripped",
    events.CircuitProbed: "circuit_probed",
    events.CircuitRecovered: "circuit_recovered",
    events.DetailsRefreshed: "details_refreshed",
    events.DetailsRefused: "details_refused",
    events.EndpointRefused: "endpoint_refused",
    events.ClockJumped: "clock_jumped",
    events.CallFinished: None,  # by how it ended: see below
    events.StatusChanged: "status_changed",
}


MOST_CALLS = 20


@pytest.fixture
def scribe(monkeypatch: pytest.MonkeyPatch) -> Scribe:
    monkeypatch.setattr(_scribe, "MOST_CALLS", MOST_CALLS)
    return Scribe(b"key", "saas")


def line(scribe: Scribe, event: events.Event) -> Line:
    found = scribe.line(event)
    assert found is not None
    return found


def test_each_kind_of_event_has_its_action(scribe: Scribe) -> None:
    assert set(ACTIONS_OF) == set(typing.get_args(events.Event))
    assert {type(event) for event in ALL} == set(ACTIONS_OF)
    for event in ALL:
        written, action = scribe.line(event), ACTIONS_OF[type(event)]
        if action is not None:
            assert written is not None
            assert written["action"] == action
    assert scribe.line(events.RouteChosen(call_id=1, route=DIRECT, reason=LAST)) is None


LAST = RouteReason.LAST_TRY


def test_each_line_is_json_and_has_known_names_alone(scribe: Scribe) -> None:
    for event in ALL:
        written = scribe.line(event) or {}
        assert written.keys() <= OWN | GITLAB.keys()
        assert json.loads(json.dumps(written, allow_nan=False)) == written
        assert "secret" not in json.dumps(written)


def test_what_is_gitlabs_is_valid_at_gitlab(scribe: Scribe) -> None:
    for event in ALL:
        written = scribe.line(event) or {}
        if written.get("category") == "code_suggestions":
            assert written["action"] in ACTIONS
            VALIDATOR.validate(gitlab_part(written))


@pytest.mark.parametrize(
    ("event", "streams", "action"),
    [
        (finished(), False, "suggestion_loaded"),
        (finished(), True, "suggestion_stream_completed"),
        (finished(choices=0), False, "suggestion_not_provided"),
        (finished(choices=0), True, "suggestion_not_provided"),
        (finished(error=FAILED), False, "suggestion_error"),
        (finished(error=ClientClosedError("x")), False, "suggestion_cancelled"),
    ],
)
def test_a_call_ends_by_gitlabs_word_for_it(
    scribe: Scribe, event: events.CallFinished, streams: bool, action: str
) -> None:
    scribe.line(started(streams=streams))
    assert line(scribe, event)["action"] == action


def test_an_error_is_of_the_attempt_that_decided(scribe: Scribe) -> None:
    scribe.line(started())
    written = line(scribe, finished(error=FAILED))
    assert (written["route"], written["token_issuer"]) == (
        "direct",
        "gitlab-ai-gateway",
    )
    assert (written["api_status_code"], written["error_code"]) == (503, "server")
    assert (written["error_origin"], written["reason"]) == ("gateway", None)


def test_a_fall_back_tells_what_had_failed(scribe: Scribe) -> None:
    scribe.line(started())
    scribe.line(failed())
    fell = events.FellBack(call_id=1, route=INDIRECT, reason=RouteReason.FELL_BACK)
    written = line(scribe, fell)
    assert (written["route"], written["reason"]) == ("indirect", "fell_back")
    assert (written["api_status_code"], written["error_code"]) == (503, "server")


def test_an_attempt_has_its_bytes_and_the_age_of_its_token(scribe: Scribe) -> None:
    written = line(scribe, succeeded())
    assert (written["bytes_sent"], written["bytes_received"]) == (300, 400)
    assert (written["token_age_s"], written["superseded"]) == (60.0, False)
    assert "their-own" not in json.dumps(written)


def test_all_lines_of_a_call_have_its_id(scribe: Scribe) -> None:
    own = [event for event in ALL if getattr(event, "call_id", None) == 1]
    written = [found for event in own if (found := scribe.line(event)) is not None]
    ids = {str(found["unique_tracking_id"]) for found in written}
    assert len(written) > 8
    assert len(ids) == 1
    assert UUID4.fullmatch(ids.pop())


def test_an_attempt_that_ends_long_after_its_call_has_its_id(scribe: Scribe) -> None:
    asked = line(scribe, started(1))
    scribe.line(events.Superseded(call_id=1, elapsed_s=0.1))
    for call_id in range(2, 3 * MOST_CALLS):
        scribe.line(started(call_id))
        scribe.line(events.Superseded(call_id=call_id, elapsed_s=0.1))
    late = line(scribe, succeeded(1, superseded=True))
    assert late["unique_tracking_id"] == asked["unique_tracking_id"]
    assert late["superseded"] is True
    assert len(scribe._calls) == len(scribe._given) == 0


def test_calls_whose_end_is_never_told_are_forgotten(scribe: Scribe) -> None:
    for call_id in range(MOST_CALLS + 10):
        scribe.line(started(call_id))
    assert len(scribe._calls) == MOST_CALLS
    written = line(scribe, finished(0))
    assert written["action"] == "suggestion_loaded"
    assert written["gitlab_realm"] == "saas"


def test_the_ids_of_one_client_say_nothing_of_anothers() -> None:
    ids = {
        str(line(Scribe(key), started())["unique_tracking_id"]) for key in (b"a", b"b")
    }
    assert len(ids) == 2


def test_a_forked_childs_calls_have_ids_of_their_own(
    scribe: Scribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = line(scribe, started(7))["unique_tracking_id"]
    parent = os.getpid()
    monkeypatch.setattr(os, "getpid", lambda: parent + 1)
    assert line(scribe, started(7))["unique_tracking_id"] != mine


def test_an_id_of_the_callers_is_known_after_the_call(scribe: Scribe) -> None:
    scribe.line(started(1), "mine")
    scribe.line(started(2))
    scribe.line(finished(1), "another's")  # an end is told in any context
    late, other = line(scribe, succeeded(1)), line(scribe, succeeded(2))
    assert late["unique_tracking_id"] == "mine"
    assert other["unique_tracking_id"] != "mine"


def test_context_that_is_all_withheld_is_none(scribe: Scribe) -> None:
    scribe.line(started(context=(ITEM, ITEM)))
    scribe.line(events.ContextWithheld(call_id=1, items=2))
    written = line(scribe, finished())
    assert written["has_advanced_context"] is False
    assert (written["total_context_size_bytes"], written["context_items"]) == (0, [])


def test_of_context_that_is_partly_withheld_all_is_told(scribe: Scribe) -> None:
    scribe.line(started(context=(ITEM, ITEM)))
    scribe.line(events.ContextWithheld(call_id=1, items=1))
    written = line(scribe, finished())
    assert (written["has_advanced_context"], written["total_context_size_bytes"]) == (
        True,
        14,
    )


def test_a_line_lists_so_many_context_items_at_most(scribe: Scribe) -> None:
    written = line(scribe, started(context=(ITEM,) * 1000))
    items = written["context_items"]
    assert isinstance(items, list)
    assert len(items) == MOST_ITEMS
    assert written["total_context_size_bytes"] == 7000


@pytest.mark.parametrize("text", ["def secret(): pass", "x" * 65])
def test_a_model_or_language_that_is_no_name_is_unknown(
    scribe: Scribe, text: str
) -> None:
    asked = line(scribe, started(language=text))
    assert asked["language"] is None
    done = events.CallFinished(
        call_id=1,
        elapsed_s=0.1,
        route=DIRECT,
        reason=RouteReason.PREFERRED,
        error=None,
        model=Model(engine=text, name=text),
        choices=1,
    )
    written = line(scribe, done)
    assert (written["model_engine"], written["model_name"]) == (None, None)


def test_a_kind_of_event_that_is_not_known_yet_has_no_line(scribe: Scribe) -> None:
    class Newer(Record):  # as minor versions bring them
        call_id: int

    assert scribe.line(typing.cast("events.Event", Newer(call_id=1))) is None
