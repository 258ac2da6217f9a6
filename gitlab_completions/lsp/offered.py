"""The suggestions that the client may still have on its screen, by their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cachetools import LRUCache

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitlab_completions.editor import Suggestion

__all__ = ("Offered",)

_MOST = 64
"""Suggestions that are remembered: several of a request, of the last ten keystrokes."""


class Offered:
    """Knows a suggestion again when the client names it in a command."""

    def __init__(self) -> None:
        self._known: LRUCache[str, Suggestion] = LRUCache(_MOST)

    def remember(self, suggestions: Iterable[Suggestion]) -> None:
        """Take in what the client is given; under an id the newest counts."""
        for one in suggestions:
            self._known[one.id] = one

    def get(self, identity: object) -> Suggestion | None:
        """Return the suggestion of that id, `None` when it is long gone."""
        return self._known.get(identity) if isinstance(identity, str) else None
