"""Reads event logs line by line, in the order of their times, whatever is in them.

A log may be packed with gzip, cut off in the middle of a line, rotated into several
files, or no log at all. What cannot be read is counted, never guessed, and nothing of
it is kept.
"""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass, field
from itertools import islice
from typing import IO, TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

__all__ = ("Intake", "Row", "read_rows")

Row = dict[str, object]

MOST_LINE_BYTES = 1 << 20
"""Bytes of a line. A call with a hundred pieces of context has 10 KB; a file without
line ends, such as a picture, would be read into memory whole."""
LINES_BETWEEN_NEWS = 4096
LINES_BEFORE_TIME = 100
"""Lines in which a file's first time is looked for, to put the files in order."""
_GZIP_MAGIC = b"\x1f\x8b"


@dataclass(slots=True)
class Intake:
    """What was read.

    Args:
        files: Names of the files, without their folders, in the order they were read.
        lines: Lines that are not blank.
        broken: Lines that are no JSON objects, or too long.
        cut_off: Names of packed files that end before their end.
        bytes_read: Bytes of the files as they lie on the disk.
    """

    files: list[str] = field(default_factory=list[str])
    lines: int = 0
    broken: int = 0
    cut_off: list[str] = field(default_factory=list[str])
    bytes_read: int = 0


def read_rows(
    paths: Sequence[Path], intake: Intake, tell: Callable[[int], object]
) -> Iterator[Row]:
    """Give each line that is a JSON object; count everything in `intake`.

    Args:
        paths: The files, in any order; the one with the earliest time is read first.
        intake: Filled while rows are taken.
        tell: Called now and then with the bytes read so far.

    Raises:
        OSError: If a file cannot be read.
    """
    loads = _parser()
    for path in sorted(dict.fromkeys(paths), key=_first_time):
        intake.files.append(path.name)
        before = intake.bytes_read
        with path.open("rb") as raw:
            try:
                for number, line in enumerate(_lines(raw)):
                    row = _row(line, intake, loads)
                    if row is not None:
                        yield row
                    if number % LINES_BETWEEN_NEWS == 0:
                        intake.bytes_read = before + raw.tell()
                        tell(intake.bytes_read)
            except (EOFError, gzip.BadGzipFile, zlib.error):
                intake.cut_off.append(path.name)
        intake.bytes_read = before + path.stat().st_size
        tell(intake.bytes_read)


def _parser() -> Callable[[bytes], object]:
    """Return orjson's parser where it is installed: a third of the time."""
    try:
        import orjson  # noqa: PLC0415 - an extra, and only for who reads a log
    except ImportError:
        return cast("Callable[[bytes], object]", json.loads)
    return cast("Callable[[bytes], object]", orjson.loads)


def _row(
    line: bytes | None, intake: Intake, loads: Callable[[bytes], object]
) -> Row | None:
    if line is not None and not line.strip():
        return None
    intake.lines += 1
    try:
        row = None if line is None else loads(line)
    except (ValueError, RecursionError):  # bytes that are no UTF-8 are the former
        row = None
    if isinstance(row, dict):
        return cast("Row", row)
    intake.broken += 1
    return None


def _lines(raw: IO[bytes]) -> Iterator[bytes | None]:
    """Give the lines, packed or not; `None` for one that is too long."""
    packed = raw.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
    raw.seek(0)
    plain = gzip.GzipFile(fileobj=raw) if packed else raw
    while line := plain.readline(MOST_LINE_BYTES):
        if len(line) < MOST_LINE_BYTES or line.endswith(b"\n"):
            yield line
            continue
        yield None
        while line and not line.endswith(b"\n"):
            line = plain.readline(MOST_LINE_BYTES)


def _first_time(path: Path) -> str:
    """Return the first time in a file as it is written: ISO 8601 sorts as text."""
    try:
        with path.open("rb") as raw:
            for line in islice(_lines(raw), LINES_BEFORE_TIME):
                row = _row(line, Intake(), json.loads)
                time = None if row is None else row.get("time")
                if isinstance(time, str):
                    return time
    except (EOFError, gzip.BadGzipFile, zlib.error):
        pass  # it is told when the file is read
    return ""
