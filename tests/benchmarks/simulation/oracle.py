"""The limit: a client that knows what the fault is and when it is on.

It sends each call to the route that will be quicker on the average, and where half of
the direct attempts fail at once that is still direct, with indirect after a failure. It
does not hedge, so that a client which does can be a little quicker when all is well.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

from tests.benchmarks.simulation.client import Client
from tests.benchmarks.simulation.network import End
from tests.benchmarks.simulation.workload import Fault, Mode

if TYPE_CHECKING:
    from tests.benchmarks.simulation.network import Network
    from tests.benchmarks.simulation.workload import Session

LOST = {Fault.SILENT, Fault.SILENT_ALIKE, Fault.FAILS, Fault.SLOW}
"""The faults during which direct is the slower route."""


class Oracle(Client):
    """Knows the fault."""

    __slots__ = ("_avoids", "_waiting")
    name = "oracle"

    def __init__(self, session: Session, network: Network, mode: Mode) -> None:
        super().__init__(session, network, mode)
        self._avoids = network.fault in LOST
        self._waiting: int | None = None

    def begin(self, number: int, now: float) -> None:
        self._waiting = number
        if self._avoids and self.network.fault_since(now) is not None:
            self._send_indirect(number, now, now)
        else:
            self._send_direct(number, now)

    def leave(self, now: float) -> None:
        if self._waiting is not None:
            self._waiting = None
            self.tally.superseded += 1

    def _send_direct(self, number: int, now: float) -> None:
        self.tally.sends += 1
        took_s, end = self.network.direct(number, now, math.inf)
        ends = self._answers if end is End.ANSWER else self._send_indirect
        self.at(now + took_s, partial(ends, number, now))

    def _send_indirect(self, number: int, start: float, now: float) -> None:
        if self._typed_past(number):
            return
        self.tally.sends += 1
        took_s = self.network.indirect_s(number, now)
        self.at(now + took_s, partial(self._answers, number, start))

    def _answers(self, number: int, start: float, now: float) -> None:
        if self._typed_past(number):
            return
        if self._waiting == number:
            self._waiting = None
        self.answered(start, now)

    def _typed_past(self, number: int) -> bool:
        """Tell whether the call's caller has left."""
        return self.mode is Mode.TYPING and self._waiting != number
