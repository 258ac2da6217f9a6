r"""The documents that are open in the client, kept in step with every edit.

Lines end as the protocol says: `\n`, `\r\n`, `\r`. pygls's own copy is not used: it
also ends lines at form feeds and at Unicode's separators, where editors do not, and
every edit below one would land in the wrong place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lsprotocol import types

from gitlab_completions.editor import Position
from gitlab_completions.editor.positions import offset_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitlab_completions.editor import PositionEncoding

__all__ = ("Change", "Documents", "OpenDocument")

Change = (
    types.TextDocumentContentChangePartial
    | types.TextDocumentContentChangeWholeDocument
)


@dataclass(slots=True, kw_only=True)
class OpenDocument:
    """A document as the client has it.

    Args:
        uri: Its name.
        language: The client's identifier of its language.
        text: All of it.
        version: Counts its edits.
    """

    uri: str = field(repr=False)
    language: str
    text: str = field(repr=False)
    version: int


class Documents:
    """The open documents, by URI.

    Args:
        encoding: What the client's positions count.
    """

    def __init__(self, encoding: PositionEncoding = "utf-16") -> None:
        self.encoding: PositionEncoding = encoding
        self._open: dict[str, OpenDocument] = {}

    def open(self, item: types.TextDocumentItem) -> OpenDocument:
        """Take in a document that was opened."""
        opened = OpenDocument(
            uri=item.uri,
            language=item.language_id,
            text=item.text,
            version=item.version,
        )
        self._open[item.uri] = opened
        return opened

    def change(
        self, uri: str, version: int, changes: Iterable[Change]
    ) -> OpenDocument | None:
        """Follow edits, one after the other; `None` when there is no such document."""
        document = self._open.get(uri)
        if document is None:
            return None
        for change in changes:
            document.text = self._changed(document.text, change)
        document.version = version
        return document

    def close(self, uri: str) -> None:
        """Forget a document that was closed."""
        self._open.pop(uri, None)

    def get(self, uri: str) -> OpenDocument | None:
        """Return the document, `None` when it is not open."""
        return self._open.get(uri)

    def text_of(self, uri: str) -> str | None:
        """Return an open document's text, `None` when it is not open."""
        document = self._open.get(uri)
        return None if document is None else document.text

    def _changed(self, text: str, change: Change) -> str:
        if isinstance(change, types.TextDocumentContentChangeWholeDocument):
            return change.text
        start = self._offset(text, change.range.start)
        end = self._offset(text, change.range.end)
        return text[:start] + change.text + text[max(start, end) :]

    def _offset(self, text: str, position: types.Position) -> int:
        place = Position(line=position.line, character=position.character)
        return offset_of(text, place, self.encoding)
