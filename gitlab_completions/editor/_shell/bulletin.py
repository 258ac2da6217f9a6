"""Hands a session's events to its observers, in order, and outlives what they raise."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gitlab_completions.editor.events import EditorObserver, SuggestionEvent

logger = logging.getLogger("gitlab_completions")


class Bulletin:
    """The observers of one session.

    Args:
        observers: Who is told from the start.
    """

    def __init__(self, observers: Iterable[EditorObserver] = ()) -> None:
        self._observers: dict[object, EditorObserver] = {
            object(): one for one in observers
        }
        self._broken: set[object] = set()

    def observe(self, observer: EditorObserver) -> Callable[[], None]:
        """Tell an observer of what comes; returns what ends that."""
        key = object()
        self._observers[key] = observer

        def unsubscribe() -> None:
            self._observers.pop(key, None)
            self._broken.discard(key)

        return unsubscribe

    def publish(self, event: SuggestionEvent) -> None:
        """Tell all observers."""
        for key, observer in tuple(self._observers.items()):
            try:
                observer(event)
            # Also when it asked a future that was cancelled: nobody cancels us here.
            except (Exception, asyncio.CancelledError) as error:
                if key not in self._broken:
                    self._broken.add(key)
                    complain("The observer of an editor session", error)


def complain(who: str, error: BaseException) -> None:
    """Log what a user's function raised by its type: the text may hold anything."""
    logger.warning("%s raised %s; told once only.", who, type(error).__name__)
