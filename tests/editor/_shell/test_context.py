"""What a source of context gives, and what becomes of one that does it wrong."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from gitlab_completions import ContextItem
from gitlab_completions.editor._shell.context import MOST_S, Gatherer
from tests.editor.authors import document

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from gitlab_completions.editor import Document

ITEM = ContextItem(name="other.py", content="PI = 3")


async def gathered(gatherer: Gatherer) -> tuple[ContextItem, ...]:
    task = gatherer.start(document("secret"))
    assert task is not None
    return await task


def give(_: Document) -> Sequence[ContextItem]:
    return [ITEM]


async def give_late(_: Document) -> Sequence[ContextItem]:
    await asyncio.sleep(MOST_S * 2)
    return [ITEM]


def give_strings(which: Document) -> Sequence[ContextItem]:
    return cast("Sequence[ContextItem]", [which.text])


def test_without_a_source_there_is_nothing_to_wait_for() -> None:
    assert Gatherer(None).start(document("x")) is None


async def test_items_are_given_as_they_are() -> None:
    assert await gathered(Gatherer(give)) == (ITEM,)


async def test_what_comes_late_is_left_out() -> None:
    loop = asyncio.get_running_loop()
    assert await gathered(Gatherer(give_late)) == ()
    assert loop.time() <= MOST_S + 1e-9


async def test_what_is_no_item_is_told_once_and_costs_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gatherer = Gatherer(give_strings)
    assert [await gathered(gatherer) for _ in range(2)] == [(), ()]
    assert len(caplog.messages) == 1
    assert "TypeError" in caplog.text
    assert "secret" not in caplog.text
