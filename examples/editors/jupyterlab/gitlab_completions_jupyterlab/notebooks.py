"""A notebook as one document around the cursor: the cells above, and those below.

Pure. Code cells become a script in the percent format, which editors and Jupytext read
and models have seen a lot of; a Markdown cell becomes a Markdown document; a cell with
a magic such as `%%bash` is a script of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from gitlab_completions.editor import Document

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ("Cell", "Language", "Place", "place_in_file", "place_in_notebook")

_COMMENTS = {
    "//": "c c++ cpp csharp dart fsharp go groovy java javascript kotlin php rust scala "
    "swift typescript",
    "--": "haskell lua sql",
    "%": "erlang matlab octave prolog",
    ";": "clojure common-lisp lisp racket scheme",
}
_COMMENT_OF = {
    name: mark for mark, names in _COMMENTS.items() for name in names.split()
}
_IDENTIFIERS = {"c++": "cpp", "bash": "shellscript", "ipython": "python"}
"""Kernels' names of languages where VS Code's identifier, GitLab's too, is another."""
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
    """What the kernel runs, by its own words, such as "python" and ".py"."""

    name: str = "python"
    extension: str = ".py"


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


def place_in_notebook(
    uri: str,
    path: str,
    cells: Sequence[Cell],
    index: int,
    offset: int,
    language: Language,
) -> Place:
    """Return the place in a notebook.

    Args:
        uri: Names the notebook.
        path: Its path, such as "analysis/model.ipynb".
        cells: Its cells, or those around the cursor.
        index: Which of them has the cursor.
        offset: The cursor in that cell, in code points.
        language: What the kernel runs.
    """
    cell = cells[index]
    if cell.kind != "code":
        named = _Named(uri, path, "markdown", ".md")
        return _composed(named, cells, index, offset, _Prose())
    magic = _other_language(cell)
    if magic is not None and offset >= len(magic[0]):
        head, *named_so = magic
        named = _Named(f"{uri}#{named_so[0]}", path, *named_so)
        text = cell.source.removeprefix(head)
        return Place(document=named.document(text), offset=offset - len(head))
    name = language.name.lower()
    name = _IDENTIFIERS.get(name, name)
    named = _Named(uri, path, name, language.extension)
    script = _Script(_COMMENT_OF.get(name, "#"))
    return _composed(named, cells, index, offset, script, script.marker)


def _other_language(cell: Cell) -> tuple[str, str, str] | None:
    """Return the line of the magic that says so, the language and its extension."""
    magic = _MAGIC.match(cell.source)
    known = _MAGICS.get(magic[1].lower()) if magic else None
    return (magic[0], *known) if magic and known else None


class _Named(NamedTuple):
    """A document but for its text, named like the notebook but for its extension.

    The gateway tells the language by the extension, and an `.ipynb` is JSON.
    """

    uri: str
    path: str
    language: str
    extension: str

    def document(self, text: str) -> Document:
        path = self.path or "Untitled"
        stem = path.removesuffix(PurePosixPath(path).suffix)
        return Document(
            uri=self.uri,
            text=text,
            language=self.language,
            file_name=stem + self.extension,
        )


def _composed(
    named: _Named,
    cells: Sequence[Cell],
    index: int,
    offset: int,
    form: _Script | _Prose,
    marker: str | None = None,
) -> Place:
    """Return the place in the cells, all written as one document.

    What is above the cursor depends on nothing below it, so that it stays the same
    from key to key.
    """
    cell = cells[index]
    above = [each for each in cells[:index] if each.kind != "raw"]
    below = [each for each in cells[index + 1 :] if each.kind != "raw"]
    head = "".join(
        form.between(before, after) + ("" if after is cell else form.written(after))
        for before, after in pairwise((None, *above, cell))
    )
    tail = "".join(
        form.between(before, after) + form.written(after)
        for before, after in pairwise((cell, *below))
    )
    text = (head if above else "") + cell.source + tail
    at = (len(head) if above else 0) + offset
    return Place(document=named.document(text), offset=at, marker=marker)


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
