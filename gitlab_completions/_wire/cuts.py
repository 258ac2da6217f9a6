"""Where a text may be cut: at a line's end if one is near, else between characters.

A character here is what a person takes for one: a letter with its accents, an emoji
made of several. Knowing that for every script takes tables that Python does not have;
what it does have tells nearly all cases, and a miss costs the model one odd sign, far
from the cursor. A half of a code point is what servers refuse: that never happens.
"""

from __future__ import annotations

from gitlab_completions._wire.characters import splits

__all__ = (
    "character_after",
    "end_before",
    "first_characters",
    "last_characters",
    "start_after",
)

LINE_REACH = 240
"""Characters within which a line's end is worth going to: two lines of code that keeps
to the 120 columns of the widest style guides. Of a longer line, what is near stays."""
CLUSTER_REACH = 32
"""Code points that a character is looked for in: the longest emoji have ten, and a text
of nothing but accents must still be cut."""
_JOINER = "\u200d"
_TONES = ("\U0001f3fb", "\U0001f3ff")
_MARKS = frozenset({"Mn", "Me", "Mc"})


def last_characters(text: str, most: int) -> str:
    """Return at most the last `most` characters, from the start of one on."""
    if len(text) <= most:
        return text
    return text[start_after(text, len(text) - most) :]


def first_characters(text: str, most: int) -> str:
    """Return at most the first `most` characters, to the end of one."""
    if len(text) <= most:
        return text
    return text[: end_before(text, most)]


def start_after(text: str, at: int) -> int:
    """Return where to begin, at or after `at`: with a line if one begins near."""
    if at <= 0:
        return 0
    for mark in ("\n", "\r"):
        line = text.find(mark, at - 1, at + LINE_REACH) + 1
        if 0 < line < len(text) and not splits(text, line):
            return line
    return character_after(text, at)


def character_after(text: str, at: int) -> int:
    """Return where a character begins, at or after `at`."""
    if at <= 0:
        return 0
    end = min(at + CLUSTER_REACH, len(text))
    return next((place for place in range(at, end) if _divides(text, place)), at)


def end_before(text: str, at: int) -> int:
    """Return where to end, at or before `at`: with a line if one ends near."""
    if at >= len(text):
        return len(text)
    for mark in ("\n", "\r"):
        line = text.rfind(mark, max(at - LINE_REACH, 0), at) + 1
        if line > 0 and not splits(text, line):
            return line
    start = max(at - CLUSTER_REACH, 0)
    return next((place for place in range(at, start, -1) if _divides(text, place)), at)


def _divides(text: str, at: int) -> bool:
    """Tell whether a character ends there and another begins."""
    before, after = text[at - 1], text[at]
    if after.isascii():
        return not splits(text, at) and before != _JOINER
    return not (before == _JOINER or _continues(after) or splits(text, at))


def _continues(mark: str) -> bool:
    """Tell whether a code point belongs to the one before it."""
    import unicodedata  # noqa: PLC0415 - hardly ever asked; half a megabyte of tables

    return (
        mark == _JOINER
        or _TONES[0] <= mark <= _TONES[1]
        or unicodedata.category(mark) in _MARKS
    )
