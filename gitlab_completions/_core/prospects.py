"""What the two routes could do for one call now: questions, and no decisions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gitlab_completions._core.circuit import Cause, CircuitState
from gitlab_completions._core.freshness import DetailsState
from gitlab_completions._core.rollout import barrier
from gitlab_completions._records import Record
from gitlab_completions.models import Intent, Route, RouteReason
from gitlab_completions.policy import DirectMode

if TYPE_CHECKING:
    from gitlab_completions._core.budget import InstanceBudget
    from gitlab_completions._core.circuit import Circuit
    from gitlab_completions._core.freshness import Freshness
    from gitlab_completions._core.hedging import HedgeBudget
    from gitlab_completions._core.rollout import Rollout
    from gitlab_completions.details import ConnectionDetails
    from gitlab_completions.policy import RoutingPolicy

_WHY_NOT_USABLE = {
    DetailsState.ABSENT: RouteReason.DETAILS_ABSENT,
    DetailsState.EXPIRED: RouteReason.DETAILS_EXPIRED,
    DetailsState.BARRED: RouteReason.BARRED,
}
_WHY_OPEN = {RouteReason.CIRCUIT_OPEN, RouteReason.SLOWER}


def refusal(
    policy: RoutingPolicy,
    direct: Circuit,
    intent: Intent,
    freshness: Freshness,
    now: float,
    *,
    rollout: Rollout | None = None,
) -> RouteReason | None:
    """Return why a call may not go direct first now, or `None` when it may."""
    if intent is Intent.GENERATION:
        return RouteReason.GENERATION
    barred = barrier(policy, rollout)
    if barred is not None:
        return barred
    why_not = _WHY_NOT_USABLE.get(freshness.state(now))
    if why_not is not None:
        return why_not
    if direct.state(now) is CircuitState.CLOSED:
        return None
    slower = direct.cause is Cause.SLOWER
    return RouteReason.SLOWER if slower else RouteReason.CIRCUIT_OPEN


class Prospects(Record):
    """The routes, as one call finds them.

    Args:
        policy: The client's policy, when the call began.
        direct: The circuit of the direct route.
        indirect: The circuit of the indirect route.
        budget: The instance's completions of the last minute.
        hedges: The hedges that may be spent.
        freshness: The connection details of the call's project.
        intent: What kind of code the call asks for.
        deadline: When it is over.
        rollout: Whether direct is rolled out to the user; `None`: to everybody.
    """

    policy: RoutingPolicy
    direct: Circuit
    indirect: Circuit
    budget: InstanceBudget
    hedges: HedgeBudget
    freshness: Freshness
    intent: Intent
    deadline: float
    rollout: Rollout | None = None

    def circuit(self, route: Route) -> Circuit:
        """Return a route's circuit."""
        return self.direct if route is Route.DIRECT else self.indirect

    def timeout_s(self, route: Route) -> float:
        """Return the seconds that an attempt may take."""
        if self.intent is Intent.GENERATION:
            return math.inf  # all the call's time: the sender watches over silence
        policy, direct = self.policy, route is Route.DIRECT
        return policy.direct_timeout_s if direct else policy.indirect_timeout_s

    # Direct.

    @property
    def direct_only(self) -> bool:
        """Whether the policy forbids indirect."""
        return self.policy.direct is DirectMode.ONLY

    @property
    def direct_allowed(self) -> bool:
        """Whether the call may ever go direct."""
        allowed = barrier(self.policy, self.rollout) is None
        return allowed and self.intent is Intent.COMPLETION

    def details(self, now: float) -> ConnectionDetails | None:
        """Return the connection details that a direct attempt may use now."""
        return self.freshness.usable(now)

    def refusal(self, now: float) -> RouteReason | None:
        """Return why the call may not go direct first now, or `None` when it may."""
        return refusal(
            self.policy,
            self.direct,
            self.intent,
            self.freshness,
            now,
            rollout=self.rollout,
        )

    def is_merely_slow(self, now: float) -> bool:
        """Tell whether direct is usable, and rests for nothing but being slow."""
        slow = self.direct.cause in {Cause.LATENESS, Cause.SLOWER}
        return slow and self.refusal(now) in _WHY_OPEN

    def may_probe_direct(self, why_not: RouteReason | None, now: float) -> bool:
        """Tell whether an attempt that the circuit refuses may go as its probe."""
        return why_not in _WHY_OPEN and self.direct.may_probe(now)

    def waits_for_details_until(self, now: float) -> float | None:
        """Return until when to wait for a fetch in flight; `None` for not at all."""
        if not self.direct_allowed or self.details(now) is not None:
            return None
        closed = self.direct.state(now) is CircuitState.CLOSED
        until = self._details_by(now)
        of_use = (self.direct_only or closed) and now < until
        return until if of_use and self.details_to_come(now) else None

    def details_to_come(self, now: float) -> bool:
        """Tell whether a fetch in flight may bring details that the call may use."""
        return self.freshness.fetching and self.freshness.bar(now) is None

    def details_might_come_by(self, now: float) -> float | None:
        """Return until when to wait for details that must be had; `None` for no hope.

        Over failures of direct access, while there is time.
        """
        if self.freshness.bar(now) is not None:
            return None
        if self.freshness.fetching:
            return self.deadline
        again_at = self.freshness.looks_again_at(now)
        hopeless = again_at is None or again_at >= self.deadline
        return None if hopeless else again_at

    def _details_by(self, now: float) -> float:
        if self.direct_only:
            return self.deadline
        started = self.freshness.fetch_started_at
        wait_s = self.policy.details.first_wait_s
        return min(self.deadline, (now if started is None else started) + wait_s)

    # Indirect.

    @property
    def indirect_allowed(self) -> bool:
        """Whether the call may ever go through the instance."""
        return not self.direct_only

    def companion_has_room(self, now: float) -> bool:
        """Tell whether a probe may have company: unlike a hedge, it serves the call."""
        limited = self.indirect.is_rate_limited(now)
        return not limited and self.budget.allows_extras(now)

    def instance_is_spent(self, now: float) -> bool:
        """Tell whether a call would have to wait for the instance's next slot."""
        return self.budget.free_at(now) > now

    # The other route.

    def takes(self, route: Route, now: float) -> bool:
        """Tell whether a route would take a call that another one keeps waiting."""
        if route is Route.INDIRECT:
            return self.indirect_allowed and self.indirect.refuses_s(now) is None
        why_not = self.refusal(now)
        merely_slower = why_not is None or why_not is RouteReason.SLOWER
        return merely_slower or self.may_probe_direct(why_not, now)

    def hedge_delay_s(self, route: Route, now: float) -> float:
        """Return the seconds after which an attempt that is sent now counts as slow.

        While another one is silent for longer, this one is not waited for as long.
        """
        circuit, hedge = self.circuit(route), self.policy.hedge
        if hedge is None or not circuit.is_overdue(now):
            return circuit.pace.delay_s
        return hedge.min_delay_s

    @property
    def hedges_at_all(self) -> bool:
        """Whether the policy has slow calls hedged."""
        return self.policy.hedge is not None

    def hedge_price(self, route: Route, now: float) -> int | None:
        """Return what it costs to start a route beside one that is slow, in hedges.

        `None` when it may not be. Likely in vain it costs all that can be saved up:
        nothing else would tell that the route is well again, and of fifty slow calls
        one is enough. As the probe of its own circuit it is no dearer than others.
        """
        hedge = self.policy.hedge
        if hedge is None or not self._is_ready(route, now):
            return None
        if route is Route.INDIRECT and not self.budget.allows_extras(now):
            return None
        probe = self.circuit(route).may_probe(now)
        in_vain = not probe and self._in_vain(route, now)
        price = hedge.budget_burst if in_vain else 1
        return price if self.hedges.allows(price) else None

    def give_up_s(self, slow: Route, other: Route, now: float) -> float | None:
        """Return the seconds after which to give up a slow attempt; `None` for never.

        What the budgets cannot spare as an extra the other route can serve instead, if
        it is well.
        """
        hedge = self.policy.hedge
        if hedge is None or not self._is_ready(other, now) or self._in_vain(other, now):
            return None
        return hedge.give_up_factor * self.circuit(slow).pace.delay_s

    def _in_vain(self, route: Route, now: float) -> bool:
        """Tell whether the route would keep a call waiting as the other one does."""
        slow = self.indirect if route is Route.DIRECT else self.direct
        return slow.is_troubled and self.circuit(route).is_doubtful(now)

    def _is_ready(self, route: Route, now: float) -> bool:
        """Tell whether a route may get an extra; it may be the probe that closes it."""
        if route is Route.DIRECT:
            return self.takes(route, now)
        closed = self.indirect.state(now) is CircuitState.CLOSED
        return closed or self.indirect.may_probe(now)
