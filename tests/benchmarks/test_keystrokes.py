"""Every author has a row with every client, and nothing stale is shown by ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions.replay import AUTHORS
from tests.benchmarks import keystrokes

if TYPE_CHECKING:
    import pytest

CLIENTS = ("ours", "reference, 2025", "reference, 2026")


def test_each_author_has_a_row_with_each_client(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keystrokes, "QUICK_STROKES", 20)
    keystrokes.main(["--quick", "--rounds", "1"])
    captured = capsys.readouterr()
    head, *rows = (line.split("\t") for line in captured.out.splitlines())
    assert len(head) == 2 + 3 * 7 + 1
    expected = [(author, client) for author in (*AUTHORS, "all") for client in CLIENTS]
    assert [(row[0], row[1]) for row in rows] == expected
    assert all(len(row) == len(head) for row in rows)
    assert {row[-1] for row in rows if row[1] == "ours"} == {"0"}
    assert "virtual ms" in captured.err
    assert "aim" not in captured.err  # so few strokes show nothing
