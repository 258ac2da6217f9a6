"""Tokens that live from a second to a day, under all kinds of typing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given, settings, strategies as st

from gitlab_completions.models import Route, RouteReason
from gitlab_completions.policy import RoutingPolicy
from gitlab_completions.testing import run
from tests.scenarios.office import Author, NotedGitLab, at_work

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Typing = Callable[[Author, float], Awaitable[None]]

HOUR, DAY = 3600, 86400
SLOW_S = 0.3
"""Seconds that a grant takes: longer than a call waits for it."""
QUICK_S = 0.1
UNLIMITED = RoutingPolicy(indirect_per_minute=None)
"""Who types without a pause and without a token needs more than GitLab allows."""


async def every_second(author: Author, _: float) -> None:
    await author.type(240, every_s=1)


async def every_seven_seconds(author: Author, _: float) -> None:
    await author.type(120, every_s=7)


async def in_bursts(author: Author, lifetime_s: float) -> None:
    """Pause for parts of a lifetime, so that renewals fall between and into bursts."""
    for share in (0.1, 0.6, 0.35, 0.85, 0.2, 0.7, 0.05, 0.4):
        await author.type(12, every_s=0.8)
        await asyncio.sleep(share * lifetime_s)
    await author.type(12, every_s=0.8)


@pytest.mark.parametrize("typing", [every_second, every_seven_seconds, in_bursts])
@pytest.mark.parametrize("lifetime_s", [60, 61, 90, 120, 300, 600, HOUR, 2 * HOUR, DAY])
async def test_a_token_of_a_minute_or_more_never_fails_to_be_there(
    lifetime_s: int, typing: Typing
) -> None:
    gitlab = NotedGitLab()
    gitlab.settings.token_lifetime_s = lifetime_s
    gitlab.direct_access.delay(SLOW_S)
    async with at_work(gitlab) as author:
        await author.call()
        await gitlab.settle()
        await typing(author, lifetime_s)
    assert author.indirect == [0]
    assert author.failures == []
    author.assert_within_budget()


@pytest.mark.parametrize("typing", [every_second, every_seven_seconds, in_bursts])
@pytest.mark.parametrize("took_s", [QUICK_S, SLOW_S, 2])
@pytest.mark.parametrize("lifetime_s", [1, 2, 5, 10, 30, 59])
async def test_a_shorter_one_costs_no_call_and_no_more_fetches_than_the_budget(
    lifetime_s: int, took_s: float, typing: Typing
) -> None:
    gitlab = NotedGitLab()
    gitlab.settings.token_lifetime_s = lifetime_s
    gitlab.direct_access.delay(took_s)
    gitlab.settings.completions_limit = 0
    async with at_work(gitlab, UNLIMITED) as author:
        await typing(author, lifetime_s)
        await gitlab.settle()
    assert author.failures == []
    author.assert_within_budget()
    if lifetime_s >= 10:
        assert Route.DIRECT in author.routes


class Burst(NamedTuple):
    """Calls, then a pause, of which the machine sleeps through a part."""

    calls: int
    every_s: float
    pause_s: float
    slept_s: float


bursts = st.builds(
    Burst,
    calls=st.integers(1, 12),
    every_s=st.floats(0.01, 20),
    pause_s=st.one_of(st.just(0.0), st.floats(0, 600), st.floats(0, 2 * HOUR)),
    slept_s=st.sampled_from([0.0, 0.0, 0.0, 3.0, 4.9, 6.0, 600.0, 8.0 * HOUR]),
)
skews = st.one_of(st.sampled_from([0, 1, 2 * HOUR]), st.integers(0, 2 * HOUR))
signs = st.sampled_from([1, -1])
lifetimes = st.one_of(
    st.sampled_from([1, 2, 30, 59, 60, 61, 300, HOUR, DAY]), st.integers(1, DAY)
)


class Day(NamedTuple):
    """One example: the servers, and the author's work."""

    instance_s: int
    gateway_s: int
    lifetime_s: int
    took_s: float
    bursts: list[Burst]


days = st.builds(
    Day,
    instance_s=st.builds(int.__mul__, skews, signs),
    gateway_s=st.builds(int.__mul__, skews, signs),
    lifetime_s=lifetimes,
    took_s=st.sampled_from([0.0, QUICK_S, SLOW_S]),
    bursts=st.lists(bursts, min_size=1, max_size=6),
)


async def live_through(day: Day) -> Author:
    gitlab = NotedGitLab()
    gitlab.settings.instance_clock_offset_s = day.instance_s
    gitlab.settings.gateway_clock_offset_s = day.gateway_s
    gitlab.settings.token_lifetime_s = day.lifetime_s
    gitlab.direct_access.delay(day.took_s)
    gitlab.settings.completions_limit = 0
    async with at_work(gitlab, UNLIMITED) as author:
        for burst in day.bursts:
            await author.type(burst.calls, burst.every_s)
            gitlab.clock.suspend(burst.slept_s)
            await asyncio.sleep(burst.pause_s)
    return author


@settings(max_examples=60)
@given(days)
def test_no_skew_no_typing_and_no_sleep_harms_a_call(day: Day) -> None:
    author = run(live_through(day))
    author.assert_within_budget()
    # None was sent with a token that the gateway took for too old or too young.
    assert author.failures == []
    if day.lifetime_s >= 60 and day.took_s < 0.25:
        assert author.indirect == []
    elif day.lifetime_s >= 60:
        # Who finds none, or one that ran out in a pause, waits in vain: once.
        wants = {RouteReason.DETAILS_ABSENT, RouteReason.DETAILS_EXPIRED}
        first = 0
        for burst in day.bursts:
            after = author.made[first + 1 : first + burst.calls]
            if burst.every_s > SLOW_S:
                assert wants.isdisjoint(done.reason for done in after)
            first += burst.calls
