"""Pieces of a text as an editor can insert them, one after the other.

What a piece ends with may only become clear with the next one: the first half of a
character, or a CR that may be half a line end. That much is held back.
"""

from __future__ import annotations

from gitlab_completions._wire.characters import whole_characters
from gitlab_completions._wire.limits import restore_line_ends
from gitlab_completions._wire.suggestions import MAX_TEXT
from gitlab_completions._wire.unusable import NotACompletionError

__all__ = ("Pieces",)


class Pieces:
    """Makes what arrives fit to insert, as a whole suggestion's text is made.

    Args:
        crlf: The file ends its lines with CRLF.
    """

    def __init__(self, *, crlf: bool) -> None:
        self._crlf = crlf
        self._held = ""
        self._taken = 0

    def take(self, text: str) -> str:
        """Return what can be inserted by now; it may be nothing.

        Raises:
            NotACompletionError: When there is more of it than any suggestion has.
        """
        self._taken += len(text)
        if self._taken > MAX_TEXT:
            raise NotACompletionError("a text too long to insert")
        text = self._held + text.replace("\0", "")  # editors take it for the end
        whole = len(text) - self._is_open(text)
        self._held = text[whole:]
        return self._finished(text[:whole])

    def rest(self) -> str:
        """Return what was held back, now that nothing follows."""
        held, self._held = self._held, ""
        return self._finished(held)

    def _is_open(self, text: str) -> bool:
        """Tell whether the last character may be half of something."""
        last = text[-1:]
        return "\ud800" <= last <= "\udbff" or (self._crlf and last == "\r")

    def _finished(self, text: str) -> str:
        return restore_line_ends(whole_characters(text), crlf=self._crlf)
