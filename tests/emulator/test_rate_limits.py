"""A fixed window counts hits and is told the time."""

from __future__ import annotations

from gitlab_completions.emulator.rate_limits import FixedWindow


def test_a_window_admits_its_limit() -> None:
    window = FixedWindow(2)
    assert [window.admit("a", 10.0) for _ in range(3)] == [True, True, False]


def test_a_window_ends_a_period_after_its_first_hit() -> None:
    window = FixedWindow(1, period_s=60.0)
    assert window.admit("a", 10.0)
    assert not window.admit("a", 69.9)
    assert window.admit("a", 70.0)


def test_keys_are_counted_apart() -> None:
    window = FixedWindow(1)
    assert window.admit("a", 0.0)
    assert window.admit("b", 0.0)


def test_a_limit_of_0_admits_all() -> None:
    window = FixedWindow(0)
    assert all(window.admit("a", 0.0) for _ in range(100))


def test_cleared_hits_are_forgotten() -> None:
    window = FixedWindow(1)
    window.admit("a", 0.0)
    window.clear()
    assert window.admit("a", 0.0)
