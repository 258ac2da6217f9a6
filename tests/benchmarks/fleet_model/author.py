"""One client: an author who types and pauses, and where the calls go meanwhile.

While all is well for a known time, every call does the same: then the client glides,
its calls counted by their rate, and wakes when something may change. Gaps between calls
are exponential, which forget how long they have lasted, so nothing is lost by it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gitlab_completions._core.circuit import CircuitState
from gitlab_completions.models import Route
from tests.benchmarks.fleet_model.access import Access
from tests.benchmarks.fleet_model.calls import Calls
from tests.benchmarks.fleet_model.world import PAUSES_S, TYPES_S

if TYPE_CHECKING:
    from tests.benchmarks.fleet_model.world import World

SHORTEST_GLIDE_S = 1.0
LOOKS_S = 5.0
"""Longest glide through an instance whose load decides what it answers."""


class Author:
    """One client of a fleet; `starts_at` is when its first call may come."""

    __slots__ = (
        "_access",
        "_calls",
        "_calls_at",
        "_free_at",
        "_index",
        "_is_active",
        "_turns_at",
        "_wakes_at",
        "_world",
        "starts_at",
    )

    def __init__(self, world: World, index: int) -> None:
        self._world = world
        self._index = index
        self._access = Access(world, index)
        self._calls = Calls(world, index, self._access)
        pauses = world.random.uniform(0.0, TYPES_S + PAUSES_S) > TYPES_S
        self._is_active = pauses and not world.scenario.busy  # turns at its start
        self._free_at = 0.0
        self._calls_at = math.inf
        self._wakes_at = math.inf
        self.starts_at = world.random.uniform(0.0, world.scenario.start_within_s)
        self._turns_at = self.starts_at

    def step(self, now: float) -> float:
        """Do what is due now; return when there is something to do again."""
        self._access.pass_time(now)
        if now >= self._turns_at:
            self._turn(now)
        if now >= self._calls_at:
            self._free_at = self._calls.play(now)
            self._calls_at = max(now + self._world.gap_s(), self._free_at)
        self._wakes_at = math.inf
        if self._is_active:
            self._glide(max(now, self._free_at))
        access = self._access
        return min(
            access.fetch_ends_at,
            access.renews_at,
            self._turns_at,
            self._calls_at,
            self._wakes_at,
        )

    def _turn(self, now: float) -> None:
        """Begin to type, or to pause."""
        world = self._world
        self._is_active = not self._is_active
        self._calls_at = now + world.gap_s() if self._is_active else math.inf
        mean_s = TYPES_S if self._is_active else PAUSES_S
        spell_s = world.random.expovariate(1.0 / mean_s)
        self._turns_at = math.inf if world.scenario.busy else now + spell_s

    def _glide(self, start: float) -> None:
        route = self._sure_route(start)
        if route is None:
            return
        until = min(self._sure_until(route, start), self._turns_at, self._world.until)
        if until - start < SHORTEST_GLIDE_S:
            return
        self._world.glide(self._index, route, start, until)
        self._wakes_at = until
        self._calls_at = until + self._world.gap_s()

    def _sure_route(self, now: float) -> Route | None:
        """Return where each call goes now, all alike; `None` when it is not sure."""
        access, router = self._access, self._calls.router
        if access.fetch_ends_at < math.inf:
            return None
        usable = access.is_at_rest(now)
        if usable and router is None:
            return Route.DIRECT if self._world.gateway_up else None
        freshness = access.freshness
        usable = usable or freshness.usable(now) is not None
        unsure = router is None if usable else freshness.wanted(now)
        if unsure or not self._world.instance_serves(now):
            return None
        if router is None:
            return Route.INDIRECT
        rests = not usable or router.direct.state(now) is CircuitState.OPEN
        serves = router.indirect.state(now) is CircuitState.CLOSED
        return Route.INDIRECT if rests and serves else None

    def _sure_until(self, route: Route, now: float) -> float:
        access, router = self._access, self._calls.router
        until = access.renews_at
        if now < access.expires_at:
            until = min(until, access.expires_at)
        else:
            until = min(until, access.freshness.looks_again_at(now) or now)
        if route is Route.DIRECT:
            return until
        if router is not None and router.direct.state(now) is CircuitState.OPEN:
            until = min(until, now + (router.direct.rests_s(now) or 0.0))
        return min(until, now + LOOKS_S) if self._world.limits else until
