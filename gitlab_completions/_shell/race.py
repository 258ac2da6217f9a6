"""The exchanges in flight: each a task that outlives its caller.

An author who types leaves most calls before they are answered. Cancelling the HTTP
request then costs a handshake a keystroke, leaks pool slots when it happens twice, and
hides a gateway that has gone silent. So nothing that a caller does reaches the HTTP
library: a flight goes on without its caller, is settled when it ends, and never raises.
Only the race itself ends a flight early, once: at `aclose`, and when a sender has far
outstayed the attempt's end.

A stream is for its reader: when that leaves, or its call goes another way, nobody wants
the rest, which may be a minute's. Then the race ends the flight at once, and the flight
cleans up in its own task, however often its reader is cancelled.
"""

from __future__ import annotations

import asyncio
import math
from functools import partial
from typing import TYPE_CHECKING

from gitlab_completions._frames import frameless
from gitlab_completions._shell import endings
from gitlab_completions._shell.flight import Flight
from gitlab_completions._shell.pour import Pour
from gitlab_completions._shell.settlement import Settlement
from gitlab_completions._wire.limits import uses_crlf
from gitlab_completions.models import Intent, Route

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitlab_completions._core.circuit import Circuit
    from gitlab_completions._core.commands import Send
    from gitlab_completions._core.hedging import HedgeBudget
    from gitlab_completions._shell.bulletin import Bulletin
    from gitlab_completions._shell.clock import Clock
    from gitlab_completions._shell.endings import Ending
    from gitlab_completions._shell.exchange import Exchanger
    from gitlab_completions._shell.gate import Gate
    from gitlab_completions._shell.handover import Handover
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
        stream_gates: One for each route's streams.
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
        stream_gates: Mapping[Route, Gate],
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
        self._stream_gates = stream_gates
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
        return sum(gate.in_flight for gate in self._all_gates())

    def _all_gates(self) -> tuple[Gate, ...]:
        return (*self._gates.values(), *self._stream_gates.values())

    def _gate_of(self, flight: Flight) -> Gate:
        gates = self._gates if flight.pour is None else self._stream_gates
        return gates[flight.route]

    def start(
        self,
        call_id: int,
        request: CompletionRequest,
        send: Send,
        entry: Entry,
        *,
        since: float = 0.0,
        handover: Handover | None = None,
    ) -> Flight:
        """Start an attempt of a call that began at `since`, with a circuit's permit.

        With a hand-over it is a stream, and its text goes there.
        """
        now = self._clock.now()
        timed, whole = request.intent is Intent.COMPLETION, handover is None
        permit = self._circuits[send.route].admit(now, timed=timed, whole=whole)
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
        if handover is not None:
            flight.pour = self._pour(flight, handover)
        if send.route is Route.DIRECT:
            entry.freshness.used()
        self._flights.add(flight)
        flight.task = asyncio.create_task(self._fly(flight))
        return flight

    def _pour(self, flight: Flight, handover: Handover) -> Pour:
        return Pour(
            handover,
            crlf=uses_crlf(flight.request),
            begin=partial(self._settlement.begins, flight),
            fall_silent=partial(self._time_is_up, flight),
            traffic=flight.traffic,
        )

    def look(self) -> None:
        """Notice a suspend, then count the attempts that are late by now."""
        self._look_at_clock()
        self._settlement.count_late()

    def withdraw(self, flight: Flight) -> bool:
        """Take an attempt back that is still in the gate; `False` when it has left."""
        if not self._gate_of(flight).withdraw(flight.ticket):
            return False
        flight.permit.release()
        return True

    def give_up(self, flight: Flight) -> None:
        """Let its call go another way; its answer is taken should it still come.

        But a stream ends: its text would come on top of another's.
        """
        if flight.pour is None:
            self._settlement.left(flight)
        elif not self.withdraw(flight):
            self._settlement.cuts(flight)
            self._time_is_up(flight)

    def _time_is_up(self, flight: Flight) -> None:
        """End a flight that took too long."""
        if flight.ending is None:
            self._settlement.settle(flight, self._silence_of(flight))
        flight.cut()

    def _silence_of(self, flight: Flight) -> Ending:
        elapsed_s = self._clock.now() - flight.started_at
        begun = flight.pour is not None and flight.pour.begun
        return endings.silent(flight.route, elapsed_s, begun=begun)

    def detach(self, flight: Flight) -> None:
        """Let an attempt go on without its caller; in the gate it is not sent.

        But a stream ends: it would go on for nobody.
        """
        flight.ticket.detached = True
        if self.withdraw(flight):
            return
        if flight.pour is None:
            self._settlement.left(flight)
        elif flight.ending is None:
            self._settlement.leaves(flight)
            flight.cut()

    def stop(self) -> None:
        """Send nothing more: what waits in a gate is not let through."""
        self._closing = True
        for gate in self._all_gates():
            gate.close()

    async def aclose(self) -> None:
        """End all flights: by themselves within 100 ms, else by force, once."""
        self.stop()
        flights = {one.task: one for one in self._flights if one.task is not None}
        if not flights:
            return
        _, late = await asyncio.wait(flights, timeout=GRACE_S)
        for task in late:
            flights[task].cut()
        if late:
            await asyncio.wait(late, timeout=CLEANUP_S)

    @frameless  # Ctrl-C strikes anywhere, be it in the HTTP library
    async def _fly(self, flight: Flight) -> None:
        gate = self._gate_of(flight)
        try:
            # A client that was closed before this task began sends nothing more.
            if not self._closing and await gate.enter(flight.ticket):
                flight.permit.admitted_at = self._clock.now()
                await self._exchange(flight, gate)
        except asyncio.CancelledError:
            # Not by us: whose task that is has its own reasons, and is told it here.
            if not (self.withdraw(flight) or self._closing or flight.cut_off):
                self._settlement.settle(flight, self._silence_of(flight))
        finally:
            gate.leave(flight.ticket)  # its turn may have come just as it was ended
            flight.permit.release()
            if flight.pour is not None:
                flight.pour.shut()
            self._flights.discard(flight)

    async def _exchange(self, flight: Flight, gate: Gate) -> None:
        send, pour = flight.send, flight.pour
        flight.started_at = self._clock.now()
        ends_at = max(send.ends_at, flight.started_at + send.least_s)
        watchdog = self._watch(flight, ends_at)
        if pour is not None:
            pour.expect()
        exchanger = self._exchanger
        try:
            if send.details is not None:
                ending = await exchanger.direct(
                    flight.request,
                    send.details,
                    endpoint=send.endpoint,
                    ends_at=ends_at,
                    last_resort=send.last_resort,
                    traffic=flight.traffic,
                    pour=pour,
                )
            else:
                ending = await exchanger.indirect(
                    flight.request,
                    ends_at=ends_at,
                    last_resort=send.last_resort,
                    traffic=flight.traffic,
                    pour=pour,
                )
            # First of all: what it teaches may concern the next one at the gate.
            if flight.ending is None:
                self._settlement.settle(flight, ending)
        finally:
            if watchdog is not None:
                watchdog.cancel()
            gate.leave(flight.ticket)

    def _watch(self, flight: Flight, ends_at: float) -> asyncio.TimerHandle | None:
        """Have a flight ended whose sender outstays its time, where it has one."""
        if math.isinf(ends_at):
            return None
        span_s = ends_at - flight.started_at + OUTSTAYED_S
        loop = asyncio.get_running_loop()
        return loop.call_later(span_s, self._time_is_up, flight)

    def _turn_away(self, refused: Callable[[Send], bool]) -> None:
        """Take back what waits at a gate for what is known to be refused by now.

        To their flows these attempts have failed, without a loss.
        """
        for flight in tuple(self._flights):
            if refused(flight.send):
                self.withdraw(flight)
