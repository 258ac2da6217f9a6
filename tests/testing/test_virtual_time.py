"""Time passes at once, exactly and in order; waiting for nothing is an error."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import tenacity

from gitlab_completions.testing import (
    DeadlockError,
    VirtualTimeLoop,
    run,
    wait_all_tasks_blocked,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def now() -> float:
    return asyncio.get_running_loop().time()


async def never() -> None:
    await asyncio.Event().wait()


async def test_an_hours_sleep_takes_an_hour_of_the_loop() -> None:
    started = now()
    await asyncio.sleep(3600)
    assert now() == started + 3600


async def test_time_starts_at_zero_and_stands_still_while_anything_runs() -> None:
    for _ in range(1000):
        await asyncio.sleep(0)
    assert now() == 0.0


async def test_timers_are_met_to_the_bit() -> None:
    expected = 0.0
    for _ in range(1000):
        await asyncio.sleep(0.1)
        expected += 0.1
        assert now() == expected


async def test_a_thousand_timers_fire_in_order() -> None:
    generator = random.Random(7)
    delays = [generator.uniform(0, 1e6) for _ in range(1000)]
    fired: list[float] = []
    for delay in delays:
        asyncio.get_running_loop().call_later(delay, lambda: fired.append(now()))
    await asyncio.sleep(1e6)
    assert fired == sorted(delays)


async def test_a_cancelled_timer_does_not_move_the_clock() -> None:
    asyncio.get_running_loop().call_later(5, pytest.fail).cancel()
    await asyncio.sleep(7)
    assert now() == 7.0


async def test_a_timeout_ends_when_it_is_due() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2.5):
            await never()
    assert now() == 2.5


async def test_a_timeout_that_is_not_reached_leaves_no_trace() -> None:
    async with asyncio.timeout(60):
        await asyncio.sleep(1)
    assert now() == 1.0


async def test_waiting_for_tasks_ends_at_its_timeout() -> None:
    task = asyncio.create_task(asyncio.sleep(9))
    done, pending = await asyncio.wait([task], timeout=4)
    assert (done, pending, now()) == (set(), {task}, 4.0)
    await task
    assert now() == 9.0


async def test_nested_tasks_sleep_side_by_side() -> None:
    ended: list[tuple[str, float]] = []

    async def sleeper(name: str, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        ended.append((name, now()))

    async def group(name: str) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(sleeper(f"{name}/slow", 3))
            tasks.create_task(sleeper(f"{name}/quick", 1))
        ended.append((name, now()))

    await asyncio.gather(group("one"), sleeper("two", 2))
    assert ended == [("one/quick", 1), ("two", 2), ("one/slow", 3), ("one", 3)]


async def test_back_off_of_tenacity_is_exact() -> None:
    tries: list[float] = []

    @tenacity.retry(
        wait=tenacity.wait_exponential(), stop=tenacity.stop_after_attempt(5)
    )
    async def attempt() -> None:
        tries.append(now())
        raise OSError

    with pytest.raises(tenacity.RetryError):
        await attempt()
    assert tries == [0, 1, 3, 7, 15]


async def test_work_for_a_thread_runs_in_this_one() -> None:
    variable = contextvars.ContextVar("variable", default="unset")
    variable.set("seen")

    def work() -> tuple[int, str]:
        return threading.get_ident(), variable.get()

    assert await asyncio.to_thread(work) == (threading.get_ident(), "seen")


async def test_work_for_an_executor_starts_after_the_caller_waits() -> None:
    order: list[str] = []
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as executor:
        future = loop.run_in_executor(executor, order.append, "work")
        order.append("caller")
        await future
    assert order == ["caller", "work"]


async def test_what_work_raises_reaches_the_caller() -> None:
    with pytest.raises(ZeroDivisionError):
        await asyncio.to_thread(divmod, 1, 0)


async def test_cancelled_work_is_not_started() -> None:
    loop = asyncio.get_running_loop()
    loop.run_in_executor(None, pytest.fail, "started").cancel()
    await asyncio.sleep(1)


async def test_waiting_for_all_others_takes_no_time() -> None:
    steps: list[int] = []

    async def busy() -> None:
        for step in range(100):
            steps.append(step)
            await asyncio.sleep(0)
        await asyncio.sleep(1)
        steps.append(100)

    task = asyncio.create_task(busy())
    await wait_all_tasks_blocked()
    assert (len(steps), now()) == (100, 0.0)
    await task


@pytest.mark.real_time
async def test_a_real_loop_cannot_wait_for_all_others() -> None:
    with pytest.raises(TypeError, match="VirtualTimeLoop"):
        await wait_all_tasks_blocked()


async def test_a_network_connection_is_refused() -> None:
    with pytest.raises(RuntimeError, match="no network connections in virtual time"):
        await asyncio.open_connection("127.0.0.1", 9)
    with pytest.raises(RuntimeError, match="FakeGitLab"):
        await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)


def test_run_returns_what_the_coroutine_returns() -> None:
    async def hours() -> float:
        await asyncio.sleep(7200)
        return now()

    assert run(hours()) == 7200.0


def test_the_clock_can_start_elsewhere() -> None:
    async def moment() -> float:
        return now()

    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(1e6)) as runner:
        assert runner.run(moment()) == 1e6


@pytest.mark.parametrize("start_s", [1e8, 1.79e9, 1e12])
def test_far_ahead_timers_still_fire(start_s: float) -> None:
    async def scenario() -> float:
        asyncio.get_running_loop().call_later(0, lambda: None)
        for _ in range(3):
            await asyncio.sleep(0.5)
        return now() - start_s

    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(start_s)) as runner:
        assert runner.run(scenario()) == 1.5


def test_a_deadlock_names_the_waiting_tasks_and_lines() -> None:
    async def inner() -> None:
        await never()

    async def scenario() -> None:
        helper = asyncio.create_task(inner(), name="helper")
        await asyncio.sleep(1)
        await helper

    with pytest.raises(DeadlockError) as caught:
        run(scenario())
    lines = str(caught.value).splitlines()[1:]
    assert len(lines) == 2
    assert any("scenario) waits at" in line for line in lines)
    assert any("helper (" in line and "in never" in line for line in lines)


def test_a_deadlock_after_timers_that_were_cancelled() -> None:
    async def scenario() -> None:
        asyncio.get_running_loop().call_later(5, pytest.fail).cancel()
        await never()

    with pytest.raises(DeadlockError):
        run(scenario())


def test_a_timer_at_infinity_is_none() -> None:
    with pytest.raises(DeadlockError):
        run(asyncio.sleep(float("inf")))


def test_a_deadlocked_task_can_still_clean_up() -> None:
    cleaned: list[float] = []

    async def scenario() -> None:
        try:
            await never()
        finally:
            await asyncio.sleep(3)
            cleaned.append(now())

    with pytest.raises(DeadlockError):
        run(scenario())
    assert cleaned == [3.0]


def test_shutdown_is_no_deadlock() -> None:
    closed: list[str] = []

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            await asyncio.sleep(1)
            closed.append("generator")

    async def background() -> None:
        try:
            await never()
        finally:
            closed.append("task")

    async def scenario() -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        await asyncio.to_thread(closed.append, "thread")
        kept.append(asyncio.create_task(background()))
        generator = numbers()
        kept.append(generator)
        assert await anext(generator) == 1

    kept: list[object] = []
    run(scenario())
    gc.collect()
    assert closed == ["thread", "task", "generator"]


def test_callbacks_from_another_thread_are_heard() -> None:
    async def scenario() -> str:
        loop = asyncio.get_running_loop()
        heard: asyncio.Future[str] = loop.create_future()
        thread = threading.Thread(
            target=loop.call_soon_threadsafe, args=(heard.set_result, "heard")
        )
        thread.start()
        thread.join()
        return await heard

    assert run(scenario()) == "heard"


def test_debug_mode_works() -> None:
    async def scenario() -> float:
        await asyncio.sleep(5)
        return now()

    with asyncio.Runner(debug=True, loop_factory=VirtualTimeLoop) as runner:
        assert runner.run(scenario()) == 5.0


@pytest.mark.real_time
async def test_a_test_marked_real_time_gets_a_loop_that_waits() -> None:
    assert not isinstance(asyncio.get_running_loop(), VirtualTimeLoop)
