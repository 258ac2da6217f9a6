"""A table is shown, and kept, and a failure stays one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.benchmarks import kept

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_what_is_printed_is_in_the_file_too(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "table.tsv"
    assert kept.main([str(file), "platform", "--terse"]) == 0
    assert file.read_text(encoding="utf-8") == capfd.readouterr().out != ""


def test_how_it_ended_is_told(tmp_path: Path) -> None:
    assert kept.main([str(tmp_path / "table.tsv"), "no.such.module"]) != 0
