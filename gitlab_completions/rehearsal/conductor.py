"""Takes a roll-out through its steps: advances, holds, or takes the flag back.

It sets the lever, lets faults strike when the plan says so, and looks at the guard
rails every few seconds. A window never reaches back beyond the step's own beginning:
what was before says nothing of what the step changed.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from gitlab_completions._records import Record
from gitlab_completions.rehearsal.guard_rails import (
    Figure,
    Finding,
    Reading,
    Verdict,
    figure,
    judge,
    look,
)
from gitlab_completions.rehearsal.plan import Metric, PlannedFault, Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions.rehearsal.ledger import Ledger
    from gitlab_completions.rehearsal.levers import Rollout
    from gitlab_completions.rehearsal.plan import Plan
    from gitlab_completions.rehearsal.stage import Stage

__all__ = (
    "Conductor",
    "Entry",
    "Outcome",
    "Phase",
    "Standing",
    "Strike",
)


class Outcome(StrEnum):
    """How a roll-out ended."""

    WENT_THROUGH = "went_through"
    HELD = "held"
    TAKEN_BACK = "taken_back"


@dataclass(slots=True, kw_only=True)
class Phase:
    """A setting of the lever, and how long it was.

    Attributes:
        step: What was set.
        began_s: When, in the loop's seconds.
        ended_s: Until when.
    """

    step: Step
    began_s: float
    ended_s: float


@dataclass(slots=True, kw_only=True)
class Strike:
    """A fault of the plan that struck.

    Attributes:
        fault: Which one.
        began_s: When, in the loop's seconds.
        ended_s: Until when; the rehearsal may end first.
        in_force: It is striking now.
    """

    fault: PlannedFault
    began_s: float
    ended_s: float
    in_force: bool = True


class Entry(Record):
    """A line of the timeline.

    Args:
        at_s: Seconds since the rehearsal began.
        what: What happened.
        readings: How the guard rails stood then.
    """

    at_s: float
    what: str
    readings: tuple[Reading, ...] = ()


class Standing(Record):
    """How the rehearsal stands, for those who watch it.

    Args:
        at_s: Seconds since it began.
        planned_s: Seconds that it takes when the guard rails always hold.
        step: How the lever is set.
        since_s: Seconds since then.
        readings: How the guard rails stand.
        verdict: What they say together.
        faults: What is wrong at the moment.
        calls: Calls that have ended.
        lost: How many of them without a completion.
        entries: The timeline up to now.
    """

    at_s: float
    planned_s: float
    step: Step
    since_s: float
    readings: tuple[Reading, ...]
    verdict: Verdict
    faults: tuple[str, ...]
    calls: int
    lost: int
    entries: tuple[Entry, ...]


class Conductor:
    """Conducts one rehearsal.

    Args:
        plan: What is rehearsed.
        stage: Where.
        rollout: The lever.
        ledger: What the authors' clients told.
        tell: Told how it stands, at each look.

    Attributes:
        phases: The settings of the lever so far.
        strikes: The faults so far.
        entries: The timeline so far.
        taken_back_s: When the flag was taken back, in the loop's seconds.
    """

    def __init__(
        self,
        plan: Plan,
        stage: Stage,
        rollout: Rollout,
        ledger: Ledger,
        tell: Callable[[Standing], object],
    ) -> None:
        self._plan = plan
        self._stage = stage
        self._rollout = rollout
        self._ledger = ledger
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._began_s = self._loop.time()
        self._before: dict[Metric, Figure] = {}
        self._striking: list[asyncio.Task[None]] = []
        self.phases: list[Phase] = []
        self.strikes: list[Strike] = []
        self.entries: list[Entry] = []
        self.taken_back_s: float | None = None

    async def run(self) -> Outcome:
        """Take the roll-out through its steps; return how it ended."""
        async with asyncio.TaskGroup() as group:
            try:
                outcome = await self._roll_out(group)
                self._note_what_never_struck()
                return outcome
            finally:
                for task in self._striking:
                    task.cancel()
                self.phases[-1].ended_s = self._loop.time()

    async def _roll_out(self, group: asyncio.TaskGroup) -> Outcome:
        before = Step(number=0, title="before", pause_s=self._plan.before_s)
        self._turn(before, group)
        await self._watch(before)
        began_s = self.phases[0].began_s
        self._before = {
            metric: figure(metric, self._ledger, began_s) for metric in Metric
        }
        for step in self._plan.steps:
            self._turn(step, group)
            verdict = await self._guard(step)
            if verdict is Verdict.TAKE_BACK:
                await self._take_back(group)
                return Outcome.TAKEN_BACK
            if verdict is Verdict.HOLD:
                self._note(f"stays held at {step.title}: the roll-out ends here")
                return Outcome.HELD
        self._note("every step is done: the roll-out went through")
        return Outcome.WENT_THROUGH

    async def _guard(self, step: Step) -> Verdict:
        """Watch the guard rails until they let the step end, or will not."""
        plan, until_s = self._plan, self._loop.time() + step.pause_s
        is_held = False
        while True:
            left_s = until_s - self._loop.time()
            await asyncio.sleep(min(left_s, plan.look_s) if left_s > 0 else plan.look_s)
            readings, verdict = self._look()
            over_s = self._loop.time() - until_s
            if verdict is Verdict.TAKE_BACK:
                return verdict
            if over_s < 0:
                continue
            if verdict is Verdict.ADVANCE:
                self._note(f"within the guard rails at {step.title}", readings)
                return verdict
            if not is_held:
                is_held = True
                self._note(f"held at {step.title}: {_reasons(readings)}", readings)
            if over_s >= plan.longest_hold_s:
                return verdict

    async def _take_back(self, group: asyncio.TaskGroup) -> None:
        """Take the flag back, and go on until the recovery has been seen."""
        readings, _ = self._look()
        self._note(f"the flag is taken back: {_reasons(readings)}", readings)
        self.taken_back_s = self._loop.time()
        after = Step(number=-1, title="taken back", pause_s=self._plan.after_s)
        self._turn(after, group)
        await self._watch(after)

    async def _watch(self, step: Step) -> None:
        """Let a step's time pass, whatever the guard rails say."""
        until_s = self._loop.time() + step.pause_s
        while (left_s := until_s - self._loop.time()) > 0:
            await asyncio.sleep(min(left_s, self._plan.look_s))
            self._look()

    def _turn(self, step: Step, group: asyncio.TaskGroup) -> None:
        """Set the lever, and let the faults of a new step come."""
        now = self._loop.time()
        is_new = not self.phases or self.phases[-1].step.number != step.number
        if self.phases:
            self.phases[-1].ended_s = now
        self._ledger.turn(now)
        self.phases.append(Phase(step=step, began_s=now, ended_s=now))
        self._rollout.pull(step)
        count = self._plan.authors.count
        share = sum(map(self._rollout.includes, range(count)))
        self._note(f"{step.title}: on for {share} of {count} authors")
        for fault in self._plan.faults:
            if is_new and fault.step == step.number:
                self._striking.append(group.create_task(self._strike(fault)))

    async def _strike(self, fault: PlannedFault) -> None:
        await asyncio.sleep(fault.after_s)
        now = self._loop.time()
        strike = Strike(fault=fault, began_s=now, ended_s=now)
        self.strikes.append(strike)
        self._note(f"a fault begins: {fault.title}")
        endpoint = self._stage.endpoint(fault.endpoint)
        endpoint.heal()  # of a fault that ends at this very moment
        fault.strike(endpoint)
        try:
            await asyncio.sleep(fault.lasts_s)
        finally:
            strike.ended_s, strike.in_force = self._loop.time(), False
        others = (each for each in self.strikes if each.in_force)
        if all(each.fault.endpoint != fault.endpoint for each in others):
            endpoint.heal()
        self._note(f"the fault is over: {fault.title}")

    def _note_what_never_struck(self) -> None:
        struck = [strike.fault for strike in self.strikes]
        for fault in self._plan.faults:
            if not any(fault is each for each in struck):
                self._note(f"a fault never began: {fault.title}")

    def _look(self) -> tuple[tuple[Reading, ...], Verdict]:
        """Look at the guard rails, and tell who watches."""
        now, phase = self._loop.time(), self.phases[-1]
        readings = look(
            self._plan.guard_rails,
            self._ledger,
            now,
            began_s=phase.began_s,
            before=self._before,
        )
        verdict = judge(readings)
        self._tell(
            Standing(
                at_s=now - self._began_s,
                planned_s=self._plan.planned_s,
                step=phase.step,
                since_s=now - phase.began_s,
                readings=readings,
                verdict=verdict,
                faults=tuple(
                    strike.fault.title for strike in self.strikes if strike.in_force
                ),
                calls=len(self._ledger.calls),
                lost=self._ledger.lost,
                entries=tuple(self.entries),
            )
        )
        return readings, verdict

    def _note(self, what: str, readings: tuple[Reading, ...] = ()) -> None:
        at_s = self._loop.time() - self._began_s
        self.entries.append(Entry(at_s=at_s, what=what, readings=readings))


def _reasons(readings: tuple[Reading, ...]) -> str:
    """Return what speaks against going on, the breaches first."""
    for finding in (Finding.BREACHED, Finding.TOO_FEW):
        found = [each.describe() for each in readings if each.finding is finding]
        if found:
            return "; ".join(found)
    return "nothing"
