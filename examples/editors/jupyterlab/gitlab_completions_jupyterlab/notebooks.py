"""A notebook as one document around the cursor: the cells above, and those below.

Pure. Code cells become a script in the percent format, which editors and Jupytext read
and models have seen a lot of; a Markdown cell becomes a Markdown document; a cell with
a magic such as `%%bash` is a script of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from gitlab_completions.editor import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ("Cell", "Language", "Place", "place_in_file", "place_in_notebook")

_COMMENTS = {
    "//": "c c++ cpp csharp dart fsharp go groovy java javascript kotlin php rust scala "
    "swift typescript",
    "--": "haskell lua sql",
    "%": "erlang matlab octave prolog",
    ";": "clojure common-lisp lisp racket scheme",
}
_COMMENT_OF = {name: mark for mark, names in _COMMENTS.items() for name in names.split()}
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
        document = _document(uri, path, "markdown", ".md")
        return _composed(document, cells, index, offset, _as_markdown)
    magic = _MAGIC.match(cell.source)
    other = _MAGICS.get(magic[1].lower()) if magic else None
    if magic is not None and other is not None and offset >= magic.end():
        text, at = cell.source[magic.end() :], offset - magic.end()
        document = _document(f"{uri}#{other[0]}", path, *other, text=text)
        return Place(document=document, offset=at)
    name = language.name.lower()
    name = _IDENTIFIERS.get(name, name)
    comment = _COMMENT_OF.get(name, "#")
    document = _document(uri, path, name, language.extension)
    script = _Script(comment)
    return _composed(document, cells, index, offset, script, script.marker)


def _document(
    uri: str, path: str, language: str, extension: str, text: str = ""
) -> Document:
    """Return a document that is named like the notebook, but for its extension.

    The gateway tells the language by the extension, and an `.ipynb` is JSON.
    """
    named = str(PurePosixPath(path or "Untitled").with_suffix(""))
    return Document(uri=uri, text=text, language=language, file_name=named + extension)


def _composed(
    document: Document,
    cells: Sequence[Cell],
    index: int,
    offset: int,
    written: Callable[[Cell], str],
    marker: str | None = None,
) -> Place:
    """Return the place in the cells that are written as one document."""
    above = [written(each) for each in cells[:index] if each.kind != "raw"]
    below = [written(each) for each in cells[index + 1 :] if each.kind != "raw"]
    head = "\n\n".join((*above, f"{marker}\n" if marker else "")) if above else ""
    tail = "\n\n".join(("", *below)) if below else ""
    text = head + cells[index].source + tail
    made = Document(
        uri=document.uri,
        text=text,
        language=document.language,
        file_name=document.file_name,
    )
    return Place(document=made, offset=len(head) + offset, marker=marker)


def _as_markdown(cell: Cell) -> str:
    return f"```\n{cell.source}\n```" if cell.kind == "code" else cell.source


class _Script:
    """Writes cells as a script in the percent format."""

    def __init__(self, comment: str) -> None:
        self._comment = comment
        self.marker = f"{comment} %%"

    def __call__(self, cell: Cell) -> str:
        """Return the cell with its marker: what the kernel would not run, as comment."""
        magic = _MAGIC.match(cell.source)
        if cell.kind == "code" and not (magic and magic[1].lower() in _MAGICS):
            return f"{self.marker}\n{cell.source}"
        kind = " [markdown]" if cell.kind == "markdown" else ""
        lines = (f"{self._comment} {line}".rstrip() for line in cell.source.split("\n"))
        return "\n".join((self.marker + kind, *lines))
