"""What the calls of a client have in common when they choose a route."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._core.call import Call
from gitlab_completions._core.prospects import Prospects, refusal
from gitlab_completions._core.streaming import StreamedCall
from gitlab_completions._records import Record

if TYPE_CHECKING:
    from gitlab_completions._core.budget import InstanceBudget
    from gitlab_completions._core.call import Flow
    from gitlab_completions._core.circuit import Circuit
    from gitlab_completions._core.freshness import Freshness
    from gitlab_completions._core.hedging import HedgeBudget
    from gitlab_completions._core.rollout import Rollout
    from gitlab_completions.models import Intent, RouteReason
    from gitlab_completions.policy import RoutingPolicy


class Router(Record):
    """Starts the flow of each call; made anew when the policy changes.

    Args:
        policy: The client's policy.
        direct: The circuit of the direct route.
        indirect: The circuit of the indirect route.
        budget: The instance's completions of the last minute.
        hedges: The hedges that may be spent.
        rollout: Whether direct is rolled out to the user; `None`: to everybody.
    """

    policy: RoutingPolicy
    direct: Circuit
    indirect: Circuit
    budget: InstanceBudget
    hedges: HedgeBudget
    rollout: Rollout | None = None

    def complete(
        self, intent: Intent, freshness: Freshness, now: float, deadline_s: float
    ) -> Flow:
        """Return the flow of a call that starts now and may take `deadline_s`."""
        return Call(self._prospects(intent, freshness, now + deadline_s)).run(now)

    def stream(
        self, intent: Intent, freshness: Freshness, now: float, deadline_s: float
    ) -> Flow:
        """Return the flow of a streamed call that starts now; it may be infinite."""
        prospects = self._prospects(intent, freshness, now + deadline_s)
        return StreamedCall(prospects).run(now)

    def refusal(
        self, intent: Intent, freshness: Freshness, now: float
    ) -> RouteReason | None:
        """Return why a call may not go direct first now, or `None` when it may."""
        return refusal(
            self.policy, self.direct, intent, freshness, now, rollout=self.rollout
        )

    def _prospects(
        self, intent: Intent, freshness: Freshness, deadline: float
    ) -> Prospects:
        """Return the routes as a call finds them that is over at `deadline`."""
        return Prospects(
            policy=self.policy,
            direct=self.direct,
            indirect=self.indirect,
            budget=self.budget,
            hedges=self.hedges,
            freshness=freshness,
            intent=intent,
            deadline=deadline,
            rollout=self.rollout,
        )
