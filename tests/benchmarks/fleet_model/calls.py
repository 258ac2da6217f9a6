"""One client's calls: what driver, race and settlement do with the core's flow.

A call is played to its end at once: the answers' times are known when they are asked.
What it leaves in flight is settled when it would end, before the next call.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from gitlab_completions._core.budget import InstanceBudget
from gitlab_completions._core.circuit import Circuit, CircuitState
from gitlab_completions._core.commands import (
    Answer,
    Answered,
    AwaitDetails,
    Chosen,
    Command,
    DetailsSettled,
    Failed,
    Outcome,
    Send,
    Slow,
)
from gitlab_completions._core.hedging import HedgeBudget, Pace
from gitlab_completions._core.permit import Permit, Transition
from gitlab_completions._core.router import Router
from gitlab_completions._core.verdicts import (
    GATEWAY,
    INSTANCE,
    Body,
    Effect,
    Observation,
    OnDetails,
    decide,
)
from gitlab_completions.models import Intent, Route, RouteReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions._core.call import Flow
    from gitlab_completions._core.verdicts import AttemptVerdict
    from gitlab_completions.policy import RoutingPolicy
    from tests.benchmarks.fleet_model.access import Access
    from tests.benchmarks.fleet_model.world import World

_GIVES_UP = {RouteReason.FELL_BACK, RouteReason.LAST_TRY}
_BODIES = {200: Body.GOOD, 429: Body.JSON, 503: Body.JSON}
_TABLES = {Route.DIRECT: GATEWAY, Route.INDIRECT: INSTANCE}
VERDICTS = {
    (route, status): decide(table, Observation(status=status, body=body))
    for route, table in _TABLES.items()
    for status, body in _BODIES.items()
}


def make_router(policy: RoutingPolicy, jitter: Callable[[], float]) -> Router:
    """Return what an engine makes: a circuit for each route, and a budget."""
    paces = [Pace(policy.hedge, policy.circuit.compared) for _ in Route]
    indirect = Circuit(policy.circuit, jitter, pace=paces[0])
    return Router(
        policy=policy,
        direct=Circuit(policy.circuit, jitter, pace=paces[1], rival=indirect),
        indirect=indirect,
        budget=InstanceBudget(policy.indirect_per_minute),
        hedges=HedgeBudget(policy.hedge),
    )


class Flight(NamedTuple):
    """An attempt in flight."""

    ends_at: float
    route: Route
    permit: Permit
    verdict: AttemptVerdict


class Calls:
    """The calls of one client, each from the first command to the answer.

    Attributes:
        router: Made with a call; `None` when nothing is remembered that matters.
    """

    __slots__ = (
        "_access",
        "_calm",
        "_flights",
        "_index",
        "_recovered",
        "_world",
        "router",
    )

    def __init__(self, world: World, index: int, access: Access) -> None:
        self._world = world
        self._index = index
        self._access = access
        self.router: Router | None = None
        self._calm = world.policy.circuit.window
        self._recovered = False
        self._flights: list[Flight] = []

    def play(self, now: float) -> float:
        """Play a call that starts now; return when it has ended."""
        if self._world.short_cuts:
            if self._is_plain(now):
                return self._play_plain(now)
            if self._is_probe(now):
                return self._play_probe(now)
        return self._play_flow(now)

    # What the flow would do, done at a fifth of its cost; a test compares the two.

    def _is_plain(self, now: float) -> bool:
        """Tell whether whatever route the call takes answers it."""
        world, access = self._world, self._access
        if self.router is not None or not world.gateway_up:
            return False
        return access.is_at_rest(now) or world.surely_serves(now)

    def _play_plain(self, now: float) -> float:
        world, access = self._world, self._access
        access.look(now)
        at = now
        if access.fetch_ends_at < math.inf and access.freshness.usable(now) is None:
            started = access.freshness.fetch_started_at or now
            wait_s = world.policy.details.first_wait_s
            at = max(now, min(access.fetch_ends_at, started + wait_s))
            access.pass_time(at)
            access.look(at)
        usable = access.freshness.usable(at) is not None
        route = Route.DIRECT if usable else Route.INDIRECT
        if usable:
            access.freshness.used()
        ends_at = at + world.ask(route, at).takes_s
        access.pass_time(ends_at)
        access.look(ends_at)
        world.called(self._index, route, now)
        return ends_at

    def _is_probe(self, now: float) -> bool:
        """Tell whether direct is probed beside an instance that serves the call."""
        router, access = self.router, self._access
        return (
            router is not None
            and access.fetch_ends_at == math.inf
            and access.freshness.is_fresh(now)
            and router.direct.may_probe(now)
            and router.indirect.state(now) is CircuitState.CLOSED
            and router.budget.allows_extras(now)
            and self._world.surely_serves(now)
        )

    def _play_probe(self, now: float) -> float:
        world, router = self._world, self.router
        assert router is not None
        router.hedges.earn()
        indirect = self._start(router, Route.INDIRECT, now)
        direct = self._start(router, Route.DIRECT, now)
        first, last = sorted((indirect, direct), key=lambda one: one.ends_at)
        self._settle(first)
        answered = first if first.verdict.answers else last
        if answered is first:
            last.permit.left(first.ends_at)
        self._settle(last)
        self._access.pass_time(answered.ends_at)
        self._access.look(answered.ends_at)
        world.called(self._index, answered.route, now)
        self._remember(router, answered.ends_at, quiet=False)
        return answered.ends_at

    # The flow itself.

    def _play_flow(self, now: float) -> float:
        world = self._world
        router = self.router
        if router is None:
            router = self.router = make_router(world.policy, world.jitter)
        router.hedges.earn()
        freshness, deadline_s = self._access.freshness, world.policy.deadline_s
        flow = router.complete(Intent.COMPLETION, freshness, now, deadline_s)
        answer, ended_at, sends = self._converse(router, flow, now)
        self._leave(ended_at)
        for flight in sorted(self._flights, key=lambda one: one.ends_at):
            self._settle(flight)
        self._flights.clear()
        route = answer.route if isinstance(answer, Chosen) else None
        world.called(self._index, route, now)
        self._remember(router, ended_at, quiet=route is not None and sends == 1)
        return ended_at

    def _converse(
        self, router: Router, flow: Flow, now: float
    ) -> tuple[Answer, float, int]:
        """Return the flow's answer, when it came, and how many attempts were sent."""
        access, sends = self._access, 0
        access.look(now)
        try:
            command = next(flow)
            while True:
                sends += isinstance(command, Send)
                outcome = self._perform(router, command, now)
                now = outcome.at
                access.pass_time(now)
                self._count_late(router, now)
                access.look(now)
                command = flow.send(outcome)
        except StopIteration as end:
            answer: Answer = end.value
            return answer, now, sends

    def _remember(self, router: Router, now: float, *, quiet: bool) -> None:
        """Forget circuits that have seen nothing but success for all they look back on.

        They are as new ones, and those of a fleet take most of its memory.
        """
        self._calm = self._calm + 1 if quiet else 0
        if self._recovered:
            self._recovered, self._calm = False, self._world.policy.circuit.window
        rests = {router.direct.state(now), router.indirect.state(now)}
        if rests != {CircuitState.CLOSED}:
            self._calm = 0
        elif self._calm >= self._world.policy.circuit.window:
            self.router = None

    def _perform(self, router: Router, command: Command, now: float) -> Outcome:
        if isinstance(command, AwaitDetails):
            ends_at = self._access.fetch_ends_at
            return DetailsSettled(at=max(now, min(ends_at, command.until)))
        if isinstance(command, Send):
            if command.reason in _GIVES_UP:
                self._leave(now)
            flight = self._start(router, command.route, now)
            if command.price:
                router.hedges.spend(command.price)
            self._flights.append(flight)
            if command.until <= now:
                return Slow(at=now)
        return self._next_ending(command.until)

    def _start(self, router: Router, route: Route, now: float) -> Flight:
        direct = route is Route.DIRECT
        permit = (router.direct if direct else router.indirect).admit(now)
        if direct:
            self._access.freshness.used()
        else:
            router.budget.spend(now)
        answer = self._world.ask(route, now)
        verdict = VERDICTS[route, answer.status]
        return Flight(now + answer.takes_s, route, permit, verdict)

    def _leave(self, now: float) -> None:
        for flight in self._flights:
            flight.permit.left(now)

    @staticmethod
    def _count_late(router: Router, now: float) -> None:
        router.direct.count_late(now)
        router.indirect.count_late(now)

    def _next_ending(self, until: float) -> Outcome:
        flight = min(self._flights, key=lambda one: one.ends_at, default=None)
        if flight is None or flight.ends_at > until:
            return Slow(at=until)
        self._flights.remove(flight)
        self._settle(flight)
        verdict = flight.verdict
        if verdict.answers:
            return Answered(route=flight.route, at=flight.ends_at)
        return Failed(
            route=flight.route,
            at=flight.ends_at,
            final=verdict.final,
            passing=verdict.passing,
        )

    def _settle(self, flight: Flight) -> None:
        """Let an attempt teach, as `Settlement` does."""
        now, permit, verdict = flight.ends_at, flight.permit, flight.verdict
        if verdict.circuit is Effect.SUCCESS:
            self._recovered |= permit.succeed(now) is Transition.RECOVERED
        elif verdict.circuit is Effect.REST:
            permit.rest(now, self._world.policy.circuit.rate_limit_s)
        elif verdict.circuit is Effect.FAILURE:
            permit.fail(now)
        else:
            permit.refuse(now)
        if verdict.details is OnDetails.ACCEPT:
            self._access.freshness.accepted()
