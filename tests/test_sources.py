"""What a user gave to supply something is asked by what kind of function it is."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import TYPE_CHECKING

import pytest

from gitlab_completions._sources import ask

if TYPE_CHECKING:
    from collections.abc import Awaitable


async def test_an_async_function_is_awaited() -> None:
    async def supply() -> int:
        return 7

    assert await ask(supply) == 7


@pytest.mark.real_time
async def test_a_plain_function_runs_in_another_thread() -> None:
    threads: list[threading.Thread] = []

    def supply() -> int:
        threads.append(threading.current_thread())
        return 7

    assert await ask(supply) == 7
    assert threads != [threading.current_thread()]


async def test_a_plain_function_may_return_an_awaitable() -> None:
    async def later() -> int:
        return 7

    def supply() -> Awaitable[int]:
        return later()

    assert await ask(supply) == 7


async def test_what_is_none_is_returned() -> None:
    async def supply() -> None:
        """Return nothing."""

    assert await ask(supply) is None


def test_functions_that_hang_hold_no_thread_of_the_loop_nor_its_end() -> None:
    release, done = threading.Event(), threading.Event()

    def hang() -> None:
        release.wait(30)
        done.set()

    async def session() -> int:
        left = [asyncio.create_task(ask(hang)) for _ in range(64)]
        await asyncio.sleep(0)
        for one in left:
            one.cancel()
        await asyncio.wait(left)
        return await asyncio.to_thread(int, "7")

    assert asyncio.run(session()) == 7  # real time, for real threads
    assert not done.is_set()
    release.set()


@pytest.mark.real_time
async def test_a_plain_function_has_its_callers_context() -> None:
    name: contextvars.ContextVar[int] = contextvars.ContextVar("name")
    name.set(7)
    assert await ask(name.get) == 7
