"""A notebook as one document around the cursor: the cells above, and those below.

Pure. Code cells become a script in the percent format, which editors and Jupytext read
and models have seen a lot of; a Markdown cell becomes a Markdown document; a cell with
a magic such as `%%bash` is a script of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from gitlab_completions.editor import Document

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("Cell", "Language", "Notebook", "Place", "place_in_file")

_COMMENTS = {
    "//": "c c++ cpp csharp dart fsharp go groovy java javascript kotlin php rust "
    "scala swift typescript",
    "--": "haskell lua sql",
    "%": "erlang matlab octave prolog",
    ";": "clojure common-lisp lisp racket scheme",
}
_COMMENT_OF = {
    name: mark for mark, names in _COMMENTS.items() for name in names.split()
}
_IDENTIFIERS = {"c++": "cpp", "bash": "shellscript", "ipython": "python"}
"""Kernels' names of languages where VS Code's identifier, GitLab's too, is another."""
_EXTENSIONS = {"bash": ".sh", "julia": ".jl", "python": ".py", "r": ".r"}
"""Of kernels that have not started yet, and so have not told theirs."""
_MAGIC = re.compile(r"%%(?:script[ \t]+)?([a-z]\w*)[^\n]*\n", re.IGNORECASE)
_MAGICS = {
    "bash": ("shellscript", ".sh"),
    "css": ("css", ".css"),
    "html": ("html", ".html"),
    "javascript": ("javascript", ".js"),
    "js": ("javascript", ".js"),
    "latex": ("latex", ".tex"),
    "markdown": ("markdown", ".md"),
    "perl": ("perl", ".pl"),
    "r": ("r", ".r"),
    "ruby": ("ruby", ".rb"),
    "sh": ("shellscript", ".sh"),
    "sql": ("sql", ".sql"),
    "svg": ("xml", ".svg"),
}
"""IPython's cell magics of other languages, and `%%R` and `%%sql`, which are common."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell of a notebook: its kind is "code", "markdown" or "raw"."""

    kind: str
    source: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """What the kernel runs, by its own words, such as "python" and ".py".

    An extension that is not known is empty: then the identifier tells.
    """

    name: str = "python"
    extension: str = ""

    @property
    def ending(self) -> str:
        """How a file of the language ends."""
        return self.extension or _EXTENSIONS.get(self.name.lower(), "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where suggestions are wanted.

    Args:
        document: What the model is told.
        offset: The cursor in it, in code points.
        marker: What begins the next cell; a suggestion ends before it.
    """

    document: Document
    offset: int
    marker: str | None = field(default=None, repr=False)

    def within_cell(self, text: str) -> str:
        """Return what of a suggestion belongs into this cell."""
        if self.marker is None:
            return text
        next_cell = rf"(?:\r?\n)+{re.escape(self.marker)}(?: |\r?\n|\Z)"
        cut = re.split(next_cell, text, maxsplit=1)
        return cut[0] if len(cut) == 1 else cut[0].rstrip()


def place_in_file(uri: str, path: str, text: str, offset: int) -> Place:
    """Return the place in a text file, whose name tells its language."""
    return Place(document=Document(uri=uri, text=text, file_name=path), offset=offset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notebook:
    """A notebook, or what is of it around the cursor.

    Args:
        uri: Names it.
        path: Where it is, such as "analysis/model.ipynb".
        cells: Its cells.
        language: What the kernel runs.
    """

    uri: str = field(repr=False)
    path: str = field(repr=False)
    cells: Sequence[Cell] = field(repr=False)
    language: Language

    def place(self, index: int, offset: int) -> Place:
        """Return the place in a cell, at an offset in code points."""
        cell = self.cells[index]
        if cell.kind != "code":
            head, tail = self._around(index, _Prose())
            document = self._document(head + cell.source + tail, "markdown", ".md")
            return Place(document=document, offset=len(head) + offset)
        magic = _other_language(cell)
        if magic is not None and offset >= len(magic[0]):
            first, *named = magic
            document = self._document(cell.source.removeprefix(first), *named)
            document = replace(document, uri=f"{self.uri}#{named[0]}")
            return Place(document=document, offset=offset - len(first))
        name = self.language.name.lower()
        name = _IDENTIFIERS.get(name, name)
        script = _Script(_COMMENT_OF.get(name, "#"))
        head, tail = self._around(index, script)
        text = head + cell.source + tail
        document = self._document(text, name, self.language.ending)
        at = len(head) + offset
        return Place(document=document, offset=at, marker=script.marker)

    def _document(self, text: str, language: str, extension: str) -> Document:
        """Return a document that is named like the notebook, but for its extension.

        The gateway tells the language by the extension, and an `.ipynb` is JSON.
        """
        path = self.path or "Untitled"
        stem = path.removesuffix(PurePosixPath(path).suffix)
        name = stem + extension
        return Document(uri=self.uri, text=text, language=language, file_name=name)

    def _around(self, index: int, form: _Script | _Prose) -> tuple[str, str]:
        """Return what goes before a cell and after it.

        The former depends on nothing in the cell and below it, so that what is above
        the cursor stays the same from key to key.
        """
        cell = self.cells[index]
        above = [each for each in self.cells[:index] if each.kind != "raw"]
        below = [each for each in self.cells[index + 1 :] if each.kind != "raw"]
        head = "".join(
            form.between(before, each) + form.written(each)
            for before, each in zip((None, *above), above, strict=False)
        )
        if above:
            head += form.between(above[-1], cell)
        tail = "".join(
            form.between(before, each) + form.written(each)
            for before, each in pairwise((cell, *below))
        )
        return head, tail


def _other_language(cell: Cell) -> tuple[str, str, str] | None:
    """Return the line of the magic that says so, the language and its extension."""
    magic = _MAGIC.match(cell.source)
    known = _MAGICS.get(magic[1].lower()) if magic else None
    return (magic[0], *known) if magic and known else None


class _Prose:
    """Writes cells as Markdown."""

    def between(self, before: Cell | None, _: Cell) -> str:
        return "\n\n" if before else ""

    def written(self, cell: Cell) -> str:
        return f"```\n{cell.source}\n```" if cell.kind == "code" else cell.source


class _Script:
    """Writes cells as a script in the percent format.

    Markdown is the comment of the code below it: in an empty cell it is what a
    generation is asked for by.
    """

    def __init__(self, comment: str) -> None:
        self._comment = comment
        self.marker = f"{comment} %%"

    def between(self, before: Cell | None, cell: Cell) -> str:
        if before and before.kind == "markdown":
            return f"\n{self._comment}\n" if cell.kind == "markdown" else "\n"
        return f"\n\n{self.marker}\n" if before else f"{self.marker}\n"

    def written(self, cell: Cell) -> str:
        """Return a cell's source: what this kernel does not run as a comment."""
        if cell.kind == "code" and _other_language(cell) is None:
            return cell.source
        lines = cell.source.rstrip().split("\n")
        return "\n".join(f"{self._comment} {line}".rstrip() for line in lines)
