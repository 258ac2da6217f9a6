"""Prints the table when its tests are done, wherever each of them ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.doctor.table import lines

if TYPE_CHECKING:
    import pytest

    from tests.doctor.table import Row

ROW = "row of the doctor's table"
"""The property by which a test tells what it has seen; xdist carries it home."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what every diagnosis has shown."""
    seen: list[Row] = [
        value
        for outcome in ("passed", "failed")
        for report in terminalreporter.stats.get(outcome, ())
        for name, value in getattr(report, "user_properties", ())
        if name == ROW
    ]
    if seen:
        terminalreporter.section("What the doctor says")
        for line in lines(sorted(seen)):
            terminalreporter.write_line(line)
