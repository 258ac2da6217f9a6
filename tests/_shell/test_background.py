"""Background tasks are held until they end, or until the client does."""

from __future__ import annotations

import asyncio
import contextlib
import gc

from gitlab_completions._shell.background import Background
from gitlab_completions.testing import wait_all_tasks_blocked


async def test_a_task_is_held_though_nobody_else_does() -> None:
    background, done = Background(), asyncio.Event()

    async def work() -> None:
        await wait_all_tasks_blocked()
        done.set()

    background.spawn(work())
    gc.collect()
    await done.wait()


async def test_closing_ends_tasks_and_waits_for_their_cleanup() -> None:
    background, cleaned = Background(), asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(1)
            cleaned.set()

    task = background.spawn(work())
    await wait_all_tasks_blocked()
    await background.aclose()
    assert cleaned.is_set()
    assert task.cancelled()


async def test_closing_ends_a_task_that_has_not_begun() -> None:
    background = Background()
    began = asyncio.Event()

    async def work() -> None:
        began.set()

    background.spawn(work())
    await background.aclose()
    assert not began.is_set()


async def test_closing_does_not_wait_for_ever() -> None:
    background, released = Background(), asyncio.Event()

    async def work() -> None:
        while not released.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await released.wait()

    task = background.spawn(work())
    await wait_all_tasks_blocked()
    await background.aclose()
    assert asyncio.get_running_loop().time() == 5
    released.set()
    await task


async def test_closing_with_nothing_to_end_does_nothing() -> None:
    background = Background()
    await background.aclose()
    await background.aclose()


async def test_tasks_that_end_by_themselves_in_time_are_not_ended() -> None:
    background, ended = Background(), []

    async def work(seconds: float) -> None:
        await asyncio.sleep(seconds)
        ended.append(seconds)

    for seconds in (0.05, 5.0):
        background.spawn(work(seconds))
    await background.aclose(0.1)
    assert ended == [0.05]
    await background.aclose(0.1)
