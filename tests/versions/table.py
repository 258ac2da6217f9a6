"""The table as text: a row for each release, a column for each thing asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.versions.facts import Column

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

WIDTH = 120
"""Characters of a line, which most terminals show without a break."""
_LEGEND = """\
What the caller gets: text by a route and the reason for it, or the code of an error."""


def lines(seen: Iterable[tuple[str, str, str]]) -> list[str]:
    """Return the lines of a table of (profile, column, what was seen), in bands."""
    rows: dict[str, dict[str, str]] = {}
    for profile, column, outcome in seen:
        rows.setdefault(profile, {})[column] = outcome
    names = ["GitLab", *rows]
    columns = [
        [column.value, *(cells.get(column.value, "") for cells in rows.values())]
        for column in Column
    ]
    return [_LEGEND, *(line for band in _bands(names, columns) for line in band)]


def _bands(names: list[str], columns: list[list[str]]) -> Iterator[list[str]]:
    """Give tables beneath each other, as few as a terminal's width allows."""
    band = [names]
    for column in columns:
        if len(band) > 1 and _width([*band, column]) > WIDTH:
            yield _drawn(band)
            band = [names]
        band.append(column)
    yield _drawn(band)


def _width(band: list[list[str]]) -> int:
    return sum(max(map(len, column)) for column in band) + 3 * (len(band) - 1)


def _drawn(band: list[list[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in band]
    head, *body = (_line(row, widths) for row in zip(*band, strict=True))
    return ["", head, "-+-".join("-" * width for width in widths), *body]


def _line(row: Iterable[str], widths: list[int]) -> str:
    cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
    return " | ".join(cells).rstrip()
