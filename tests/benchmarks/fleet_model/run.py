"""Runs a fleet through a scenario: one heap of the moments at which clients wake."""

from __future__ import annotations

import gc
import heapq
from typing import TYPE_CHECKING

from tests.benchmarks.fleet_model.author import Author
from tests.benchmarks.fleet_model.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.benchmarks.fleet_model.scenarios import Scenario

TELLS_EVERY_S = 600.0


def simulate(
    scenario: Scenario,
    clients: int,
    seed: int,
    tell: Callable[[float], object],
    *,
    short_cuts: bool = True,
) -> World:
    """Return the world after a scenario; `tell` hears how far it has come.

    A hundred thousand clients are some million objects that all live to the end:
    collecting garbage among them would take half of the time.
    """
    gc.disable()
    try:
        world = World(scenario, clients, seed, short_cuts=short_cuts)
        _run(world, tell)
    finally:
        gc.enable()
    return world


def _run(world: World, tell: Callable[[float], object]) -> None:
    authors = [Author(world, index) for index in range(world.clients)]
    heap = [(author.starts_at, index) for index, author in enumerate(authors)]
    heapq.heapify(heap)
    tells_at = TELLS_EVERY_S
    while heap[0][0] < world.scenario.seconds:
        now, index = heap[0]
        if now >= world.until:
            world.turn(now)
        if now >= tells_at:
            tell(now)
            tells_at += TELLS_EVERY_S
        heapq.heapreplace(heap, (authors[index].step(now), index))
