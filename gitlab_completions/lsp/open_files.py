"""The other open files as context: the last used first, and no more than there is room.

Names are the files' paths within their folder; what is too long of one is cut by the
library, from the left, to what GitLab takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._records import Record
from gitlab_completions.models import ContextItem

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from gitlab_completions.lsp.folders import Folders

__all__ = ("OpenFile", "OpenFiles", "context_of")

MOST_BYTES = 40_000
"""Bytes of all items: of a body's 50 000 (`RoutingPolicy.max_body_bytes`) the text near
the cursor takes its share first, and a model is given at most 30 % of its window for
context, some ten thousand tokens."""
MOST_OF_ONE = 16_000
"""Bytes of one file, so that at least three have a say. Of a longer one the beginning
is kept, where imports and definitions are."""
LEAST_BYTES = 200
"""Room below which no file is begun: a few lines, else it tells a model nothing."""


class OpenFile(Record):
    """An open file as it is at one moment.

    Args:
        uri: Names it.
        name: What a model is told of it.
        text: All of it.
    """

    uri: str
    name: str
    text: str

    def __repr__(self) -> str:
        return f"OpenFile(text=<{len(self.text)} characters>)"


class OpenFiles:
    """Which files are open, in the order of their last use.

    Their texts are not kept here: the documents that the client edits are the truth.

    Args:
        folders: The workspace's folders.
        text_of: Returns an open document's text; `None` when there is none.
    """

    def __init__(self, folders: Folders, text_of: Callable[[str], str | None]) -> None:
        self._folders = folders
        self._text_of = text_of
        self._languages: dict[str, str | None] = {}  # by URI, the last used last

    def opened(self, uri: str, language: str | None) -> None:
        """Take in a document that was opened."""
        self._languages.pop(uri, None)
        self._languages[uri] = language

    def used(self, uri: str) -> None:
        """Take note that an open document was changed, or completed in."""
        if uri in self._languages:
            self._languages[uri] = self._languages.pop(uri)

    def closed(self, uri: str) -> None:
        """Forget a document."""
        self._languages.pop(uri, None)

    def named(self, name: str) -> tuple[str, ...]:
        """Return the URIs of the open files that a model knows by a name."""
        place_of = self._folders.place_of
        every = tuple(self._languages)  # asked in threads, while others are opened
        return tuple(uri for uri in every if place_of(uri).name == name)

    def beside(
        self, uri: str, *, languages_off: Collection[str] = ()
    ) -> tuple[OpenFile, ...]:
        """Return the other open files of a document's folder, the last used first.

        A document outside of all folders has none: what is open next to it may have
        nothing to do with it, and belong to anybody. Nor have files a say in whose
        language nothing is suggested: whoever switches off `dotenv` wants none sent.
        """
        folder = self._folders.place_of(uri).folder
        if folder is None:
            return ()
        found: list[OpenFile] = []
        for other, language in reversed(self._languages.items()):
            place = self._folders.place_of(other)
            if other == uri or place.folder != folder or language in languages_off:
                continue
            text = self._text_of(other)
            if text and not text.isspace():
                found.append(OpenFile(uri=other, name=place.name, text=text))
        return tuple(found)


def context_of(files: Iterable[OpenFile]) -> tuple[ContextItem, ...]:
    """Return files as context in their order, as many as there is room for."""
    items: list[ContextItem] = []
    left = MOST_BYTES
    for file in files:
        if left < LEAST_BYTES:
            break  # before it is asked what of the others is ignored
        content = _beginning(file.text, min(left, MOST_OF_ONE))
        if content.isspace() or not content:
            continue
        items.append(
            ContextItem(
                name=file.name,
                content=content,
                type="file" if len(content) == len(file.text) else "snippet",
            )
        )
        left -= _bytes_of(content)
    return tuple(items)


def _beginning(text: str, most: int) -> str:
    """Return at most `most` bytes of a text, whole lines unless the first is longer."""
    start = text[:most]
    if len(start) == len(text) and _bytes_of(text) <= most:
        return text
    start = start.encode(errors="surrogatepass")[:most].decode(errors="ignore")
    end = max(start.rfind("\n"), start.rfind("\r")) + 1
    return start[:end] if end else start


def _bytes_of(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))
