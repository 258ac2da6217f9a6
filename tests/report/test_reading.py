"""Event logs as they are found: packed, rotated, cut off, or no logs at all."""

from __future__ import annotations

import gzip
import json
import sys
from typing import TYPE_CHECKING

import pytest

from gitlab_completions.report import reading
from gitlab_completions.report.reading import Intake, Row, read_rows
from tests.report.logs import row, write

if TYPE_CHECKING:
    from pathlib import Path


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
    "broken", ["no json", "[1]", "3", '{"a":', "[" * 20_000, '"text"', "{'a': 1}"]
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
