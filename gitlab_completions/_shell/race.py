"""The exchanges in flight: each a task that outlives its caller.

An author who types leaves most calls before they are answered. Cancelling the HTTP
request then costs a handshake a keystroke, leaks pool slots when it happens twice, and
hides a gateway that has gone silent. So nothing that a caller does reaches the HTTP
library: a flight goes on without its caller, is settled when it ends, and never raises.
Only the race itself ends a flight early, once: at `aclose`, and when a sender has far
outstayed the attempt's end.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from gitlab_completions._frames import frameless
from gitlab_completions._shell import endings
from gitlab_completions._shell.flight import Flight
from gitlab_completions._shell.settlement import Settlement
from gitlab_completions._wire.messages import SendError
from gitlab_completions.models import Intent, Route

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitlab_completions._core.circuit import Circuit
    from gitlab_completions._core.commands import Send
    from gitlab_completions._core.hedging import HedgeBudget
    from gitlab_completions._shell.bulletin import Bulletin
    from gitlab_completions._shell.clock import Clock
    from gitlab_completions._shell.exchange import Exchanger
    from gitlab_completions._shell.gate import Gate
    from gitlab_completions._shell.keeper import Entry
    from gitlab_completions._shell.notices import Notices
    from gitlab_completions.models import CompletionRequest

OUTSTAYED_S = 1.0
"""Seconds past an attempt's end after which its flight is ended.

Our own sender keeps its time but for an answer whose head drips in byte by byte: this
is for that, and for senders that keep none.
"""
GRACE_S = 0.1
"""Seconds that flights get to end by themselves when the client is closed."""
CLEANUP_S = 5.0
"""Seconds that ended flights get to clean up."""


class Race:
    """All flights of one client.

    Args:
        exchanger: Performs attempts.
        gates: One for each route.
        circuits: One for each route.
        hedges: The hedges that may be spent.
        clock: Tells the time.
        bulletin: Tells the observers.
        look_at_clock: Notices a suspend, before what has ended teaches anything.
        notices: Passes on what a server says to all of the user's processes.
    """

    def __init__(
        self,
        *,
        exchanger: Exchanger,
        gates: Mapping[Route, Gate],
        circuits: Mapping[Route, Circuit],
        hedges: HedgeBudget,
        clock: Clock,
        bulletin: Bulletin,
        look_at_clock: Callable[[], None],
        notices: Notices | None = None,
    ) -> None:
        self._look_at_clock = look_at_clock
        self._exchanger = exchanger
        self._gates = gates
        self._circuits = circuits
        self._hedges = hedges
        self._clock = clock
        self._settlement = Settlement(
            circuits=circuits,
            clock=clock,
            bulletin=bulletin,
            look_at_clock=look_at_clock,
            turn_away=self._turn_away,
            notices=notices,
        )
        self._flights: set[Flight] = set()
        self._closing = False

    @property
    def in_flight(self) -> int:
        """Exchanges on the wire."""
        return sum(gate.in_flight for gate in self._gates.values())

    def start(
        self,
        call_id: int,
        request: CompletionRequest,
        send: Send,
        entry: Entry,
        *,
        since: float = 0.0,
    ) -> Flight:
        """Start an attempt of a call that began at `since`, with a circuit's permit."""
        now = self._clock.now()
        timed = request.intent is Intent.COMPLETION
        permit = self._circuits[send.route].admit(now, timed=timed)
        permit.admitted_at = math.inf  # what is spent in the gate makes nothing late
        if send.price:
            self._hedges.spend(send.price)
        flight = Flight(
            call_id=call_id,
            request=request,
            send=send,
            permit=permit,
            entry=entry,
            started_at=now,
            since=since,
        )
        if send.route is Route.DIRECT:
            entry.freshness.used()
        self._flights.add(flight)
        flight.task = asyncio.create_task(self._fly(flight))
        return flight

    def look(self) -> None:
        """Notice a suspend, then count the attempts that are late by now."""
        self._look_at_clock()
        self._settlement.count_late()

    def withdraw(self, flight: Flight) -> bool:
        """Take an attempt back that is still in the gate; `False` when it has left."""
        if not self._gates[flight.route].withdraw(flight.ticket):
            return False
        flight.permit.release()
        return True

    def give_up(self, flight: Flight) -> None:
        """Let its call go another way; its answer is taken should it still come."""
        self._settlement.left(flight)

    def detach(self, flight: Flight) -> None:
        """Let an attempt go on without its caller; in the gate it is not sent."""
        flight.ticket.detached = True
        if not self.withdraw(flight):
            self._settlement.left(flight)

    def stop(self) -> None:
        """Send nothing more: what waits in a gate is not let through."""
        self._closing = True
        for gate in self._gates.values():
            gate.close()

    async def aclose(self) -> None:
        """End all flights: by themselves within 100 ms, else by force, once."""
        self.stop()
        tasks = {flight.task for flight in self._flights if flight.task is not None}
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=GRACE_S)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late, timeout=CLEANUP_S)

    @frameless  # Ctrl-C strikes anywhere, be it in the HTTP library
    async def _fly(self, flight: Flight) -> None:
        gate = self._gates[flight.route]
        try:
            # A client that was closed before this task began sends nothing more.
            if not self._closing and await gate.enter(flight.ticket):
                flight.permit.admitted_at = self._clock.now()
                await self._exchange(flight, gate)
        except asyncio.CancelledError:
            if not self._closing:
                elapsed_s = self._clock.now() - flight.started_at
                silence = SendError("timeout")
                self._settlement.settle(
                    flight, endings.broken(flight.route, silence, elapsed_s)
                )
        finally:
            flight.permit.release()
            self._flights.discard(flight)

    async def _exchange(self, flight: Flight, gate: Gate) -> None:
        loop = asyncio.get_running_loop()
        send, task = flight.send, flight.task
        flight.started_at = self._clock.now()
        ends_at = max(send.ends_at, flight.started_at + send.least_s)
        span_s = ends_at - flight.started_at + OUTSTAYED_S
        watchdog = loop.call_later(span_s, task.cancel) if task is not None else None
        exchanger = self._exchanger
        try:
            if send.details is not None:
                ending = await exchanger.direct(
                    flight.request,
                    send.details,
                    endpoint=send.endpoint,
                    ends_at=ends_at,
                    last_resort=send.last_resort,
                )
            else:
                ending = await exchanger.indirect(
                    flight.request, ends_at=ends_at, last_resort=send.last_resort
                )
            # First of all: what it teaches may concern the next one at the gate.
            self._settlement.settle(flight, ending)
        finally:
            if watchdog is not None:
                watchdog.cancel()
            gate.leave(flight.ticket)

    def _turn_away(self, refused: Callable[[Send], bool]) -> None:
        """Take back what waits at a gate for what is known to be refused by now.

        To their flows these attempts have failed, without a loss.
        """
        for flight in tuple(self._flights):
            if refused(flight.send):
                self.withdraw(flight)
