"""The table has a row for each release, and its columns stand below each other."""

from __future__ import annotations

from tests.versions.facts import Column
from tests.versions.table import lines


def test_cells_find_their_places() -> None:
    seen = [
        ("17.2", Column.CONTEXT.value, "direct"),
        ("19.5", Column.COMPLETION.value, "indirect, barred"),
    ]
    _, _, head, rule, first, second = lines(seen)
    at = head.index(Column.CONTEXT.value)
    assert head.startswith("GitLab | completion")
    assert set(rule) == {"-", "+"}
    assert first.startswith("17.2 ")
    assert first[at:].startswith("direct ")
    assert second.startswith("19.5   | indirect, barred |")
