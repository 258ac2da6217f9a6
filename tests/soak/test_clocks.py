"""A sleepy clock is the machine's, but for the sleep that it is told of."""

from __future__ import annotations

from gitlab_completions._shell.clock import SystemClock
from tests.soak.clocks import SleepyClock
from tests.soak.plan import SUSPEND_S


def test_a_sleep_counts_and_is_told_once() -> None:
    clock = SleepyClock()
    assert not clock.jumped()
    clock.sleep(SUSPEND_S)
    assert clock.now() - SystemClock().now() >= SUSPEND_S - 1
    assert clock.jumped()
    assert not clock.jumped()
