"""Hands events to observers, in order, and outlives what they raise."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gitlab_completions.events import Event, Observer

logger = logging.getLogger("gitlab_completions")


class Bulletin:
    """The observers of one client.

    Args:
        own: The library's, which need nothing that is costly to know.
        observers: The user's, who are told from the start.
    """

    def __init__(
        self, own: Iterable[Observer] = (), observers: Iterable[Observer] = ()
    ) -> None:
        together = (*(mine := tuple(own)), *observers)
        self._observers: dict[object, Observer] = {object(): one for one in together}
        self._broken: set[object] = set()
        self._own = len(mine)

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Tell an observer of what comes; returns what ends that."""
        key = object()
        self._observers[key] = observer

        def unsubscribe() -> None:
            self._observers.pop(key, None)
            self._broken.discard(key)

        return unsubscribe

    @property
    def attended(self) -> bool:
        """Whether anybody listens but the library itself."""
        return len(self._observers) > self._own

    def publish(self, event: Event) -> None:
        """Tell all observers."""
        for key, observer in tuple(self._observers.items()):
            try:
                observer(event)
            # Also when it asked a future that was cancelled: nobody cancels us here.
            except (Exception, asyncio.CancelledError) as error:
                self._complain(key, observer, error)

    def _complain(self, key: object, observer: Observer, error: BaseException) -> None:
        """Log an observer's first exception by its type: the text may hold anything."""
        if key in self._broken:
            return
        self._broken.add(key)
        name = getattr(observer, "__qualname__", type(observer).__qualname__)
        kind = type(error).__name__
        logger.warning("The observer %s raised %s; told once only.", name, kind)
