"""The stopwatch adds up, and stands still between."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.benchmarks.stopwatch import Stopwatch

if TYPE_CHECKING:
    import pytest


def test_only_what_it_is_around_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, cpu = iter([1.0, 3.0, 10.0, 11.0]), iter([0.0, 1.0, 5.0, 5.5])
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(time, "process_time", lambda: next(cpu))
    watch = Stopwatch()
    for _ in range(2):
        with watch:
            pass
    assert (watch.clock_s, watch.cpu_s) == (3.0, 1.5)
