"""The reference client's breakers do what is described of them."""

from __future__ import annotations

from tests.benchmarks.simulation.breakers import ExponentialBreaker, FixedBreaker


def open_for_s(breaker: ExponentialBreaker, now: float) -> float:
    """Return how long an error at a moment opens the breaker."""
    breaker.error(now)
    return next(after for after in range(1, 10_000) if not breaker.is_open(now + after))


def test_x_opens_five_times_as_long_at_each_error_up_to_ten_minutes() -> None:
    breaker = ExponentialBreaker()
    opened = [open_for_s(breaker, 1000.0 * number) for number in range(6)]
    assert opened == [1, 5, 25, 125, 600, 600]
    assert breaker.trips == 6


def test_x_does_not_count_errors_while_it_is_open() -> None:
    breaker = ExponentialBreaker()
    breaker.error(0.0)
    breaker.error(0.5)
    assert breaker.trips == 1
    assert not breaker.is_open(1.0)
    assert open_for_s(breaker, 1.0) == 5


def test_f_opens_at_the_fourth_error_and_again_at_the_fifth() -> None:
    breaker = FixedBreaker()
    for now in range(3):
        breaker.error(float(now))
    assert not breaker.is_open(3.0)
    breaker.error(3.0)
    assert breaker.is_open(12.9)
    assert not breaker.is_open(13.0)
    breaker.error(14.0)
    assert breaker.is_open(15.0)
    assert breaker.trips == 2


def test_f_forgets_all_errors_at_a_success() -> None:
    breaker = FixedBreaker()
    for now in range(3):
        breaker.error(float(now))
    breaker.success()
    breaker.error(3.0)
    assert not breaker.is_open(3.0)
