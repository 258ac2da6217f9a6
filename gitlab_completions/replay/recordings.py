"""Reads recordings (see `editor.recording`) as scripts, one for each document.

A recording is input like any other: it may be torn, edited, or of another program.
Lines that are no recording's are skipped, what they name beyond a text's end is taken
to be its end, and the order of times is not believed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeAlias, cast

from gitlab_completions.replay.script import Script, Stroke

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import TextIO

    Line: TypeAlias = dict[str, object]

__all__ = ("RecordingError", "read_recording", "scripts_of")

_FORMAT = 1
_MOST_DOCUMENTS = 10_000
_EDIT = 3
"""Values of an edit: where, how many characters went, what came."""
_MOST_CHARACTERS = 128 * 1024 * 1024
"""What is read of a file: four times what a recorder writes unless told otherwise."""
_LONGEST_LINE = 32 * 1024 * 1024
_LATEST_S = 1e9
"""Thirty years: no clock of a session's has run for longer."""


class RecordingError(ValueError):
    """What was read is no recording, or there is nothing in it."""


def read_recording(path: Path) -> tuple[Script, ...]:
    """Return the scripts of a recording.

    Args:
        path: The file.

    Raises:
        RecordingError: When it is no recording, or nobody types in it.
        OSError: When it cannot be read.
    """
    with path.open(encoding="utf-8", errors="replace") as file:
        return scripts_of(path.name, _lines(file))


def _lines(file: TextIO) -> Iterator[str]:
    """Give a file's lines; one that is far too long in pieces, which are no JSON."""
    left = _MOST_CHARACTERS
    while left > 0 and (line := file.readline(min(left, _LONGEST_LINE))):
        left -= len(line)
        yield line


def scripts_of(name: str, lines: Iterable[str]) -> tuple[Script, ...]:
    """Return the scripts that a recording's lines tell.

    Args:
        name: What to call them.
        lines: Its lines.

    Raises:
        RecordingError: When it is no recording, or nobody types in it.
    """
    read = _objects(lines)
    head = next(read, None)
    if head is None or head.get("recording") != _FORMAT:
        raise RecordingError("it is no recording, or one of another version")
    written: dict[int, _Written] = {}
    for line in read:
        number = line.get("document")
        if not isinstance(number, int):
            continue
        if line.get("what") == "opened" and len(written) < _MOST_DOCUMENTS:
            written[number] = _Written(f"{name}, document {number}", line)
        elif line.get("what") == "asked" and number in written:
            written[number].add(line)
    scripts = tuple(each.script() for each in written.values() if each.strokes)
    if not scripts:
        raise RecordingError("nobody types in it")
    return scripts


def _objects(lines: Iterable[str]) -> Iterator[Line]:
    """Give the lines that are JSON objects."""
    for line in lines:
        try:
            value: object = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            yield cast("Line", value)


class _Written:
    """What is written in one document.

    Args:
        name: What to call it.
        opened: The line that tells how it was at first.
    """

    def __init__(self, name: str, opened: Line) -> None:
        text, language = opened.get("text"), opened.get("language")
        self._name = name
        self._text = text if isinstance(text, str) else ""
        self._language = language if isinstance(language, str) else None
        self._latest_s = _seconds(opened)
        self.strokes: list[Stroke] = []

    def add(self, line: Line) -> None:
        """Add a stroke."""
        at_s = max(_seconds(line), self._latest_s)
        gap_s, self._latest_s = at_s - self._latest_s, at_s
        cursor = _count(line.get("cursor"))
        explicit = line.get("trigger") == "explicit"
        offset, removed, inserted = _edit(line.get("edit"), cursor)
        stroke = Stroke(
            gap_s=gap_s,
            offset=offset,
            removed=removed,
            inserted=inserted,
            cursor=cursor,
            explicit=explicit,
        )
        self.strokes.append(stroke)

    def script(self) -> Script:
        """Return all of it."""
        return Script(
            name=self._name,
            text=self._text,
            strokes=tuple(self.strokes),
            language=self._language,
        )


def _edit(edit: object, cursor: int) -> tuple[int, int, str]:
    """Return an edit; none at the cursor for what is none."""
    if not isinstance(edit, list):
        return cursor, 0, ""
    values = cast("list[object]", edit)
    if len(values) != _EDIT or not isinstance(values[2], str):
        return cursor, 0, ""
    return _count(values[0]), _count(values[1]), values[2]


def _count(value: object) -> int:
    return max(0, value) if isinstance(value, int) else 0


def _seconds(line: Line) -> float:
    at_s = line.get("at")
    if isinstance(at_s, bool) or not isinstance(at_s, int | float):
        return 0.0
    return float(at_s) if 0 <= at_s <= _LATEST_S else 0.0
