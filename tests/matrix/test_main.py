"""The command prints the table, writes it, and fails on what is unexpected."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.matrix import schedule
from tests.matrix.__main__ import main
from tests.matrix.expectation import Expected, Tables, expect

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.matrix.facts import Cell

ONLY = "--only=gateway / 503 inference-failed / warm"


def test_the_table_is_printed_and_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "matrix.md"
    assert main([ONLY, f"--write={file}"]) == 0
    captured = capsys.readouterr()
    assert "| 503 inference-failed |" in captured.out
    assert captured.out == file.read_text(encoding="utf-8")
    assert "own: 1 of 1 cells, 0 unexpected" in captured.err


def test_a_cell_that_is_unexpected_fails_the_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(cell: Cell, tables: Tables | None) -> Expected:
        return replace(expect(cell, tables), outcomes=frozenset({"direct"}))

    monkeypatch.setattr(schedule, "expect", wrong)
    assert main([ONLY]) == 1
    captured = capsys.readouterr()
    assert "1 cells, 1 unexpected" in captured.out
    assert "1 x indirect, not direct" in captured.out
    assert "1 x indirect, not direct" in captured.err


def test_a_choice_of_no_cell_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only=no such cell"]) == 1
    assert "0 cells" in capsys.readouterr().out
