"""Reads event logs line by line, in the order of their times, whatever is in them.

A log may be packed with gzip, cut off in the middle of a line, rotated into several
files, or no log at all. What cannot be read is counted, never guessed, and nothing of
it is kept.
"""

from __future__ import annotations

import codecs
import gzip
import json
import math
import os
import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Never, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from io import BufferedReader
    from pathlib import Path

__all__ = ("Intake", "Row", "read_rows", "time_s")

Row = dict[str, object]

MOST_LINE_BYTES = 1 << 20
"""Bytes of a line. A call with a hundred pieces of context has 10 KB; a file without
line ends, such as a picture, would be read into memory whole."""
LINES_BETWEEN_NEWS = 4096
LINES_BEFORE_TIME = 100
"""Lines in which a file's first time is looked for, to put the files in order."""
_GZIP_MAGIC = b"\x1f\x8b"
EARLIEST_S, LATEST_S = 946_684_800.0, 4_102_444_800.0
"""The years 2000 and 2100: another time is a broken clock's, or no event log's."""


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
            One that is named twice is read once; a pipe is read, too.
        intake: Filled while rows are taken.
        tell: Called now and then with the bytes read so far.

    Raises:
        OSError: If a file cannot be read.
    """
    loads = _parser()
    for path in sorted(_distinct(paths), key=_first_time_s):
        # A name may be of bytes that are no UTF-8; it is shown, never opened.
        name = os.fsencode(path.name).decode("utf-8", "replace")
        intake.files.append(name)
        before = intake.bytes_read
        try:
            with path.open("rb") as raw:
                for number, line in enumerate(_lines(raw)):
                    row = _row(line, intake, loads)
                    if row is not None:
                        yield row
                    if number % LINES_BETWEEN_NEWS == 0 and raw.seekable():
                        intake.bytes_read = before + raw.tell()
                        tell(intake.bytes_read)
        except (EOFError, gzip.BadGzipFile, zlib.error):
            intake.cut_off.append(name)
        except OSError as error:  # a disk that fails says no name
            error.filename = error.filename or str(path)
            raise
        intake.bytes_read = before + path.stat().st_size
        tell(intake.bytes_read)


def time_s(value: object) -> float | None:
    """Return a row's time in seconds since 1970; one without a zone is UTC."""
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
        aware = time if time.tzinfo else time.replace(tzinfo=UTC)
        seconds = aware.timestamp()
    except (ValueError, OverflowError):
        return None
    return seconds if EARLIEST_S <= seconds < LATEST_S else None


def _distinct(paths: Sequence[Path]) -> Iterable[Path]:
    """Return each file once, whatever its names: nothing of it is counted twice."""
    found: dict[str, Path] = {}
    for path in paths:
        found.setdefault(os.path.realpath(path), path)
    return found.values()


def _parser() -> Callable[[bytes], object]:
    """Return orjson's parser where it is installed: a third of the time."""
    try:
        import orjson  # noqa: PLC0415 - an extra, and only for who reads a log
    except ImportError:
        return _loads
    return cast("Callable[[bytes], object]", orjson.loads)


def _loads(line: bytes) -> object:
    """Parse a line, and refuse what orjson refuses: NaN, and halves of characters.

    No file and no terminal takes the latter.
    """
    found: object = _DECODER.decode(line.decode())
    if b"\\u" in line:
        json.dumps(found, ensure_ascii=False).encode()
    return found


def _refuse(constant: str) -> Never:
    raise ValueError(constant)


_DECODER = json.JSONDecoder(parse_constant=_refuse)


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


def _lines(raw: BufferedReader) -> Iterator[bytes | None]:
    """Give the lines, packed or not; `None` for one that is too long."""
    start = raw.peek(len(codecs.BOM_UTF8))  # not `seek`: a pipe has no way back
    packed = start.startswith(_GZIP_MAGIC)
    if start.startswith(codecs.BOM_UTF8):
        raw.read(len(codecs.BOM_UTF8))
    plain = gzip.GzipFile(fileobj=raw) if packed else raw
    while line := plain.readline(MOST_LINE_BYTES):
        if len(line) < MOST_LINE_BYTES or line.endswith(b"\n"):
            yield line
            continue
        yield None
        while line and not line.endswith(b"\n"):
            line = plain.readline(MOST_LINE_BYTES)


def _first_time_s(path: Path) -> float:
    """Return the first time in a file, in seconds; a pipe's is not looked for."""
    if path.exists() and not (path.is_file() or path.is_dir()):
        return math.inf
    try:
        with path.open("rb") as raw:
            for line in islice(_lines(raw), LINES_BEFORE_TIME):
                row = _row(line, Intake(), _loads)
                found_s = None if row is None else time_s(row.get("time"))
                if found_s is not None:
                    return found_s
    except (EOFError, gzip.BadGzipFile, zlib.error):
        pass  # it is told when the file is read
    return -math.inf
