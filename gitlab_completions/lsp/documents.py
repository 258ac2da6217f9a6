r"""The documents that are open in the client, kept in step with every edit.

Lines end as the protocol says: `\n`, `\r\n`, `\r`, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitlab_completions.editor.positions import offset_of
from gitlab_completions.lsp.reading import at, items, mapping, position, text

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
        is_in_step: Whether it is the client's; not after an edit that cannot be read.
    """

    uri: str = field(repr=False)
    language: str
    text: str = field(repr=False)
    is_in_step: bool = True


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
            RefusedError: When one of them is none; then the document is known no more
                until it is sent as a whole.
        """
        document = self._open.get(_uri(params))
        if document is None:
            return None
        was_in_step, document.is_in_step = document.is_in_step, False
        for change in items(mapping(params).get("contentChanges"), "contentChanges"):
            document.text = self._changed(document.text, change)
            was_in_step = was_in_step or at(change).get("range") is None
        document.is_in_step = was_in_step
        return document

    def close(self, params: object) -> str | None:
        """Forget a document that was closed; return its URI, `None` if not open."""
        document = self._open.pop(_uri(params), None)
        return None if document is None else document.uri

    def named(self, params: object) -> OpenDocument | None:
        """Return the document that a message names, `None` when it is not known.

        Raises:
            RefusedError: When it names none.
        """
        document = self._open.get(_uri(params))
        return document if document is not None and document.is_in_step else None

    def text_of(self, uri: str) -> str | None:
        """Return an open document's text, `None` when it is not known."""
        document = self._open.get(uri)
        return None if document is None or not document.is_in_step else document.text

    def _changed(self, before: str, change: object) -> str:
        given = mapping(change, "a change")
        new = text(given.get("text"), "a change's text")
        if given.get("range") is None:
            return new
        reach = mapping(given["range"], "range")
        start = offset_of(before, position(reach.get("start"), "start"), self.encoding)
        end = offset_of(before, position(reach.get("end"), "end"), self.encoding)
        return before[:start] + new + before[max(start, end) :]


def _uri(params: object) -> str:
    named = mapping(mapping(params).get("textDocument"), "textDocument")
    return text(named.get("uri"), "uri")
