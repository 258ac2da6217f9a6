"""The benchmark runs, in its quick mode; what it measures is for people to judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.benchmarks import sync_overhead

if TYPE_CHECKING:
    import pytest


def test_every_kind_of_call_is_measured_beside_an_awaited_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sync_overhead.main(["--quick"])
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split("\t")[-1] == "cpu_us_over_await"
    kinds = [row.split("\t")[0] for row in rows]
    assert kinds == ["await complete", "sync complete", "submit", "submit and result"]
    assert all(len(row.split("\t")) == 9 for row in rows)
