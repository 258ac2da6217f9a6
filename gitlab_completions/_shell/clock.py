"""A clock that counts suspend and notices jumps: the only place that reads a clock.

Event loops run on a clock that stands still while the machine sleeps, but tokens
expire meanwhile. Most machines have a clock that goes on in a sleep beside one that
does not: the first is the one that is read, and a jump is the first getting ahead of
the second. Elsewhere a wall clock that runs ahead of the monotonic one by more than a
minute between two readings tells of a suspend; one that is set back tells of nothing.
"""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    Reading = Callable[[], float]

JUMP_S = 5.0
"""Growth of the suspended time between two readings that counts as a jump."""
WALL_JUMP_S = 60.0
"""The same where only the wall clock tells: adjustments of it are smaller."""
TICKS_PER_S = 1e7
"""The unit of Windows' interrupt time is 100 ns."""
BOOT_ID = "/proc/sys/kernel/random/boot_id"
"""Linux's name for the time since it was started (random(4))."""


class Clock(Protocol):
    """What the shell asks of a clock."""

    def now(self) -> float:
        """Return monotonic seconds, the machine's suspended time included."""
        ...

    def jumped(self) -> bool:
        """Tell whether the machine was suspended since this was last asked."""
        ...


class SystemClock:
    """The machine's clock: of asyncio's loops, with the suspended time added."""

    def __init__(self) -> None:
        self._counting, self._awake = _readings()
        self._base_s = self._ahead_s()
        self._suspended_s = 0.0
        self._seen_s = 0.0

    def now(self) -> float:
        """Return monotonic seconds, the machine's suspended time included."""
        if self._counting is not None:
            return self._counting()
        return time.monotonic() + self._measure()

    def jumped(self) -> bool:
        """Tell whether the machine was suspended since this was last asked."""
        suspended_s = self._measure()
        grown_s, self._seen_s = suspended_s - self._seen_s, suspended_s
        return grown_s > JUMP_S

    def _measure(self) -> float:
        ahead_s = self._ahead_s() - self._base_s
        if self._counting is not None:
            self._suspended_s = max(self._suspended_s, ahead_s)
        else:
            self._base_s += ahead_s
            if ahead_s > WALL_JUMP_S:
                self._suspended_s += ahead_s
        return self._suspended_s

    def _ahead_s(self) -> float:
        """Return how far the clock that counts suspend is ahead of the other."""
        counting = self._counting or time.time
        return counting() - self._awake()


def _readings() -> tuple[Reading | None, Reading]:
    """Return the clock that counts suspend, if there is one, and one that does not.

    Linux has one more than others for the first. On macOS, the only system with an
    uptime clock of this name, CLOCK_MONOTONIC goes on in a sleep, and Python's
    `time.monotonic` may come to read it (CPython's issue 86273). On Windows
    `time.monotonic` does so in any case, by either clock that Python has read there.
    """
    if sys.platform == "win32":
        return _loops_s, _unbiased_s
    uptime: int | None = getattr(time, "CLOCK_UPTIME_RAW", None)
    if uptime is not None:
        return _reading(time.CLOCK_MONOTONIC), _reading(uptime)
    boot: int | None = getattr(time, "CLOCK_BOOTTIME", None)
    return (None if boot is None else _reading(boot)), _loops_s


def _reading(clock_id: int) -> Reading:
    """Return what reads a clock of the system's."""
    return lambda: time.clock_gettime(clock_id)


def _loops_s() -> float:
    """Return what asyncio's loops read."""
    return time.monotonic()


def _unbiased_s() -> float:
    """Return the seconds for which Windows has been awake."""
    import ctypes  # noqa: PLC0415 - only Windows needs it

    ticks = ctypes.c_ulonglong()
    if sys.platform == "win32":
        ctypes.windll.kernel32.QueryUnbiasedInterruptTime(ctypes.byref(ticks))
    return ticks.value / TICKS_PER_S


def machine_clock() -> tuple[str, Callable[[], float]]:
    """Return the name and the reading of a clock that all processes here share.

    It counts suspend and starts anew with the machine, under another name. Where a
    platform has no such clock, or no such name, it is the wall clock.
    """
    from pathlib import Path  # noqa: PLC0415 - stores alone need it

    try:
        name = Path(BOOT_ID).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        name = ""
    if name and hasattr(time, "CLOCK_BOOTTIME"):
        return f"boot {name}", partial(time.clock_gettime, time.CLOCK_BOOTTIME)
    return "wall", time.time


def wall_time() -> datetime:
    """Return the time of day, for people: never for decisions."""
    from datetime import UTC, datetime  # noqa: PLC0415 - 1 ms that only status() needs

    return datetime.now(UTC)
