"""The levers decide alike who is in, and reach clients each in its way."""

from __future__ import annotations

import random

import pytest

from gitlab_completions._records import replace
from gitlab_completions.models import RouteReason
from gitlab_completions.rehearsal import Lever, Step
from gitlab_completions.rehearsal.levers import rollout_of
from gitlab_completions.rehearsal.plan import DIRECT_FLAG
from gitlab_completions.rehearsal.stage import actor_of, set_stage
from tests.rehearsal.parts import small

STEP = Step(number=1, title="some", percent=40, members=2, pause_s=1)
LEVERS = list(Lever)


async def included(lever: Lever, step: Step = STEP) -> list[int]:
    plan = small(lever=lever)
    async with set_stage(plan) as stage:
        rollout = rollout_of(plan, stage)
        assert not any(map(rollout.includes, range(50)))
        rollout.pull(step)
        return [author for author in range(50) if rollout.includes(author)]


async def test_every_lever_includes_the_same_authors() -> None:
    by_lever = [await included(lever) for lever in LEVERS]
    assert by_lever[0] == by_lever[1] == by_lever[2]
    assert by_lever[0][:2] == [0, 1]
    assert 10 < len(by_lever[0]) < 35


@pytest.mark.parametrize("lever", LEVERS)
async def test_a_lever_that_is_taken_back_includes_nobody(lever: Lever) -> None:
    assert await included(lever, Step(number=-1, title="", pause_s=1)) == []


async def test_a_flag_of_the_instance_is_the_instance_s() -> None:
    plan = small(lever=Lever.INSTANCE_FLAG)
    async with set_stage(plan) as stage:
        rollout = rollout_of(plan, stage)
        rollout.pull(STEP)
        assert stage.flags.is_on(DIRECT_FLAG, actor_of(0))
        assert rollout.source(0) is None


async def test_a_flag_service_answers_for_an_author_and_knows_one_flag() -> None:
    plan = small(lever=Lever.CLIENT_FLAG)
    async with set_stage(plan) as stage:
        rollout = rollout_of(plan, stage)
        rollout.pull(STEP)
        source = rollout.source(0)
        assert source is not None
        assert (await source.evaluate(DIRECT_FLAG, default=False)).enabled
        other = await source.evaluate("another", default=False)
        assert (other.enabled, other.reason) == (False, "unknown_flag")
        assert stage.flags.is_on(DIRECT_FLAG, actor_of(0))  # as 17.1 has it


async def test_a_percentage_reaches_clients_that_are_open() -> None:
    plan = small(lever=Lever.CLIENT_PERCENTAGE)
    async with set_stage(plan) as stage:
        rollout = rollout_of(plan, stage)
        async with stage.client(
            7,
            policy=rollout.policy(7),
            flags=rollout.source(7),
            observers=(),
            chance=random.Random(7),
        ) as client:
            rollout.opened(7, client)
            assert client.status().reason is RouteReason.ROLLOUT
            rollout.pull(replace(STEP, percent=100))
            assert client.status().reason is not RouteReason.ROLLOUT
            rollout.closed(7)
            rollout.pull(STEP)
            assert client.status().reason is not RouteReason.ROLLOUT
        assert rollout.policy(0).direct_percentage == 100
        assert rollout.policy(7).direct_percentage == 40
        assert rollout.policy(7).actor == actor_of(7)
