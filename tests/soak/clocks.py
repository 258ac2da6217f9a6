"""A clock of a machine that can be said to have slept."""

from __future__ import annotations

from gitlab_completions._shell.clock import JUMP_S, SystemClock


class SleepyClock(SystemClock):
    """The machine's clock, as it would be if the machine had slept."""

    def __init__(self) -> None:
        super().__init__()
        self._slept_s = 0.0
        self._told_s = 0.0

    def sleep(self, seconds: float) -> None:
        """Have the machine have slept so long."""
        self._slept_s += seconds

    def now(self) -> float:
        """Return monotonic seconds, the time asleep included."""
        return super().now() + self._slept_s

    def jumped(self) -> bool:
        """Tell whether the machine slept since this was last asked."""
        grown_s, self._told_s = self._slept_s - self._told_s, self._slept_s
        return super().jumped() or grown_s > JUMP_S
