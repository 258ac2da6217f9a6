"""Suggestions as the protocol's items, for inline completion and for menus.

A client without inline completion shows them in its completion menu. Menus filter by
the word before the cursor, so an item there replaces that word by itself with what is
suggested after it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lsprotocol import types

from gitlab_completions.editor.positions import position_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitlab_completions.editor import PositionEncoding, Suggestion

__all__ = ("ACCEPT", "inline_items", "menu_items")

ACCEPT = "gitlab-completions.accept"
"""The command that a client runs after it has inserted an item."""
_WORD = re.compile(r"\w*\Z")
_LONGEST_LABEL = 60
"""Characters of a menu's line; more are cut off by most menus too."""
_LONGEST_WORD = 200
"""Characters before the cursor that are looked at for a word: no word is longer."""


def inline_items(
    suggestions: Iterable[Suggestion], replaced: types.Range, kept: str = ""
) -> types.InlineCompletionList:
    """Return suggestions to show in the text, the best first.

    Args:
        suggestions: What to offer.
        replaced: What of the document an item replaces: nothing, at the cursor, or
            what the item that is selected in a menu replaces.
        kept: What stands at the beginning of each: that item's text.
    """
    return types.InlineCompletionList(
        items=[
            types.InlineCompletionItem(
                insert_text=kept + one.text, range=replaced, command=_accept(one)
            )
            for one in suggestions
        ]
    )


def menu_items(
    suggestions: Iterable[Suggestion],
    text: str,
    offset: int,
    encoding: PositionEncoding,
) -> types.CompletionList:
    """Return suggestions for a menu, which the client asks for anew as one types.

    Args:
        suggestions: What to offer.
        text: The document.
        offset: The cursor, in code points.
        encoding: What positions count.
    """
    found = _WORD.search(text[max(0, offset - _LONGEST_WORD) : offset])
    word = found.group() if found is not None else ""
    replaced = types.Range(
        start=_place(text, offset - len(word), encoding),
        end=_place(text, offset, encoding),
    )
    items = [
        _menu_item(one, place, word, replaced) for place, one in enumerate(suggestions)
    ]
    return types.CompletionList(is_incomplete=True, items=items)


def _place(text: str, offset: int, encoding: PositionEncoding) -> types.Position:
    place = position_of(text, offset, encoding)
    return types.Position(line=place.line, character=place.character)


def _menu_item(
    one: Suggestion, place: int, word: str, replaced: types.Range
) -> types.CompletionItem:
    text = word + one.text
    return types.CompletionItem(
        label=_label(text),
        label_details=types.CompletionItemLabelDetails(description="GitLab Duo"),
        kind=types.CompletionItemKind.Text,
        detail="GitLab Duo",
        documentation=text,
        preselect=place == 0,
        sort_text=f"{place:04}",
        filter_text=text.splitlines()[0] or None,
        insert_text_format=types.InsertTextFormat.PlainText,
        insert_text_mode=types.InsertTextMode.AsIs,
        text_edit=types.TextEdit(range=replaced, new_text=text),
        command=_accept(one),
    )


def _label(text: str) -> str:
    """Return a menu's line: the first line that says something."""
    lines = text.strip().splitlines()
    first = lines[0] if lines else text
    is_cut = len(lines) > 1 or len(first) > _LONGEST_LABEL
    return first[:_LONGEST_LABEL] + "…" * is_cut


def _accept(one: Suggestion) -> types.Command:
    return types.Command(
        title="Accept GitLab Duo's suggestion", command=ACCEPT, arguments=[one.id]
    )
