"""Numbers are told with the unit that fits their size."""

from __future__ import annotations

import math

import pytest

from examples.dashboard.units import say


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.1254, "s", "125 ms"),
        (0, "s", "0 s"),
        (-0.0125, "s", "-12.5 ms"),
        (2.25, "s", "2.25 s"),
        (90, "s", "1.50 min"),
        (7200, "s", "2 h"),
        (2e-5, "s", "20 µs"),
        (0.0012, "percentunit", "0.12 %"),
        (1, "percentunit", "100 %"),
        (0, "percentunit", "0 %"),
        (1536, "Bps", "1.54 kB/s"),
        (12.5, "cpm", "12.5/min"),
        (3, "short", "3"),
        (3, "of nobody", "3"),
        (math.nan, "s", "no value"),
    ],
)
def test_a_number_is_told_in_three_digits(value: float, unit: str, text: str) -> None:
    assert say(value, unit) == text
