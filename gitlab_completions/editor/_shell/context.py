"""Gathers what the author's other files say, while the debounce runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, TypeAlias

from gitlab_completions.editor._shell.bulletin import complain
from gitlab_completions.models import ContextItem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from gitlab_completions.editor.models import Document

    Items: TypeAlias = Sequence[ContextItem]
    ContextSource: TypeAlias = Callable[[Document], Items | Awaitable[Items]]

MOST_S = 0.25
"""Seconds that gathering may take: as long as the longest debounce, beside which it
runs. A request goes out without what comes later."""


class Gatherer:
    """Asks one source; what it does wrong costs the context, never the suggestion.

    Args:
        source: The user's; `None` for no context.
    """

    def __init__(self, source: ContextSource | None) -> None:
        self._source = source
        self._has_failed = False

    def start(self, document: Document) -> asyncio.Task[tuple[ContextItem, ...]] | None:
        """Begin to gather; returns what will have it."""
        if self._source is None:
            return None
        return asyncio.create_task(self._gather(self._source, document))

    async def _gather(
        self, source: ContextSource, document: Document
    ) -> tuple[ContextItem, ...]:
        try:
            items = source(document)
            if isinstance(items, Awaitable):
                async with asyncio.timeout(MOST_S):
                    items = await items
            return tuple(_checked(items))
        except TimeoutError:
            return ()
        except (Exception, asyncio.CancelledError) as error:
            if _is_cancelled():
                raise
            if not self._has_failed:
                self._has_failed = True
                complain("The context source of an editor session", error)
            return ()


def _is_cancelled() -> bool:
    """Tell whether nobody wants the context any more; a source may cancel itself."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _checked(items: Iterable[object]) -> Iterator[ContextItem]:
    """Give the items; what is none would fail the request much later.

    Raises:
        TypeError: When one is no item.
    """
    for one in items:
        if not isinstance(one, ContextItem):
            raise TypeError("a context source gives ContextItem")
        yield one
