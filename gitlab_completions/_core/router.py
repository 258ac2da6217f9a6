"""The flow of one call: which route now, which next, when to give up.

The problem: two routes to the same completion, one faster and less certain. The naive
way tries direct, waits for its timeout, then tries indirect: a gateway that has gone
silent costs an author five seconds a keystroke, although the instance would have
answered in half of one. Here a call never waits twice for the same thing:

- direct first while it is usable and its circuit closed, else indirect at once;
- a first attempt that has not answered after the hedge delay gets company: the other
  route starts too, and the first answer wins;
- an attempt that fails hands over in the same instant;
- while direct's circuit is half-open, indirect serves the call and direct is probed
  beside it, with the same request;
- when the instance fails by something that passes, direct gets a try whatever its
  circuit says, for it is the only hope left;
- when it refuses a call that was not sent direct, direct gets it if it would take one.

A route is tried once in a call. An attempt that is not the last one possible is waited
for alone during `SHARE_BEFORE_LAST` of the time left at most, so that the last one has
a chance too; it stays in flight, and its answer is taken whenever it comes.

A flow only orders. It is a generator: it yields a `Command`, is sent an `Outcome` that
carries the time, and returns an `Answer`; closing it changes nothing shared, and what
an attempt teaches is settled by the exchange, through its permit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gitlab_completions._core.circuit import CircuitState
from gitlab_completions._core.commands import (
    Answer,
    Answered,
    AwaitDetails,
    Busy,
    Chosen,
    Command,
    DetailsSettled,
    Failed,
    GaveUp,
    Outcome,
    Send,
    Wait,
)
from gitlab_completions._core.freshness import DetailsState
from gitlab_completions._records import Record
from gitlab_completions.models import Intent, Route, RouteReason
from gitlab_completions.policy import HEDGE_DELAY_S, DirectMode

if TYPE_CHECKING:
    from collections.abc import Generator

    from gitlab_completions._core.budget import InstanceBudget
    from gitlab_completions._core.circuit import Circuit
    from gitlab_completions._core.freshness import Freshness
    from gitlab_completions.policy import RoutingPolicy

    Flow = Generator[Command, Outcome, Answer]

SHARE_BEFORE_LAST = 0.6
"""Share of the time left after which a route that may still follow is sent too.

The rest is for a connection (3.2 s with one lost packet) and an answer.
"""

GIVE_UP_FACTOR = 1.5
"""Hedge delays after which a slow attempt that may not be hedged is given up."""

_WHY_NOT_USABLE = {
    DetailsState.ABSENT: RouteReason.DETAILS_ABSENT,
    DetailsState.EXPIRED: RouteReason.DETAILS_EXPIRED,
    DetailsState.BARRED: RouteReason.BARRED,
}


class Router(Record):
    """What the calls of a client have in common when they choose a route.

    Args:
        policy: The client's policy.
        direct: The circuit of the direct route.
        indirect: The circuit of the indirect route.
        budget: The instance's completions of the last minute.
    """

    policy: RoutingPolicy
    direct: Circuit
    indirect: Circuit
    budget: InstanceBudget

    def complete(
        self, intent: Intent, freshness: Freshness, now: float, deadline_s: float
    ) -> Flow:
        """Return the flow of a call that starts now and may take `deadline_s`."""
        return _Call(self, intent, freshness, now + deadline_s).run(now)

    def refusal(
        self, intent: Intent, freshness: Freshness, now: float
    ) -> RouteReason | None:
        """Return why a call may not go direct first now, or `None` when it may."""
        if intent is Intent.GENERATION:
            return RouteReason.GENERATION
        if self.policy.direct is DirectMode.NEVER:
            return RouteReason.POLICY
        why_not = _WHY_NOT_USABLE.get(freshness.state(now))
        if why_not is not None:
            return why_not
        closed = self.direct.state(now) is CircuitState.CLOSED
        return None if closed else RouteReason.CIRCUIT_OPEN


class _Call:
    """One call's own state: what was sent, what is in flight, until when."""

    def __init__(
        self, router: Router, intent: Intent, freshness: Freshness, deadline: float
    ) -> None:
        self.router = router
        self.policy = router.policy
        self.intent = intent
        self.freshness = freshness
        self.deadline = deadline
        self.direct_only = self.policy.direct is DirectMode.ONLY
        self.reasons: dict[Route, RouteReason] = {}
        self.ends: dict[Route, float] = {}
        self.hedges = True
        self.give_up_at = math.inf
        self.rejected = False

    def run(self, now: float) -> Flow:
        """Order sends and waits until there is an answer, or no hope of one."""
        step: Command | Answer
        if self._waits_for_details(now):
            step = AwaitDetails(until=self._details_by(now))
        else:
            step = self._first(now)
        while isinstance(step, Send | Wait | AwaitDetails):
            step = self._next((yield step))
        return step

    # Direct details.

    def _waits_for_details(self, now: float) -> bool:
        """Tell whether a fetch in flight may bring details that this call would use."""
        if not self._direct_allowed() or self.freshness.usable(now) is not None:
            return False
        closed = self.router.direct.state(now) is CircuitState.CLOSED
        of_use = self.direct_only or closed
        return of_use and self._details_to_come(now) and now < self._details_by(now)

    def _details_to_come(self, now: float) -> bool:
        return self.freshness.fetching and self.freshness.bar(now) is None

    def _details_by(self, now: float) -> float:
        if self.direct_only:
            return self.deadline
        started = self.freshness.fetch_started_at
        wait_s = self.policy.details.first_wait_s
        return min(self.deadline, (now if started is None else started) + wait_s)

    def _direct_allowed(self) -> bool:
        never = self.policy.direct is DirectMode.NEVER
        return not never and self.intent is Intent.COMPLETION

    def _indirect_allowed(self) -> bool:
        return not self.direct_only

    # The first send.

    def _first(self, now: float) -> Command | Answer:
        why_not = self.router.refusal(self.intent, self.freshness, now)
        if self.direct_only:
            return self._only_direct(now)
        if why_not is None:
            return self._send(Route.DIRECT, RouteReason.PREFERRED, now)
        probing = self._is_probe(why_not, now)
        if probing and not self._companion_has_room(now):
            return self._send(Route.DIRECT, RouteReason.PREFERRED, now)
        if self.router.indirect.refuses_s(now) is not None:
            return self._last_try(now, GaveUp.RATE_LIMITED)
        return self._send(Route.INDIRECT, why_not, now, at_once=probing)

    def _only_direct(self, now: float) -> Command | Answer:
        if not self._direct_allowed():
            return GaveUp.EXHAUSTED
        if self.freshness.usable(now) is None:
            return self._await_details(now)
        if self.router.direct.refuses_s(now) is not None:
            return GaveUp.RATE_LIMITED
        return self._send(Route.DIRECT, RouteReason.POLICY, now)

    def _await_details(self, now: float) -> Command | Answer:
        """Wait for details, over failures of direct access, while there is time."""
        if self.freshness.bar(now) is not None:
            return GaveUp.EXHAUSTED
        if self.freshness.fetching:
            return AwaitDetails(until=self.deadline)
        again_at = self.freshness.looks_again_at(now)
        if again_at is None or again_at >= self.deadline:
            return GaveUp.EXHAUSTED
        return AwaitDetails(until=again_at)

    def _indirect_ready(self, now: float) -> bool:
        """Tell whether an extra may go indirect; it may be the probe that closes it."""
        indirect = self.router.indirect
        return indirect.state(now) is CircuitState.CLOSED or indirect.may_probe(now)

    def _indirect_has_room(self, now: float) -> bool:
        return self._indirect_ready(now) and self.router.budget.allows_extras(now)

    def _companion_has_room(self, now: float) -> bool:
        """Tell whether a probe may have company: unlike a hedge, it serves the call."""
        limited = self.router.indirect.is_rate_limited(now)
        return not limited and self.router.budget.allows_extras(now)

    def _is_probe(self, why_not: RouteReason | None, now: float) -> bool:
        """Tell whether a direct attempt, refused by its circuit, may go as a probe."""
        open_ = why_not is RouteReason.CIRCUIT_OPEN
        return open_ and self.router.direct.may_probe(now)

    # What follows an outcome.

    def _next(self, outcome: Outcome) -> Command | Answer:
        now = outcome.at
        if isinstance(outcome, Answered):
            return Chosen(route=outcome.route, reason=self.reasons[outcome.route])
        if now >= self.deadline:
            return GaveUp.DEADLINE
        if isinstance(outcome, Failed):
            return self._after_failure(outcome)
        if isinstance(outcome, Busy):
            return self._after_busy(outcome)
        if isinstance(outcome, DetailsSettled):
            sent = bool(self.reasons)
            return self._last_try(now, GaveUp.EXHAUSTED) if sent else self._first(now)
        return self._after_wait(now)

    def _after_failure(self, failed: Failed) -> Command | Answer:
        self.ends.pop(failed.route, None)
        self.rejected = self.rejected or failed.final
        if not failed.sent:
            return self._after_turned_away(failed)
        return self._fall_back(failed.at, passing=failed.passing)

    def _after_turned_away(self, failed: Failed) -> Command | Answer:
        """Go on as if the route had not been tried: it was not."""
        self.reasons.pop(failed.route, None)
        if self.ends:
            return self._wait(failed.at)
        if self.direct_only:
            return self._only_direct(failed.at)
        return self._fall_back(failed.at, passing=True)

    def _fall_back(self, now: float, *, passing: bool) -> Command | Answer:
        """Go to the route that is left, or wait for the one in flight."""
        if self.rejected:
            self.hedges = False
            return self._wait(now) if self.ends else GaveUp.REJECTED
        if Route.INDIRECT not in self.reasons and self._indirect_allowed():
            if self.router.indirect.refuses_s(now) is None:
                return self._send(Route.INDIRECT, RouteReason.FELL_BACK, now)
            step = self._last_try(now, GaveUp.RATE_LIMITED)
        elif passing:
            step = self._last_try(now, GaveUp.EXHAUSTED)
        else:
            step = self._back_to_direct(now)
        return self._wait(now) if self.ends and not isinstance(step, Send) else step

    def _back_to_direct(self, now: float) -> Command | Answer:
        """Send direct after a refusal by the instance, unless direct rests.

        It was not sent for want of room in its gate, or its details have come since, or
        another call probes it: a half-open circuit may well be that of a sound route.
        """
        if self._other(Route.INDIRECT, now) is not None:
            return self._send(Route.DIRECT, RouteReason.FELL_BACK, now)
        rests = self.router.direct.state(now) is CircuitState.OPEN
        if rests or self.freshness.usable(now) is None:
            return GaveUp.EXHAUSTED
        return self._last_try(now, GaveUp.EXHAUSTED)

    def _last_try(self, now: float, otherwise: GaveUp) -> Command | Answer:
        """Send direct against its circuit, for the instance could not serve."""
        if Route.DIRECT in self.reasons or not self._direct_allowed():
            return otherwise
        if self.freshness.usable(now) is not None:
            return self._send(Route.DIRECT, RouteReason.LAST_TRY, now)
        coming = self._details_to_come(now)
        return AwaitDetails(until=self.deadline) if coming else otherwise

    def _after_busy(self, busy: Busy) -> Command | Answer:
        """Take the other route, or wait in the same gate for as long as there is."""
        self.ends.pop(busy.route, None)
        reason = self.reasons.pop(busy.route)
        other = self._other(busy.route, busy.at)
        again = not self.hedges
        self.hedges = False
        if other is not None:
            return self._send(other, RouteReason.SATURATED, busy.at, last=again)
        if self.ends:
            return self._wait(busy.at)
        if busy.route is Route.DIRECT and self.freshness.usable(busy.at) is None:
            return self._fall_back(busy.at, passing=True)
        return self._send(busy.route, reason, busy.at, last=True)

    def _after_wait(self, now: float) -> Command | Answer:
        """Give up what took too long, then hedge what is slow."""
        over = [route for route, end in self.ends.items() if now >= end]
        for route in over:
            del self.ends[route]
        given_up = now >= self.give_up_at
        if given_up:
            self.give_up_at = math.inf
        if given_up or (over and not self.ends):
            return self._fall_back(now, passing=True)
        hedge = self._hedge(now) if self.hedges else None
        return hedge or self._wait(now)

    def _hedge(self, now: float) -> Send | None:
        """Start the other route beside a slow one, or shorten the wait for it.

        What the instance's budget cannot spare as an extra it can serve instead: then
        the slow attempt is given up soon, and the call falls back.
        """
        self.hedges = False
        (slow,) = self.ends
        other = self._other(slow, now)
        if other is None:
            return None
        if other is Route.DIRECT or self._indirect_has_room(now):
            return self._send(other, RouteReason.HEDGED, now)
        if self._indirect_ready(now):
            self.give_up_at = now + (GIVE_UP_FACTOR - 1) * HEDGE_DELAY_S
        return None

    def _other(self, route: Route, now: float) -> Route | None:
        """Return the other route if it was not sent and would take a call now."""
        if route is Route.INDIRECT:
            why_not = self.router.refusal(self.intent, self.freshness, now)
            takes = why_not is None or self._is_probe(why_not, now)
            free = takes and Route.DIRECT not in self.reasons
            return Route.DIRECT if free else None
        refused = self.router.indirect.refuses_s(now) is not None
        free = self._indirect_allowed() and Route.INDIRECT not in self.reasons
        return Route.INDIRECT if free and not refused else None

    # Commands.

    def _send(
        self,
        route: Route,
        reason: RouteReason,
        now: float,
        *,
        at_once: bool = False,
        last: bool = False,
    ) -> Send:
        alone = at_once or not self._may_follow(route, now)
        last = last or alone
        direct = route is Route.DIRECT
        timeout_s = self._timeout_s(direct=direct)
        left_s = self.deadline - now
        end = now + min(timeout_s, left_s)
        # Also of what waits in its gate to the last: the other route needs time too.
        self.give_up_at = math.inf if alone else now + SHARE_BEFORE_LAST * left_s
        self.reasons[route] = reason
        self.ends[route] = end
        return Send(
            route=route,
            reason=reason,
            until=now if at_once else self._wait(now, last=last).until,
            ends_at=end,
            last_resort=last,
            details=self.freshness.usable(now) if direct else None,
        )

    def _timeout_s(self, *, direct: bool) -> float:
        if self.intent is Intent.GENERATION:
            return math.inf  # all the call's time: the sender watches over silence
        policy = self.policy
        return policy.direct_timeout_s if direct else policy.indirect_timeout_s

    def _may_follow(self, route: Route, now: float) -> bool:
        """Tell whether the other route might still be sent after this one."""
        if route is Route.DIRECT:
            return self._indirect_allowed() and Route.INDIRECT not in self.reasons
        if Route.DIRECT in self.reasons or not self._direct_allowed():
            return False
        return self.freshness.usable(now) is not None or self._details_to_come(now)

    def _wait(self, now: float, *, last: bool = False) -> Wait:
        """Look again at the hedge, at an attempt's end, at the deadline."""
        until = min(self.deadline, self.give_up_at, *self.ends.values())
        if self.hedges and not last:
            until = min(until, now + HEDGE_DELAY_S)
        return Wait(until=until)
