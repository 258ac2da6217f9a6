"""Event logs as they are found: packed, rotated, cut off, or no logs at all."""

from __future__ import annotations

import errno
import gzip
import json
import os
import sys
import threading
from pathlib import Path
from typing import Never

import pytest

from gitlab_completions.report import reading
from gitlab_completions.report.reading import Intake, Row, read_rows
from tests.report.logs import row, write


def read(*paths: Path) -> tuple[list[Row], Intake]:
    intake = Intake()
    return list(read_rows(paths, intake, lambda _: None)), intake


def line(at_s: float) -> str:
    return json.dumps(row("hedged", at_s))


def test_each_line_is_a_row(tmp_path: Path) -> None:
    rows, intake = read(write(tmp_path / "log", [line(0), "", "  ", line(1)]))
    assert rows == [row("hedged", 0), row("hedged", 1)]
    assert (intake.lines, intake.broken, intake.files) == (2, 0, ["log"])


def test_the_last_line_needs_no_end(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(f"{line(0)}\n{line(1)}")
    assert len(read(path)[0]) == 2


@pytest.mark.parametrize(
    "broken",
    [
        *("no json", "[1]", "3", '{"a":', "[" * 20_000, '"text"', "{'a': 1}"),
        *('{"a": NaN}', r'{"a": "\ud800"}', r'{"\udfff": 1}'),
    ],
)
@pytest.mark.parametrize("fast", [True, False])
def test_what_is_no_object_is_counted(
    tmp_path: Path, broken: str, monkeypatch: pytest.MonkeyPatch, *, fast: bool
) -> None:
    if not fast:
        monkeypatch.setitem(sys.modules, "orjson", None)
    rows, intake = read(write(tmp_path / "log", [broken, line(0), broken]))
    assert len(rows) == 1
    assert (intake.lines, intake.broken) == (3, 2)


@pytest.mark.parametrize("fast", [True, False])
def test_escaped_characters_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, fast: bool
) -> None:
    if not fast:
        monkeypatch.setitem(sys.modules, "orjson", None)
    rows, _ = read(write(tmp_path / "log", [r'{"a": "\u00e4\ud83d\ude00"}']))
    assert rows == [{"a": "\u00e4\U0001f600"}]


def test_a_mark_at_the_beginning_is_no_part_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"\xef\xbb\xbf" + line(0).encode())
    assert read(path)[0] == [row("hedged", 0)]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_is_read_once_and_behind_the_files(tmp_path: Path) -> None:
    file, pipe = write(tmp_path / "log", [line(1)]), tmp_path / "pipe"
    os.mkfifo(pipe)
    thread = threading.Thread(target=write, args=(pipe, [line(0)]), daemon=True)
    thread.start()
    rows, intake = read(pipe, file)
    thread.join(10)
    assert rows == [row("hedged", 1), row("hedged", 0)]
    assert intake.files == ["log", "pipe"]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems name files by text")
def test_a_name_that_is_no_text_is_shown_as_such(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/log\xff"))
    assert read(write(path, [line(0)]))[1].files == ["log\N{REPLACEMENT CHARACTER}"]


def test_bytes_that_are_no_text_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(bytes(range(256)) * 4)
    rows, intake = read(path)
    assert rows == []
    assert intake.broken == intake.lines > 0


def test_a_line_that_is_too_long_is_left_out_and_never_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_LINE_BYTES", 200)
    long = json.dumps({"action": "hedged", "x": "y" * 500})
    rows, intake = read(write(tmp_path / "log", [line(0), long, line(1)]))
    assert rows == [row("hedged", 0), row("hedged", 1)]
    assert intake.broken == 1


def test_packed_files_are_read_whatever_their_names(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(gzip.compress(f"{line(0)}\n{line(1)}\n".encode()))
    rows, intake = read(path)
    assert len(rows) == 2
    assert intake.bytes_read == path.stat().st_size


def test_a_packed_file_that_is_cut_off_gives_what_it_has_and_is_told(
    tmp_path: Path,
) -> None:
    lines = "".join(f"{line(number / 7)}\n" for number in range(3000))
    path = tmp_path / "log.gz"
    packed = gzip.compress(lines.encode())
    path.write_bytes(packed[: len(packed) // 2])
    rows, intake = read(path)
    assert 0 < len(rows) < 3000
    assert intake.cut_off == ["log.gz"]


def test_a_file_that_only_begins_like_a_packed_one_is_told(tmp_path: Path) -> None:
    path = tmp_path / "log.gz"
    path.write_bytes(b"\x1f\x8b and then nothing of the kind")
    assert read(path)[1].cut_off == ["log.gz"]


def test_rotated_files_are_read_in_the_order_of_their_times(tmp_path: Path) -> None:
    newest = write(tmp_path / "log", [line(20)])
    oldest = write(tmp_path / "log.2", ["broken", line(0)])
    middle = write(tmp_path / "log.1", [line(10)])
    rows, intake = read(newest, middle, oldest, newest)
    assert rows == [row("hedged", at_s) for at_s in (0, 10, 20)]
    assert intake.files == ["log.2", "log.1", "log"]


def test_files_are_put_in_order_whatever_the_zones_of_their_times(
    tmp_path: Path,
) -> None:
    # The hour that comes twice when summer time ends: as text, the first one is later.
    early = {"time": "2026-10-25T02:30:00+02:00", "action": "hedged"}
    late = {"time": "2026-10-25T02:10:00+01:00", "action": "hedged"}
    paths = [
        write(tmp_path / name, [json.dumps(each)])
        for name, each in (("a", late), ("b", early))
    ]
    assert read(*paths)[0] == [early, late]


def test_a_file_is_read_once_whatever_its_names(tmp_path: Path) -> None:
    path, other = write(tmp_path / "log", [line(0)]), tmp_path / "other"
    try:
        other.symlink_to(path)
    except OSError:
        pytest.skip("no links can be made here")
    assert read(path, tmp_path / "x" / ".." / "log", other)[1].files == ["log"]


def test_a_disk_that_fails_is_told_with_the_name_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> Never:
        raise OSError(errno.EIO, "Input/output error")

    path = write(tmp_path / "log", [line(0)])
    monkeypatch.setattr(reading, "_first_time_s", lambda _: 0.0)
    monkeypatch.setattr(reading, "_lines", fail)
    with pytest.raises(OSError, match="Input/output") as raised:
        read(path)
    assert raised.value.filename == str(path)


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    rows, intake = read(write(tmp_path / "log", []))
    assert (rows, intake.lines) == ([], 0)


def test_progress_is_told_in_bytes_of_all_files(tmp_path: Path) -> None:
    paths = [write(tmp_path / name, [line(0)] * 5) for name in "ab"]
    told: list[int] = []
    list(read_rows(paths, Intake(), told.append))
    assert told[-1] == sum(path.stat().st_size for path in paths)
    assert told == sorted(told)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "nope")
