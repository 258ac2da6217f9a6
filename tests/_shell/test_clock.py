"""The machine's clock counts suspend, and notices a jump once."""

from __future__ import annotations

import time
from datetime import UTC
from typing import TYPE_CHECKING

import pytest

from gitlab_completions._shell import clock as clocks
from gitlab_completions._shell.clock import SystemClock, machine_clock, wall_time

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BOOT = 7  # any number: it only says which clock is meant


class Machine:
    """The readings of a machine's three clocks."""

    def __init__(self) -> None:
        self.monotonic_s = 1000.0
        self.boot_s = 1500.0
        self.wall_s = 1.8e9

    def run(self, seconds: float) -> None:
        self.monotonic_s += seconds
        self.boot_s += seconds
        self.wall_s += seconds

    def suspend(self, seconds: float) -> None:
        self.boot_s += seconds
        self.wall_s += seconds


@pytest.fixture(params=["with a clock that counts suspend", "without one"])
def machine(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Machine]:
    machine = Machine()
    with monkeypatch.context() as patch:
        patch.setattr(time, "monotonic", lambda: machine.monotonic_s)
        patch.setattr(time, "time", lambda: machine.wall_s)
        patch.setattr(time, "clock_gettime", lambda _: machine.boot_s, raising=False)
        if request.param == "without one":
            patch.delattr(time, "CLOCK_BOOTTIME", raising=False)
        else:
            patch.setattr(time, "CLOCK_BOOTTIME", BOOT, raising=False)
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
    assert clock.jumped() is hasattr(time, "CLOCK_BOOTTIME")


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
