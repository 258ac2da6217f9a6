"""A wall clock that is set, on a machine that has no other to tell a suspend by."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gitlab_completions._shell.clock import SystemClock
from gitlab_completions.client import CompletionClient
from gitlab_completions.models import Route
from gitlab_completions.policy import RoutingPolicy
from gitlab_completions.testing import wait_all_tasks_blocked
from tests.scenarios.office import Author, NotedGitLab

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

HOUR, DAY = 3600, 86400
SLOW_S = 0.3
"""Seconds that a grant takes: longer than a call waits for it."""


class WallAndLoop:
    """The module `time` of a machine without a clock that counts suspend."""

    def __init__(self) -> None:
        self.set_s = 0.0

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def time(self) -> float:
        return 1.8e9 + self.monotonic() + self.set_s


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> WallAndLoop:
    wall = WallAndLoop()
    monkeypatch.setattr("gitlab_completions._shell.clock.time", wall)
    return wall


@pytest.fixture
async def author(wall: WallAndLoop) -> AsyncIterator[Author]:
    assert wall.monotonic() == 0
    gitlab = NotedGitLab()
    gitlab.direct_access.delay(SLOW_S)
    client = CompletionClient._for_testing(
        gitlab.instance_url,
        gitlab.access_token,
        policy=RoutingPolicy(),
        sender=gitlab,
        clock=SystemClock(),
        jitter=lambda: 0.5,
    )
    async with client:
        await client.warm_up()
        author = Author(gitlab, client)
        await author.type(20, every_s=3)
        yield author
        assert author.failures == []
        assert author.trips == 0


@pytest.mark.parametrize("set_s", [-DAY, -HOUR, -61, -1, 1, 59])
async def test_one_that_is_set_back_or_adjusted_changes_nothing(
    wall: WallAndLoop, author: Author, set_s: float
) -> None:
    for _ in range(3):
        wall.set_s += set_s
        await author.type(20, every_s=3)
    assert author.indirect == []
    assert author.jumps == 0
    assert author.gitlab.replaced == []
    assert len(author.gitlab.fetched_at) == 1


@pytest.mark.parametrize("set_s", [61, HOUR, 8 * HOUR, 365 * DAY])
async def test_one_that_is_set_forward_costs_one_call_its_route_and_one_fetch(
    wall: WallAndLoop, author: Author, set_s: float
) -> None:
    """It is taken for a suspend, and details for as much older as it was set."""
    wall.set_s += set_s
    await author.type(20, every_s=3)
    outlived = set_s < HOUR
    assert author.indirect == ([] if outlived else [20])
    assert author.jumps == 1
    assert author.gitlab.replaced == list(Route)
    assert len(author.gitlab.fetched_at) == (1 if outlived else 2)


async def test_one_that_is_set_forward_and_back_again_and_again_costs_no_more(
    wall: WallAndLoop, author: Author
) -> None:
    for _ in range(4):
        before = len(author.made)
        wall.set_s += 8 * HOUR
        await author.type(5, every_s=3)
        wall.set_s -= 8 * HOUR
        await author.type(5, every_s=3)
        assert [at for at in author.indirect if at >= before] == [before]
    assert author.jumps == 4
    assert len(author.gitlab.fetched_at) == 1 + 4


async def test_calls_waiting_for_a_slot_survive_one_that_is_set_back(
    wall: WallAndLoop, author: Author
) -> None:
    author.gitlab.gateway.delay(0.2)
    calls = [asyncio.create_task(author.call()) for _ in range(20)]
    await wait_all_tasks_blocked()
    wall.set_s -= DAY
    assert len(await asyncio.gather(*calls)) == 20
    assert author.jumps == 0
