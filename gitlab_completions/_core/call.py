"""The flow of one call: which route now, which next, when to give up.

The problem: two routes to the same completion, one faster and less certain. The naive
way tries direct, waits for its timeout, then tries indirect: a gateway that has gone
silent costs an author five seconds a keystroke, although the instance would have
answered in half of one. Here a call never waits twice for the same thing:

- direct first while it is usable, its circuit closed and it is not the slower route,
  else indirect at once;
- a first attempt that has not answered after its route's hedge delay gets company: the
  other route starts too, and the first answer wins; where the budget has no hedge left,
  the attempt is given up a little later, and the call falls back;
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
an attempt teaches is settled by the exchange, through its permit. What the routes could
do now it asks of `Prospects`. Where a streamed call differs `streaming` says.
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
from gitlab_completions._records import replace
from gitlab_completions.models import Route, RouteReason

if TYPE_CHECKING:
    from collections.abc import Generator

    from gitlab_completions._core.prospects import Prospects

    Flow = Generator[Command, Outcome, Answer]

SHARE_BEFORE_LAST = 0.6
"""Share of the time left after which a route that may still follow is sent too.

The rest is for a connection (3.2 s with one lost packet) and an answer.
"""
FIRST_LOOK_AGAIN_S = 0.4
"""Seconds after which a slow call that could not be hedged is looked at again.

The least hedge delay: nothing is known sooner. Each next look waits twice as long, so
that a call of 10 s has four of them at most.
"""


class Call:
    """One call's own state: what was sent, what is in flight, until when.

    Args:
        prospects: The routes, as the call finds them.
    """

    def __init__(self, prospects: Prospects) -> None:
        self.prospects = prospects
        self.deadline = prospects.deadline
        self.reasons: dict[Route, RouteReason] = {}
        self.ends: dict[Route, float] = {}
        self.hedges = True
        self.probes = False
        self.sent_at = 0.0
        self.hedge_at = math.inf
        self.look_again_s = FIRST_LOOK_AGAIN_S / 2
        self.give_up_at = math.inf
        self.rejected = False

    def run(self, now: float) -> Flow:
        """Order sends and waits until there is an answer, or no hope of one."""
        step: Command | Answer
        wait_until = self.prospects.waits_for_details_until(now)
        if wait_until is not None:
            step = AwaitDetails(until=wait_until)
        else:
            step = self._first(now)
        while isinstance(step, Send | Wait | AwaitDetails):
            step = self._next((yield step))
        return step

    # The first send.

    def _first(self, now: float) -> Command | Answer:
        prospects = self.prospects
        if prospects.direct_only:
            return self._only_direct(now)
        why_not = prospects.refusal(now)
        if why_not is None:
            return self._send(Route.DIRECT, RouteReason.PREFERRED, now)
        if prospects.is_merely_slow(now) and prospects.instance_is_spent(now):
            return self._send_for_want_of_room(Route.DIRECT, now)
        alone = self._probe_alone(why_not, now)
        if alone is not None:
            return alone
        if prospects.indirect.refuses_s(now) is not None:
            return self._last_try(now, GaveUp.RATE_LIMITED)
        self.probes = probing = self._probes_beside(why_not, now)
        return self._send(Route.INDIRECT, why_not, now, at_once=probing)

    def _probe_alone(self, why_not: RouteReason, now: float) -> Send | None:
        """Send direct as its circuit's probe, where indirect has no room beside it."""
        if self.prospects.companion_has_room(now):
            return None
        if not self._probes_beside(why_not, now):
            return None
        return self._send(Route.DIRECT, RouteReason.PREFERRED, now)

    def _probes_beside(self, why_not: RouteReason, now: float) -> bool:
        return self.prospects.may_probe_direct(why_not, now)

    def _only_direct(self, now: float) -> Command | Answer:
        prospects = self.prospects
        if not prospects.direct_allowed:
            return GaveUp.EXHAUSTED
        if prospects.details(now) is None:
            until = prospects.details_might_come_by(now)
            return GaveUp.EXHAUSTED if until is None else AwaitDetails(until=until)
        if prospects.direct.refuses_s(now) is not None:
            return GaveUp.RATE_LIMITED
        return self._send(Route.DIRECT, RouteReason.POLICY, now)

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
            return self._wait()
        if self.prospects.direct_only:
            return self._only_direct(failed.at)
        return self._fall_back(failed.at, passing=True)

    def _fall_back(self, now: float, *, passing: bool) -> Command | Answer:
        """Go to the route that is left, or wait for the one in flight."""
        if self.rejected:
            self.hedges = False
            return self._wait() if self.ends else GaveUp.REJECTED
        if Route.INDIRECT not in self.reasons and self.prospects.indirect_allowed:
            if self.prospects.indirect.refuses_s(now) is None:
                return self._send(Route.INDIRECT, RouteReason.FELL_BACK, now)
            step = self._last_try(now, GaveUp.RATE_LIMITED)
        elif passing:
            step = self._last_try(now, GaveUp.EXHAUSTED)
        else:
            step = self._back_to_direct(now)
        return self._wait() if self.ends and not isinstance(step, Send) else step

    def _back_to_direct(self, now: float) -> Command | Answer:
        """Send direct after a refusal by the instance, unless direct rests.

        It was not sent for want of room in its gate, or its details have come since, or
        another call probes it: a half-open circuit may well be that of a sound route.
        """
        if self._other(Route.INDIRECT, now) is not None:
            return self._send(Route.DIRECT, RouteReason.FELL_BACK, now)
        prospects = self.prospects
        open_ = prospects.direct.state(now) is CircuitState.OPEN
        rests = open_ and not prospects.is_merely_slow(now)
        if rests or prospects.details(now) is None:
            return GaveUp.EXHAUSTED
        return self._last_try(now, GaveUp.EXHAUSTED)

    def _last_try(self, now: float, otherwise: GaveUp) -> Command | Answer:
        """Send direct against its circuit, for the instance could not serve."""
        if Route.DIRECT in self.reasons or not self.prospects.direct_allowed:
            return otherwise
        if self.prospects.details(now) is not None:
            return self._send(Route.DIRECT, RouteReason.LAST_TRY, now)
        coming = self.prospects.details_to_come(now)
        return AwaitDetails(until=self.deadline) if coming else otherwise

    def _after_busy(self, busy: Busy) -> Command | Answer:
        """Take the other route, or wait in the same gate for as long as there is."""
        self.ends.pop(busy.route, None)
        reason = self.reasons.pop(busy.route)
        other = self._other(busy.route, busy.at)
        indirect = busy.route is Route.INDIRECT and Route.DIRECT not in self.reasons
        if other is None and indirect and self.prospects.is_merely_slow(busy.at):
            other = Route.DIRECT
        again = not self.hedges
        self.hedges = False
        if other is not None:
            return self._send_for_want_of_room(other, busy.at, last=again)
        if self.ends:
            return self._wait()
        if busy.route is Route.DIRECT and self.prospects.details(busy.at) is None:
            return self._fall_back(busy.at, passing=True)
        return self._send(busy.route, reason, busy.at, last=True)

    def _send_for_want_of_room(
        self, route: Route, now: float, *, last: bool = False
    ) -> Send:
        """Send where there is room, but not for long where it may be silent."""
        send = self._send(route, RouteReason.SATURATED, now, last=last)
        if route is Route.INDIRECT or not self.prospects.is_merely_slow(now):
            return send
        return self._on_a_leash(send, now)

    def _on_a_leash(self, send: Send, now: float) -> Send:
        """Wait for no longer than what is no slow answer takes."""
        leash_s = self.prospects.circuit(send.route).pace.delay_s
        self.give_up_at = min(self.give_up_at, now + leash_s)
        return replace(send, until=min(send.until, self.give_up_at))

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
        beside = self._probe(now) if self.probes else None
        if beside is None and self.hedges and now >= self.hedge_at:
            beside = self._hedge(now)
        return beside or self._wait()

    def _probe(self, now: float) -> Send | None:
        """Send direct beside the route that serves the call, unless another did."""
        self.probes = False
        other = self._other(Route.INDIRECT, now)
        return self._send(other, RouteReason.HEDGED, now) if other else None

    def _hedge(self, now: float) -> Send | None:
        """Start the other route beside a slow one, or shorten the wait for it.

        What may not be hedged is given up soon, and the call falls back, unless that
        would be in vain: two slow routes are slow for one reason, and a second request
        would only add to it.
        """
        slow = next(iter(self.ends))
        other = self._other(slow, now)
        if other is None:
            self.hedge_at = self._looks_again_at(slow, now)
            return None
        price = self.prospects.hedge_price(other, now)
        if price is not None:
            return self._send(other, RouteReason.HEDGED, now, price=price)
        self.hedge_at = self._looks_again_at(slow, now)
        given_s = self.prospects.give_up_s(slow, other, now)
        if given_s is not None:
            self.hedge_at = math.inf
            self.give_up_at = min(self.give_up_at, self.sent_at + given_s)
        return None

    def _looks_again_at(self, slow: Route, now: float) -> float:
        """Return when the other route may be asked for help again.

        When its rest is over, or a while later: its probe may be out, its details under
        way, or the budget spent. Each while is twice the last, so that looks are few.
        """
        if not self.prospects.hedges_at_all:
            return math.inf
        other = Route.DIRECT if slow is Route.INDIRECT else Route.INDIRECT
        rests_s = self.prospects.circuit(other).rests_s(now)
        if rests_s is not None:
            return now + rests_s
        self.look_again_s *= 2
        return now + self.look_again_s

    def _other(self, route: Route, now: float) -> Route | None:
        """Return the other route if it was not sent and would take a call now."""
        other = Route.DIRECT if route is Route.INDIRECT else Route.INDIRECT
        free = other not in self.reasons and self.prospects.takes(other, now)
        return other if free else None

    # Commands.

    def _send(
        self,
        route: Route,
        reason: RouteReason,
        now: float,
        *,
        at_once: bool = False,
        last: bool = False,
        price: int = 0,
    ) -> Send:
        alone = at_once or not self._may_follow(route, now)
        last = last or alone
        left_s = self.deadline - now
        timeout_s = self.prospects.timeout_s(route)
        usual_s = min(timeout_s, self.prospects.circuit(route).pace.delay_s)
        longest_s, patience_s = self._spans_s(timeout_s, left_s)
        end = now + longest_s
        # Also of what waits in its gate to the last: the other route needs time too.
        self.give_up_at = math.inf if alone else now + patience_s
        self.sent_at = now
        self.hedge_at = now + self.prospects.hedge_delay_s(route, now)
        self.reasons[route] = reason
        self.ends[route] = end
        self.hedges = self.hedges and len(self.reasons) == 1
        details = self.prospects.details(now) if route is Route.DIRECT else None
        return Send(
            route=route,
            reason=reason,
            until=now if at_once else self._until(last=last),
            ends_at=end,
            last_resort=last,
            price=price,
            least_s=usual_s,
            details=details,
            endpoint=self.prospects.freshness.endpoint(details),
        )

    def _spans_s(self, timeout_s: float, left_s: float) -> tuple[float, float]:
        """Return how long an attempt may take, and how long it is waited for alone."""
        return min(timeout_s, left_s), SHARE_BEFORE_LAST * left_s

    def _may_follow(self, route: Route, now: float) -> bool:
        """Tell whether the other route might still be sent after this one."""
        if route is Route.DIRECT:
            free = Route.INDIRECT not in self.reasons
            return free and self.prospects.indirect_allowed
        if Route.DIRECT in self.reasons or not self.prospects.direct_allowed:
            return False
        has_details = self.prospects.details(now) is not None
        return has_details or self.prospects.details_to_come(now)

    def _wait(self) -> Wait:
        return Wait(until=self._until())

    def _until(self, *, last: bool = False) -> float:
        """Return when to look again: at the hedge, an attempt's end, the deadline."""
        until = min(self.deadline, self.give_up_at, *self.ends.values())
        return min(until, self.hedge_at) if self.hedges and not last else until
