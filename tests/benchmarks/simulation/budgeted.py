"""The library within the instance's budget, GitLab's 60 completions a minute.

What the gate adds then: an attempt that the budget has no slot for waits for the next
one, the newest first; it is taken back when its caller leaves, or when it waited in
vain and its call has another route.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gitlab_completions._core.commands import Busy
from gitlab_completions.policy import RoutingPolicy
from tests.benchmarks.simulation.ours import INDIRECT, Ours

if TYPE_CHECKING:
    from tests.benchmarks.simulation.network import Network
    from tests.benchmarks.simulation.ours import Attempt, Call
    from tests.benchmarks.simulation.workload import Mode, Session


class OursWithinBudget(Ours):
    """The library, with all its defaults."""

    __slots__ = ("_waiting",)
    name = "ours, 60/min"
    policy = RoutingPolicy()

    def __init__(self, session: Session, network: Network, mode: Mode) -> None:
        super().__init__(session, network, mode)
        self._waiting: list[Attempt] = []

    def _departs(self, attempt: Attempt, now: float) -> float:
        free_at = self._budget.free_at(now)
        if attempt.send.route is not INDIRECT or free_at <= now:
            return super()._departs(attempt, now)
        attempt.permit.admitted_at = math.inf
        self._waiting.append(attempt)
        self.at(free_at, self._look_at_gate)
        return math.inf

    def _look_at_gate(self, now: float) -> None:
        """Let in whom there is a slot for."""
        while self._waiting:
            free_at = self._budget.free_at(now)
            if free_at > now:
                self.at(free_at, self._look_at_gate)
                return
            attempt = self._waiting.pop()
            self._under_way(attempt, super()._departs(attempt, now))

    def _wake(self, call: Call, look: int, now: float) -> None:
        if call.waits and call.looks == look and not call.awaits_details:
            held = call.newest
            may_go_elsewhere = held is not None and not held.send.last_resort
            if held is not None and may_go_elsewhere and self._withdraw(held):
                call.attempts.remove(held)
                self._step(call, Busy(route=INDIRECT, at=now), now)
                return
        super()._wake(call, look, now)

    def _over(self, call: Call, now: float) -> None:
        for attempt in call.attempts:
            self._withdraw(attempt)
        super()._over(call, now)

    def _withdraw(self, attempt: Attempt) -> bool:
        """Take back what waits at the gate; `False` when it has left it."""
        if attempt not in self._waiting:
            return False
        self._waiting.remove(attempt)
        attempt.permit.release()
        return True
