"""Tells names from other text: only what looks like a name is told to observers.

A model's name, and a language's, is whatever a server or a user says: it may be a
sentence, somebody's source, or the token that a server was sent.
"""

from __future__ import annotations

import re

__all__ = ("plain_name",)

MODEL_CHARS = 64  # as GitLab's schema `code_suggestions_context` bounds it
_NAME = re.compile(
    r"(?!gl[a-z]{2,}-)(?!.*[A-Za-z0-9]{20})[A-Za-z0-9][\w.+#@/:-]*", re.ASCII
)
"""GitLab's tokens begin like `glpat-`, and older ones are 20 letters and digits or
more; a gateway's is too long."""


def plain_name(text: str | None, most: int = MODEL_CHARS) -> str | None:
    """Return what looks like a name; anything else may be somebody's text."""
    if text is None or len(text) > most or _NAME.fullmatch(text) is None:
        return None
    return text
