"""Where no suggestion is wanted, each place with its reason.

What keeps source at home (off, a language, an excluded file) holds always; what only
guesses at the author's wish gives way when the author asks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitlab_completions.editor.models import Silence, Trigger
from gitlab_completions.editor.parts import is_word
from gitlab_completions.editor.positions import line_end

if TYPE_CHECKING:
    from gitlab_completions.editor.models import Document
    from gitlab_completions.editor.policy import EditorPolicy

__all__ = ("unwanted",)

_MAY_FOLLOW = re.compile(r"\s*+[)}\]\"'`]*+\s*+[:{;,]?+\s*+")
"""What may follow on the line, as the reference client has it: closing brackets and
quotes, then one separator."""


def unwanted(
    document: Document,
    at: int,
    policy: EditorPolicy,
    trigger: Trigger,
    *,
    excluded: bool = False,
) -> Silence | None:
    """Return why no suggestion is wanted at the cursor; `None` when one is.

    Args:
        document: What is edited.
        at: The cursor's offset in code points.
        policy: What is switched on.
        trigger: Whether the author has asked, or typed.
        excluded: Nothing of the document may be sent.
    """
    forbidden = _forbidden(document, policy, excluded=excluded)
    if forbidden is not None or trigger is Trigger.EXPLICIT:
        return forbidden
    if not policy.automatic:
        return Silence.ON_REQUEST_ONLY
    text = document.text
    if len(text) < policy.least_content:
        return Silence.TOO_SHORT
    if is_word(text[at - 1 : at]) and is_word(text[at : at + 1]):
        return Silence.MID_WORD
    if _MAY_FOLLOW.fullmatch(text, at, line_end(text, at)) is None:
        return Silence.TEXT_AFTER_CURSOR
    return None


def _forbidden(
    document: Document, policy: EditorPolicy, *, excluded: bool
) -> Silence | None:
    if not policy.enabled:
        return Silence.SWITCHED_OFF
    language = (document.language or "").casefold()
    if any(language == each.casefold() for each in policy.languages_off):
        return Silence.LANGUAGE_OFF
    return Silence.FILE_EXCLUDED if excluded else None
