"""Git's configuration files, read as git reads them: pure, and of untrusted text.

A file may hold anything, so what cannot be understood is passed over, where git would
end; each character is looked at once. See git-config(1), "Syntax".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitlab_completions._records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("Entry", "entries")

_SPACE = re.compile(r"\s+")
_HEADER = re.compile(
    r'\[[ \t]*([A-Za-z0-9.-]+)(?:[ \t]+"((?:[^"\\\n]|\\.)*)")?[ \t]*\]'
)
_KEY = re.compile(r"([A-Za-z][A-Za-z0-9-]*)[ \t]*(=)?[ \t]*")
_PIECE = re.compile(r'(\\\r?\n)|\\(.)|(["#;\n])|([^"\\#;\n]+|\\)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b", '"': '"', "\\": "\\"}


class Entry(Record):
    """One variable.

    Args:
        section: In lower case.
        subsection: As it is written; empty for none.
        name: In lower case.
        value: "true" for a variable without one.
    """

    section: str
    subsection: str
    name: str
    value: str

    def __repr__(self) -> str:  # a remote's URL may hold a token
        return f"Entry(section={self.section!r}, name={self.name!r})"


def entries(text: str) -> Iterator[Entry]:
    """Give the variables of a configuration file, in their order."""
    section = subsection = ""
    at, end = len(text) - len(text.removeprefix("\ufeff")), len(text)
    while at < end:
        space = _SPACE.match(text, at)
        if space is not None:
            at = space.end()
            continue
        header, key = _HEADER.match(text, at), _KEY.match(text, at)
        if header is not None:
            section, subsection = _names(header[1], header[2])
            at = header.end()
        elif key is not None:
            value, at = _value(text, key.end()) if key[2] else ("true", key.end())
            if section:
                name = key[1].lower()
                yield Entry(
                    section=section, subsection=subsection, name=name, value=value
                )
        else:  # a comment, or what git would not take
            at = _end_of_line(text, at)


def _names(section: str, quoted: str | None) -> tuple[str, str]:
    """Return a header's section and subsection; `[a.b]` is the older way to write."""
    if quoted is not None:
        return section.lower(), _ESCAPED.sub(r"\1", quoted)
    section, _, subsection = section.lower().partition(".")
    return section, subsection


def _value(text: str, at: int) -> tuple[str, int]:
    """Return the value that begins there, and where what comes after it begins."""
    value, solid, quoted = "", 0, False  # blanks at its end go, unless quoted
    while (piece := _PIECE.match(text, at)) is not None:
        at = piece.end()
        _, escaped, mark, plain = piece.groups()
        if mark == "\n":
            break
        if mark == '"':
            quoted = not quoted
        elif mark and not quoted:  # a comment
            at = _end_of_line(text, at)
            break
        elif escaped:
            value += _ESCAPES.get(escaped, "")
        else:
            value += mark or plain or ""
        if escaped or quoted:
            solid = len(value)
    return value[:solid] + value[solid:].rstrip(), at


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end
