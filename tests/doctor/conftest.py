"""Prints the table when its tests are done, wherever each of them ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions.emulator import PROFILES
from tests.doctor.setups import SETUPS
from tests.doctor.table import lines

if TYPE_CHECKING:
    import pytest

    from tests.doctor.table import Row

ROW = "row of the doctor's table"
"""The property by which a test tells what it has seen; xdist carries it home."""


def row_name(profile: str) -> str:
    """Return what a GitLab that is well is called in the table."""
    return f"GitLab {profile}"


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
        order = [*map(row_name, PROFILES), *map(str, SETUPS)]
        for line in lines(sorted(seen, key=lambda row: order.index(row[0]))):
            terminalreporter.write_line(line)
