"""Plays many cells: those that work one after the other, those that wait side by side.

A busy machine is no bug: a cell that was unexpected and took too long, or that hangs on
short timeouts, is played again, and unexpected is what is so three times. One that is
quick but for the machine, so that calls were hedged, is judged in the end by what
hedges may do.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitlab_completions.policy import HedgePolicy
from tests.loopback.scene import emulate
from tests.matrix.engines import Engine
from tests.matrix.expectation import expect, hedged
from tests.matrix.observation import unexpected
from tests.matrix.play import Elsewhere, Stage, play

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.matrix.expectation import Expected, Tables
    from tests.matrix.facts import Cell
    from tests.matrix.observation import Observed

LANES = 4
"""Cells that wait side by side: little enough CPU not to disturb each other."""
HEDGE_DUE_S = HedgePolicy().min_delay_s
"""Seconds after which a client may hedge, or take the other route for want of room."""
PLAYS = 3
"""Plays of a cell that the machine may have held up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A cell that was played, and what was not as it must be."""

    cell: Cell
    expected: Expected
    observed: Observed
    wrong: tuple[str, ...]


async def play_all(
    cells: Sequence[Cell],
    *,
    engine: Engine = Engine.OWN,
    tables: Tables | None = None,
    profile: str = "19.3",
    told: Callable[[Played], None] = lambda _: None,
) -> list[Played]:
    """Play cells; return them in their order.

    Args:
        cells: The cells.
        engine: What sends.
        tables: The verdicts to expect, by default those in force.
        profile: Which GitLab it is.
        told: Is told of each cell when it has been played.
    """
    slow = [cell for cell in cells if cell.trouble.slow]
    quick = [cell for cell in cells if not cell.trouble.slow]
    lanes = [quick, *(slow[lane::LANES] for lane in range(LANES))]
    lanes = [lane for lane in lanes if lane]
    found: dict[int, Played] = {}

    async def run(lane: Sequence[Cell], stage: Stage) -> None:
        for cell in lane:
            played = await _play_fairly(stage, cell, tables)
            found[id(cell)] = played
            told(played)

    async with AsyncExitStack() as stack:
        elsewhere = await stack.enter_async_context(Elsewhere().listening())
        stages = [await _stage(stack, elsewhere, engine, profile) for _ in lanes]
        async with asyncio.TaskGroup() as group:
            for lane, stage in zip(lanes, stages, strict=True):
                group.create_task(run(lane, stage))
    return [found[id(cell)] for cell in cells]


async def _stage(
    stack: AsyncExitStack, elsewhere: Elsewhere, engine: Engine, profile: str
) -> Stage:
    emulator = await stack.enter_async_context(emulate(profile))
    context = emulator.ssl_context()
    assert context is not None
    return Stage(emulator=emulator, context=context, elsewhere=elsewhere, engine=engine)


async def _play_fairly(stage: Stage, cell: Cell, tables: Tables | None) -> Played:
    expected = expect(cell, tables)
    plays = 0
    while True:
        plays += 1
        observed = replace(await play(stage, cell), plays=plays)
        wrong = unexpected(expected, observed)
        fair = not _was_held_up(cell, expected, observed)
        if wrong and not fair and plays == PLAYS and not cell.trouble.slow:
            expected = hedged(cell, expected)
            wrong = unexpected(expected, observed)
        if not wrong or fair or plays == PLAYS:
            return Played(
                cell=cell, expected=expected, observed=observed, wrong=tuple(wrong)
            )


def _was_held_up(cell: Cell, expected: Expected, observed: Observed) -> bool:
    """Tell whether it may be the machine: time has run out, or a hedge was due."""
    late = observed.elapsed_s > expected.elapsed_s[1]
    return late or cell.trouble.slow or observed.elapsed_s >= HEDGE_DUE_S
