"""The flow of a streamed call: until its first piece that of any other, after it none.

A stream's text is given to its reader while it comes, so that two things a call may do
elsewhere are wrong here. Two attempts at once would be two texts: a stream is never
hedged, and an attempt that is given up is ended, whatever it might still bring. And
what follows the first piece cannot be taken back: the flow ends with it.

An attempt that is not the last one possible has its timeout for the first piece, and
`SHARE_BEFORE_LAST` of the time left at most; the last one has all the call's time, for
the sender watches over silence. But direct is not ended while the instance's minute is
spent: what falls back would only wait for its turn, when direct may still answer.

A probe beside an attempt that serves the call would be a second one as well. So that
direct is found to be well again also where all calls are streams, the probe goes alone,
and has the hedge delay for its first piece: that is what its caller loses by it, once
in a rest. A first piece tells that a route works, but not how fast whole answers come:
where direct rests for being the slower route, a stream finds nothing out.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gitlab_completions._core.call import SHARE_BEFORE_LAST, Call
from gitlab_completions.models import Route, RouteReason

if TYPE_CHECKING:
    from gitlab_completions._core.commands import Answer, Command, Send


class StreamedCall(Call):
    """One streamed call's own state: at most one attempt in flight."""

    def _probe_alone(self, why_not: RouteReason, now: float) -> Send | None:
        slower = why_not is RouteReason.SLOWER
        if slower or not self.prospects.may_probe_direct(why_not, now):
            return None
        send = self._send(Route.DIRECT, RouteReason.PREFERRED, now)
        return self._on_a_leash(send, now)

    def _probes_beside(self, why_not: RouteReason, now: float) -> bool:
        return False

    def _hedge(self, now: float) -> None:
        self.hedge_at = math.inf

    def _after_wait(self, now: float) -> Command | Answer:
        given_up = now >= self.give_up_at and Route.INDIRECT not in self.reasons
        if given_up and self.prospects.instance_is_spent(now):
            self.give_up_at = self.prospects.budget.free_at(now)
        return super()._after_wait(now)

    def _spans_s(self, timeout_s: float, left_s: float) -> tuple[float, float]:
        return left_s, min(timeout_s, SHARE_BEFORE_LAST * left_s)
