"""A roll-out advances, is held, or is taken back by its guard rails."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gitlab_completions._records import replace
from gitlab_completions.rehearsal import Outcome, Plan, Standing, Step
from gitlab_completions.rehearsal.conductor import Conductor
from gitlab_completions.rehearsal.ledger import Ledger
from tests.rehearsal.parts import INCIDENT, EmptyStage, Settings, attempt, bare, small

if TYPE_CHECKING:
    from collections.abc import Callable

TWO = (
    Step(number=1, title="one", percent=10, pause_s=20),
    Step(number=1, title="two", percent=20, pause_s=20),
)


class Played:
    """A rehearsal without authors: `feed` says whether attempts fail at a time."""

    def __init__(self, plan: Plan, fails: Callable[[float], bool | None]) -> None:
        self.plan = plan
        self.fails = fails
        self.ledger = Ledger()
        self.lever = Settings()
        self.stage = EmptyStage()
        self.standings: list[Standing] = []

    async def outcome(self) -> Outcome:
        self.conductor = Conductor(
            self.plan, self.stage, self.lever, self.ledger, self.standings.append
        )
        feeding = asyncio.create_task(self._feed())
        try:
            return await self.conductor.run()
        finally:
            feeding.cancel()

    async def _feed(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(1)
            failed = self.fails(loop.time())
            if failed is not None:
                self.ledger.attempts.append(attempt(loop.time(), failed=failed))

    def told(self) -> list[tuple[float, str]]:
        return [(entry.at_s, entry.what) for entry in self.conductor.entries]


async def test_steps_follow_each_other_while_the_guard_rails_hold() -> None:
    played = Played(bare(steps=TWO), lambda _: False)
    assert await played.outcome() is Outcome.WENT_THROUGH
    assert played.lever.percents == [0, 10, 20]
    assert [(phase.began_s, phase.ended_s) for phase in played.conductor.phases] == [
        (0, 10),
        (10, 30),
        (30, 50),
    ]
    assert played.told()[-1] == (50, "every step is done: the roll-out went through")


async def test_a_breach_takes_the_flag_back_and_watches_on() -> None:
    played = Played(bare(steps=TWO), lambda now: now > 17)
    assert await played.outcome() is Outcome.TAKEN_BACK
    assert played.lever.percents == [0, 10, 0]
    assert played.conductor.taken_back_s == 20
    assert played.conductor.phases[-1].ended_s == 60
    assert (20, "taken back: on for 0 of 4 authors") in played.told()
    [said] = [what for _, what in played.told() if "is taken back" in what]
    assert said.startswith("the flag is taken back: gateway_errors: 20.00 % > 10.00 %")


async def test_too_few_samples_hold_a_step_until_there_are_enough() -> None:
    played = Played(bare(), lambda now: False if now > 37 else None)
    assert await played.outcome() is Outcome.WENT_THROUGH
    held = "held at some: gateway_errors: too few samples (0)"
    assert (30, held) in played.told()
    assert played.conductor.phases[-1].ended_s == 40


async def test_a_roll_out_that_is_held_too_long_ends_there() -> None:
    played = Played(bare(), lambda _: None)
    assert await played.outcome() is Outcome.HELD
    assert played.lever.percents == [0, 50]
    assert played.conductor.phases[-1].ended_s == 60


async def test_whoever_watches_is_told_at_each_look() -> None:
    played = Played(bare(), lambda _: False)
    await played.outcome()
    assert [standing.at_s for standing in played.standings] == [5, 10, 15, 20, 25, 30]
    assert played.standings[-1].since_s == 20
    assert played.standings[-1].planned_s == 30
    assert played.standings[-1].step.title == "some"


async def test_a_fault_strikes_once_in_its_step_and_heals() -> None:
    [fault] = small(INCIDENT).faults
    faults = (replace(fault, step=1, after_s=2, lasts_s=20),)
    played = Played(bare(steps=TWO, faults=faults), lambda _: False)
    running = asyncio.create_task(played.outcome())
    await asyncio.sleep(13)
    assert played.stage.endpoint("gateway").fault is not None
    await asyncio.sleep(20)
    assert played.stage.endpoint("gateway").fault is None
    assert await running is Outcome.WENT_THROUGH
    [strike] = played.conductor.strikes
    assert (strike.began_s, strike.ended_s, strike.in_force) == (12, 32, False)
    assert played.standings[2].faults == (fault.title,)
    assert played.standings[-1].faults == ()


async def test_a_fault_may_follow_another_at_once() -> None:
    [fault] = small(INCIDENT).faults
    late = replace(
        fault, step=1, after_s=0, lasts_s=10, strike=lambda endpoint: endpoint.delay(1)
    )
    faults = (replace(fault, step=1, after_s=10, lasts_s=5), late)
    played = Played(bare(faults=faults), lambda _: False)
    running = asyncio.create_task(played.outcome())
    gateway = played.stage.endpoint("gateway")
    seen: list[tuple[float, bool]] = []
    for seconds in (15, 7, 4):
        await asyncio.sleep(seconds)
        seen.append((gateway.delay_s, gateway.fault is not None))
    assert seen == [(1, False), (0, True), (0, False)]
    await running


async def test_a_step_lasts_as_long_as_its_pause_however_rare_the_looks() -> None:
    played = Played(bare(look_s=15), lambda _: False)
    assert await played.outcome() is Outcome.WENT_THROUGH
    assert [standing.at_s for standing in played.standings] == [10, 25, 30]


async def test_a_fault_whose_time_never_came_is_told() -> None:
    [fault] = small(INCIDENT).faults
    faults = (replace(fault, step=1, after_s=21), replace(fault, step=0, lasts_s=1))
    played = Played(bare(faults=faults, before_s=15), lambda _: False)
    await played.outcome()
    never = f"a fault never began: {fault.title}"
    assert played.told()[-1] == (35, never)
    assert [what for _, what in played.told()].count(never) == 1


async def test_a_fault_that_outlasts_the_rehearsal_ends_with_it() -> None:
    [fault] = small(INCIDENT).faults
    faults = (replace(fault, step=0, after_s=2, lasts_s=999),)
    played = Played(bare(faults=faults), lambda _: False)
    await played.outcome()
    [strike] = played.conductor.strikes
    assert (strike.began_s, strike.ended_s) == (2, 30)
