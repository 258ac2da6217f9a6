"""What the process under test holds, over time: memory, sockets, tasks.

Memory is the resident set: `tracemalloc` would see no more than Python's own share, and
make everything three times slower. It is read after a collection, and after the
allocator has given back what it only keeps for later, every `SAMPLE_S` seconds; growth
is from the median of the first samples after warm-up to the median of the last ones.
Linux only, like the faults of a whole host.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import logging
import os
import resource
import statistics
import sys
import warnings
from array import array
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

SAMPLE_S = 1.0
WARM_UP_SHARE, WARM_UP_MOST_S = 0.4, 120.0
END_SHARE = 0.15
MB = 1_000_000


def rss_mb() -> float:
    """Return the resident set in millions of bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / MB


def open_sockets() -> int:
    """Count the sockets of this process."""
    links = []
    for descriptor in os.listdir("/proc/self/fd"):  # noqa: PTH208 - names only
        try:
            links.append(os.readlink(f"/proc/self/fd/{descriptor}"))  # noqa: PTH115
        except OSError:
            continue  # the one that lists them
    return sum(link.startswith("socket:") for link in links)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What is held at one moment."""

    sockets: int
    tasks: int

    @classmethod
    def now(cls) -> Holdings:
        """Count on the running loop."""
        return cls(sockets=open_sockets(), tasks=len(asyncio.all_tasks()))


@dataclass(slots=True)
class Meter:
    """Samples over time, in the loop's seconds.

    Attributes:
        lag_s: The longest that the loop kept a sample waiting.
    """

    at: array[float] = field(default_factory=lambda: array("d"))
    rss_mb: array[float] = field(default_factory=lambda: array("d"))
    sockets: array[float] = field(default_factory=lambda: array("d"))
    tasks: array[float] = field(default_factory=lambda: array("d"))
    lag_s: float = 0.0

    async def run(self) -> None:
        """Sample until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            self.sample(loop.time())
            due = loop.time() + SAMPLE_S
            await asyncio.sleep(SAMPLE_S)
            self.lag_s = max(self.lag_s, loop.time() - due)

    def sample(self, now: float) -> None:
        """Take one sample."""
        gc.collect()
        _trim()
        self.at.append(now)
        self.rss_mb.append(rss_mb())
        self.sockets.append(open_sockets())
        self.tasks.append(len(asyncio.all_tasks()))

    def growth_mb(self) -> float:
        """Return by how much memory grew after warm-up, in millions of bytes."""
        began, ended = self.at[0], self.at[-1]
        span_s = ended - began
        warm = began + min(WARM_UP_SHARE * span_s, WARM_UP_MOST_S)
        window_s = END_SHARE * (ended - warm)
        return self._median(ended - window_s, ended) - self._median(
            warm, warm + window_s
        )

    def _median(self, start: float, end: float) -> float:
        rows = zip(self.at, self.rss_mb, strict=True)
        return statistics.median(mb for at, mb in rows if start <= at <= end)


def _trim() -> None:
    """Have the C library give back what it keeps for later, where it can."""
    trim = getattr(_LIBC, "malloc_trim", None)
    if trim is not None:
        trim(0)


_LIBC = ctypes.CDLL(None)


class Alarms(logging.Handler):
    """Hears what nobody may say: errors in logs, and warnings of leaks.

    A task's exception that was never retrieved, a callback that raised, a resource that
    was not closed: each of them only ever shows in a log.
    """

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(f"{record.levelname} of {record.name}: {self.format(record)}")

    def complain(
        self, loop: asyncio.AbstractEventLoop, facts: Mapping[str, object]
    ) -> None:
        """Take note of what the loop complains of."""
        del loop
        self.heard.append(f"asyncio: {facts.get('message')}: {facts!r}")


@contextmanager
def alarmed() -> Generator[Alarms, None, None]:
    """Listen to logs, warnings and exceptions that nobody could raise."""
    alarms = Alarms()
    root = logging.getLogger()
    hook = sys.unraisablehook
    root.addHandler(alarms)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda *said: alarms.heard.append(f"warning: {said}")
        sys.unraisablehook = lambda what: alarms.heard.append(f"unraisable: {what}")
        try:
            yield alarms
        finally:
            sys.unraisablehook = hook
            root.removeHandler(alarms)
