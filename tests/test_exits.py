"""The interpreter's exit waits for work that must not be cut, and for no other."""

from __future__ import annotations

import os
import threading
import time

import pytest

from gitlab_completions import _exits
from gitlab_completions._exits import seen_out, wait_for_all

pytestmark = pytest.mark.real_time


def test_work_does_what_it_would_do() -> None:
    assert seen_out(divmod)(7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        seen_out(divmod)(7, 0)
    wait_for_all()


def test_the_exit_waits_until_the_work_is_done() -> None:
    begun, go_on, order = threading.Event(), threading.Event(), list[str]()

    def work() -> None:
        begun.set()
        go_on.wait()
        order.append("work")

    def leave() -> None:
        wait_for_all()
        order.append("exit")

    threads = [
        threading.Thread(target=seen_out(work)),
        threading.Thread(target=leave),
    ]
    for thread in threads:
        thread.start()
        begun.wait()
    go_on.set()
    for thread in threads:
        thread.join()
    assert order == ["work", "exit"]


def test_work_that_is_never_begun_holds_up_nobody() -> None:
    work = seen_out(time.sleep)
    assert len(_exits._UNDER_WAY) == 1
    del work
    assert len(_exits._UNDER_WAY) == 0


def test_work_that_does_not_end_is_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_exits, "EXIT_S", 0.0)
    work = seen_out(time.sleep)
    wait_for_all()
    del work


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")
def test_a_forked_child_does_not_wait_for_its_parents_threads() -> None:
    work = seen_out(time.sleep)
    child = os.fork()
    if child == 0:
        os._exit(len(_exits._UNDER_WAY))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(_exits._UNDER_WAY) == 1
    del work
