"""Targets with a bug each, to see that the session finds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fuzz.targets import Target

if TYPE_CHECKING:
    from collections.abc import Callable


def _crash(data: bytes) -> None:
    """Fail on what no one guesses, and a search that sees branches finds."""
    if data[:1] == b"b" and data[1:2] == b"u" and data[2:3] == b"g":
        raise LookupError("planted")


def _hoard(data: bytes) -> None:
    """Take more memory than is allowed."""
    if data[:1] == b"m":
        bytearray(2**22 + 10 * len(data))


def _sound(data: bytes) -> None:
    """Do nothing wrong."""


def _target(name: str, read: Callable[[bytes], None]) -> Target:
    return Target(name, read, (), lambda: [b"seed"], lambda body: body)


TARGETS = (_target("crash", _crash), _target("hoard", _hoard), _target("sound", _sound))
