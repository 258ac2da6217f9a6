"""Tallies add up, and their figures are what they are called."""

from __future__ import annotations

import math

import pytest

from tests.benchmarks.simulation.tally import Tally, percentile


def test_a_percentile_is_the_least_that_so_many_do_not_exceed() -> None:
    ordered = [float(number) for number in range(1, 101)]
    assert percentile(ordered, 0.5) == 50
    assert percentile(ordered, 0.99) == 99
    assert percentile([7.0], 0.99) == 7
    assert math.isnan(percentile([], 0.5))


def test_tallies_add_up_to_rates() -> None:
    total = Tally()
    for _ in range(2):
        tally = Tally()
        tally.calls, tally.sends, tally.trips = 50, 55, 1
        tally.calls_in_fault, tally.answered_in_fault = 10, 5
        tally.latencies_s = [0.25] * 50
        total.add(tally)
    figures = total.figures()
    assert figures.extra == pytest.approx(10)
    assert figures.trips == pytest.approx(20)
    assert figures.answered == pytest.approx(50)
    assert (figures.p50_ms, figures.p99_ms) == (250, 250)
