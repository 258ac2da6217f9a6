"""Prints the table when its tests are done, wherever each of them ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.versions.table import lines

if TYPE_CHECKING:
    import pytest

CELL = "cell of the versions' table"
"""The property by which a test tells what it has seen; xdist carries it home."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what all cells have shown."""
    seen: list[tuple[str, str, str]] = [
        value
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, ())
        for name, value in getattr(report, "user_properties", ())
        if name == CELL
    ]
    if seen:
        terminalreporter.section("What callers get of each GitLab")
        for line in lines(seen):
            terminalreporter.write_line(line)
