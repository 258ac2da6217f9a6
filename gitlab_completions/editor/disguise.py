"""Replaces the words of source by random ones, so that a recording keeps its shape.

A word (a run of letters and digits) becomes one of the same length, each character by
one of its kind: lower case, upper case, digit, and what takes as many bytes. Under one
key a character's substitute depends on the word up to it and on nothing else. So the
same word always becomes the same word, and as it is typed its substitute grows by a
character at a time: what is typed along in truth is typed along in the recording.

That hides names, values and what comments say. It does not hide the shape: lengths,
punctuation and how often a word comes are as they were, by which a language's keywords
can be told, and so can a word that somebody knows to look for by its length.
"""

from __future__ import annotations

from hashlib import blake2b

__all__ = ("Disguise",)

_LOWER = "abcdefghijklmnopqrstuvwxyz"
_UPPER = _LOWER.upper()
_DIGITS = "0123456789"
_TWO_BYTES = "àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþß"
_THREE_BYTES = "一丁七万三上下不与世丘丙业东丝丢两严"
_FOUR_BYTES = "".join(map(chr, range(0x10330, 0x10341)))  # Gothic: two units in UTF-16
_ENDS = ((0x80, _LOWER), (0x800, _TWO_BYTES), (0x10000, _THREE_BYTES))
_MOST_REMEMBERED = 65_536
"""Beginnings of words whose substitutes are kept: some megabytes."""


class Disguise:
    """What words become under one key.

    Args:
        key: Up to 64 bytes. Who has it can tell whether a word is the one he guesses.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: dict[str, str] = {}

    def of(self, text: str) -> str:
        """Return `text` with its words replaced; it begins and ends at words' edges."""
        made: list[str] = []
        start = 0
        for at, character in enumerate(text):
            if character.isalnum():
                made.append(self._substitute(text[start : at + 1]))
            else:
                made.append(character)
                start = at + 1
        return "".join(made)

    def _substitute(self, beginning: str) -> str:
        """Return what the last character of a word's beginning becomes."""
        known = self._known.get(beginning)
        if known is None:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            data = beginning.encode("utf-8", "surrogatepass")
            number = blake2b(data, digest_size=8, key=self._key).digest()
            kind = _kind(beginning[-1])
            known = kind[int.from_bytes(number) % len(kind)]
            self._known[beginning] = known
        return known


def _kind(character: str) -> str:
    """Return the characters of which one may stand for `character`."""
    if character.isascii() and character.isdigit():
        return _DIGITS
    if character.isascii() and character.isupper():
        return _UPPER
    return next((kind for end, kind in _ENDS if ord(character) < end), _FOUR_BYTES)
