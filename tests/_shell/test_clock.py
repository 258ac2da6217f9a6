"""The machine's clock counts suspend, and notices a jump once."""

from __future__ import annotations

import ctypes
import sys
import time
from datetime import UTC
from types import SimpleNamespace
from typing import TYPE_CHECKING, Protocol

import pytest

from gitlab_completions._shell import clock as clocks
from gitlab_completions._shell.clock import SystemClock, machine_clock, wall_time

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Any numbers: they only say which clock is meant.
BOOT, MONOTONIC, UPTIME = 7, 6, 8


class Machine:
    """The readings of a machine's three clocks."""

    def __init__(self) -> None:
        self.monotonic_s = 1000.0
        self.boot_s = 1500.0
        self.wall_s = 1.8e9

        self.counts_when_monotonic = False

    def read(self, which: int) -> float:
        """Return the reading of `clock_gettime`."""
        counts = which == BOOT or (which == MONOTONIC and self.counts_when_monotonic)
        return self.boot_s if counts else self.monotonic_s

    def run(self, seconds: float) -> None:
        self.monotonic_s += seconds
        self.boot_s += seconds
        self.wall_s += seconds

    def suspend(self, seconds: float) -> None:
        self.boot_s += seconds
        self.wall_s += seconds


class Pointer(Protocol):
    """What `ctypes.byref` returns."""

    _obj: ctypes.c_ulonglong


def counts_suspend() -> bool:
    names = ("CLOCK_BOOTTIME", "CLOCK_UPTIME_RAW")
    return sys.platform == "win32" or any(hasattr(time, name) for name in names)


def make_linux(_: Machine, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(time, "CLOCK_BOOTTIME", BOOT, raising=False)


def make_macos(machine: Machine, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(time, "CLOCK_UPTIME_RAW", UPTIME, raising=False)
    machine.counts_when_monotonic = True


def make_macos_to_come(machine: Machine, patch: pytest.MonkeyPatch) -> None:
    """Count suspend in `time.monotonic` as well: CPython's issue 86273."""
    make_macos(machine, patch)
    patch.setattr(time, "monotonic", lambda: machine.boot_s)


def make_windows(machine: Machine, patch: pytest.MonkeyPatch) -> None:
    def query(pointer: Pointer) -> int:
        pointer._obj.value = int(machine.monotonic_s * 1e7)
        return 1

    kernel32 = SimpleNamespace(QueryUnbiasedInterruptTime=query)
    windll = SimpleNamespace(kernel32=kernel32)
    patch.setattr(ctypes, "windll", windll, raising=False)
    patch.setattr(sys, "platform", "win32")
    patch.setattr(time, "monotonic", lambda: machine.boot_s)
    patch.delattr(time, "clock_gettime", raising=False)


def make_another(_: Machine, patch: pytest.MonkeyPatch) -> None:
    """Leave it without a clock that counts suspend."""


MAKE = {
    "Linux": make_linux,
    "macOS": make_macos,
    "macOS with a Python to come": make_macos_to_come,
    "Windows": make_windows,
    "another": make_another,
}


@pytest.fixture(params=MAKE)
def machine(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Machine]:
    machine = Machine()
    with monkeypatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: machine.monotonic_s)
        patch.setattr(time, "time", lambda: machine.wall_s)
        patch.setattr(time, "clock_gettime", machine.read, raising=False)
        patch.setattr(time, "CLOCK_MONOTONIC", MONOTONIC, raising=False)
        patch.delattr(time, "CLOCK_BOOTTIME", raising=False)
        patch.delattr(time, "CLOCK_UPTIME_RAW", raising=False)
        patch.setattr(sys, "platform", "any")
        MAKE[request.param](machine, patch)
        yield machine


def test_time_goes_on_as_the_loops_does(machine: Machine) -> None:
    clock = SystemClock()
    before = clock.now()
    machine.run(2.5)
    assert clock.now() - before == pytest.approx(2.5)
    assert not clock.jumped()


def test_suspended_time_counts(machine: Machine) -> None:
    clock = SystemClock()
    before = clock.now()
    machine.run(1)
    machine.suspend(3600)
    machine.run(1)
    assert clock.now() - before == pytest.approx(3602)
    assert clock.now() - before == pytest.approx(3602)


def test_a_jump_is_noticed_once(machine: Machine) -> None:
    clock = SystemClock()
    machine.suspend(3600)
    assert [clock.jumped(), clock.jumped()] == [True, False]
    machine.suspend(61)
    assert [clock.jumped(), clock.jumped()] == [True, False]


def test_a_jump_is_noticed_though_the_time_was_read_before(machine: Machine) -> None:
    clock = SystemClock()
    machine.suspend(3600)
    clock.now()
    assert clock.jumped()


def test_a_short_suspend_is_no_jump(machine: Machine) -> None:
    clock = SystemClock()
    machine.suspend(5)
    assert not clock.jumped()


def test_a_wall_clock_set_back_is_no_jump(machine: Machine) -> None:
    clock = SystemClock()
    before = clock.now()
    machine.wall_s -= 86400
    machine.run(1)
    assert not clock.jumped()
    assert clock.now() - before == pytest.approx(1)


def test_a_suspend_after_the_wall_clock_was_set_back_counts(machine: Machine) -> None:
    clock = SystemClock()
    before = clock.now()
    machine.wall_s -= 86400
    clock.now()
    machine.suspend(100)
    assert clock.now() - before == pytest.approx(100)
    assert clock.jumped()


def test_a_wall_clock_adjusted_a_little_is_no_jump(machine: Machine) -> None:
    clock = SystemClock()
    before = clock.now()
    for _ in range(10):
        machine.wall_s += 50
        assert not clock.jumped()
    assert clock.now() == before


def test_time_never_goes_back(machine: Machine) -> None:
    clock = SystemClock()
    readings = []
    for seconds in (0.0, 10.0, -3.0, 200.0, -100.0):
        machine.wall_s += seconds
        machine.run(0.001)
        readings.append(clock.now())
    assert readings == sorted(readings)


def test_wall_time_has_its_zone() -> None:
    assert wall_time().tzinfo is UTC


def test_the_real_clock_moves() -> None:
    clock = SystemClock()
    assert clock.now() <= clock.now()
    assert not clock.jumped()


def test_a_suspend_of_seconds_is_a_jump_where_a_clock_counts_it(
    machine: Machine,
) -> None:
    clock = SystemClock()
    machine.suspend(6)
    assert clock.jumped() is counts_suspend()


def test_short_suspends_between_two_looks_add_up_where_a_clock_counts_them(
    machine: Machine,
) -> None:
    clock = SystemClock()
    before = clock.now()
    for _ in range(100):
        machine.run(1)
        machine.suspend(4)
        clock.now()
    counts = counts_suspend()
    assert clock.now() - before == pytest.approx(500 if counts else 100)
    assert clock.jumped() is counts


@pytest.mark.parametrize("set_s", [-365 * 86400, -86400, -3600, -1, 1, 59, 3600, 86400])
def test_a_wall_clock_that_is_set_moves_only_a_clock_that_has_no_better_to_go_by(
    machine: Machine, set_s: float
) -> None:
    clock = SystemClock()
    before = clock.now()
    machine.run(1)
    machine.wall_s += set_s
    counts = counts_suspend()
    taken_for_a_suspend = not counts and set_s > 60
    assert clock.now() - before == pytest.approx(
        1 + (set_s if taken_for_a_suspend else 0)
    )
    assert clock.jumped() is taken_for_a_suspend


def test_a_wall_clock_that_is_slewed_or_gets_a_leap_second_is_no_jump(
    machine: Machine,
) -> None:
    """Daemons slew by half a millisecond a second, some by far more."""
    clock = SystemClock()
    before = clock.now()
    for second in range(3600):
        machine.run(1)
        machine.wall_s += 0.1 if second % 2 else -0.0005
        if second == 1800:
            machine.wall_s -= 1
        assert not clock.jumped()
    assert clock.now() - before == pytest.approx(3600)


def test_the_clock_that_processes_share_counts_suspend_and_is_named_by_the_boot(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    boot_id = tmp_path / "boot_id"
    boot_id.write_text("1234-abcd\n")
    monkeypatch.setattr(clocks, "BOOT_ID", str(boot_id))
    name, now = machine_clock()
    counts = hasattr(time, "CLOCK_BOOTTIME")
    assert name == ("boot 1234-abcd" if counts else "wall")
    assert now() == (machine.boot_s if counts else machine.wall_s)


def test_without_a_name_for_the_boot_it_is_the_wall_clock(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(clocks, "BOOT_ID", str(tmp_path / "missing"))
    name, now = machine_clock()
    assert (name, now()) == ("wall", machine.wall_s)
