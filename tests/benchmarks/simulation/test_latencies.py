"""The plain window of latencies: the last hundred, once there are twenty."""

from __future__ import annotations

from tests.benchmarks.simulation.latencies import LEAST, WINDOW, Latencies


def test_nothing_is_said_of_too_few() -> None:
    latencies = Latencies()
    for _ in range(LEAST - 1):
        latencies.add(1.0)
    assert latencies.percentile(0.95) is None
    latencies.add(1.0)
    assert latencies.percentile(0.95) == 1.0


def test_the_oldest_are_forgotten() -> None:
    latencies = Latencies()
    for _ in range(WINDOW):
        latencies.add(9.0)
    for number in range(WINDOW):
        latencies.add(float(number))
    assert latencies.percentile(0.95) == 94
    assert latencies.percentile(1.0) == 99
