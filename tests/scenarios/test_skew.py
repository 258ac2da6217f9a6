"""Clocks that are wrong, whosever they are, cost no call anything."""

from __future__ import annotations

import asyncio
import time

import pytest

from gitlab_completions.models import Route
from tests.scenarios.office import Author, NotedGitLab, at_work

MINUTE, HOUR, DAY, YEAR = 60, 3600, 86400, 365 * 86400
SKEWS = [sign * skew_s for skew_s in (1, 2 * HOUR, DAY, YEAR) for sign in (1, -1)]
WHOSE = {
    "the instance's": (1, 0),
    "the gateway's": (0, 1),
    "both servers'": (1, 1),
    "both servers', apart": (0.5, -0.5),
}
FETCHES_A_DAY = 35
"""One in 48 minutes, and one after each pause that outlasts a token."""


async def work_a_day(author: Author) -> None:
    """Type in bursts, with a break at noon; the first call warms the client."""
    await author.call()
    for pauses_s in [7 * MINUTE] * 25 + [3 * HOUR] + [12 * MINUTE] * 25:
        await author.type(6, every_s=4)
        await asyncio.sleep(pauses_s)


@pytest.mark.parametrize("skew_s", SKEWS)
@pytest.mark.parametrize("whose", WHOSE)
async def test_a_servers_skew_harms_no_call(whose: str, skew_s: float) -> None:
    gitlab = NotedGitLab()
    of_instance, of_gateway = WHOSE[whose]
    gitlab.settings.instance_clock_offset_s = of_instance * skew_s
    gitlab.settings.gateway_clock_offset_s = of_gateway * skew_s
    gitlab.direct_access.delay(0.1)
    async with at_work(gitlab) as author:
        await work_a_day(author)
    assert author.indirect == []
    assert author.failures == []
    assert len(gitlab.fetched_at) <= FETCHES_A_DAY
    author.assert_within_budget()


@pytest.mark.parametrize("lifetime_s", [60, 90, 300, HOUR, 2 * HOUR, DAY])
@pytest.mark.parametrize("left_s", [-1, 0, 1, 5, 30, 59, 61, 299])
async def test_a_skew_of_nearly_a_tokens_lifetime_shortens_no_life(
    left_s: float, lifetime_s: int
) -> None:
    """An instance's clock shows that much before the token's end when it grants it."""
    gitlab = NotedGitLab()
    gitlab.settings.token_lifetime_s = lifetime_s
    gitlab.settings.instance_clock_offset_s = lifetime_s - left_s
    gitlab.direct_access.delay(0.3)  # too long for a call to wait for
    async with at_work(gitlab) as author:
        await author.call()
        await gitlab.settle()
        await author.type(60, every_s=11)
    assert author.indirect == [0]
    assert author.failures == []
    author.assert_within_budget()


@pytest.mark.parametrize("skew_s", SKEWS)
async def test_the_wall_clock_of_this_machine_does_not_matter(
    monkeypatch: pytest.MonkeyPatch, skew_s: float
) -> None:
    really = time.time
    read = 0

    def wrong() -> float:
        nonlocal read
        read += 1
        # Wrong, and set anew at each reading.
        return really() + (skew_s if read % 2 else -skew_s)

    monkeypatch.setattr(time, "time", wrong)
    gitlab = NotedGitLab()
    gitlab.direct_access.delay(0.1)
    async with at_work(gitlab) as author:
        await author.call()
        await author.type(400, every_s=11)
    assert author.indirect == []
    assert author.failures == []
    assert len(gitlab.fetched_at) == 2
    assert author.jumps == 0


@pytest.mark.parametrize(
    "skew_s", [sign * s for s in (2 * HOUR, DAY) for sign in (1, -1)]
)
@pytest.mark.parametrize("whose", WHOSE)
async def test_a_servers_clock_that_is_set_anew_costs_one_call_its_route_at_most(
    whose: str, skew_s: float
) -> None:
    gitlab = NotedGitLab()
    gitlab.direct_access.delay(0.1)
    of_instance, of_gateway = WHOSE[whose]
    async with at_work(gitlab) as author:
        await author.type(20, every_s=5)
        gitlab.settings.instance_clock_offset_s = of_instance * skew_s
        gitlab.settings.gateway_clock_offset_s = of_gateway * skew_s
        await author.type(20, every_s=5)
        assert author.client.status().circuits[Route.DIRECT] == "closed"
    # The gateway refuses a token that it takes for an old one, or one from the future.
    assert author.indirect in ([], [20])
    assert len(author.failures) == len(author.indirect)
    assert len(gitlab.fetched_at) <= 2
