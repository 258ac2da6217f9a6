"""A plain hedge: the other route at the observed p95, one hedge in ten calls.

What is commonly built: it learns its delay from all direct answers, a spent bucket
means waiting, and a call that is superseded teaches nothing. Three losses in a row (a
failure, or a hedge that answered first) rest direct by the reference's breaker.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.benchmarks.simulation.breakers import ExponentialBreaker
from tests.benchmarks.simulation.client import Client
from tests.benchmarks.simulation.fallback import DIRECT_TIMEOUT_S
from tests.benchmarks.simulation.latencies import Latencies
from tests.benchmarks.simulation.network import End

if TYPE_CHECKING:
    from tests.benchmarks.simulation.network import Network
    from tests.benchmarks.simulation.tally import Tally
    from tests.benchmarks.simulation.workload import Mode, Session

SHARE, BUCKET = 0.1, 5.0
"""Hedges that a call earns, and how many can be saved up."""
LOSSES = 3
FIRST_DELAY_S = 0.9
"""The delay before there is a p95."""


class Racing:
    """A call under way."""

    __slots__ = ("direct_ended", "gone", "indirect_sent", "number", "start")

    def __init__(self, number: int, start: float) -> None:
        self.number = number
        self.start = start
        self.gone = False
        self.indirect_sent = False
        self.direct_ended = True


class PlainHedge(Client):
    """Hedges, and counts three losses in a row."""

    __slots__ = ("_bucket", "_last", "_latencies", "_losses", "_renewed_at", "breaker")
    name = "plain hedge"

    def __init__(self, session: Session, network: Network, mode: Mode) -> None:
        super().__init__(session, network, mode)
        self.breaker = ExponentialBreaker()
        self._latencies = Latencies()
        self._bucket = BUCKET
        self._losses = 0
        self._last: Racing | None = None
        self._renewed_at = -1.0

    def run(self) -> Tally:
        tally = super().run()
        tally.trips = self.breaker.trips
        return tally

    def begin(self, number: int, now: float) -> None:
        self._bucket = min(BUCKET, self._bucket + SHARE)
        call = self._last = Racing(number, now)
        if self.breaker.is_open(now):
            self._send_indirect(call, now)
            return
        self.tally.sends += 1
        call.direct_ended = False
        took_s, end = self.network.direct(number, now, self._renewed_at)
        if end is End.TOKEN_REFUSED:
            self._renewed_at = now + took_s
        answers = end is End.ANSWER and took_s <= DIRECT_TIMEOUT_S
        ends = self._direct_answers if answers else self._direct_fails
        self.at(now + min(took_s, DIRECT_TIMEOUT_S), partial(ends, call))
        delay_s = self._latencies.percentile(0.95) or FIRST_DELAY_S
        if delay_s < took_s:
            self.at(now + delay_s, partial(self._hedge, call))

    def leave(self, now: float) -> None:
        call = self._last
        if call is not None and not call.gone:
            call.gone = True
            self.tally.superseded += 1

    def _hedge(self, call: Racing, now: float) -> None:
        if call.gone or call.indirect_sent or self._bucket < 1.0:
            return
        self._bucket -= 1.0
        self._send_indirect(call, now)

    def _direct_answers(self, call: Racing, now: float) -> None:
        if call.gone:
            return
        self._latencies.add(now - call.start)
        self._losses = 0
        self._ends(call, now)

    def _direct_fails(self, call: Racing, now: float) -> None:
        if call.gone:
            return
        self._loses(call, now)
        if not call.indirect_sent:
            self._send_indirect(call, now)

    def _loses(self, call: Racing, now: float) -> None:
        """Count the loss of a direct attempt that was under way, once."""
        if call.direct_ended:
            return
        call.direct_ended = True
        self._losses += 1
        if self._losses >= LOSSES:
            self.breaker.error(now)

    def _send_indirect(self, call: Racing, now: float) -> None:
        call.indirect_sent = True
        self.tally.sends += 1
        took_s = self.network.indirect_s(call.number, now)
        self.at(now + took_s, partial(self._indirect_answers, call))

    def _indirect_answers(self, call: Racing, now: float) -> None:
        if call.gone:
            return
        self._loses(call, now)
        self._ends(call, now)

    def _ends(self, call: Racing, now: float) -> None:
        call.gone = True
        self.answered(call.start, now)
