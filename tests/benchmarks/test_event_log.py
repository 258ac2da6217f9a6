"""Each observer is told the same, and has a row."""

from __future__ import annotations

import pytest

from gitlab_completions.event_log._scribe import Scribe
from tests.benchmarks import event_log


def test_a_call_is_three_lines() -> None:
    scribe = Scribe(b"key")
    actions = [
        line["action"] for event in event_log.call(1) if (line := scribe.line(event))
    ]
    assert actions == ["suggestion_requested", "attempt", "suggestion_loaded"]


@pytest.mark.real_time
def test_each_observer_has_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    event_log.main(["--quick", "--rounds", "1"])
    head, *rows = (line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert head == list(event_log.COLUMNS)
    assert [row[0] for row in rows] == [
        event_log.NOBODY,
        event_log.LOG,
        event_log.AT_ONCE,
    ]
    assert all(len(row) == len(head) for row in rows)
