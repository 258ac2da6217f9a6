"""A log in a few sentences, odd ones above all."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from gitlab_completions.report import Summary, summarize
from tests.report.logs import call, rollout, row, write

if TYPE_CHECKING:
    from pathlib import Path


def told(summary: Summary) -> str:
    return " ".join(summary.notices())


def lines(*rows: dict[str, object]) -> list[str]:
    return [json.dumps(each) for each in rows]


def test_a_log_with_both_routes_has_nothing_to_note(tmp_path: Path) -> None:
    summary = summarize([write(tmp_path / "log", rollout(200))])
    assert told(summary) == ""
    assert summary.span.startswith("2026-11-25 09:00:00 to 13:")
    assert summary.source.endswith(
        "lines of log; answered by codestral-2501 / vertex-ai."
    )


def test_a_rotated_log_is_the_same_log_in_any_order(tmp_path: Path) -> None:
    every = list(rollout(300))
    whole = summarize([write(tmp_path / "whole", every)])
    middle = len(every) // 2
    newer = write(tmp_path / "log", every[middle:])
    older = tmp_path / "log.1.gz"
    older.write_bytes(gzip.compress("\n".join(every[:middle]).encode()))
    parts = summarize([newer, older])
    assert parts.views == whole.views
    assert parts.source.startswith(f"{len(every)} lines of log.1.gz, log;")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([], "There is nothing in this log: it has no lines."),
        (["gibberish", "?"], "No line of this is a JSON object"),
        (lines(row("hedged")), "There are no calls in this log"),
        (lines(*call(1)), "No call was answered indirect"),
        (lines(*call(1, route="indirect")), "No call was answered direct:"),
        (
            lines(*call(1, route=None, action="suggestion_error")),
            "No call was answered by either route.",
        ),
        (lines(*call(1), row("nap")), "Left out: 1 event of kinds"),
        ([*lines(*call(1)), "{"], "Left out: 1 of 4 lines, which cannot be read."),
        (
            lines(*call(1), {"action": "attempt"}),
            "Left out: 1 event without a time that can be read.",
        ),
        (lines(*call(1), row("lines_lost", lines=2)), "that it lacks 2 lines"),
    ],
)
def test_what_is_there_is_said(tmp_path: Path, content: list[str], says: str) -> None:
    assert says in told(summarize([write(tmp_path / "log", content)]))


def test_a_log_that_is_cut_off_is_said_to_be(tmp_path: Path) -> None:
    path = tmp_path / "log.gz"
    path.write_bytes(gzip.compress("\n".join(rollout(50)).encode())[:-20])
    assert "log.gz ends before its end" in told(summarize([path]))


def test_without_events_there_is_no_span(tmp_path: Path) -> None:
    assert summarize([write(tmp_path / "log", [])]).span == "No events"


def test_a_log_over_days_tells_both_dates(tmp_path: Path) -> None:
    path = write(tmp_path / "log", lines(*call(1), *call(2, at_s=86_400)))
    assert summarize([path]).span == (
        "2026-11-25 09:00:00 to 2026-11-26 09:00:00 UTC (1 day, 0:00:00)"
    )


def test_many_files_are_not_all_named(tmp_path: Path) -> None:
    paths = [write(tmp_path / f"log.{number}", []) for number in range(6)]
    assert summarize(paths).source.endswith("and 2 more.")
