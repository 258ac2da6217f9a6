"""A reader begins its call once, and ends it by leaving, or by being forgotten."""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import TYPE_CHECKING, cast

import pytest

from gitlab_completions._shell.background import Background
from gitlab_completions._shell.reader import Reader
from gitlab_completions.errors import ClientClosedError, RouteTimeoutError
from gitlab_completions.models import Completion, Route, RouteReason
from gitlab_completions.testing import VirtualTimeLoop, wait_all_tasks_blocked

if TYPE_CHECKING:
    from gitlab_completions._shell.handover import Handover


def completion(route: Route) -> Completion:
    return Completion(
        choices=(),
        model=None,
        route=route,
        reason=RouteReason.PREFERRED,
        attempts=(),
        elapsed_s=0.0,
        request_id=None,
    )


DONE, UNSENT = completion(Route.DIRECT), completion(Route.INDIRECT)


class Desk:
    """A call that the test writes and ends, and its reader."""

    def __init__(self) -> None:
        self.handovers: list[Handover] = []
        self.end = asyncio.Event()
        self.error: Exception | None = None
        self.background = Background()
        self.reader = Reader(self._call, lambda: UNSENT, self.background.spawn)

    async def _call(self, handover: Handover) -> Completion:
        self.handovers.append(handover)
        await self.end.wait()
        if self.error is not None:
            raise self.error
        return DONE


@pytest.fixture
async def desk() -> Desk:
    return Desk()


async def test_a_call_begins_once_with_its_first_use(desk: Desk) -> None:
    await wait_all_tasks_blocked()
    assert desk.handovers == []
    desk.reader.begin()
    taking = asyncio.create_task(desk.reader.take())
    await wait_all_tasks_blocked()
    (handover,) = desk.handovers
    handover.put(["a"])
    assert await taking == "a"
    desk.end.set()
    await desk.reader.read_out()
    assert desk.reader.is_over
    assert desk.reader.result() is DONE
    assert await desk.reader.take() is None


async def test_an_error_is_told_anew_each_time_and_holds_no_frames_of_the_call(
    desk: Desk,
) -> None:
    desk.error = RouteTimeoutError("late", route=Route.DIRECT)
    desk.error.__cause__ = LookupError("why")
    desk.end.set()
    told = []
    for _ in range(2):
        with pytest.raises(RouteTimeoutError) as raised:
            await desk.reader.take()
        told.append(raised.value)
    assert told[0] is not told[1]
    assert told[0].__cause__ is desk.error.__cause__
    assert desk.error.__traceback__ is None


async def test_who_leaves_before_the_call_has_begun_never_begins_it(desk: Desk) -> None:
    desk.reader.leave()
    assert desk.reader.is_over
    assert await desk.reader.take() is None
    await desk.reader.read_out()
    assert desk.reader.result() is UNSENT
    assert desk.handovers == []


async def test_who_leaves_ends_the_call_once(desk: Desk) -> None:
    desk.reader.begin()
    await wait_all_tasks_blocked()
    for _ in range(2):
        desk.reader.leave()
    await desk.reader.read_out()
    task = desk.reader._task
    assert task is not None
    assert task.cancelled()
    assert task.cancelling() == 1
    assert desk.reader.result() is UNSENT


@pytest.mark.parametrize("stays", [False, True])
async def test_a_cancelled_wait_ends_the_call_unless_the_reader_stays(
    desk: Desk, *, stays: bool
) -> None:
    desk.reader.stays = stays
    taking = asyncio.create_task(desk.reader.take())
    await wait_all_tasks_blocked()
    taking.cancel()
    await asyncio.wait({taking})
    await wait_all_tasks_blocked()
    assert desk.reader.is_over is not stays
    desk.end.set()
    await desk.reader.read_out()


async def test_a_call_that_is_ended_by_others_is_told_as_the_clients_end(
    desk: Desk,
) -> None:
    taking = asyncio.create_task(desk.reader.take())
    await wait_all_tasks_blocked()
    await desk.background.aclose()
    with pytest.raises(ClientClosedError):
        await taking


async def test_a_call_that_is_ended_in_its_last_moment_has_ended_well(
    desk: Desk,
) -> None:
    async def call(_: Handover) -> Completion:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        return DONE

    reader = Reader(call, lambda: UNSENT, desk.background.spawn)
    await reader.read_out()
    assert reader.result() is DONE


async def test_a_reader_that_is_forgotten_in_any_thread_ends_its_call(
    desk: Desk,
) -> None:
    desk.reader.begin()
    task = desk.reader._task
    assert task is not None
    await wait_all_tasks_blocked()

    def forget() -> None:
        desk.reader = cast("Reader", None)
        gc.collect()

    thread = threading.Thread(target=forget)
    thread.start()
    thread.join()
    await asyncio.wait({task})
    assert task.cancelled()


class Stranded:
    """A task whose loop was closed before anybody ended it."""

    def __init__(self) -> None:
        self.loop = VirtualTimeLoop()
        self.loop.close()

    def done(self) -> bool:
        return False

    def cancel(self) -> None:
        raise AssertionError("on a loop that is over")

    def get_loop(self) -> asyncio.AbstractEventLoop:
        return self.loop


def test_a_reader_may_be_forgotten_after_its_loop() -> None:
    async def begin() -> Desk:
        return Desk()

    loop = VirtualTimeLoop()
    desk = loop.run_until_complete(begin())
    loop.close()
    desk.reader._task = cast("asyncio.Task[None]", Stranded())
    desk.reader.__del__()
    desk.reader._task = None
