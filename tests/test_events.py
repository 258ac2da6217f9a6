"""Events are frozen records that hold no secrets."""

from __future__ import annotations

import copy
import pickle
from typing import get_args

import pytest

from gitlab_completions import events
from gitlab_completions.errors import RouteServerError
from gitlab_completions.events import (
    AttemptFailed,
    AttemptSucceeded,
    ClockJumped,
    Event,
    RouteChosen,
)
from gitlab_completions.models import Route, RouteReason

CHOSEN = RouteChosen(call_id=1, route=Route.DIRECT, reason=RouteReason.PREFERRED)


def test_the_union_holds_every_kind_of_event() -> None:
    kinds = {kind.__name__ for kind in get_args(Event)}
    assert kinds == set(events.__all__) - {"ContextSize", "Event", "Observer"}


@pytest.mark.parametrize("kind", get_args(Event))
def test_an_event_has_slots_and_no_dict(kind: type) -> None:
    assert "__slots__" in vars(kind)
    assert "__dict__" not in dir(object.__new__(kind))


def test_an_event_is_frozen() -> None:
    with pytest.raises(AttributeError):
        CHOSEN.call_id = 2  # type: ignore[misc]


def test_an_event_takes_keywords_only() -> None:
    with pytest.raises(TypeError):
        RouteChosen(1, Route.DIRECT, RouteReason.PREFERRED)  # type: ignore[call-arg]


def test_events_are_equal_when_their_fields_are() -> None:
    again = RouteChosen(call_id=1, route=Route.DIRECT, reason=RouteReason.PREFERRED)
    assert again == CHOSEN
    assert hash(again) == hash(CHOSEN)
    assert ClockJumped() == ClockJumped()
    other = RouteChosen(call_id=2, route=Route.DIRECT, reason=RouteReason.PREFERRED)
    assert other != CHOSEN


def test_a_repr_names_the_fields() -> None:
    assert repr(CHOSEN).startswith("RouteChosen(call_id=1, route=<Route.DIRECT")


@pytest.mark.parametrize(
    "way", [copy.copy, lambda one: pickle.loads(pickle.dumps(one))]
)
def test_an_event_can_be_copied_and_pickled(way: object) -> None:
    assert callable(way)
    succeeded = AttemptSucceeded(
        call_id=1, route=Route.DIRECT, elapsed_s=0.5, status_code=200, request_id=None
    )
    assert way(succeeded) == succeeded
    error = RouteServerError("no", route=Route.DIRECT, status_code=503)
    failed = AttemptFailed(call_id=1, route=Route.DIRECT, elapsed_s=0.5, error=error)
    assert way(failed).error.status_code == 503


def test_any_callable_is_an_observer() -> None:
    told: list[Event] = []
    observer: events.Observer = told.append
    observer(CHOSEN)
    assert told == [CHOSEN]
