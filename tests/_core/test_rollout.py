from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from gitlab_completions._core.rollout import (
    BUCKETS,
    DIRECT_FLAG,
    Rollout,
    Switch,
    barrier,
    bucket,
    direct_flag_matters,
    is_in_share,
)
from gitlab_completions.models import RouteReason
from gitlab_completions.policy import DirectMode, RoutingPolicy

actors = st.text(max_size=40)
percentages = st.floats(min_value=0, max_value=100)


@pytest.mark.parametrize(
    ("flag", "actor", "place"),
    [
        ("demo_flag", "User:42", 81725),
        ("demo_flag", "User:43", 35339),
        ("other_flag", "User:42", 57550),
    ],
)
def test_the_hash_is_gitlabs(flag: str, actor: str, place: int) -> None:
    assert bucket(flag, actor) == place
    percentage = place / 1000
    assert not is_in_share(percentage, actor, flag=flag)
    assert is_in_share(percentage + 0.001, actor, flag=flag)


@given(actors, percentages, percentages)
def test_who_is_in_stays_in_as_the_percentage_grows(
    actor: str, one: float, other: float
) -> None:
    less, more = sorted((one, other))
    assert is_in_share(more, actor) or not is_in_share(less, actor)


@given(actors, percentages)
def test_the_same_actor_gets_the_same_answer(actor: str, percentage: float) -> None:
    assert is_in_share(percentage, actor) is is_in_share(percentage, actor)
    assert 0 <= bucket(DIRECT_FLAG, actor) < BUCKETS


@given(actors)
def test_all_are_in_at_a_hundred_per_cent_and_none_at_zero(actor: str) -> None:
    assert is_in_share(100.0, actor)
    assert not is_in_share(0.0, actor)


def test_half_a_character_is_an_actor_too() -> None:
    assert bucket("f", "\ud800") == bucket("f", "?")


def test_a_share_is_as_large_as_it_says() -> None:
    users = [f"User:{number}" for number in range(20_000)]
    share = sum(is_in_share(25, user) for user in users) / len(users)
    assert share == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize(
    ("version", "matters"),
    [
        ("16.11.10", False),
        ("17.0.0", True),
        ("17.1.8-ee", True),
        ("17.2.0-pre", False),
        ("17.10.1", False),
        ("19.3.0", False),
        ("", True),
        ("seventeen", True),
        (None, True),
    ],
)
def test_the_flag_is_one_of_two_versions(version: str | None, *, matters: bool) -> None:
    assert direct_flag_matters(version) is matters


@pytest.mark.parametrize(
    ("mode", "in_share", "on", "reason"),
    [
        (DirectMode.AUTO, True, True, None),
        (DirectMode.ONLY, True, True, None),
        (DirectMode.NEVER, True, True, RouteReason.POLICY),
        (DirectMode.NEVER, False, False, RouteReason.POLICY),
        (DirectMode.AUTO, False, True, RouteReason.ROLLOUT),
        (DirectMode.AUTO, True, False, RouteReason.ROLLOUT),
        (DirectMode.ONLY, True, False, RouteReason.ROLLOUT),
    ],
)
def test_what_bars_direct_before_anybody_is_asked(
    mode: DirectMode, *, in_share: bool, on: bool, reason: RouteReason | None
) -> None:
    switch = Switch()
    rollout = Rollout(in_share=in_share, switch=switch)
    switch.on = on
    assert barrier(RoutingPolicy(direct=mode), rollout) is reason


def test_without_a_rollout_direct_is_for_all() -> None:
    assert barrier(RoutingPolicy(), None) is None
