"""What bars a user, and how often all projects of a user are asked for."""

from __future__ import annotations

from gitlab_completions._core.user_access import Bar, UserAccess
from gitlab_completions.errors import DirectAccessError
from gitlab_completions.policy import DetailsPolicy

PROBLEM = DirectAccessError("the instance said no")
OTHER_PROBLEM = DirectAccessError("the instance said no again")


def access(fetches_per_minute: int = 30) -> UserAccess:
    return UserAccess(DetailsPolicy(fetches_per_minute=fetches_per_minute))


def test_a_bar_holds_for_the_longer_of_two_times_and_for_its_reason() -> None:
    bar = Bar()
    bar.put(1800.0, PROBLEM)
    bar.put(300.0, OTHER_PROBLEM)
    assert (bar.until, bar.problem) == (1800.0, PROBLEM)
    bar.put(3600.0, OTHER_PROBLEM)
    assert (bar.until, bar.problem) == (3600.0, OTHER_PROBLEM)


def test_a_bar_that_is_lifted_holds_no_more_and_can_be_put_anew() -> None:
    bar = Bar()
    bar.put(1800.0, PROBLEM)
    bar.lift()
    assert (bar.until, bar.problem) == (0.0, None)
    bar.put(300.0, OTHER_PROBLEM)
    assert (bar.until, bar.problem) == (300.0, OTHER_PROBLEM)


def test_nothing_bars_a_user_from_the_start() -> None:
    one = access()
    assert one.bar.until == 0.0
    assert one.free_at(5.0, urgent=False) == 5.0


def test_a_second_lies_between_two_fetches_unless_one_is_urgent() -> None:
    one = access()
    one.spend(10.0)
    assert one.free_at(10.4, urgent=False) == 11.0
    assert one.free_at(10.4, urgent=True) == 10.4


def test_not_even_an_urgent_fetch_exceeds_the_minute() -> None:
    one = access(2)
    one.spend(0.0)
    one.spend(5.0)
    assert one.free_at(6.0, urgent=True) == 60.0
    assert one.free_at(6.0, urgent=False) == 60.0


def test_a_fetch_that_asked_nobody_is_given_back_to_both_budgets() -> None:
    one = access(1)
    one.spend(0.0)
    one.refund(0.0)
    assert one.free_at(0.0, urgent=False) == 0.0


def test_another_policy_counts_what_was_spent_under_the_first() -> None:
    one = access(2)
    one.spend(0.0)
    one.reconfigure(DetailsPolicy(fetches_per_minute=1))
    assert one.free_at(1.0, urgent=True) == 60.0
