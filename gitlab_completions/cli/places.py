"""`FILE:LINE:COLUMN`: a place in a real file, read and checked before anything is sent.

Lines and columns count from 1, as compilers and editors show them; a column counts
characters (code points), and the one after the last character is the line's end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import click

from gitlab_completions.cli.problems import Problem
from gitlab_completions.errors import ErrorCode

__all__ = ("Place", "find_place")

_NUMBER = re.compile(r"[0-9]{1,9}")
_LINE_END = re.compile(r"\r\n|\n|\r")
_FORM = "write FILE:LINE:COLUMN, such as calc.py:12:5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A cursor in a file.

    Args:
        file_name: The file's name as it is sent: without this machine's directories.
        text: All of the file.
        offset: The cursor's distance from the text's start, in characters.
    """

    file_name: str
    text: str = field(repr=False)
    offset: int


def find_place(position: str) -> Place:
    """Return the place that `FILE:LINE:COLUMN` names.

    Raises:
        Problem: When there is no such place; it says what there is.
    """
    name, line, column = _split(position)
    path = Path(name)
    text = _read(path)
    return Place(
        file_name=_sent_name(path), text=text, offset=_offset(text, name, line, column)
    )


def _split(position: str) -> tuple[str, int, int]:
    """Split from the right: a file's name may hold colons, as on Windows."""
    parts = position.rsplit(":", 2)
    if len(parts) != len(("file", "line", "column")) or not parts[0]:
        raise _wrong(f"{position!r} names no position", _FORM)
    name, *numbers = parts
    for what, digits in zip(("line", "column"), numbers, strict=True):
        if not _NUMBER.fullmatch(digits):
            raise _wrong(f"the {what} {digits!r} is not a number", _FORM)
        if int(digits) == 0:
            raise _wrong(f"there is no {what} 0", "lines and columns count from 1")
    return name, int(numbers[0]), int(numbers[1])


LARGEST = 64 << 20
"""Bytes of a file: far more than anybody writes, and than a model is told of."""


def _read(path: Path) -> str:
    shown = click.format_filename(path)
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise _wrong(f"{shown} is no file of text", "name a text file")
        if path.is_file() and path.stat().st_size > LARGEST:
            raise _wrong(f"{shown} is larger than 64 MiB", "name a smaller file")
        data = path.read_bytes()
        return data.decode("utf-8-sig")
    except FileNotFoundError:
        raise _wrong(f"there is no file {shown}", "check the path") from None
    except IsADirectoryError:
        raise _wrong(f"{shown} is a directory", "name a file in it") from None
    except UnicodeDecodeError as error:
        raise _wrong(
            f"{shown} is not UTF-8: look at byte {error.start + 1}",
            "convert it, or name a text file",
        ) from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "no such name"
        raise _wrong(f"{shown} cannot be read: {why}", "name a text file") from None


def _offset(text: str, name: str, line: int, column: int) -> int:
    starts = [0, *(end.end() for end in _LINE_END.finditer(text))]
    shown = click.format_filename(name)
    if line > len(starts):
        raise _wrong(
            f"{shown} has {_count(len(starts), 'line')}, so there is no line {line}",
            f"name a line from 1 to {len(starts)}",
        )
    start = starts[line - 1]
    end = _LINE_END.search(text, start)
    length = (end.start() if end else len(text)) - start
    if column > length + 1:
        raise _wrong(
            f"line {line} of {shown} has {_count(length, 'character')}, "
            f"so there is no column {column}",
            f"name a column from 1 to {length + 1}",
        )
    return start + column - 1


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _sent_name(path: Path) -> str:
    """Return the path below the working directory, else the bare name.

    The model is helped by `src/calc.py`, and need not know who `/home/alex` is.
    """
    absolute, here = path.resolve(), Path.cwd()
    if absolute.is_relative_to(here):
        return absolute.relative_to(here).as_posix()
    return path.name


def _wrong(message: str, remedy: str) -> Problem:
    return Problem(message, remedy, code=ErrorCode.REQUEST)
