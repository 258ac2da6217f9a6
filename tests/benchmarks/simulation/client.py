"""Plays a session to a client: discrete events, without an event loop.

Nothing waits, so the time is a number. The calls' starts are known beforehand and come
in order; what a client has under way is in a heap of its own, a handful of events, and
the two are merged. What is bound to happen next need not pass through the heap at all.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from heapq import heappop, heappush
from itertools import chain, islice
from typing import TYPE_CHECKING, TypeAlias

from tests.benchmarks.simulation.tally import Tally
from tests.benchmarks.simulation.workload import Mode

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.benchmarks.simulation.network import Network
    from tests.benchmarks.simulation.workload import Session

    Event: TypeAlias = tuple[float, int, Callable[[float], None]]


class Client(ABC):
    """A policy at work: told when calls begin and when their callers leave.

    Args:
        session: What is asked for, and when.
        network: What becomes of attempts.
        mode: Whether callers leave.
    """

    __slots__ = (
        "_events",
        "_next_start",
        "_serial",
        "mode",
        "network",
        "session",
        "tally",
    )

    name: str
    """What the table calls it."""

    def __init__(self, session: Session, network: Network, mode: Mode) -> None:
        self.session = session
        self.network = network
        self.mode = mode
        self.tally = Tally()
        self._events: list[Event] = []
        self._serial = 0
        self._next_start = math.inf

    def run(self) -> Tally:
        """Play the whole session; what is in flight then still ends."""
        events, begin, leave = self._events, self.begin, self.leave
        typing = self.mode is Mode.TYPING
        starts = self.session.starts
        following = chain(islice(starts, 1, None), (math.inf,))
        for number, start in enumerate(starts):
            while events and events[0][0] <= start:
                at, _, act = heappop(events)
                act(at)
            if typing:
                leave(start)
            self._next_start = next(following)
            begin(number, start)
        while events:
            at, _, act = heappop(events)
            act(at)
        self._count_calls()
        return self.tally

    def at(self, moment: float, act: Callable[[float], None]) -> None:
        """Have something done at a moment, with the moment as its argument."""
        self._serial += 1
        heappush(self._events, (moment, self._serial, act))

    def comes_next(self, moment: float) -> bool:
        """Tell whether nothing else happens before that moment."""
        if moment > self._next_start:
            return False
        return not self._events or moment <= self._events[0][0]

    def _count_calls(self) -> None:
        tally, starts = self.tally, self.session.starts
        since = self.network.fault_since
        tally.calls = len(starts)
        in_fault = [start for start in starts if since(start) is not None]
        first_ends_at = self.session.first_ends_at
        tally.calls_in_fault = len(in_fault)
        tally.calls_in_first = sum(start < first_ends_at for start in in_fault)
        tally.seconds = starts[-1] if starts else 0.0

    def answered(self, start: float, now: float) -> None:
        """Count a call that began then and is answered now."""
        tally = self.tally
        tally.latencies_s.append(now - start)
        if self.network.fault_since(start) is not None:
            tally.answered_in_fault += 1
            tally.answered_in_first += start < self.session.first_ends_at

    @abstractmethod
    def begin(self, number: int, now: float) -> None:
        """Begin a call."""

    @abstractmethod
    def leave(self, now: float) -> None:
        """Have the caller of the call before leave, if it still waits."""
