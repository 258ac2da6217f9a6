"""Who is told, and that nobody's mistake keeps others from being told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gitlab_completions.editor import SuggestionEvent
from gitlab_completions.editor._shell.bulletin import Bulletin

if TYPE_CHECKING:
    import pytest

EVENT = SuggestionEvent(action="suggestion_shown", suggestion_id="a", fields={})


def test_everybody_is_told_in_order() -> None:
    told: list[str] = []
    bulletin = Bulletin([lambda _: told.append("first")])
    leave = bulletin.observe(lambda _: told.append("second"))
    bulletin.publish(EVENT)
    leave()
    leave()
    bulletin.publish(EVENT)
    assert told == ["first", "second", "first"]


def test_one_that_raises_is_complained_of_once_until_it_comes_anew(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def raising(_: SuggestionEvent, /) -> None:
        raise asyncio.CancelledError

    told: list[SuggestionEvent] = []
    bulletin = Bulletin()
    leave = bulletin.observe(raising)
    bulletin.observe(told.append)
    for _ in range(2):
        bulletin.publish(EVENT)
    leave()
    bulletin.observe(raising)
    bulletin.publish(EVENT)
    assert told == [EVENT] * 3
    assert len(caplog.messages) == 2
