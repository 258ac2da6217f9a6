"""The thread that writes: nobody waits for it, and it outlives what fails."""

from __future__ import annotations

import gc
import logging
import threading
import weakref
from typing import TYPE_CHECKING

import pytest

from gitlab_completions.event_log import _writer
from gitlab_completions.event_log._writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_S = 20.0


class Memory:
    """A file in memory that fails when it is told to, and tells when it is written."""

    def __init__(self) -> None:
        self.batches: list[bytes] = []
        self.problems: list[BaseException] = []
        self.room: int | None = None
        self.asked = threading.Semaphore(0)
        self.may_write = threading.Event()
        self.may_write.set()

    def append(self, lines: bytes, /) -> tuple[int, BaseException | None]:
        self.asked.release()
        assert self.may_write.wait(PATIENCE_S)
        if self.problems:
            problem = self.problems.pop()
            taken, self.room = lines[: self.room or 0], None
            self.batches.append(taken)
            return len(taken), problem
        self.batches.append(lines)
        return len(lines), None

    @property
    def text(self) -> bytes:
        return b"".join(self.batches)


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_writer, "LINGER_S", 0.0)
    monkeypatch.setattr(_writer, "RETRY_S", 0.001)


def writing(memory: Memory, *, most_at_once: int = 1000) -> Writer:
    return Writer(lambda: memory, lost, most_at_once=most_at_once)


def no_thread(_: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def entry(line: bytes) -> Callable[[], bytes]:
    return lambda: line


def lost(lines: int) -> bytes:
    return b"lost %d\n" % lines


def test_lines_are_written_in_their_order(memory: Memory) -> None:
    writer = writing(memory)
    for number in range(100):
        writer.put(entry(b"%d\n" % number))
    writer.close()
    assert memory.text == b"".join(b"%d\n" % number for number in range(100))


def test_what_comes_together_is_written_together(memory: Memory) -> None:
    writer = writing(memory, most_at_once=9)
    memory.may_write.clear()
    writer.put(entry(b"first\n"))
    assert memory.asked.acquire(timeout=PATIENCE_S)
    for line in (b"abc\n", b"def\n", b"ghi\n", b"longer than all\n"):
        writer.put(entry(line))
    memory.may_write.set()
    writer.close()
    assert memory.batches == [b"first\n", b"abc\ndef\n", b"ghi\n", b"longer than all\n"]


def test_threads_may_all_write(memory: Memory) -> None:
    writer = writing(memory)

    def put(name: int) -> None:
        for number in range(50):
            writer.put(entry(b"%d %d\n" % (name, number)))

    threads = [threading.Thread(target=put, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    lines = memory.text.splitlines()
    assert len(lines) == len(set(lines)) == 400
    of_one = [line for line in lines if line.startswith(b"3 ")]
    assert of_one == [b"3 %d" % number for number in range(50)]


def test_nothing_runs_before_there_is_a_line(memory: Memory) -> None:
    writer = writing(memory)
    assert writer._thread is None
    writer.close()
    assert memory.batches == []


def test_closing_twice_is_closing_once(memory: Memory) -> None:
    writer = writing(memory)
    writer.put(entry(b"a\n"))
    writer.close()
    writer.close()
    writer.put(entry(b"too late\n"))
    assert memory.text == b"a\n"


def test_a_disk_that_hangs_holds_up_nobody(
    memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    memory.may_write.clear()
    writer = writing(memory)
    writer.put(entry(b"a\n"))
    assert memory.asked.acquire(timeout=PATIENCE_S)
    writer.put(entry(b"b\n"))
    writer.close(0.0)
    assert memory.text == b""
    assert writer.problem == "TimeoutError: it does not answer"
    assert "cannot be written: TimeoutError: it does not answer" in caplog.text
    memory.may_write.set()
    writer.close()
    assert memory.text == b"a\nb\n"
    assert writer.problem is None


def test_what_did_not_get_in_is_written_later(
    memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    memory.problems = [OSError(28, "No space left on device") for _ in range(3)]
    memory.room = 4
    writer = writing(memory)
    with caplog.at_level(logging.WARNING):
        for line in (b"a\n", b"b\n", b"c\n"):
            writer.put(entry(line))
        for _ in range(4):
            assert memory.asked.acquire(timeout=PATIENCE_S)
        writer.close()
    assert memory.text == b"a\nb\nc\n"
    assert caplog.messages == [
        "The event log cannot be written: OSError: No space left on device; told once.",
        "The event log is written again.",
    ]
    assert writer.problem is None


def test_a_file_is_well_again_only_when_something_got_in(
    memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    memory.problems, memory.room = [OSError(5, "Input/output error")], 2
    writer = writing(memory)
    writer.put(entry(b"a\n"))  # which got in, and then it failed
    writer.close()
    assert memory.text == b"a\n"
    assert writer.problem == "OSError: Input/output error"
    assert "again" not in caplog.text


def test_an_error_is_told_without_a_path(
    memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    memory.problems = [
        PermissionError(13, "Permission denied", "/home/secret/events.jsonl"),
        RuntimeError("cannot lock /home/secret/events.jsonl"),
    ]
    writer = writing(memory)
    with caplog.at_level(logging.WARNING):
        writer.put(entry(b"a\n"))
        for _ in range(3):
            assert memory.asked.acquire(timeout=PATIENCE_S)
        writer.close()
    assert "RuntimeError; told once" in caplog.text
    assert "secret" not in caplog.text
    assert memory.text == b"a\n"


def test_a_file_that_cannot_even_be_made_is_a_problem(
    memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    def make() -> Memory:
        raise PermissionError(13, "Permission denied")

    writer = Writer(make, lost)
    with caplog.at_level(logging.WARNING):
        writer.put(entry(b"a\n"))
        writer.close()
    assert writer.problem == "PermissionError: Permission denied"


def test_lines_past_the_bound_are_counted(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_writer, "MOST_WAITING", 3)
    memory.may_write.clear()
    writer = writing(memory)
    writer.put(entry(b"0\n"))
    assert memory.asked.acquire(timeout=PATIENCE_S)  # so it waits no more
    for number in range(1, 8):
        writer.put(entry(b"%d\n" % number))
    memory.may_write.set()
    writer.close()
    assert memory.text == b"0\n1\n2\n3\nlost 4\n"


def test_where_no_thread_can_be_had_closing_writes(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading.Thread, "start", no_thread)
    writer = writing(memory)
    writer.put(entry(b"a\n"))
    writer.put(entry(b"b\n"))
    writer.close()
    assert memory.text == b"a\nb\n"


def test_a_forked_child_begins_with_nothing(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = writing(memory)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", no_thread)
        writer.put(entry(b"parent\n"))
    with writer._guard:  # as a thread may hold it that the child does not have
        _writer._start_over_all()
    writer.put(entry(b"child\n"))
    writer.close()
    assert memory.text == b"child\n"


def test_what_was_closed_is_closed_in_a_forked_child_too(memory: Memory) -> None:
    writer = writing(memory)
    writer.close()
    _writer._start_over_all()
    writer.put(entry(b"a\n"))
    writer.close()
    assert memory.batches == []


def test_all_is_written_before_the_interpreter_ends(memory: Memory) -> None:
    writer = writing(memory)
    writer.put(entry(b"a\n"))
    _writer._leave_all()
    assert memory.text == b"a\n"


def test_a_writer_that_has_stopped_is_forgotten(memory: Memory) -> None:
    writer = writing(memory)
    writer.put(entry(b"a\n"))
    thread, seen = writer._thread, weakref.ref(writer)
    assert thread is not None
    writer.stop()
    del writer
    thread.join(PATIENCE_S)
    gc.collect()
    assert seen() is None
    assert memory.text == b"a\n"


def test_a_line_that_cannot_be_made_costs_no_other(
    memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> bytes:
        raise ValueError("secret")

    writer = writing(memory)
    for one in (entry(b"a\n"), fail, entry(b""), entry(b"b\n")):
        writer.put(one)
    writer.close()
    assert memory.text == b"a\nb\n"
    assert caplog.messages == ["A line was not made: ValueError."]
