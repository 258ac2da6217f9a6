"""The end reaches every call, and a call that is over leaves nothing behind."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from gitlab_completions._shell.closing import Closing


async def test_the_end_reaches_each_call() -> None:
    closing = Closing()
    with closing.awaited() as first, closing.awaited() as second:
        assert first is not second
        assert not first.done()
        assert not second.done()
        closing.come()
        closing.come()
        assert first.done()
        assert second.done()


async def test_a_call_that_is_over_is_forgotten() -> None:
    closing = Closing()
    for _ in range(100):
        with suppress(TimeoutError), closing.awaited():
            await asyncio.wait_for(asyncio.Event().wait(), 0)
    assert not closing._awaited


async def test_a_call_that_left_what_it_awaited_keeps_the_end_from_nobody() -> None:
    closing = Closing()
    with closing.awaited() as first, closing.awaited() as second:
        first.cancel()
        closing.come()
        await asyncio.wait_for(second, 1)
