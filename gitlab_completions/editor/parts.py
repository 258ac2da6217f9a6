"""What a partial acceptance inserts: the next word of a suggestion, or its next line.

Blanks and line ends go with what follows them. Words are Unicode's letters, digits and
the underscore; marks and joiners belong to the character that they stand on. Taking
part after part inserts exactly the whole.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ("is_word", "next_line", "next_word")

_LINE_END = re.compile("[\r\n]")
_JOINED = frozenset({"Mn", "Mc", "Me", "Cf"})
"""Categories of what shows as part of the character before it: accents, joiners."""


def next_word(text: str) -> str:
    """Return the blanks, then the word or the run of signs, that a text begins with."""
    start = len(text) - len(text.lstrip())
    end = start + 1
    while end < len(text) and _go_together(text[start], text[end]):
        end += 1
    return text[:end]


def next_line(text: str) -> str:
    """Return the first line of a text that is not blank, without its line end."""
    end = _LINE_END.search(text, len(text) - len(text.lstrip()))
    return text if end is None else text[: end.start()]


def is_word(character: str) -> bool:
    """Tell whether a character can be part of a word; an empty string cannot."""
    return character.isalnum() or character == "_"


def _go_together(first: str, other: str) -> bool:
    if other.isspace():
        return False
    return is_word(first) == is_word(other) or unicodedata.category(other) in _JOINED
