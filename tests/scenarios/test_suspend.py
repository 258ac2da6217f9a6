"""A machine that sleeps costs the first call after it its route, at most.

While it sleeps the client's clock goes on and no timer does, tokens run out, and all
connections die: what was in flight then hangs, or breaks when the machine wakes.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

import pytest

from gitlab_completions.errors import DeadlineExceededError
from gitlab_completions.models import Route
from gitlab_completions.policy import RoutingPolicy
from gitlab_completions.testing import wait_all_tasks_blocked
from tests.scenarios.office import REQUEST, Author, NotedGitLab, at_work

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

NIGHT_S = 8 * 3600
RENEWS_AT_S = 0.45 * 3600
"""When first details are renewed, by the even chance of a fake GitLab's client."""
SLOW_S = 0.3
"""Seconds that a grant takes: longer than a call waits for it."""


def now() -> float:
    return asyncio.get_running_loop().time()


async def call_in_flight(author: Author, count: int = 1) -> None:
    """Leave calls in flight on both routes."""
    for endpoint in (author.gitlab.gateway, author.gitlab.instance):
        endpoint.hang(times=count)
    for _ in range(count):
        author.leave_in_flight()
    await asyncio.sleep(1)  # both routes have been tried, and direct has not tripped
    assert author.gitlab.in_flight >= count


# What a client may be at when the lid closes.


async def new(_: Author) -> None:
    """Nothing has been done with it."""


async def fresh(author: Author) -> None:
    await author.client.warm_up()
    await author.call()


async def fresh_and_unused(author: Author) -> None:
    await author.client.warm_up()


async def stale(author: Author) -> None:
    await author.client.warm_up()
    await author.call()
    author.gitlab.direct_access.fail(503)
    await asyncio.sleep(3000)
    author.gitlab.direct_access.heal()
    author.gitlab.direct_access.delay(SLOW_S)


async def expired(author: Author) -> None:
    await author.client.warm_up()
    await asyncio.sleep(3700)


async def barred(author: Author) -> None:
    author.gitlab.settings.direct_enabled = False
    await author.call()
    await author.gitlab.settle()
    assert await author.call() is Route.INDIRECT
    author.gitlab.settings.direct_enabled = True


async def barred_by_the_gateway(author: Author) -> None:
    await author.client.warm_up()
    author.gitlab.gateway.fail(403, json={"detail": "no"})
    await author.call()
    author.gitlab.gateway.heal()
    assert await author.call() is Route.INDIRECT


async def refusing_for_now(author: Author) -> None:
    author.gitlab.direct_access.fail(429, headers={"retry-after": "300"})
    await author.call()
    await author.gitlab.settle()
    author.gitlab.direct_access.heal()
    author.gitlab.direct_access.delay(SLOW_S)


async def fetching(author: Author) -> None:
    author.gitlab.direct_access.hang(times=1)
    await author.call()
    assert len(author.gitlab.fetched_at) == 1


async def renewing(author: Author) -> None:
    await author.client.warm_up()
    await author.call()
    author.gitlab.direct_access.hang(times=1)
    await asyncio.sleep(RENEWS_AT_S + 10)
    assert len(author.gitlab.fetched_at) == 2


async def waiting_to_retry_a_renewal(author: Author) -> None:
    await author.client.warm_up()
    await author.call()
    author.gitlab.direct_access.fail(503)
    await asyncio.sleep(RENEWS_AT_S + 80)
    assert len(author.gitlab.fetched_at) > 3
    author.gitlab.direct_access.heal()
    author.gitlab.direct_access.delay(SLOW_S)


async def calling(author: Author) -> None:
    await author.client.warm_up()
    await call_in_flight(author)


async def calling_many_times(author: Author) -> None:
    await author.client.warm_up()
    await call_in_flight(author, 8)


async def waiting_in_the_gates(author: Author) -> None:
    await author.client.warm_up()
    await call_in_flight(author, 8)
    for _ in range(4):
        author.leave_in_flight()
    await asyncio.sleep(0.2)


async def warming_up(author: Author) -> None:
    await author.client.warm_up()
    await author.call()
    author.gitlab.gateway.hang()
    author.leave_warming_up()
    await wait_all_tasks_blocked()
    author.gitlab.gateway.heal()


STATES = [
    new,
    fresh,
    fresh_and_unused,
    stale,
    expired,
    barred,
    barred_by_the_gateway,
    refusing_for_now,
    fetching,
    renewing,
    waiting_to_retry_a_renewal,
    calling,
    calling_many_times,
    waiting_in_the_gates,
    warming_up,
]


async def sleep_and_wake(author: Author, slept_s: float) -> int:
    """Let the machine sleep; return how many calls had been made before."""
    author.gitlab.clock.suspend(slept_s)
    author.gitlab.replaced.clear()
    return len(author.made)


async def assert_only_the_first_is_indirect(author: Author, before: int) -> None:
    await author.call()
    await asyncio.sleep(SLOW_S)
    await author.type(5, every_s=2)
    after = author.routes[before:]
    assert after[1:] == [Route.DIRECT] * 5
    assert author.gitlab.replaced == list(Route)
    assert author.jumps == 1
    assert author.client.status().circuits == dict.fromkeys(Route, "closed")
    author.assert_within_budget()


@pytest.mark.parametrize("wakes", ["and a call begins", "and connections break"])
@pytest.mark.parametrize("slept_s", [60, NIGHT_S])
@pytest.mark.parametrize("state", STATES)
async def test_after_a_suspend_only_the_first_call_may_go_indirect(
    state: Callable[[Author], Awaitable[None]], slept_s: float, wakes: str
) -> None:
    gitlab = NotedGitLab()
    gitlab.direct_access.delay(SLOW_S)
    async with at_work(gitlab) as author:
        await state(author)
        trips = author.trips
        before = await sleep_and_wake(author, slept_s)
        if wakes == "and connections break":
            gitlab.break_connections()
            await wait_all_tasks_blocked()
        await assert_only_the_first_is_indirect(author, before)
        assert author.trips == trips
        gitlab.break_connections()
        await author.left()


@pytest.mark.parametrize("slept_s", [6, 60, NIGHT_S])
async def test_a_suspend_makes_an_open_circuit_half_open(slept_s: float) -> None:
    """Two probes, beside the instance and faster than it, close it again."""
    gitlab = NotedGitLab()
    gitlab.gateway.latency_s, gitlab.instance.latency_s = 0.1, 0.25
    async with at_work(gitlab) as author:
        await author.client.warm_up()
        gitlab.gateway.fail(429, headers={"retry-after": "120"})
        await author.call()
        gitlab.gateway.heal()
        assert author.client.status().circuits[Route.DIRECT] == "open"
        before = await sleep_and_wake(author, slept_s)
        await author.type(6, every_s=1)
        assert author.client.status().circuits[Route.DIRECT] == "closed"
        assert author.routes[before + 1 :] == [Route.DIRECT] * 5
        assert gitlab.replaced == list(Route)


# A call that the machine sleeps through.


@pytest.mark.parametrize("breaks", [True, False])
async def test_a_call_slept_through_beyond_its_deadline_ends_at_once(
    *, breaks: bool
) -> None:
    gitlab = NotedGitLab()
    async with at_work(gitlab) as author:
        await author.client.warm_up()
        gitlab.gateway.hang(times=1)
        gitlab.instance.hang(times=1)
        call = asyncio.create_task(author.client.complete(REQUEST))
        await asyncio.sleep(0.5)
        await sleep_and_wake(author, NIGHT_S)
        woken_at = now()
        if breaks:
            gitlab.break_connections()
        with pytest.raises(DeadlineExceededError):
            await call
        assert now() - woken_at <= 0.5
        gitlab.break_connections()
        await gitlab.settle()
        assert author.trips == 0


@pytest.mark.parametrize("breaks", [True, False])
@pytest.mark.parametrize(("slept_s", "deadline_s"), [(6, 10), (NIGHT_S, math.inf)])
async def test_a_call_slept_through_goes_on_by_new_connections(
    slept_s: float, deadline_s: float, *, breaks: bool
) -> None:
    gitlab = NotedGitLab()
    async with at_work(gitlab) as author:
        await author.client.warm_up()
        gitlab.gateway.hang(times=1)
        call = asyncio.create_task(
            author.client.complete(REQUEST, deadline_s=deadline_s)
        )
        await asyncio.sleep(0.5)
        await sleep_and_wake(author, slept_s)
        woken_at = now()
        if breaks:
            gitlab.break_connections()
        done = await call
        assert done.route is Route.INDIRECT
        assert now() - woken_at <= 0.5
        assert gitlab.replaced == list(Route)
        assert author.jumps == 1
        gitlab.break_connections()
        await gitlab.settle()
        assert author.trips == 0
        assert await author.call() is Route.DIRECT or slept_s > 60


async def test_an_answer_that_came_while_the_machine_slept_is_taken() -> None:
    gitlab = NotedGitLab()
    gitlab.gateway.delay(0.5)
    async with at_work(gitlab) as author:
        await author.client.warm_up()
        call = asyncio.create_task(author.call())
        await asyncio.sleep(0.4)
        await sleep_and_wake(author, 1800)
        assert await call is Route.DIRECT


async def test_a_call_that_waits_for_details_does_not_wait_for_a_dead_fetch() -> None:
    gitlab = NotedGitLab()
    gitlab.direct_access.hang(times=1)
    async with at_work(gitlab) as author:
        call = asyncio.create_task(author.call())
        await asyncio.sleep(0.1)
        await sleep_and_wake(author, 6)
        assert await author.call() is Route.DIRECT
        await call
        assert len(gitlab.fetched_at) == 2


# Short naps.


async def test_naps_that_are_no_jumps_count_in_a_tokens_age() -> None:
    """Connections outlive four seconds, so nothing is replaced."""
    gitlab = NotedGitLab()
    gitlab.direct_access.delay(SLOW_S)
    async with at_work(gitlab) as author:
        await author.client.warm_up()
        for _ in range(2 * 3600 // 6):
            await author.type(1, every_s=2)
            gitlab.clock.suspend(4)
    assert author.indirect == []
    assert author.failures == []
    assert author.jumps == 0
    assert gitlab.replaced == []


async def test_naps_that_nobody_types_between_add_up_to_a_jump() -> None:
    gitlab = NotedGitLab()
    async with at_work(gitlab) as author:
        await author.call()
        for _ in range(3):
            await asyncio.sleep(1)
            gitlab.clock.suspend(4)
        await author.call()
    assert author.jumps == 1


@pytest.mark.parametrize("nap_s", [4, 600])
async def test_a_renewal_is_not_late_by_the_time_that_was_slept(nap_s: float) -> None:
    """Its timer stands still while the machine sleeps, and the token's life does not.

    The call between the suspends and a break is the last that could see to it.
    """
    gitlab = NotedGitLab()
    gitlab.direct_access.delay(SLOW_S)
    async with at_work(gitlab) as author:
        await author.client.warm_up()
        await author.call()
        for _ in range(int(600 / nap_s)):
            gitlab.clock.suspend(nap_s)
            await author.type(1, every_s=1)
        await asyncio.sleep(RENEWS_AT_S + 80 - gitlab.clock.now())
        assert await author.call() is Route.DIRECT
    assert gitlab.fetched_at == pytest.approx([0, RENEWS_AT_S], abs=10)


async def test_twenty_calls_at_once_after_a_suspend_share_one_look() -> None:
    gitlab = NotedGitLab()
    policy = RoutingPolicy(max_in_flight=2)
    async with at_work(gitlab, policy) as author:
        await author.client.warm_up()
        await sleep_and_wake(author, 60)
        await asyncio.gather(*(author.call() for _ in range(20)))
        assert gitlab.replaced == list(Route)
        assert author.indirect == []
