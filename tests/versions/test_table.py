"""The table has a row for each release, and its columns stand below each other."""

from __future__ import annotations

from tests.versions.facts import Column
from tests.versions.table import WIDTH, lines

SEEN = [
    ("17.2", Column.CONTEXT.value, "direct"),
    ("19.5", Column.COMPLETION.value, "indirect, barred"),
]


def test_cells_find_their_places() -> None:
    _, _, head, rule, first, second, *_ = lines(SEEN)
    at = head.index(Column.CONTEXT.value)
    assert head.startswith("GitLab | completion")
    assert set(rule) == {"-", "+"}
    assert first.startswith("17.2 ")
    assert first[at:].startswith("direct")
    assert second.startswith("19.5   | indirect, barred |")


def test_columns_that_do_not_fit_stand_in_another_band() -> None:
    seen = [*SEEN, *(("19.5", column.value, "x" * 30) for column in Column)]
    shown = lines(seen)
    heads = [line for line in shown if line.startswith("GitLab")]
    assert len(heads) > 2
    assert all(len(line) <= WIDTH for line in shown)
    named = [name.strip() for head in heads for name in head.split("|")[1:]]
    assert named == [column.value for column in Column]
