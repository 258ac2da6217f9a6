"""Where words go: rich consoles that any terminal, pipe or code page can take."""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from gitlab_completions.cli.problems import visible
from gitlab_completions.models import Route

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ("console", "facts_table", "route_text", "table", "write_text")

_COLOURS = {Route.DIRECT: "green", Route.INDIRECT: "yellow"}


def console(*, err: bool = False, no_color: bool = False) -> Console:
    """Return a console that takes text as it is: no markup, no guessed colours.

    `NO_COLOR` is heeded, and in a pipe there are no colours either. What the code page
    lacks is shown as an escape: a server's words may hold any character.
    """
    stream = sys.stderr if err else sys.stdout
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return Console(
        stderr=err,
        no_color=no_color or None,
        markup=False,
        highlight=False,
        emoji=False,
    )


def table(*columns: str, right: Iterable[str] = ()) -> Table:
    """Return an empty table; the columns in `right` are numbers."""
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    numbers = set(right)
    for column in columns:
        made.add_column(column, justify="right" if column in numbers else "left")
    return made


def facts_table(facts: Iterable[tuple[str, str | Text]]) -> Table:
    """Return a table of names and values, without a head."""
    made = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    made.add_column(style="bold", no_wrap=True)
    made.add_column()
    for name, value in facts:
        made.add_row(name, value)
    return made


def route_text(route: Route | None) -> Text:
    """Return the route in its colour."""
    return Text("none", "red") if route is None else Text(route.value, _COLOURS[route])


def write_text(text: str) -> None:
    """Write a completion to stdout: exactly, or readably when that is a terminal."""
    if sys.stdout.isatty():
        shown = visible(text, keep="\n\t") + "\n"
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(shown.encode(encoding, "replace").decode(encoding))
        return
    sys.stdout.flush()
    # The file was UTF-8, so what goes into it is too, whatever the code page.
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()
