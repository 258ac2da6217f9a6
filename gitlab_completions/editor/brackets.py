"""Brackets and quotes of a line of code, as far as they can be told in any language.

A quote opens a string only where the same line closes it: so an apostrophe in a comment
or a lifetime in Rust hides no bracket. A backslash takes the next character with it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = (
    "CLOSERS",
    "PAIRS",
    "QUOTES",
    "follow",
    "lone_quotes",
    "marks",
    "unclosed",
    "unopened",
)

PAIRS = {"(": ")", "[": "]", "{": "}"}
CLOSERS = frozenset(PAIRS.values())
QUOTES = frozenset("\"'`")
_TOKEN = re.compile(
    r"""\\.|"(?:\\.|[^"\\\r\n])*+"|'(?:\\.|[^'\\\r\n])*+'|`(?:\\.|[^`\\\r\n])*+`"""
    r"""|["'`()\[\]{}]"""
)
"""What is passed over as one, then the marks that count. Possessive, so that the time
grows with the text only, whatever a server sends."""


def marks(text: str) -> Iterator[tuple[int, str]]:
    """Yield brackets outside of strings, and quotes that open none, with their places.

    Args:
        text: Lines, the first one from its beginning.
    """
    for token in _TOKEN.finditer(text):
        if token.end() - token.start() == 1:
            yield token.start(), token.group()


def lone_quotes(text: str) -> list[str]:
    """Return the quotes that open no string on their line, in order."""
    return [mark for _, mark in marks(text) if mark in QUOTES]


def follow(waiting: list[str], text: str) -> list[str]:
    """Take a text in, and return the closing brackets that it had no opening one for.

    Args:
        waiting: The closing brackets that open ones wait for, the next one last; it is
            changed to what they are behind the text.
        text: What comes next.
    """
    unopened: list[str] = []
    for _, mark in marks(text):
        if mark in PAIRS:
            waiting.append(PAIRS[mark])
        elif waiting and waiting[-1] == mark:
            waiting.pop()
        elif mark in CLOSERS:
            unopened.append(mark)
    return unopened


def unopened(text: str) -> list[str]:
    """Return the closing brackets whose opening ones are not in the text, in order."""
    return follow([], text)


def unclosed(text: str) -> list[str]:
    """Return the closing brackets and quotes that the text's open ones wait for.

    The next one to come is the last.
    """
    waiting: list[str] = []
    for _, mark in marks(text):
        if mark not in CLOSERS:
            waiting.append(PAIRS.get(mark, mark))
            continue
        brackets = [place for place, each in enumerate(waiting) if each in CLOSERS]
        if brackets and waiting[brackets[-1]] == mark:
            del waiting[brackets[-1] :]
    return waiting
