"""What of a request may be sent: cut to what both servers take, next to the cursor.

The gateway of GitLab 17.2 to 19.5 answers 422 to anything over its limits, and counts
code points. The instance's limits are wider or the same. How large a whole body may be
is for `budgeting`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitlab_completions._records import Record
from gitlab_completions._wire.characters import (
    keep_end,
    keep_start,
    whole_characters,
)
from gitlab_completions._wire.cuts import (
    character_after,
    first_characters,
    last_characters,
)
from gitlab_completions._wire.languages import infer_language
from gitlab_completions.models import ContextItem

if TYPE_CHECKING:
    from gitlab_completions.models import CompletionRequest

__all__ = ("Fitted", "fit", "restore_line_ends", "uses_crlf")

MAX_CONTENT = 100_000
"""Characters above the cursor, and below it. The instance cuts to the same."""
MAX_NAME = 255
"""Characters of a file name and a language, and on the instance of an item's name."""
MAX_ITEMS = 100
"""Context items; the gateway refuses more."""
MAX_CONTEXT = 500_000
"""Characters of an item, by the gateway, and of all items, by the instance."""

SHRINK = 2  # CRLF and a surrogate pair are two code points that become one
_CARRIAGE_RETURNS = re.compile(r"(?<!\r)\r+\n")


class Fitted(Record):
    """What of a request is sent.

    Args:
        file_name: At most 255 characters; what was too long lost its beginning.
        above: The end of the text above the cursor, from a line's start on if it was
            cut and one was near.
        below: The beginning of the text below the cursor, likewise to a line's end.
        language: The request's, or what the file name tells.
        project_path: The request's, unless blank.
        context: The first items, as many as the servers take.
        crlf: The file ends its lines with CRLF, which `above` and `below` do not:
            models answer in LF.
    """

    file_name: str
    above: str
    below: str
    language: str | None
    project_path: str | None
    context: tuple[ContextItem, ...]
    crlf: bool

    def __repr__(self) -> str:
        sizes = f"above=<{len(self.above)}>, below=<{len(self.below)}>"
        return f"Fitted({sizes}, context=<{len(self.context)}>)"


def fit(
    request: CompletionRequest,
    *,
    most_items: int = MAX_ITEMS,
    most_content: int = MAX_CONTEXT,
) -> Fitted:
    """Return what of the request is sent, within every limit of both servers.

    Args:
        request: What the caller wants.
        most_items: Context items that the endpoint takes.
        most_content: Characters of an item that the endpoint takes.
    """
    above, below, crlf = _fit_contents(request)
    return Fitted(
        file_name=_fit_name(request.file_name),
        above=above,
        below=below,
        language=_fit_language(request),
        project_path=whole_characters(request.project_path or "").strip() or None,
        context=tuple(_fit_context(request.context, most_items, most_content)),
        crlf=crlf,
    )


def restore_line_ends(text: str, *, crlf: bool) -> str:
    """Return a suggestion with the line ends of the file it goes into."""
    if not crlf or "\n" not in text:
        return text
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def _fit_contents(request: CompletionRequest) -> tuple[str, str, bool]:
    above, below = _around_cursor(request)
    crlf = _mostly_crlf(keep_end(above, MAX_CONTENT), keep_start(below, MAX_CONTENT))
    if crlf:
        above, below = _to_lf(above), _to_lf(below)
    above, below = (
        last_characters(above, MAX_CONTENT),
        first_characters(below, MAX_CONTENT),
    )
    return above, below, crlf


def _around_cursor(request: CompletionRequest) -> tuple[str, str]:
    """Return at least what is sent; a file may hold megabytes, so this cuts first."""
    most = SHRINK * MAX_CONTENT
    return (
        whole_characters(keep_end(request.content_above_cursor, most)),
        whole_characters(keep_start(request.content_below_cursor, most)),
    )


def uses_crlf(request: CompletionRequest) -> bool:
    """Tell whether the file ends its lines with CRLF near the cursor, as `fit` does."""
    above, below = _around_cursor(request)
    return _mostly_crlf(keep_end(above, MAX_CONTENT), keep_start(below, MAX_CONTENT))


def _mostly_crlf(*texts: str) -> bool:
    """Tell whether most of the lines end with CRLF."""
    if not any("\r" in text for text in texts):
        return False  # as in most files; counting takes a hundred times as long
    pairs = sum(text.count("\r\n") for text in texts)
    return pairs * 2 > sum(text.count("\n") for text in texts)


def _to_lf(text: str) -> str:
    text = text.replace("\r\n", "\n")
    # What is left had two CRs: a file whose line ends were converted twice.
    return _CARRIAGE_RETURNS.sub("\n", text) if "\r\n" in text else text


def _fit_name(name: str) -> str:
    """Cut a path from the left, so that the name and its extension stay."""
    name = whole_characters(name).strip()
    return name[character_after(name, len(name) - MAX_NAME) :].strip()


def _fit_language(request: CompletionRequest) -> str | None:
    language = whole_characters(request.language or "").strip()
    if not language:
        return infer_language(request.file_name)
    return language if len(language) <= MAX_NAME else None


def _fit_context(
    items: tuple[ContextItem, ...], most_items: int, most_content: int
) -> list[ContextItem]:
    """Return the first items; the one that crosses the limit of all is the last."""
    fitted: list[ContextItem] = []
    left = MAX_CONTEXT
    for item in items:
        if left <= 0 or len(fitted) == most_items:
            break
        name = _fit_name(item.name)
        most = min(most_content, left)
        # Two code points may be the halves of one character.
        whole = whole_characters(keep_start(item.content, SHRINK * most))
        content = first_characters(whole, most)
        if not name or not content.strip():
            continue  # GitLab answers 400 to blank ones
        fitted.append(ContextItem(name=name, content=content, type=item.type))
        if most == left and len(content) < len(whole):
            break
        left -= len(content)
    return fitted
