"""What a flow and its driver say to each other are values."""

from __future__ import annotations

import pytest

from gitlab_completions._core.commands import (
    Answered,
    AwaitDetails,
    Busy,
    Chosen,
    DetailsSettled,
    Failed,
    GaveUp,
    Send,
    Slow,
    Wait,
)
from gitlab_completions.models import Route, RouteReason


@pytest.mark.parametrize(
    "value",
    [
        Send(
            route=Route.DIRECT,
            reason=RouteReason.PREFERRED,
            until=1.0,
            ends_at=5.0,
            last_resort=False,
        ),
        Wait(until=1.0),
        AwaitDetails(until=1.0),
        Answered(route=Route.DIRECT, at=1.0),
        Failed(route=Route.DIRECT, at=1.0, final=False, passing=True),
        Slow(at=1.0),
        Busy(route=Route.DIRECT, at=1.0),
        DetailsSettled(at=1.0),
        Chosen(route=Route.DIRECT, reason=RouteReason.PREFERRED),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_word_of_the_conversation_is_frozen(value: object) -> None:
    with pytest.raises(AttributeError):
        value.at = 2.0  # type: ignore[attr-defined]
    assert repr(value).startswith(type(value).__name__)


def test_waits_are_told_apart_by_their_time_and_kind() -> None:
    assert Wait(until=1.0) == Wait(until=1.0) != Wait(until=2.0)
    assert Wait(until=1.0) != AwaitDetails(until=1.0)


def test_giving_up_has_a_word() -> None:
    words = {"rejected", "exhausted", "rate_limited", "deadline"}
    assert {each.value for each in GaveUp} == words
