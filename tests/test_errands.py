"""What blocks runs in a daemon thread, and tells of its end."""

from __future__ import annotations

import asyncio
import threading

import pytest

from gitlab_completions._errands import Errands


@pytest.fixture
def errands() -> Errands:
    return Errands()


def test_an_errand_runs_in_a_daemon_thread(errands: Errands) -> None:
    thread = errands.submit(threading.current_thread).result()
    assert thread.daemon
    assert thread is not threading.current_thread()


def test_an_errand_that_raises_tells_who_waits(errands: Errands) -> None:
    with pytest.raises(SystemExit):
        errands.submit(exit, 3).result()


def test_errands_do_not_wait_for_each_other(errands: Errands) -> None:
    together = threading.Barrier(64)
    waiting = [errands.submit(together.wait) for _ in range(64)]
    assert sorted(one.result() for one in waiting) == list(range(64))


def test_an_errand_that_is_cancelled_in_time_is_not_run(
    errands: Errands, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []

    def delay(thread: threading.Thread) -> None:
        threads.append(thread)

    monkeypatch.setattr(threading.Thread, "start", delay)
    errand = errands.submit(pytest.fail, "it was run")
    assert errand.cancel()
    threads[0].run()
    assert errand.cancelled()


def test_an_errand_is_done_here_where_no_thread_can_be_had(
    errands: Errands, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert errands.submit(threading.get_ident).result(0) == threading.get_ident()


@pytest.mark.real_time
async def test_a_loop_takes_them(errands: Errands) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(errands)
    assert (await asyncio.to_thread(threading.current_thread)).daemon
