"""A status is one frozen value, with times as spans or with their zone."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime
from types import MappingProxyType

import pytest

from gitlab_completions._records import replace
from gitlab_completions.errors import CircuitOpenError
from gitlab_completions.models import Route, RouteReason
from gitlab_completions.status import Health, RoutingStatus

STATUS = RoutingStatus(
    health=Health.DEGRADED,
    route=Route.INDIRECT,
    reason=RouteReason.CIRCUIT_OPEN,
    problem=CircuitOpenError("direct rests", route=Route.DIRECT, retry_after_s=2.0),
    at=datetime(2026, 9, 1, tzinfo=UTC),
    recheck_in_s=2.0,
    token_age_s=10.0,
    token_expires_in_s=3550.0,
    circuits={Route.DIRECT: "open", Route.INDIRECT: "closed"},
    indirect_used=3,
    in_flight=1,
    counts={"fell_back": 2},
)


def test_a_status_is_frozen() -> None:
    with pytest.raises(AttributeError):
        STATUS.health = Health.READY  # type: ignore[misc]


def test_a_status_says_what_the_next_call_would_do() -> None:
    shown = repr(STATUS)
    assert "degraded" in shown
    assert "circuit_open" in shown


def test_health_is_a_word() -> None:
    assert [str(health) for health in Health] == [
        "starting",
        "ready",
        "degraded",
        "unavailable",
        "closed",
    ]


def test_a_status_goes_to_other_processes() -> None:
    views = replace(
        STATUS,
        circuits=MappingProxyType(dict(STATUS.circuits)),
        counts=MappingProxyType(dict(STATUS.counts)),
    )
    for other in (pickle.loads(pickle.dumps(views)), copy.deepcopy(views)):
        assert isinstance(other, RoutingStatus)
        assert (other.circuits, other.counts) == (STATUS.circuits, STATUS.counts)
        assert repr(other.problem) == repr(STATUS.problem)
