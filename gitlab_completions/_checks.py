"""Checks of what a user passes in, each with an error that names what is right.

The messages name fields and types, never values: a value may be a token or source.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, NoReturn

from gitlab_completions.errors import ConfigurationError, RequestRejectedError

if TYPE_CHECKING:
    from gitlab_completions.models import OffsetUnit

_CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2)}
_SURROGATES = "surrogatepass"
_HIGH = frozenset(bytes([byte]) for byte in range(0xD8, 0xDC))
_LOW = frozenset(bytes([byte]) for byte in range(0xDC, 0xE0))


def reject(message: str) -> NoReturn:
    """Refuse a request.

    Raises:
        RequestRejectedError: Always.
    """
    raise RequestRejectedError(message)


def check_type(name: str, value: object, kind: type, right: str) -> None:
    """Refuse a request's field that is not a `kind`; `right` says what it must be."""
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        reject(f"{name} must be {right}, not {type(value).__name__}")


def check_text(name: str, value: object, *, most: int | None = None) -> None:
    """Refuse a field that is no string, or has more than `most` characters."""
    check_type(name, value, str, "a string")
    if most is not None and len(str(value)) > most:
        reject(f"{name} has {len(str(value))} characters; at most {most} are allowed")


def check_filled(name: str, value: object, why: str) -> None:
    """Refuse a field that is no string, or blank; `why` says what it is needed for."""
    check_text(name, value)
    if not str(value).strip():
        reject(f"{name} must not be empty: {why}")


def check_seconds(name: str, value: object, *, infinite: bool = False) -> None:
    """Refuse a span of time that is not a positive number of seconds.

    Raises:
        ConfigurationError: When it is not; `infinite` allows `math.inf`.
    """
    right = "a positive number of seconds"
    number = _number(name, value, right)
    if isinstance(number, int):
        number = min(number, sys.maxsize)  # what no float can hold is long enough
    if math.isnan(number) or number <= 0 or (math.isinf(number) and not infinite):
        raise ConfigurationError(f"{name} must be {right}, not {value}")


def check_share(name: str, value: object) -> None:
    """Refuse a share that is not a number from 0 to below 1.

    Raises:
        ConfigurationError: When it is not.
    """
    right = "a share from 0 to below 1"
    if not 0 <= _number(name, value, right) < 1:
        raise ConfigurationError(f"{name} must be {right}, not {value}")


def check_switch(name: str, value: object) -> None:
    """Refuse what is neither on nor off.

    Raises:
        ConfigurationError: When it is not `True` or `False`.
    """
    if not isinstance(value, bool):
        raise ConfigurationError(
            f"{name} must be True or False, not {type(value).__name__}"
        )


def check_actor(name: str, value: object) -> None:
    """Refuse what names nobody.

    Raises:
        ConfigurationError: When it is neither a string nor `None`, or blank.
    """
    right = 'a string such as "User:42", or None'
    if value is not None and not isinstance(value, str):
        raise ConfigurationError(f"{name} must be {right}, not {type(value).__name__}")
    if value is not None and not value.strip():
        raise ConfigurationError(f"{name} must not be blank: write {right}")


def check_percentage(name: str, value: object) -> None:
    """Refuse a percentage that is not a number from 0 to 100.

    Raises:
        ConfigurationError: When it is not.
    """
    right = "a number from 0 to 100"
    if not 0 <= _number(name, value, right) <= 100:  # noqa: PLR2004 - per cent
        raise ConfigurationError(f"{name} must be {right}, not {value}")


def check_factor(name: str, value: object) -> None:
    """Refuse a factor that is not a number of at least 1.

    Raises:
        ConfigurationError: When it is not.
    """
    right = "a number of at least 1"
    if not 1 <= _number(name, value, right) < math.inf:
        raise ConfigurationError(f"{name} must be {right}, not {value}")


def check_count(name: str, value: object, *, least: int = 1) -> None:
    """Refuse a count that is not a whole number of at least `least`.

    Raises:
        ConfigurationError: When it is not.
    """
    right = f"a whole number of at least {least}"
    if isinstance(value, bool) or not isinstance(value, int):
        raise ConfigurationError(f"{name} must be {right}, not {type(value).__name__}")
    if value < least:
        raise ConfigurationError(f"{name} must be {right}, not {value}")


def _number(name: str, value: object, right: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigurationError(f"{name} must be {right}, not {type(value).__name__}")
    return value


def split_at(text: str, offset: int, unit: OffsetUnit) -> tuple[str, str]:
    """Split the text at an offset counted in `unit`, before a character it is inside.

    Halves of characters that stand side by side become the character.
    """
    check_text("text", text)
    check_type("offset", offset, int, "a whole number")
    if unit not in {"utf-8", "utf-16", "utf-32"}:
        reject('unit must be "utf-8", "utf-16" or "utf-32"')
    if unit == "utf-32" or text.isascii():
        _check_offset(offset, len(text), unit)
        return text[:offset], text[offset:]
    codec, width = _CODECS[unit]
    data = text.encode(codec, _SURROGATES)
    _check_offset(offset, len(data) // width, unit)
    at = _character_start(data, offset * width, unit)
    return data[:at].decode(codec, _SURROGATES), data[at:].decode(codec, _SURROGATES)


def _check_offset(offset: int, size: int, unit: OffsetUnit) -> None:
    if not 0 <= offset <= size:
        reject(f"offset {offset} is outside the text: it has 0 to {size} in {unit}")


def _character_start(data: bytes, at: int, unit: OffsetUnit) -> int:
    """Return the index of the first byte of the character that `at` is inside."""
    if unit == "utf-8":
        while at < len(data) and data[at] & 0xC0 == 0x80:  # noqa: PLR2004 - 10xxxxxx
            at -= 1
    elif data[at - 1 : at] in _HIGH and data[at + 1 : at + 2] in _LOW:
        at -= 2
    return at
