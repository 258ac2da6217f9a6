"""What gets into a file: whole lines, once, whatever the disk and others do."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import gitlab_completions
from gitlab_completions.event_log._file import LineFile, line_file

if TYPE_CHECKING:
    from collections.abc import Callable

HOME = Path(gitlab_completions.__file__).parents[1]
LINE = b'{"number":1}\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def file_at(path: Path, *, max_bytes: int = 1000, backups: int = 2) -> LineFile:
    return line_file(path, max_bytes=max_bytes, backups=backups)


def append(file: LineFile, lines: bytes) -> None:
    assert file.append(lines) == (len(lines), None)


def test_lines_are_appended(path: Path) -> None:
    append(file_at(path), LINE)
    append(file_at(path), LINE + LINE)
    assert path.read_bytes() == 3 * LINE


def test_a_line_that_a_crash_tore_is_ended_before_the_next(path: Path) -> None:
    path.write_bytes(LINE + b'{"numb')
    append(file_at(path), LINE)
    assert path.read_bytes() == LINE + b'{"numb\n' + LINE


def test_a_file_is_rotated_before_it_gets_too_large(path: Path) -> None:
    file = file_at(path, max_bytes=3 * len(LINE))
    for number in range(1, 9):
        append(file, b'{"number":%d}\n' % number)
    assert [len(one.read_bytes()) // len(LINE) for one in kept(path)] == [2, 3, 3]
    assert numbers(path) == list(range(1, 9))


def test_old_files_past_those_that_are_kept_are_gone(path: Path) -> None:
    file = file_at(path, max_bytes=len(LINE), backups=1)
    for number in range(1, 6):
        append(file, b'{"number":%d}\n' % number)
    assert numbers(path) == [4, 5]


def test_no_old_file_may_be_kept_at_all(path: Path) -> None:
    file = file_at(path, max_bytes=len(LINE), backups=0)
    append(file, LINE)
    append(file, b'{"number":2}\n')
    assert [one.name for one in kept(path)] == ["events.jsonl"]
    assert numbers(path) == [2]


def test_a_batch_that_is_larger_than_a_file_is_written_whole(path: Path) -> None:
    append(file_at(path, max_bytes=5), 2 * LINE)
    assert path.read_bytes() == 2 * LINE


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_a_new_file_is_its_users_alone(path: Path) -> None:
    append(file_at(path), LINE)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_a_file_that_others_may_read_stays_theirs_to_read(path: Path) -> None:
    path.touch(mode=0o644)
    append(file_at(path), LINE)
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_directory_that_vanishes_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "events.jsonl"
    file = file_at(path)
    append(file, LINE)
    shutil.rmtree(tmp_path / "deep")
    append(file, LINE)
    assert path.read_bytes() == LINE


def test_a_file_that_is_moved_away_is_begun_anew(path: Path) -> None:
    file = file_at(path)
    append(file, LINE)
    path.rename(path.with_suffix(".old"))  # as logrotate does
    append(file, LINE)
    assert path.read_bytes() == LINE


def test_what_is_a_directory_is_left_as_it_is(path: Path) -> None:
    path.mkdir()
    written, problem = file_at(path, max_bytes=1).append(LINE)
    assert written == 0
    assert isinstance(problem, OSError)
    assert path.is_dir()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_takes_lines_too(path: Path) -> None:
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        append(file_at(path, max_bytes=1), LINE)
        append(file_at(path, max_bytes=1), LINE)
        assert os.read(reader, 100) == 2 * LINE
    finally:
        os.close(reader)


def test_a_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.touch()
    written, problem = file_at(blocked / "events.jsonl").append(LINE)
    assert written == 0
    assert isinstance(problem, OSError)


def test_a_rotation_that_a_crash_has_ended_is_made_up_for(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = file_at(path, max_bytes=len(LINE), backups=3)
    for number in range(1, 4):
        append(file, b'{"number":%d}\n' % number)
    renamed: list[str] = []

    def crash(
        source: str, target: str, real: Callable[[str, str], None] = os.rename
    ) -> None:
        if renamed:
            raise KeyboardInterrupt
        renamed.append(target)
        real(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", crash)
        with pytest.raises(KeyboardInterrupt):
            file.append(b'{"number":4}\n')
    assert not path.exists()
    append(file_at(path, max_bytes=len(LINE), backups=3), b'{"number":4}\n')
    assert numbers(path) == [1, 2, 3, 4]


def full_disk(
    room: int, real: Callable[[int, bytes], int] = os.write
) -> Callable[[int, bytes], int]:
    """Return what writes while there is room, and part of what does not fit."""

    def write(descriptor: int, data: bytes) -> int:
        nonlocal room
        if room == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        done = real(descriptor, data[:room])
        room -= done
        return done

    return write


@pytest.mark.parametrize("room", [0, 5, len(LINE), len(LINE) + 5])
def test_a_full_disk_costs_no_line_and_doubles_none(
    path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    lines = [b'{"number":%d}\n' % number for number in (1, 2, 3)]
    file = file_at(path)
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full_disk(room))
        written, problem = file.append(b"".join(lines))
    assert isinstance(problem, OSError)
    assert problem.errno == errno.ENOSPC
    assert written == room // len(LINE) * len(LINE)
    append(file, b"".join(lines)[written:])
    assert numbers(path) == [1, 2, 3]


WRITE = """
import os, sys
from pathlib import Path
from gitlab_completions.event_log._file import line_file

file = line_file(Path(sys.argv[1]), max_bytes=500, backups=100)
def write(name):
    for number in range(50):
        line = b'{"number":%d,"of":%d}\\n' % (number, name)
        assert file.append(line) == (len(line), None)

for name in range(3):
    if os.fork() == 0:
        write(name)
        os._exit(0)
assert [os.wait()[1] for _ in range(3)] == [0, 0, 0]
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_processes_that_rotate_at_once_lose_no_line(path: Path) -> None:
    subprocess.run(
        [sys.executable, "-c", WRITE, str(path)],
        check=True,
        env={**os.environ, "PYTHONPATH": str(HOME)},
        timeout=50,
    )
    lines = [json.loads(one) for one in lines_of(path)]
    for name in range(3):
        mine = [line["number"] for line in lines if line["of"] == name]
        assert mine == list(range(50))
    assert all(one.stat().st_size <= 500 for one in kept(path))


def test_a_reader_that_follows_the_name_sees_each_line_once(path: Path) -> None:
    file = file_at(path, max_bytes=3 * len(LINE))
    seen: list[int] = []
    append(file, b'{"number":0}\n')
    reading = path.open("rb")
    for number in range(1, 10):
        append(file, b'{"number":%d}\n' % number)
        seen += [json.loads(line)["number"] for line in reading]
        if os.stat(reading.fileno()).st_ino != path.stat().st_ino:  # noqa: PTH116
            reading.close()
            reading = path.open("rb")
            seen += [json.loads(line)["number"] for line in reading]
    reading.close()
    assert seen == list(range(10))


def kept(path: Path) -> list[Path]:
    """Return the file and those before it, the newest first; no lock, no left-over."""
    number = len([*path.parent.glob(f"{path.name}*")])
    old = [path.with_name(f"{path.name}.{each}") for each in range(1, number)]
    assert {path, *old} == {*path.parent.glob(f"{path.name}*")}
    return [path, *old]


def lines_of(path: Path) -> list[bytes]:
    old_first = reversed(kept(path))
    return [line for one in old_first for line in one.read_bytes().splitlines()]


def numbers(path: Path) -> list[int]:
    """Return the numbers of all whole lines, the oldest first."""
    found = []
    for line in lines_of(path):
        try:
            found.append(json.loads(line)["number"])
        except ValueError:
            continue
    return found


def test_logs_of_one_process_that_rotate_at_once_lose_no_line(path: Path) -> None:
    def write(name: int) -> None:
        file = file_at(path, max_bytes=300, backups=100)
        for number in range(50):
            append(file, b'{"number":%d,"of":%d}\n' % (number, name))

    threads = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = [json.loads(one) for one in lines_of(path)]
    for name in range(4):
        mine = [line["number"] for line in lines if line["of"] == name]
        assert mine == list(range(50))
