"""The clock follows the loop and jumps when it is told to."""

from __future__ import annotations

import asyncio

import pytest

from gitlab_completions.testing import VirtualClock, VirtualTimeLoop


async def test_the_clock_follows_the_loop() -> None:
    clock = VirtualClock()
    await asyncio.sleep(12)
    assert clock.now() == 12.0


async def test_a_suspend_moves_the_clock_and_no_timer() -> None:
    clock = VirtualClock()
    timer = asyncio.create_task(asyncio.sleep(10))
    clock.suspend(100)
    assert clock.now() == 100.0
    await timer
    assert clock.now() == 110.0


@pytest.mark.parametrize(("seconds", "jumped"), [(5, False), (5.1, True), (0, False)])
async def test_a_jump_is_more_than_five_seconds_and_told_once(
    seconds: float, jumped: bool
) -> None:
    clock = VirtualClock()
    clock.suspend(seconds)
    assert [clock.jumped(), clock.jumped()] == [jumped, False]


def test_a_clock_can_be_asked_outside_its_loop() -> None:
    loop = VirtualTimeLoop(3.0)
    assert VirtualClock(loop).now() == 3.0
    loop.close()
