"""The benchmark runs, in its quick mode; what it measures is for people to judge."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tests.benchmarks import sync_overhead

if TYPE_CHECKING:
    import pytest


def test_every_kind_of_call_is_measured_beside_an_awaited_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["sync_overhead.py", "--quick"])
    sync_overhead.main()
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split("\t")[-1] == "cpu_us_over_await"
    assert [row.split("\t")[0] for row in rows] == list(sync_overhead.KINDS)
    assert all(float(row.split("\t")[1]) > 0 for row in rows)
