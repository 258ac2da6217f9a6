"""Suggestions as the protocol's items, for inline completion and for menus.

A client without inline completion shows them in its completion menu. Menus filter by
the word before the cursor, so an item there replaces that word by itself with what is
suggested after it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitlab_completions.editor.positions import position_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gitlab_completions.editor import PositionEncoding, Suggestion

__all__ = ("ACCEPT", "inline_items", "menu_items")

ACCEPT = "gitlab-completions.accept"
"""The command that a client runs after it has inserted an item."""
_WORD = re.compile(r"\w*\Z")
_LONGEST_LABEL = 60
"""Characters of a menu's line; more are cut off by most menus too."""
_LONGEST_WORD = 200
"""Characters before the cursor that are looked at for a word: no word is longer."""
_TEXT, _PLAIN, _AS_IS = 1, 1, 1
"""The protocol's numbers: of the kind of an item, for text without placeholders, and
for text whose indentation is right as it is."""


def inline_items(
    suggestions: Iterable[Suggestion], replaced: Mapping[str, object], kept: str = ""
) -> dict[str, object]:
    """Return suggestions to show in the text, the best first.

    Args:
        suggestions: What to offer.
        replaced: What of the document an item replaces: nothing, at the cursor, or
            what the item that is selected in a menu replaces.
        kept: What stands at the beginning of each: that item's text.
    """
    items = [
        {"insertText": kept + one.text, "range": replaced, "command": _accept(one)}
        for one in suggestions
    ]
    return {"items": items}


def menu_items(
    suggestions: Iterable[Suggestion],
    text: str,
    offset: int,
    encoding: PositionEncoding,
) -> dict[str, object]:
    """Return suggestions for a menu, which the client asks for anew as one types.

    Args:
        suggestions: What to offer.
        text: The document.
        offset: The cursor, in code points.
        encoding: What positions count.
    """
    found = _WORD.search(text[max(0, offset - _LONGEST_WORD) : offset])
    word = found.group() if found is not None else ""
    replaced = {
        "start": _place(text, offset - len(word), encoding),
        "end": _place(text, offset, encoding),
    }
    items = [
        _menu_item(one, place, word, replaced) for place, one in enumerate(suggestions)
    ]
    return {"isIncomplete": True, "items": items}


def _menu_item(
    one: Suggestion, place: int, word: str, replaced: Mapping[str, object]
) -> dict[str, object]:
    text = word + one.text
    label = _label(text)
    return {
        "label": label,
        "kind": _TEXT,
        "detail": "GitLab Duo",
        "documentation": text,
        "preselect": place == 0,
        "sortText": f"{place:04}",
        "filterText": text.splitlines()[0] or label,
        "insertTextFormat": _PLAIN,
        "insertTextMode": _AS_IS,
        "textEdit": {"range": replaced, "newText": text},
        "command": _accept(one),
    }


def _label(text: str) -> str:
    """Return a menu's line: the first line that says something."""
    lines = text.strip().splitlines()
    first = lines[0] if lines else text
    is_cut = len(lines) > 1 or len(first) > _LONGEST_LABEL
    return first[:_LONGEST_LABEL] + "…" * is_cut


def _place(text: str, offset: int, encoding: PositionEncoding) -> dict[str, object]:
    place = position_of(text, offset, encoding)
    return {"line": place.line, "character": place.character}


def _accept(one: Suggestion) -> dict[str, object]:
    return {
        "title": "Accept GitLab Duo's suggestion",
        "command": ACCEPT,
        "arguments": [one.id],
    }
