"""The table as text: a row for each release, a column for each thing asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.versions.facts import Column

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LEGEND = """\
What the caller gets: text by a route and the reason for it, or the code of an error."""


def lines(seen: Iterable[tuple[str, str, str]]) -> list[str]:
    """Return the lines of a table of (profile, column, what was seen)."""
    rows: dict[str, dict[str, str]] = {}
    for profile, column, outcome in seen:
        rows.setdefault(profile, {})[column] = outcome
    columns = [column.value for column in Column]
    table = [["GitLab", *columns], *(_row(name, rows[name], columns) for name in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    head, *body = (_line(row, widths) for row in table)
    return [_LEGEND, "", head, "-+-".join("-" * width for width in widths), *body]


def _row(name: str, cells: Mapping[str, str], columns: list[str]) -> list[str]:
    return [name, *(cells.get(column, "") for column in columns)]


def _line(row: list[str], widths: list[int]) -> str:
    cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
    return " | ".join(cells).rstrip()
