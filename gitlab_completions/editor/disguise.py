"""Replaces the words of source by random ones, so that a recording keeps its shape.

A word (a run of letters, marks on them, and digits) becomes one of the same length,
each character by one of its kind: lower case, upper case, digit, and what takes as many
bytes. Under one key a character's substitute depends on the word up to it and on
nothing else. So the same word always becomes the same word, and as it is typed its
substitute grows by a character at a time: what is typed along in truth is typed along
in the recording.

That hides names, values and what comments say. It does not hide the shape: lengths,
punctuation and how often a word comes are as they were, by which a language's keywords
can be told, and so can a word that somebody knows to look for by its length. Words
that begin alike in truth do so in the recording: who has told one knows how the others
begin.
"""

from __future__ import annotations

import unicodedata
from hashlib import blake2b

__all__ = ("Disguise", "is_of_word")

_LOWER = "abcdefghijklmnopqrstuvwxyz"
_UPPER = _LOWER.upper()
_DIGITS = "0123456789"
_TWO_BYTES = "àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþß"
_THREE_BYTES = "一丁七万三上下不与世丘丙业东丝丢两严"
_FOUR_BYTES = "".join(map(chr, range(0x10330, 0x10341)))  # Gothic: two units in UTF-16
_ENDS = ((0x80, _LOWER), (0x800, _TWO_BYTES), (0x10000, _THREE_BYTES))
_MOST_REMEMBERED = 65_536
"""Beginnings of words whose substitutes are kept: some megabytes, however long they
are, for each is kept as its digest."""
_DIGEST_BYTES = 16
_BEGINNING = bytes(_DIGEST_BYTES)
"""Of a word of which nothing is there yet."""


class Disguise:
    """What words become under one key.

    Args:
        key: Up to 64 bytes. Who has it can tell whether a word is the one he guesses.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._known: dict[tuple[bytes, str], tuple[bytes, str]] = {}

    def of(self, text: str) -> str:
        """Return `text` with its words replaced; it begins and ends at words' edges."""
        made: list[str] = []
        word = _BEGINNING
        for character in text:
            if is_of_word(character):
                word, substitute = self._next(word, character)
                made.append(substitute)
            else:
                made.append(character)
                word = _BEGINNING
        return "".join(made)

    def _next(self, word: bytes, character: str) -> tuple[bytes, str]:
        """Return the digest of a word that goes on, and what its last letter becomes.

        Args:
            word: The digest of the word up to here.
            character: How it goes on.
        """
        known = self._known.get((word, character))
        if known is None:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            data = word + character.encode("utf-8", "surrogatepass")
            longer = blake2b(data, digest_size=_DIGEST_BYTES, key=self._key).digest()
            kind = _kind(character)
            known = longer, kind[int.from_bytes(longer) % len(kind)]
            self._known[word, character] = known
        return known


def is_of_word(character: str) -> bool:
    """Tell whether a character is part of a word: a letter, a digit or a mark on one.

    Vowels of Hindi or Thai are such marks: left as they are, they would tell the word.
    """
    return character.isalnum() or unicodedata.category(character)[0] == "M"


def _kind(character: str) -> str:
    """Return the characters of which one may stand for `character`."""
    if character.isascii() and character.isdigit():
        return _DIGITS
    if character.isascii() and character.isupper():
        return _UPPER
    return next((kind for end, kind in _ENDS if ord(character) < end), _FOUR_BYTES)
