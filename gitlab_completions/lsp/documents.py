r"""The documents that are open in the client, kept in step with every edit.

Lines end as the protocol says: `\n`, `\r\n`, `\r`, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitlab_completions.editor.positions import offset_of
from gitlab_completions.lsp.reading import items, mapping, position, text

if TYPE_CHECKING:
    from gitlab_completions.editor import PositionEncoding

__all__ = ("Documents", "OpenDocument")


@dataclass(slots=True, kw_only=True)
class OpenDocument:
    """A document as the client has it.

    Args:
        uri: Its name.
        language: The client's identifier of its language.
        text: All of it.
    """

    uri: str = field(repr=False)
    language: str
    text: str = field(repr=False)


class Documents:
    """The open documents, by URI; told in the protocol's words.

    Args:
        encoding: What the client's positions count.
    """

    def __init__(self, encoding: PositionEncoding = "utf-16") -> None:
        self.encoding: PositionEncoding = encoding
        self._open: dict[str, OpenDocument] = {}

    def open(self, params: object) -> OpenDocument:
        """Take in a document that was opened.

        Raises:
            RefusedError: When it is none.
        """
        item = mapping(mapping(params).get("textDocument"), "textDocument")
        opened = OpenDocument(
            uri=text(item.get("uri"), "uri"),
            language=text(item.get("languageId"), "languageId"),
            text=text(item.get("text"), "text"),
        )
        self._open[opened.uri] = opened
        return opened

    def change(self, params: object) -> OpenDocument | None:
        """Follow edits, one after the other; `None` when the document is not open.

        Raises:
            RefusedError: When one of them is none; then none is followed.
        """
        document = self.named(params)
        if document is None:
            return None
        changed = document.text
        for change in items(mapping(params).get("contentChanges"), "contentChanges"):
            changed = self._changed(changed, change)
        document.text = changed
        return document

    def close(self, params: object) -> str | None:
        """Forget a document that was closed; return its URI, `None` if not open."""
        document = self.named(params)
        if document is None:
            return None
        del self._open[document.uri]
        return document.uri

    def named(self, params: object) -> OpenDocument | None:
        """Return the document that a message names, `None` when it is not open.

        Raises:
            RefusedError: When it names none.
        """
        named = mapping(mapping(params).get("textDocument"), "textDocument")
        return self._open.get(text(named.get("uri"), "uri"))

    def text_of(self, uri: str) -> str | None:
        """Return an open document's text, `None` when it is not open."""
        document = self._open.get(uri)
        return None if document is None else document.text

    def _changed(self, before: str, change: object) -> str:
        given = mapping(change, "a change")
        new = text(given.get("text"), "a change's text")
        if given.get("range") is None:
            return new
        reach = mapping(given["range"], "range")
        start = offset_of(before, position(reach.get("start"), "start"), self.encoding)
        end = offset_of(before, position(reach.get("end"), "end"), self.encoding)
        return before[:start] + new + before[max(start, end) :]
