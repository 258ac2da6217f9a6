"""The benchmark runs, in its quick mode; what it measures is for people to judge."""

from __future__ import annotations

import os
import sys

import pytest

from tests.benchmarks import import_time


@pytest.mark.skipif(
    "EXPECT_INSTALLED" not in os.environ, reason="for nox: its interpreters start bare"
)
def test_every_import_is_measured_beside_httpx(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["import_time.py", "--quick"])
    import_time.main()
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split("\t")[-1] == "x_httpx"
    assert [row.split("\t")[0] for row in rows] == list(import_time.PAIRS)
    assert all(float(row.split("\t")[-1]) > 0 for row in rows)
