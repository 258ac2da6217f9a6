"""Whole characters: text that UTF-8 can carry, cut only between characters.

Editors that count in UTF-16 hand over halves of characters. GitLab's gateway answers
422 to half a character, and the one of GitLab 17.2 answers 500.
"""

from __future__ import annotations

__all__ = ("keep_end", "keep_start", "splits", "whole_characters")

_HIGH = ("\ud800", "\udbff")
_LOW = ("\udc00", "\udfff")


def whole_characters(text: str) -> str:
    """Join surrogate pairs, and put U+FFFD where half a character stands alone."""
    if text.isascii():
        return text
    try:
        text.encode()  # eight times as fast as a search for surrogates
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def keep_end(text: str, most: int) -> str:
    """Return the last `most` characters, or one less where that cuts a pair."""
    start = max(len(text) - most, 0)
    return text[start + splits(text, start) :]


def keep_start(text: str, most: int) -> str:
    """Return the first `most` characters, or one less where that cuts a pair."""
    return text[: most - splits(text, most)]


def splits(text: str, at: int) -> bool:
    """Tell whether a cut there divides CR from LF, or the halves of a character."""
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    if before == "\r":
        return after == "\n"
    return _HIGH[0] <= before <= _HIGH[1] and _LOW[0] <= after <= _LOW[1]
