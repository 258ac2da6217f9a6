"""The benchmark runs, in its quick mode; what it measures is for people to judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.benchmarks import import_time

if TYPE_CHECKING:
    import pytest


def test_every_import_is_measured_beside_httpx(
    capsys: pytest.CaptureFixture[str],
) -> None:
    import_time.main(["--quick", "--rounds", "1"])
    captured = capsys.readouterr()
    head, *rows = captured.out.splitlines()
    assert head.split("\t")[-1] == "x_httpx"
    names = [row.split("\t")[0] for row in rows]
    assert set(import_time.BESIDE) - {"openai"} <= set(names)
    assert all(len(row.split("\t")) == 5 for row in rows)
    assert "ms of CPU" in captured.err
