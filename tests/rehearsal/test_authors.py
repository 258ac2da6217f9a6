"""Authors draw from generators of their own, supersede, and hide no defect."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gitlab_completions.events import CallFinished, CallStarted, Superseded
from gitlab_completions.rehearsal import Authors
from gitlab_completions.rehearsal.authors import Author
from gitlab_completions.rehearsal.levers import rollout_of
from gitlab_completions.rehearsal.stage import set_stage
from tests.rehearsal.parts import small

if TYPE_CHECKING:
    from gitlab_completions.events import Event

HABITS = Authors(
    count=2,
    with_context=1.0,
    think_s=2,
    session_s=30,
    break_s=5,
    keystrokes=3,
)


async def heard(number: int, seed: int = 1, seconds: float = 120) -> list[Event]:
    plan = small(seed=seed, authors=HABITS)
    told: list[Event] = []
    async with set_stage(plan) as stage:
        rollout = rollout_of(plan, stage)
        author = Author(number, plan, stage, rollout, lambda _: (told.append,))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(seconds):
                await author.work()
    return told


def times(told: list[Event]) -> list[object]:
    """Return what was told and when; the loop's time is rounded as it grows."""
    return [
        (type(each).__name__, round(getattr(each, "elapsed_s", None) or 0, 6))
        for each in told
    ]


async def test_a_burst_supersedes_and_its_last_call_is_waited_for() -> None:
    told = await heard(0)
    began = [each for each in told if isinstance(each, CallStarted)]
    superseded = [each for each in told if isinstance(each, Superseded)]
    finished = [each for each in told if isinstance(each, CallFinished)]
    assert len(superseded) > 5
    assert len(finished) > 5
    assert len(began) - len(superseded) - len(finished) in {0, 1}
    assert all(each.context for each in began)


async def test_sessions_are_clients_of_their_own() -> None:
    told = await heard(0)
    first = [
        each for each in told if isinstance(each, CallStarted) and each.call_id == 1
    ]
    assert len(first) > 1


async def test_the_same_seed_makes_the_same_author_and_others_differ() -> None:
    told = times(await heard(0, seconds=30))
    assert len(told) > 20
    assert times(await heard(0, seconds=30)) == told
    assert times(await heard(1, seconds=30)) != told
    assert times(await heard(0, seed=2, seconds=30)) != told


async def test_a_defect_is_no_lost_completion() -> None:
    plan = small(authors=HABITS)
    async with set_stage(plan) as stage:
        rollout = rollout_of(plan, stage)
        author = Author(0, plan, stage, rollout, lambda _: ())
        async with stage.client(
            0,
            policy=rollout.policy(0),
            flags=None,
            observers=(),
            chance=author._chance,
        ) as client:

            async def complete(_request: object) -> None:
                raise ZeroDivisionError

            vars(client)["complete"] = complete
            with pytest.raises(ZeroDivisionError):
                await author._burst(client)
