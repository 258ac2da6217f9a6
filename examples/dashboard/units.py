"""Numbers as a panel shows them, by Grafana's names of the units."""

from __future__ import annotations

import math
from typing import Final

__all__ = ("say",)

_STEPS: Final[dict[str, tuple[tuple[float, str], ...]]] = {
    "s": ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"), (1e-3, "ms"), (0, "µs")),
    "percentunit": ((0, "%"),),
    "decbytes": ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (0, "B")),
    "Bps": ((1e9, "GB/s"), (1e6, "MB/s"), (1e3, "kB/s"), (0, "B/s")),
    "reqps": ((1e3, "k/s"), (0, "/s")),
    "cpm": ((1e3, "k/min"), (0, "/min")),
    "short": ((1e9, "G"), (1e6, "M"), (1e3, "k"), (0, "")),
}
"""From which value on a number is told in which unit."""
_SIZES: Final[dict[str, float]] = {"%": 0.01, "µs": 1e-6}
"""Those that are not as large as where they begin, or 1."""


def say(value: float, unit: str = "short") -> str:
    """Return a number with its unit, in three digits or a little more."""
    if math.isnan(value):
        return "no value"
    steps = _STEPS.get(unit, _STEPS["short"])
    size, name = next(step for step in steps if abs(value) >= step[0])
    if value == 0:
        size, name = 1.0, steps[-1][1] if unit != "s" else "s"
    digits = _digits(value / (_SIZES.get(name) or size or 1.0))
    space = "" if name.startswith("/") or not name else " "
    return f"{digits}{space}{name}"


def _digits(value: float) -> str:
    if math.isclose(value, round(value), abs_tol=1e-9) or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
