"""Plays a plan from beginning to end: stage, authors, conductor, report."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gitlab_completions import testing
from gitlab_completions.rehearsal.authors import Author
from gitlab_completions.rehearsal.conductor import Conductor
from gitlab_completions.rehearsal.ledger import Ledger
from gitlab_completions.rehearsal.levers import rollout_of
from gitlab_completions.rehearsal.plan import Time
from gitlab_completions.rehearsal.report import make_report
from gitlab_completions.rehearsal.stage import set_stage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitlab_completions.events import Observer
    from gitlab_completions.rehearsal.conductor import Standing
    from gitlab_completions.rehearsal.plan import Plan
    from gitlab_completions.rehearsal.report import Report

__all__ = ("rehearse",)


def _nobody(_standing: Standing) -> None:
    """Tell nobody."""


def _nothing(_author: int) -> Observer | None:
    """Return no observer."""
    return None


def rehearse(
    plan: Plan,
    *,
    tell: Callable[[Standing], object] = _nobody,
    observer: Callable[[int], Observer | None] = _nothing,
) -> Report:
    """Rehearse a roll-out, and return what it has shown.

    It runs an event loop of its own, in virtual time where the plan says so.

    Args:
        plan: The plan.
        tell: Told how it stands, at each look at the guard rails.
        observer: Makes one more observer for each new client, given its author's
            number.

    Raises:
        MissingExtraError: When the plan wants loopback, and the emulator's extra is
            not installed.
        ConfigurationError: When the system does not let loopback have so many sockets.
    """
    playing = _play(plan, tell, observer)
    if plan.time is Time.VIRTUAL:
        return testing.run(playing)
    return asyncio.run(playing)


async def _play(
    plan: Plan,
    tell: Callable[[Standing], object],
    observer: Callable[[int], Observer | None],
) -> Report:
    ledger = Ledger()

    def observers(author: int) -> Sequence[Observer]:
        more = observer(author)
        own = ledger.observer(author)
        return (own,) if more is None else (own, more)

    async with set_stage(plan) as stage:
        rollout = rollout_of(plan, stage)
        conductor = Conductor(plan, stage, rollout, ledger, tell)
        async with asyncio.TaskGroup() as group:
            working = [
                group.create_task(
                    Author(number, plan, stage, rollout, observers).work()
                )
                for number in range(plan.authors.count)
            ]
            outcome = await conductor.run()
            for task in working:
                task.cancel()
    return make_report(
        plan,
        ledger,
        outcome,
        phases=conductor.phases,
        strikes=conductor.strikes,
        taken_back_s=conductor.taken_back_s,
        timeline=conductor.entries,
    )
