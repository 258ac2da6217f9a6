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

# Blanks; then a header, or a name with a value that is plain to the end of its line,
# or with one that is not, or without any; or nothing.
_STATEMENT = re.compile(
    r"""\s*+(?:
        \[[ \t]*([A-Za-z0-9.-]+)(?:[ \t]+"((?:[^"\\\n]|\\.)*)")?[ \t]*\]
        |([A-Za-z][A-Za-z0-9-]*+)[ \t]*+
         (?:=[ \t]*+(?:([^"\\\#;\r\n]*+)(?=\r?\n)|()))?
        |\Z
    )""",
    re.VERBOSE,
)
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
        found = _STATEMENT.match(text, at)
        if found is None:  # a comment, or what git would not take
            at = _end_of_line(text, at) + 1
            continue
        header, quoted, name, plain, given = found.groups()
        at = found.end()
        if header is not None:
            section, subsection = _names(header, quoted)
        elif name is not None:
            value = "true" if plain is None else plain.rstrip()
            if given is not None:
                value, at = _value(text, at)
            if section:
                yield Entry(
                    section=section,
                    subsection=subsection,
                    name=name.lower(),
                    value=value,
                )


def _names(section: str, quoted: str | None) -> tuple[str, str]:
    """Return a header's section and subsection; `[a.b]` is the older way to write."""
    if quoted is not None:
        return section.lower(), _ESCAPED.sub(r"\1", quoted)
    section, _, subsection = section.lower().partition(".")
    return section, subsection


def _value(text: str, at: int) -> tuple[str, int]:
    """Return the value that begins there, and where what comes after it begins."""
    value: list[str] = []
    solid, quoted = 0, False  # blanks at its end go, unless quoted
    while (piece := _PIECE.match(text, at)) is not None:
        at = piece.end()
        joined, escaped, mark, plain = piece.groups()
        if mark == "\n":
            break
        said = ""
        if mark == '"':
            quoted = not quoted
        elif mark and not quoted:  # a comment
            at = _end_of_line(text, at)
            break
        elif escaped:
            said = _ESCAPES.get(escaped, "")
        elif quoted or value:
            said = mark or plain or ""
        else:  # nor do blanks at its beginning count
            said = (plain or "").lstrip()
        if said:
            value.append(said)
        if joined or escaped or quoted:
            solid = len(value)
    return "".join(value[:solid]) + "".join(value[solid:]).rstrip(), at


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end
