"""What waits is written once, in its order, by one thread at a time."""

from __future__ import annotations

import logging
import threading

import pytest
from opentelemetry.context import Context

from gitlab_completions.events import ClockJumped, Event
from gitlab_completions.otel import _backlog
from gitlab_completions.otel._backlog import Backlog

EVENT, NOWHERE = ClockJumped(), Context()
PATIENCE_S = 10.0


class Written:
    """Takes note of what is written, and when, and in which thread."""

    def __init__(self) -> None:
        self.at: list[int] = []
        self.threads: set[str] = set()
        self.enough = threading.Semaphore(0)

    def __call__(self, event: Event, at_ns: int, context: Context) -> None:
        self.at.append(at_ns)
        self.threads.add(threading.current_thread().name)
        self.enough.release()

    def wait(self, times: int) -> None:
        for _ in range(times):
            assert self.enough.acquire(timeout=PATIENCE_S)


@pytest.fixture
def asleep() -> Backlog:
    """Return a backlog whose thread never comes."""
    backlog = Backlog()
    backlog._awake.set()
    return backlog


def test_what_is_told_is_written_soon_in_its_order_by_the_backlogs_own_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_backlog, "GATHER_S", 0.0)
    backlog, written = Backlog(), Written()
    for at_ns in range(100):
        backlog.put(written, EVENT, at_ns, NOWHERE)
    written.wait(100)
    backlog.put(written, EVENT, 100, NOWHERE)
    written.wait(1)
    assert written.at == list(range(101))
    assert written.threads == {"gitlab_completions.otel"}


def test_a_flush_writes_here_and_now(asleep: Backlog) -> None:
    written = Written()
    asleep.put(written, EVENT, 1, NOWHERE)
    assert asleep.flush()
    assert written.threads == {threading.current_thread().name}
    assert asleep.flush()
    assert written.at == [1]


def test_a_flush_does_not_wait_for_ever_for_who_writes_already(asleep: Backlog) -> None:
    written = Written()
    asleep.put(written, EVENT, 1, NOWHERE)
    with asleep._writing:
        assert not asleep.flush(wait_s=0.01)
    assert written.at == []


def test_who_writes_too_long_is_waited_for_once(
    asleep: Backlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, waits = Written(), list[float]()
    asleep.put(written, EVENT, 1, NOWHERE)
    lock = asleep._writing

    class Lock:
        def acquire(self, timeout: float) -> bool:
            waits.append(timeout)
            return lock.acquire(timeout=0)

        release = staticmethod(lock.release)

    monkeypatch.setattr(asleep, "_writing", Lock())
    with lock:
        assert not any(asleep.flush() for _ in range(3))
        assert not asleep.flush(_backlog.EXIT_S)
    assert asleep.flush()
    assert asleep.flush()
    assert waits == [_backlog.WAIT_S, 0, 0, _backlog.EXIT_S, 0, _backlog.WAIT_S]
    assert written.at == [1]


def test_what_comes_while_it_is_full_is_counted_and_dropped(
    asleep: Backlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_backlog, "MOST", 3)
    written = Written()
    for at_ns in range(5):
        asleep.put(written, EVENT, at_ns, NOWHERE)
    assert asleep.dropped == 2
    assert asleep.flush()
    asleep.put(written, EVENT, 9, NOWHERE)
    assert asleep.flush()
    assert written.at == [0, 1, 2, 9]


def test_what_cannot_be_written_is_logged_once_by_its_type(
    asleep: Backlog, caplog: pytest.LogCaptureFixture
) -> None:
    written = Written()

    def fail(event: Event, at_ns: int, context: Context) -> None:
        raise ValueError("glpat-secret")

    for write in (fail, fail, written):
        asleep.put(write, EVENT, 1, NOWHERE)
    with caplog.at_level(logging.WARNING):
        assert asleep.flush()
    assert written.at == [1]
    [record] = caplog.records
    assert record.getMessage().startswith("Telemetry could not be written: ValueError")


def test_a_forked_child_starts_over(asleep: Backlog) -> None:
    written = Written()
    asleep.put(written, EVENT, 1, NOWHERE)
    with asleep._writing:
        _backlog._start_over()  # what the child calls
    assert asleep.flush()
    assert written.at == []
    asleep.put(written, EVENT, 2, NOWHERE)
    assert asleep.flush()
    assert written.at == [2]


def test_where_no_thread_can_be_had_it_waits_for_the_next_event_or_the_exit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread at interpreter shutdown")

    backlog, written = Backlog(), Written()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        backlog.put(written, EVENT, 1, NOWHERE)
    _backlog._flush_all()
    assert written.at == [1]
    backlog.put(written, EVENT, 2, NOWHERE)
    assert backlog._thread is not None
    assert backlog.flush()
    assert written.at == [1, 2]


def test_clients_that_begin_at_once_start_one_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backlog, written = Backlog(), Written()
    barrier = threading.Barrier(8)

    def begin() -> None:
        barrier.wait(PATIENCE_S)
        backlog.put(written, EVENT, 1, NOWHERE)

    started: list[None] = []
    start = backlog._start

    def count() -> threading.Thread | None:
        started.append(None)
        return start()

    monkeypatch.setattr(backlog, "_start", count)
    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert len(started) == 1
    assert backlog.flush()
    assert len(written.at) == 8
