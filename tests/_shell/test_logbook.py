"""Events become log records, each at its level."""

from __future__ import annotations

import logging

import pytest

from gitlab_completions._shell import logbook
from gitlab_completions.details import Endpoint
from gitlab_completions.errors import (
    AllRoutesFailedError,
    DirectAccessBarredError,
    ErrorCode,
)
from gitlab_completions.events import (
    CallFinished,
    CircuitTripped,
    ClockJumped,
    DetailsRefused,
    EndpointRefused,
    Event,
    RouteChosen,
    StatusChanged,
)
from gitlab_completions.models import Route, RouteReason
from tests.test_status import STATUS

CHOSEN = RouteChosen(call_id=1, route=Route.DIRECT, reason=RouteReason.PREFERRED)
FAILED = CallFinished(
    call_id=1,
    elapsed_s=0.12345,
    route=None,
    reason=None,
    error=AllRoutesFailedError("no route", code=ErrorCode.OFFLINE),
)
REFUSED = DetailsRefused(
    project_path=None, problem=DirectAccessBarredError("no"), again_in_s=60.0
)


@pytest.mark.parametrize(
    ("event", "level", "words"),
    [
        (CHOSEN, "DEBUG", "RouteChosen call_id=1 route=direct reason=preferred"),
        (
            FAILED,
            "INFO",
            "elapsed_s=0.123 route=None reason=None error=no route; check the network",
        ),
        (CircuitTripped(route=Route.DIRECT, rests_s=1), "INFO", "route=direct rests_s"),
        (ClockJumped(), "INFO", "ClockJumped"),
        (
            EndpointRefused(
                project_path="a/b",
                endpoint=Endpoint.V4,
                instead=Endpoint.V2,
                status_code=403,
            ),
            "INFO",
            "project_path=a/b endpoint=v4 instead=v2 status_code=403",
        ),
        (REFUSED, "INFO", "DetailsRefused project_path=None problem=no"),
        (
            StatusChanged(status=STATUS),
            "INFO",
            "now degraded, indirect (circuit_open): direct rests",
        ),
    ],
)
def test_an_event_is_one_record(
    caplog: pytest.LogCaptureFixture, event: Event, level: str, words: str
) -> None:
    with caplog.at_level(logging.DEBUG, "gitlab_completions"):
        logbook.write(event)
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("gitlab_completions", level)
    assert words in record.getMessage()


def test_nothing_is_written_below_the_loggers_level(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO, "gitlab_completions"):
        logbook.write(CHOSEN)
    assert caplog.records == []
