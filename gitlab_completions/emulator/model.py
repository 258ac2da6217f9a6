"""A language model of sorts: it goes on the way the text went on before.

`continue_line` looks for the longest earlier occurrence of the text just before the
cursor (in the file, then in the context) and repeats what followed it, to the end of
that line. Dull and deterministic, yet a real completion of real text. `post_process` is
what the gateway does to a model's words afterwards, pinned by recorded answers.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

__all__ = ("Model", "Prompt", "continue_line", "pieces_of", "post_process")

_LONGEST_NEEDLE: Final = 160
_NEXT_FUNCTION: Final = re.compile(
    r"\n[ \t]*\n(?=(?:async def|def|class|function|func|fn|export|public)\b)"
)
_PIECE: Final = re.compile(r"\s*\S+|\s+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What the model sees.

    Attributes:
        above: The file up to the cursor.
        below: The file after it.
        context: The contents of the context items.
        file_name: The file's name, without blanks around it.
        generation: Whether several lines are wanted; the built-in model gives one.
    """

    above: str = field(repr=False)
    below: str = field(default="", repr=False)
    context: tuple[str, ...] = field(default=(), repr=False)
    file_name: str = ""
    generation: bool = False


Model = Callable[[Prompt], str]
"""Answers a prompt with the raw text to insert; "" for nothing."""


def continue_line(prompt: Prompt) -> str:
    """Return what followed the longest earlier match, to the end of its line.

    The longest needle is found by bisection, since a text that occurs has all its
    endings occur too; `str.find` is linear even at its worst, unlike `str.rfind`.
    """
    sources = (prompt.above[:-1], *prompt.context, prompt.below)
    low, high = 0, min(_LONGEST_NEEDLE, len(prompt.above))
    best = ""
    while low < high:
        middle = (low + high + 1) // 2
        rest = _rest_after(prompt.above[-middle:], sources, prompt.above)
        if rest is None:
            high = middle - 1
        else:
            low, best = middle, rest
    return best if prompt.above[-low:].strip() else ""


def _rest_after(needle: str, sources: tuple[str, ...], above: str) -> str | None:
    """Return the rest of the line after `needle`, None if it occurs nowhere."""
    for number, source in enumerate(sources):
        at = source.find(needle)
        if at >= 0:
            # The file above was searched without its last character, so that the needle
            # does not find itself; what follows a match may well reach the cursor.
            text = above if number == 0 else source
            start = at + len(needle)
            end = text.find("\n", start)
            return text[start:] if end < 0 else text[start:end]
    return None


def post_process(text: str, below: str) -> str:
    """Trim trailing blanks, functions that follow, and what `below` already says."""
    text = _NEXT_FUNCTION.split(text, maxsplit=1)[0]
    text = text.rstrip("\r\n") if not below else text.rstrip()
    if not text.strip():
        return ""
    return text[: len(text) - _overlap(text, below)].rstrip("\r\n")


def _overlap(text: str, below: str) -> int:
    """Count the characters that end `text` and begin `below`."""
    for length in range(min(len(text), len(below)), 0, -1):
        if below.startswith(text[-length:]):
            return length
    return 0


def pieces_of(text: str) -> tuple[bytes, ...]:
    """Cut `text` into the deltas of a stream, a word each."""
    return tuple(piece.encode() for piece in _PIECE.findall(text))
