"""How a plan writes spans, shares and bounds: "12 min", "150 ms", "1 %".

Pure. Whatever cannot be read raises a `ValueError` that says what would be right; which
key it was, and in which line, is the plan file's to say.
"""

from __future__ import annotations

import math
import re

from gitlab_completions._records import Record

__all__ = ("Bound", "read_bound", "read_share", "read_span", "show_share", "show_span")

_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|min|h)")
_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_OF_BEFORE = re.compile(r"(\d+(?:\.\d+)?)\s*%\s+of\s+before")
_UNITS_S = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}
_FIRST_S = 0.95
"""From so many seconds on a span is shown in seconds."""


class Bound(Record):
    """The most that a figure may be.

    Args:
        value: Seconds or a share; with `of_before`, a factor.
        of_before: It is a multiple of what the figure was before the roll-out.
    """

    value: float
    of_before: bool = False

    def limit(self, before: float | None) -> float | None:
        """Return the most in the figure's own unit; `None` while it is not known."""
        if not self.of_before:
            return self.value
        return None if before is None else self.value * before


def read_span(value: object) -> float:
    """Read a span of time, such as "12 min"; return seconds.

    Raises:
        ValueError: When it is none, or none that is finite.
    """
    found = _SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError('takes a span of time in ms, s, min or h, such as "12 min"')
    seconds = float(found[1]) * _UNITS_S[found[2]]
    if not math.isfinite(seconds):
        raise ValueError("is a span of time without end")
    return seconds


def read_share(value: object) -> float:
    """Read a share, such as "1 %"; return it as a number from 0 to 1.

    Raises:
        ValueError: When it is none.
    """
    found = _SHARE.fullmatch(value.strip()) if isinstance(value, str) else None
    share = float(found[1]) / 100 if found else math.nan
    if not 0 <= share <= 1:
        raise ValueError('takes a share from 0 to 100 %, such as "1 %"')
    return share


def read_bound(value: object, *, of_time: bool) -> Bound:
    """Read the most that a figure may be, such as "1 %" or "110 % of before".

    Args:
        value: What the plan says.
        of_time: The figure is a span of time, else a share.

    Raises:
        ValueError: When it is none.
    """
    found = _OF_BEFORE.fullmatch(value.strip()) if isinstance(value, str) else None
    factor = float(found[1]) / 100 if found else math.inf
    if math.isfinite(factor):
        return Bound(value=factor, of_before=True)
    try:
        return Bound(value=read_span(value) if of_time else read_share(value))
    except ValueError:
        right = '"900 ms"' if of_time else '"1 %"'
        raise ValueError(f'takes {right} or "110 % of before"') from None


def show_span(seconds: float) -> str:
    """Return a span as a person reads it: the two largest units, or milliseconds."""
    if abs(seconds) < _FIRST_S:
        return f"{seconds * 1000:.0f} ms"
    if abs(seconds) < 10:  # noqa: PLR2004 - one digit before the point
        return f"{seconds:.1f} s"
    minutes, rest_s = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (rest_s, "s"))
    shown = [f"{count} {unit}" for count, unit in parts if count]
    return " ".join(shown[:2])


def show_share(share: float) -> str:
    """Return a share in per cent."""
    return f"{share * 100:.2f} %"
