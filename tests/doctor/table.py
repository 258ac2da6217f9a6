"""The table as text: a row for each GitLab and each set-up, a mark for each check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gitlab_completions.diagnosis import CHECKS, Grade

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gitlab_completions.diagnosis import Diagnosis

MARKS: Final[Mapping[Grade, str]] = {
    Grade.OK: ".",
    Grade.WARNING: "w",
    Grade.PROBLEM: "P",
    Grade.SKIPPED: " ",
}
WIDTH: Final = 120
"""Characters of a line, which most terminals show without a break."""
Row = tuple[str, str, int, str]
"""A name, the marks of all checks, how many requests it took, and the first line."""


def row_of(name: str, diagnosis: Diagnosis) -> Row:
    """Return a diagnosis as a row."""
    marks = "".join(MARKS[check.grade] for check in diagnosis.checks)
    cause = diagnosis.cause
    line = "" if cause is None else f"{cause.name}: {cause.finding}"
    return name, marks, diagnosis.requests, line


def lines(rows: Iterable[Row]) -> list[str]:
    """Return the lines of the table, with the names of the checks standing on end."""
    rows = list(rows)
    width = max(len(name) for name, *_ in rows)
    legend = ", ".join(f"{mark!r} {grade}" for grade, mark in MARKS.items())
    depth = max(map(len, CHECKS))
    heads = [
        " " * (width + 2) + " ".join(name.rjust(depth)[level] for name in CHECKS)
        for level in range(depth)
    ]
    body = [
        f"{name:<{width}}  {' '.join(marks)}  {requests:>2}  {line}"[:WIDTH].rstrip()
        for name, marks, requests, line in rows
    ]
    return [f"{legend}; requests; what it names first", *heads, *body]
