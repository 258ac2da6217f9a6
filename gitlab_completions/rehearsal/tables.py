"""A plan's tables, whose keys are taken one by one, with errors that say where.

Pure. `tomllib` knows no lines of what it has read, so the line of a key is looked for
in the text when there is something to be told.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeVar, cast

from gitlab_completions.rehearsal.quantities import read_span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from enum import StrEnum

__all__ = (
    "PlanError",
    "Table",
    "read_at_least_one",
    "read_count",
    "read_number",
    "read_positive_count",
    "read_positive_span",
    "read_text",
)

T = TypeVar("T")
ChoiceT = TypeVar("ChoiceT", bound="StrEnum")
Path = tuple[str | int, ...]

_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.-]+)\s*\]")
_KEY = re.compile(r"\s*([\w-]+)\s*=")
_MOST = 100.0


class PlanError(ValueError):
    """A plan cannot be read; it says where, and what would be right.

    Args:
        message: What is wrong.
        line: In which line, from 1; `None` where the file as a whole is.
        key: Of which key, such as "steps[2].percent".
    """

    def __init__(self, message: str, *, line: int | None, key: str | None) -> None:
        where = [f"line {line}"] * (line is not None) + [key] * (key is not None)
        super().__init__(": ".join([*filter(None, where), message]))
        self.line = line
        self.key = key


class Table:
    """A table of the plan, whose keys are taken one by one.

    Args:
        text: The whole file, to find lines in.
        path: Where the table is.
        values: What it holds.
    """

    def __init__(self, text: str, path: Path, values: dict[str, object]) -> None:
        self._text = text
        self._path = path
        self._left = dict(values)
        self._known: list[str] = []

    def get(self, key: str, read: Callable[[object], T], default: T | None = None) -> T:
        """Take a value.

        Raises:
            PlanError: When it cannot be read, or is missing without a default.
        """
        self._known.append(key)
        if key not in self._left:
            if default is None:
                raise self.error(None, f"{key} is missing")
            return default
        value = self._left.pop(key)
        try:
            return read(value)
        except ValueError as error:
            raise self.error(key, f"{error}, not {value!r}") from None

    def choice(self, key: str, default: str | None, choices: tuple[str, ...]) -> str:
        """Take one of some words."""

        def read(value: object) -> str:
            if not isinstance(value, str) or value not in choices:
                raise ValueError(f"is one of {', '.join(choices)}")
            return value

        return self.get(key, read, default)

    def member(self, key: str, default: ChoiceT) -> ChoiceT:
        """Take a member of the default's enumeration."""
        kind = type(default)
        return kind(self.choice(key, default, tuple(each.value for each in kind)))

    def table(self, key: str) -> Table:
        """Take a table, empty when it is missing."""
        self._known.append(key)
        value = self._left.pop(key, {})
        if not isinstance(value, dict):
            raise self.error(key, f"is a table: [{key}]")
        return Table(self._text, (*self._path, key), cast("dict[str, object]", value))

    def tables(self, key: str) -> Iterator[Table]:
        """Take an array of tables; each is closed after use."""
        self._known.append(key)
        values = self._left.pop(key, [])
        if not isinstance(values, list):
            raise self.error(key, f"is an array of tables: [[{key}]]")
        for number, value in enumerate(cast("list[object]", values), 1):
            path = (*self._path, key, number)
            if not isinstance(value, dict):
                raise _error(self._text, path, f"is a table: [[{key}]]")
            table = Table(self._text, path, cast("dict[str, object]", value))
            yield table
            table.close()

    def rest(self) -> dict[str, object]:
        """Take whatever is left."""
        left, self._left = self._left, {}
        return left

    def close(self) -> None:
        """Refuse what nobody has taken.

        Raises:
            PlanError: For the first such key.
        """
        for key in self._left:
            near = get_close_matches(key, self._known, 1)
            known = f"did you mean {near[0]}?" if near else ", ".join(self._known)
            raise self.error(key, f"is not known; {known}")

    def error(self, key: str | None, message: str) -> PlanError:
        """Return the error of a key, or of the table as a whole."""
        return _error(self._text, (*self._path, *([key] if key else [])), message)


def read_text(value: object) -> str:
    """Read a line of text.

    Raises:
        ValueError: When it is none.
    """
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError("takes a line of text")
    return value


def read_count(value: object) -> int:
    """Read a whole number, 0 included.

    Raises:
        ValueError: When it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("takes a whole number, not below 0")
    return value


def read_positive_count(value: object) -> int:
    """Read a whole number above 0.

    Raises:
        ValueError: When it is none.
    """
    count = read_count(value)
    if count == 0:
        raise ValueError("takes a whole number above 0")
    return count


def read_number(value: object) -> float:
    """Read a number from 0 to 100.

    Raises:
        ValueError: When it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("takes a number")  # noqa: TRY004 - a value of the plan
    if not 0 <= value <= _MOST:
        raise ValueError("takes a number from 0 to 100")
    return float(value)


def read_at_least_one(value: object) -> float:
    """Read a number from 1 to 100.

    Raises:
        ValueError: When it is none.
    """
    number = read_number(value)
    if number < 1:
        raise ValueError("takes a number from 1 to 100")
    return number


def read_positive_span(value: object) -> float:
    """Read a span of time above 0; return seconds.

    Raises:
        ValueError: When it is none.
    """
    seconds = read_span(value)
    if seconds == 0:
        raise ValueError("takes a span of time above 0")
    return seconds


def _error(text: str, path: Path, message: str) -> PlanError:
    return PlanError(message, line=_line_of(text, path), key=_shown(path))


def _shown(path: Path) -> str | None:
    """Return a path as people write it; items are counted from 1."""
    shown = ""
    for each in path:
        shown += f"[{each}]" if isinstance(each, int) else f".{each}"
    return shown.removeprefix(".") or None


def _line_of(text: str, path: Path) -> int | None:
    """Return the line of a key, or of the table that it should be in."""
    best: int | None = None
    for line, at in _places(text):
        if at == path:
            return line
        if at == path[:-1]:
            best = best or line
    return best


def _places(text: str) -> Iterator[tuple[int, Path]]:
    """Give the lines in which tables and keys stand, with their paths."""
    table: Path = ()
    counts: dict[str, int] = {}
    for line, content in enumerate(text.splitlines(), 1):
        header, key = _HEADER.match(content), _KEY.match(content)
        if header is not None:
            table = tuple(header[2].split("."))
            if header[1] == "[[":
                counts[header[2]] = counts.get(header[2], 0) + 1
                table = (*table, counts[header[2]])
            yield line, table
        elif key is not None:
            yield line, (*table, key[1])
