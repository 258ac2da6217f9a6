"""A loop in a thread tells each call how it ended, whatever happens to it."""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import CancelledError, Future, wait
from typing import TYPE_CHECKING

import pytest

from gitlab_completions._shell import loop_thread
from gitlab_completions._shell.loop_thread import LoopThread
from gitlab_completions.errors import (
    ClientClosedError,
    ConfigurationError,
    DeadlineExceededError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_S = 10.0


class Scene:
    """A thread, what closes it, and something that blocks it."""

    def __init__(self) -> None:
        self.closed = 0
        self.fails = False
        self.entered, self.released = threading.Event(), threading.Event()
        self.thread = LoopThread(self.close)

    async def close(self) -> None:
        self.closed += 1
        if self.fails:
            raise LookupError

    def block(self) -> Future[None]:
        """Block the loop until it is released."""

        async def blocking() -> None:
            self.entered.set()
            assert self.released.wait(PATIENCE_S)

        blocked = self.thread.submit(blocking)
        assert self.entered.wait(PATIENCE_S)
        return blocked

    def end(self) -> None:
        self.released.set()
        self.thread.stop()
        self.thread.join()
        assert not self.thread._thread.is_alive()


@pytest.fixture
def scene() -> Iterator[Scene]:
    scene = Scene()
    yield scene
    scene.end()


async def answer() -> int:
    return 42


async def fail() -> int:
    raise LookupError


async def exit_loop() -> int:
    raise SystemExit


async def for_ever() -> int:
    await asyncio.Event().wait()
    raise AssertionError


def test_a_call_brings_its_result_or_its_error(scene: Scene) -> None:
    assert scene.thread.submit(answer).result() == 42
    with pytest.raises(LookupError):
        scene.thread.submit(fail).result()


def test_a_call_runs_in_the_thread(scene: Scene) -> None:
    thread = scene.thread.call(threading.current_thread)
    assert thread.daemon
    assert thread.name == "gitlab_completions"
    assert scene.thread.call(lambda: scene.thread.is_here)
    assert not scene.thread.is_here


def test_a_call_that_is_under_way_can_be_cancelled(scene: Scene) -> None:
    begun, cancelled = threading.Event(), threading.Event()

    async def cancellable() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    future = scene.thread.submit(cancellable)
    assert begun.wait(PATIENCE_S)
    assert not future.running()
    assert future.cancel()
    assert future.cancel()
    assert cancelled.wait(PATIENCE_S)
    assert wait([future], PATIENCE_S).done
    with pytest.raises(CancelledError):
        future.result()


def test_a_call_that_is_cancelled_before_it_begins_never_does(scene: Scene) -> None:
    blocked = scene.block()
    future = scene.thread.submit(fail)
    assert future.cancel()
    scene.released.set()
    blocked.result(PATIENCE_S)
    assert wait([future], PATIENCE_S).done


def test_a_call_that_is_cancelled_as_it_begins_ends(scene: Scene) -> None:
    future = Future[int]()

    async def cancels_itself() -> int:
        assert future.cancel()
        return await for_ever()

    blocked = scene.block()
    future = scene.thread.submit(cancels_itself)
    scene.released.set()
    blocked.result(PATIENCE_S)
    assert wait([future], PATIENCE_S).done
    assert future.cancelled()


def test_a_call_that_has_ended_cannot_be_cancelled(scene: Scene) -> None:
    future = scene.thread.submit(answer)
    assert future.result() == 42
    assert not future.cancel()


def test_a_call_that_ends_while_it_is_cancelled_ends_once(scene: Scene) -> None:
    async def stubborn() -> int:
        try:
            return await for_ever()
        except asyncio.CancelledError:
            raise LookupError from None

    future = scene.thread.submit(stubborn)
    scene.thread.submit(answer).result()
    assert future.cancel()
    assert wait([future], PATIENCE_S).done
    assert future.cancelled()


def test_at_the_end_what_is_left_is_cancelled_and_told(scene: Scene) -> None:
    future = scene.thread.submit(for_ever)
    scene.thread.submit(answer).result()
    scene.thread.stop()
    with pytest.raises(ClientClosedError):
        future.result(PATIENCE_S)
    scene.thread.join()
    assert scene.closed == 1


def test_a_close_that_fails_leaves_nothing_running(scene: Scene) -> None:
    told: list[threading.ExceptHookArgs] = []
    scene.fails = True
    future = scene.thread.submit(for_ever)
    scene.thread.submit(answer).result()
    hook, threading.excepthook = threading.excepthook, told.append
    try:
        scene.end()
    finally:
        threading.excepthook = hook
    assert isinstance(future.exception(0), ClientClosedError)
    assert [type(one.exc_value) for one in told] == [LookupError]


def test_a_call_that_waits_for_its_turn_at_the_end_is_told(scene: Scene) -> None:
    scene.block()
    scene.thread.stop()
    late = [scene.thread.submit(answer) for _ in range(3)]
    scene.released.set()
    for future in late:
        with pytest.raises(ClientClosedError):
            future.result(PATIENCE_S)


def test_a_call_after_the_end_is_told_at_once(scene: Scene) -> None:
    scene.end()
    scene.thread.stop()
    assert isinstance(scene.thread.submit(answer).exception(0), ClientClosedError)


def test_a_loop_that_somebody_has_stopped_ends_in_order(scene: Scene) -> None:
    waiting = scene.thread.submit(for_ever)
    exits = scene.thread.submit(exit_loop)
    with pytest.raises(ClientClosedError) as caught:
        exits.result(PATIENCE_S)
    assert isinstance(caught.value.__cause__, SystemExit)
    with pytest.raises(ClientClosedError):
        waiting.result(PATIENCE_S)
    scene.thread.join()
    assert scene.closed == 1


def test_nothing_waits_in_the_thread_for_the_thread(scene: Scene) -> None:
    def wait_for_itself() -> None:
        with pytest.raises(ConfigurationError, match=r"use submit\(\)"):
            scene.thread.run(answer, PATIENCE_S)
        assert scene.thread.call(lambda: 7) == 7
        scene.thread.join()

    scene.thread.call(wait_for_itself)


def test_who_waits_for_a_blocked_loop_stops_in_time(scene: Scene) -> None:
    scene.block()
    with pytest.raises(DeadlineExceededError, match="something blocks it"):
        scene.thread.run(fail, 0.01)


def test_a_timeout_of_the_calls_own_is_the_calls_own(scene: Scene) -> None:
    own = DeadlineExceededError("its own")

    async def too_late() -> int:
        raise own

    with pytest.raises(DeadlineExceededError) as caught:
        scene.thread.run(too_late, PATIENCE_S)
    assert caught.value is own


def test_a_call_that_ends_as_its_time_does_is_no_loss(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = Future[int].result

    def too_early(future: Future[int], timeout: float | None = None) -> int:
        done = result(future)
        if timeout is not None:
            raise TimeoutError
        return done

    with monkeypatch.context() as impatient:
        impatient.setattr(Future, "result", too_early)
        assert scene.thread.run(answer, PATIENCE_S) == 42


def test_a_wait_that_is_interrupted_cancels_the_call(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: Future[int], timeout: float | None = None) -> int:
        raise KeyboardInterrupt

    blocked = scene.block()
    with monkeypatch.context() as impatient:
        impatient.setattr(Future, "result", interrupted)
        with pytest.raises(KeyboardInterrupt):
            scene.thread.run(fail, PATIENCE_S)
    scene.released.set()
    blocked.result(PATIENCE_S)


def test_a_wait_may_be_longer_than_any_lock_allows(scene: Scene) -> None:
    assert scene.thread.run(answer, 1e30) == 42
    assert scene.thread.run(answer, float("inf")) == 42


def test_a_forked_child_touches_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as child:
        child.setattr(os, "getpid", lambda: -1)
        with pytest.raises(ConfigurationError, match="after the fork"):
            scene.thread.check_process()
        scene.thread.stop()
    scene.thread.check_process()
    assert scene.thread.submit(answer).result() == 42
    assert not scene.thread._ending.done()


def test_a_thread_that_cannot_be_started_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    async def close() -> None:
        raise AssertionError

    monkeypatch.setattr(threading.Thread, "start", refuse)
    before = set(loop_thread._RUNNING)
    with pytest.raises(RuntimeError, match="can't start"):
        LoopThread(close)
    assert before == loop_thread._RUNNING


def test_at_the_interpreters_exit_nobody_is_woken() -> None:
    scene = Scene()
    future = scene.thread.submit(for_ever)
    loop_thread._leave_all()
    assert not scene.thread._thread.is_alive()
    assert scene.closed == 1
    assert not future.done()


def test_the_interpreters_exit_does_not_wait_for_a_blocked_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loop_thread, "EXIT_S", 0.01)
    scene = Scene()
    scene.block()
    loop_thread._leave_all()
    assert scene.thread._thread.is_alive()
    scene.end()
