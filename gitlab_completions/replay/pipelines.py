"""What a replay compares: ways from a keystroke to a suggestion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gitlab_completions._records import Record
from gitlab_completions.editor import Trigger

if TYPE_CHECKING:
    from gitlab_completions.editor import Document, EditorSession, Suggestion

__all__ = ("Offer", "OurPipeline", "Pipeline")


class Offer(Record):
    """A suggestion, whoever makes it.

    Args:
        text: What would be inserted at the cursor.
        suggestion: The session's own, where it is from one.
    """

    text: str
    suggestion: Suggestion | None = None


class Pipeline(Protocol):
    """Turns keystrokes into suggestions."""

    async def suggest(
        self, document: Document, offset: int, *, explicit: bool
    ) -> Offer | None:
        """Return what is offered for a keystroke; a newer one ends the older."""
        ...

    def shown(self, offer: Offer) -> None:
        """Learn that an offer is on the screen."""
        ...

    def accepted(self, offer: Offer) -> None:
        """Learn that the author took an offer."""
        ...


class OurPipeline:
    """An `EditorSession`, as it is.

    Args:
        session: It.
    """

    def __init__(self, session: EditorSession) -> None:
        self._session = session

    async def suggest(
        self, document: Document, offset: int, *, explicit: bool
    ) -> Offer | None:
        """Return the session's first suggestion."""
        trigger = Trigger.EXPLICIT if explicit else Trigger.TYPING
        found = await self._session.suggest(document, offset, trigger)
        if not found.items:
            return None
        first = found.items[0]
        return Offer(text=first.text, suggestion=first)

    def shown(self, offer: Offer) -> None:
        """Tell the session."""
        if offer.suggestion is not None:
            self._session.shown(offer.suggestion)

    def accepted(self, offer: Offer) -> None:
        """Tell the session."""
        if offer.suggestion is not None:
            self._session.accepted(offer.suggestion)
