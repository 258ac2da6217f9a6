"""Observers are told in order, and what they raise stays with them."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import pytest

from gitlab_completions._shell.bulletin import Bulletin
from gitlab_completions.events import ClockJumped

if TYPE_CHECKING:
    from gitlab_completions.events import Event, Observer

JUMPED = ClockJumped()


def broken(_: Event) -> None:
    raise ValueError("s3cret")


def test_all_observers_are_told_in_the_order_they_came() -> None:
    told: list[str] = []
    bulletin = Bulletin([lambda _: told.append("first")])
    bulletin.observe(lambda _: told.append("second"))
    bulletin.publish(JUMPED)
    assert told == ["first", "second"]


def test_the_unsubscriber_ends_one_subscription_of_two() -> None:
    told: list[Event] = []
    bulletin = Bulletin([told.append])
    unsubscribe = bulletin.observe(told.append)
    unsubscribe()
    unsubscribe()
    bulletin.publish(JUMPED)
    assert told == [JUMPED]


def cancelled(_: Event) -> None:
    """Ask a future that nobody waits for any more."""
    raise asyncio.CancelledError


@pytest.mark.parametrize("observer", [broken, cancelled])
def test_an_observer_that_raises_does_not_keep_the_next_from_being_told(
    observer: Observer,
) -> None:
    told: list[Event] = []
    bulletin = Bulletin([observer, told.append])
    bulletin.publish(JUMPED)
    assert told == [JUMPED]


def test_what_an_observer_raises_is_logged_once_by_its_type(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bulletin = Bulletin([broken, broken])
    with caplog.at_level(logging.DEBUG, "gitlab_completions"):
        bulletin.publish(JUMPED)
        bulletin.publish(JUMPED)
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 2
    assert "ValueError" in caplog.text
    assert "s3cret" not in caplog.text


def test_an_observer_may_unsubscribe_while_it_is_told() -> None:
    told: list[Event] = []
    bulletin = Bulletin()

    def once(event: Event) -> None:
        told.append(event)
        unsubscribe()

    unsubscribe = bulletin.observe(once)
    bulletin.observe(told.append)
    bulletin.publish(JUMPED)
    bulletin.publish(JUMPED)
    assert told == [JUMPED] * 3


def test_it_is_attended_while_somebody_else_listens() -> None:
    bulletin = Bulletin([lambda _: None])
    attended = [bulletin.attended]
    unsubscribe = bulletin.observe(lambda _: None)
    attended.append(bulletin.attended)
    unsubscribe()
    attended.append(bulletin.attended)
    assert attended == [False, True, False]
    assert Bulletin((), [lambda _: None]).attended
