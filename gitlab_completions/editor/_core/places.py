"""Where the cursor is, and what has happened there since an answer was asked for.

An answer fits what it was asked for, and what the author has typed along it since. So
two things are compared: the text above the cursor, of which the old one must be the
beginning, and the text below it, which must be the same, or stale text would be shown
after an edit further down. One difference below is none: where the author types an
opening bracket or a quote, editors add the closing one behind the cursor by themselves.

What was there is kept as digests. 250 answers with the documents that they were asked
for would be 25 MB at 100 KB each; and a digest takes 1 ms for a whole megabyte.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from gitlab_completions._records import Record
from gitlab_completions.editor.fitting import auto_closed, left_of
from gitlab_completions.editor.positions import line_start

if TYPE_CHECKING:
    from collections.abc import Sequence

DIGEST_BYTES = 16
"""Two texts out of 2 ** 64 would be taken for the same."""
_LONGEST = 16_384
"""Characters that are typed along an answer which is not there yet: no model writes
more in one, and what was pasted since is not looked through for brackets."""
_WIDEST = 2
"""Characters of a line end in a document, at most, to one in an answer."""


class Place:
    """A cursor in a document, as it is at one moment.

    Args:
        uri: The document.
        text: All of it.
        offset: The cursor, in code points.
    """

    __slots__ = ("_aboves", "_sites", "above", "below", "offset", "text", "uri")

    def __init__(self, uri: str, text: str, offset: int) -> None:
        self.uri = uri
        self.text = text
        self.offset = offset
        self.above = text[:offset]
        self.below = text[offset:]
        self._aboves: dict[int, bytes] = {}
        self._sites: dict[int, bytes] = {}

    def is_same(self, other: Place | None) -> bool:
        """Tell whether another is the same cursor in the same text."""
        if other is None or self.offset != other.offset or self.uri != other.uri:
            return False
        return self.text == other.text

    @property
    def line(self) -> str:
        """What of the cursor's line is above, that is before, the cursor."""
        return self.text[line_start(self.text, self.offset) : self.offset]

    def anchor(self) -> Anchor:
        """Return what is kept of the place."""
        above = self.above_digest(self.offset)
        return Anchor(site=self.site(), length=self.offset, above=above)

    def above_digest(self, length: int) -> bytes:
        """Return the digest of the first so many characters."""
        if length not in self._aboves:
            self._aboves[length] = digest(self.above[:length])
        return self._aboves[length]

    def site(self, skipped: int = 0) -> bytes:
        """Return the digest of the document's name and what is below the cursor.

        Args:
            skipped: So many characters behind the cursor are left out.
        """
        if skipped not in self._sites:
            self._sites[skipped] = digest(f"{self.uri}\0{self.below[skipped:]}")
        return self._sites[skipped]


class Anchor(Record):
    """A place that an answer was asked for, without its text.

    Args:
        site: The digest of the document's name and what was below the cursor.
        length: Characters that were above the cursor.
        above: Their digest.
    """

    site: bytes
    length: int
    above: bytes

    def typed(self, place: Place, along: Sequence[str] | None = None) -> str | None:
        """Return what was typed since, or `None` if that is not all that happened.

        Args:
            place: Where the cursor is now.
            along: Texts one of which must begin with it; any will do when left out.
        """
        count = place.offset - self.length
        longest = _LONGEST if along is None else _WIDEST * max(map(len, along))
        if not 0 <= count <= longest:
            return None  # which is most of them, and no text was looked at
        typed = place.above[self.length :]
        if along is not None and all(left_of(text, typed) is None for text in along):
            return None
        if place.above_digest(self.length) != self.above:
            return None
        closed = auto_closed(typed, place.text, place.offset)
        return typed if any(place.site(each) == self.site for each in closed) else None


def digest(text: str) -> bytes:
    """Return what tells a text from others, whatever its length."""
    data = text.encode("utf-8", "surrogatepass")
    return blake2b(data, digest_size=DIGEST_BYTES).digest()
