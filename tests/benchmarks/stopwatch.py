"""Adds up the time that several stretches of a measurement take."""

from __future__ import annotations

import time


class Stopwatch:
    """Adds up the seconds of what it is around, time after time.

    Attributes:
        clock_s: The clock's.
        cpu_s: The CPU's, of all threads.
    """

    def __init__(self) -> None:
        self.clock_s = self.cpu_s = 0.0
        self._started = 0.0, 0.0

    def __enter__(self) -> None:
        self._started = time.perf_counter(), time.process_time()

    def __exit__(self, *error: object) -> None:
        clock_s, cpu_s = self._started
        self.clock_s += time.perf_counter() - clock_s
        self.cpu_s += time.process_time() - cpu_s
