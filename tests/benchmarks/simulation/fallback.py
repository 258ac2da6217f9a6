"""Clients that wait for direct and then fall back: the reference, an adaptive timeout.

Three forms of what a superseded call does to its direct attempt:

- `UNSEEN`: it is aborted, and nothing is learnt. A policy in its simplest form, and
  what a breaker that "was taught to ignore aborts" comes to.
- `IGNORED`: nothing. It goes on to its timeout, is counted, and the fall-back follows
  for nobody: the reference client of 2025, which cannot abort either route.
- `COUNTED`: it is aborted, the abort counts as a failure of the route, and a fall-back
  that nobody can abort follows: the reference client of 2026.
"""

from __future__ import annotations

from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING

from tests.benchmarks.simulation.breakers import ExponentialBreaker, FixedBreaker
from tests.benchmarks.simulation.client import Client
from tests.benchmarks.simulation.latencies import Latencies
from tests.benchmarks.simulation.network import End

if TYPE_CHECKING:
    from tests.benchmarks.simulation.network import Network
    from tests.benchmarks.simulation.tally import Tally
    from tests.benchmarks.simulation.workload import Mode, Session

DIRECT_TIMEOUT_S, INDIRECT_TIMEOUT_S = 5.0, 15.0
"""The reference client's, bodies included."""
FACTOR = 2.0
"""How many times the observed p95 an adaptive timeout waits."""
OLD_TOKEN = -1.0
"""When the token was granted: these clients do not renew one that is refused."""


class Cancel(Enum):
    """What a superseded call does to its direct attempt."""

    UNSEEN = auto()
    IGNORED = auto()
    COUNTED = auto()


class Waiting:
    """A call under way."""

    __slots__ = ("aborted", "direct", "number", "start", "waits")

    def __init__(self, number: int, start: float) -> None:
        self.number = number
        self.start = start
        self.waits = True
        self.direct = False
        self.aborted = False


class FallBack(Client):
    """Direct first, with a timeout; then indirect, with another; breakers X and F."""

    __slots__ = ("_last", "direct_breaker", "overall_breaker")

    cancel = Cancel.UNSEEN

    def __init__(self, session: Session, network: Network, mode: Mode) -> None:
        super().__init__(session, network, mode)
        self.direct_breaker = ExponentialBreaker()
        self.overall_breaker = FixedBreaker()
        self._last: Waiting | None = None

    def run(self) -> Tally:
        tally = super().run()
        tally.trips = self.direct_breaker.trips + self.overall_breaker.trips
        return tally

    def timeout_s(self) -> float:
        """Return how long a direct attempt may take that is sent now."""
        return DIRECT_TIMEOUT_S

    def learn(self, elapsed_s: float) -> None:
        """Take note of what a direct answer took."""

    def begin(self, number: int, now: float) -> None:
        call = self._last = Waiting(number, now)
        if self.overall_breaker.is_open(now):
            call.waits = False
            self.tally.failed += 1
        elif self.direct_breaker.is_open(now):
            self._send_indirect(call, now)
        else:
            self._send_direct(call, now)

    def leave(self, now: float) -> None:
        call = self._last
        if call is None or not call.waits:
            return
        call.waits = False
        self.tally.superseded += 1
        if self.cancel is Cancel.IGNORED:
            return
        call.aborted = True
        if call.direct and self.cancel is Cancel.COUNTED:
            self.direct_breaker.error(now)
            self.tally.sends += 1

    def _send_direct(self, call: Waiting, now: float) -> None:
        call.direct = True
        self.tally.sends += 1
        took_s, end = self.network.direct(call.number, now, OLD_TOKEN)
        timeout_s = self.timeout_s()
        answers = end is End.ANSWER and took_s <= timeout_s
        ends = self._direct_answers if answers else self._direct_fails
        self.at(now + min(took_s, timeout_s), partial(ends, call, now))

    def _direct_answers(self, call: Waiting, sent: float, now: float) -> None:
        if not call.aborted:
            self.learn(now - sent)
            self._ends(call, now)

    def _direct_fails(self, call: Waiting, sent: float, now: float) -> None:
        if call.aborted:
            return
        call.direct = False
        self.direct_breaker.error(now)
        self._send_indirect(call, now)

    def _send_indirect(self, call: Waiting, now: float) -> None:
        self.tally.sends += 1
        took_s = self.network.indirect_s(call.number, now)
        ends = self._ends if took_s <= INDIRECT_TIMEOUT_S else self._fails
        self.at(now + min(took_s, INDIRECT_TIMEOUT_S), partial(ends, call))

    def _ends(self, call: Waiting, now: float) -> None:
        if call.aborted:
            return
        self.overall_breaker.success()
        if call.waits:
            call.waits = False
            self.answered(call.start, now)

    def _fails(self, call: Waiting, now: float) -> None:
        if call.aborted:
            return
        self.overall_breaker.error(now)
        if call.waits:
            call.waits = False
            self.tally.failed += 1


class Reference2025(FallBack):
    """GitLab's language server of 2025: a cancel changes nothing on the wire."""

    __slots__ = ()
    name = "reference 2025"
    cancel = Cancel.IGNORED


class Reference2026(FallBack):
    """GitLab's language server of 2026: a cancel counts as a failure of the gateway."""

    __slots__ = ()
    name = "reference 2026"
    cancel = Cancel.COUNTED


class TimeoutOnly(FallBack):
    """The reference's times and breaker where a cancel is seen by nobody."""

    __slots__ = ()
    name = "5 s timeout"


class AdaptiveTimeout(FallBack):
    """The same breaker behind a timeout of twice the observed p95."""

    __slots__ = ("_latencies",)
    name = "adaptive timeout"

    def __init__(self, session: Session, network: Network, mode: Mode) -> None:
        super().__init__(session, network, mode)
        self._latencies = Latencies()

    def timeout_s(self) -> float:
        p95_s = self._latencies.percentile(0.95)
        if p95_s is None:
            return DIRECT_TIMEOUT_S
        return min(DIRECT_TIMEOUT_S, FACTOR * p95_s)

    def learn(self, elapsed_s: float) -> None:
        self._latencies.add(elapsed_s)
