"""A clock for the client in tests: the running loop's time, and suspends on demand."""

from __future__ import annotations

import asyncio

__all__ = ("VirtualClock",)

_JUMP_S = 5.0
"""Seconds; a suspend that is longer makes the client look at everything again."""


class VirtualClock:
    """The running loop's time, plus the time the machine was "suspended".

    On a `VirtualTimeLoop` it leaps with the loop. While the machine is suspended the
    clock goes on and no timer does, as on a laptop whose lid is closed.

    Args:
        loop: Whose time it is; by default that of the loop that runs.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop = loop
        self._suspended_s = 0.0
        self._noticed_s = 0.0

    def now(self) -> float:
        """Return monotonic seconds."""
        loop = self._loop or asyncio.get_running_loop()
        return loop.time() + self._suspended_s

    def suspend(self, seconds: float) -> None:
        """Let `seconds` pass without any timer noticing."""
        self._suspended_s += seconds

    def jumped(self) -> bool:
        """Return whether the machine slept for more than 5 s since the last call."""
        slept_s = self._suspended_s - self._noticed_s
        self._noticed_s = self._suspended_s
        return slept_s > _JUMP_S
