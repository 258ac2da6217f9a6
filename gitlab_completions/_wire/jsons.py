"""JSON in and out: it enters as `object` and is narrowed by these few functions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = (
    "as_list",
    "as_number",
    "as_object",
    "as_text",
    "encode",
    "parse",
    "parse_object",
)

MAX_INTEGER_DIGITS = 300
"""Digits; longer integers become floats, as Python refuses to read 4301 digits."""

MAX_NUMBER = 10**18


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= MAX_INTEGER_DIGITS else float(digits)


_DECODER = json.JSONDecoder(parse_int=_integer)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def parse(body: bytes) -> object:
    """Return the JSON value that a body holds.

    Raises:
        ValueError: When it is not UTF-8, not JSON, or nested too deep to read.
    """
    try:
        value: object = _DECODER.decode(body.decode("utf-8-sig"))
    except RecursionError:
        raise ValueError("nested too deep") from None
    return value


def parse_object(body: bytes) -> Mapping[str, object] | None:
    """Return the JSON object that a body holds, or `None` when it holds none.

    What the parser raised is let go here: it has the whole body in it.
    """
    try:
        return as_object(parse(body))
    except ValueError:
        return None


def encode(value: object) -> str:
    """Return the value as compact JSON; characters stay as they are."""
    return _ENCODER.encode(value)


def as_object(value: object) -> Mapping[str, object] | None:
    """Return the value when it is a JSON object."""
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def as_list(value: object) -> Sequence[object] | None:
    """Return the value when it is a JSON array."""
    return cast("list[object]", value) if isinstance(value, list) else None


def as_text(value: object) -> str | None:
    """Return the value when it is a string."""
    return value if isinstance(value, str) else None


def as_number(value: object) -> float | None:
    """Return the value when it is a number that a time can be made of."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < MAX_NUMBER else None
