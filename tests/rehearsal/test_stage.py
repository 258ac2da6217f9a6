"""The stage: every author a user, and the way through the instance longer."""

from __future__ import annotations

import asyncio
import random
from statistics import median
from typing import TYPE_CHECKING

import pytest

from gitlab_completions.models import CompletionRequest, Route
from gitlab_completions.policy import RoutingPolicy
from gitlab_completions.rehearsal import Latencies, Lever, Time
from gitlab_completions.rehearsal.stage import set_stage
from tests.rehearsal.parts import small

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from gitlab_completions.client import CompletionClient
    from gitlab_completions.rehearsal.stage import Stage

REQUEST = CompletionRequest(file_name="a.py", content_above_cursor="x = 1\ny = x")
POLICY = RoutingPolicy(
    allow_plain_http=True, environment_override=False, indirect_per_minute=None
)


def client(stage: Stage, author: int) -> AbstractAsyncContextManager[CompletionClient]:
    chance = random.Random(author)
    return stage.client(author, policy=POLICY, flags=None, observers=(), chance=chance)


async def test_the_way_through_the_instance_takes_what_the_plan_says_on_top() -> None:
    plan = small(lever=Lever.CLIENT_FLAG, latencies=Latencies(spread=0.2))
    async with set_stage(plan) as stage, client(stage, 0) as one:
        await one.warm_up()
        waits: dict[Route, list[float]] = {Route.DIRECT: [], Route.INDIRECT: []}
        for _ in range(60):
            done = await one.complete(REQUEST)
            waits[done.route].append(done.elapsed_s)
        stage.endpoint("gateway").fail(503)
        for _ in range(60):
            await asyncio.sleep(2)
            done = await one.complete(REQUEST)
            waits[done.route].append(done.attempts[-1].elapsed_s)
    extra_s = median(waits[Route.INDIRECT]) - median(waits[Route.DIRECT])
    assert extra_s == pytest.approx(0.125, abs=0.02)


async def test_every_author_has_a_rate_limit_of_its_own() -> None:
    plan = small(profile="17.1")
    async with set_stage(plan) as stage:
        stage.flags.disable("code_suggestions_direct_completions")
        for author in (0, 1):
            async with client(stage, author) as one:
                for _ in range(31):  # of 60 a minute
                    assert (await one.complete(REQUEST)).route is Route.INDIRECT


@pytest.mark.real_time
async def test_the_stage_is_the_same_on_loopback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # none of its business
    plan = small(time=Time.LOOPBACK, latencies=Latencies(direct_s=0, grant_s=0))
    async with set_stage(plan) as stage, client(stage, 3) as one:
        await one.warm_up()
        assert (await one.complete(REQUEST)).route is Route.DIRECT
        assert len(stage.endpoint("gateway").requests) == 1
        assert stage.flags.gates
