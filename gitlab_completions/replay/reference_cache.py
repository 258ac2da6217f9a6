"""The reference client's cache of suggestions, as its 2026 sources have it.

An entry is found by document, line, the nearest lines that are not blank above and
below, and the line's indentation. It serves what is typed along its answer on that
line, and goes with the second look from one column, be it of no use there, so with most
steps back, and after a minute.
What is further away than those two lines may change unnoticed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from cachetools import TTLCache

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ("ReferenceCache",)

_SIZE = 1024 * 1024
"""Characters of suggestions and keys."""
_KEPT_S = 60.0

Key: TypeAlias = tuple[int, str, str, int]


class ReferenceCache:
    """Answers of one document.

    Args:
        now: Tells the time in seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._entries: TTLCache[Key, _Entry] = TTLCache(_SIZE, _KEPT_S, now, _size)

    def put(self, above: str, below: str, answer: str) -> None:
        """Keep an answer."""
        self._entries[_key(above, below)] = _Entry(_line(above), answer)

    def find(self, above: str, below: str) -> str:
        """Return what is left of an answer after what was typed; empty for none."""
        key = _key(above, below)
        entry = self._entries.get(key)
        if entry is None:
            return ""
        line = _line(above)
        if len(line) in entry.seen:
            del self._entries[key]
            return ""
        entry.seen.add(len(line))
        if not line.startswith(entry.line):
            return ""
        typed = line[len(entry.line) :]
        return entry.answer[len(typed) :] if entry.answer.startswith(typed) else ""


class _Entry:
    """An answer, and with the cursor in which columns it was looked for.

    Args:
        line: The line up to the cursor, when it was asked for.
        answer: It.
    """

    __slots__ = ("answer", "line", "seen")

    def __init__(self, line: str, answer: str) -> None:
        self.line = line
        self.answer = answer
        self.seen: set[int] = set()


def _size(entry: _Entry) -> int:
    return max(1, len(entry.line) + len(entry.answer))


def _key(above: str, below: str) -> Key:
    """Return by what an entry is found."""
    line = _line(above)
    before = above[: len(above) - len(line)]
    return (
        before.count("\n"),
        next((each for each in reversed(before.split("\n")) if each.strip()), ""),
        # The rest of the cursor's own line is the first of those below.
        next((each for each in below.split("\n") if each.strip()), ""),
        len(line) - len(line.lstrip()),
    )


def _line(above: str) -> str:
    return above.rpartition("\n")[2]
