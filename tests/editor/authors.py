"""Who types in a document, key by key, for the tests of sessions."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gitlab_completions.editor import Document, Trigger

if TYPE_CHECKING:
    from gitlab_completions.editor import EditorSession, Suggestions

URI = "file:///project/code.py"


def document(
    text: str,
    uri: str = URI,
    *,
    language: str | None = "python",
    project_path: str | None = None,
    file_name: str | None = None,
) -> Document:
    return Document(
        uri=uri,
        text=text,
        language=language,
        project_path=project_path,
        file_name=file_name,
    )


class Author:
    """One author in one document.

    Args:
        session: Who suggests.
        marked: What is there; the cursor is a `|`, or at the end.
        uri: The document.
    """

    def __init__(self, session: EditorSession, marked: str, uri: str = URI) -> None:
        self.session = session
        self.uri = uri
        self.above, _, self.below = marked.partition("|")

    async def asks(self, trigger: Trigger = Trigger.TYPING) -> Suggestions:
        shown = document(self.above + self.below, self.uri)
        return await self.session.suggest(shown, len(self.above), trigger)

    def types(self, text: str) -> asyncio.Task[Suggestions]:
        """Type, and ask without waiting for it."""
        self.above += text
        return asyncio.create_task(self.asks())

    async def writes(self, text: str, gap_s: float = 0.1) -> list[Suggestions]:
        """Type key by key, asking at each; returns what came of all."""
        tasks: list[asyncio.Task[Suggestions]] = []
        for character in text:
            tasks.append(self.types(character))
            await asyncio.sleep(gap_s)
        return list(await asyncio.gather(*tasks))

    def deletes(self, count: int) -> None:
        self.above = self.above[:-count]


def texts(found: Suggestions) -> list[str]:
    return [item.text for item in found.items]
