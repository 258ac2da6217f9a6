"""The exchanges in flight: each a task that outlives its caller.

An author who types leaves most calls before they are answered. Cancelling the HTTP
request then costs a handshake a keystroke, leaks pool slots when it happens twice, and
hides a gateway that has gone silent. So nothing that a caller does reaches the HTTP
library: a flight goes on without its caller, settles its own permit by the verdict
tables when it ends, and never raises. Only the race itself ends a flight early, once:
at `aclose`, and when a sender has far outstayed the attempt's end.
"""

from __future__ import annotations

import asyncio
from dataclasses import InitVar, dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from gitlab_completions._core.circuit import Transition
from gitlab_completions._core.verdicts import (
    GATEWAY,
    INSTANCE,
    AttemptVerdict,
    Effect,
    OnDetails,
    decide,
)
from gitlab_completions._frames import frameless
from gitlab_completions._shell import endings
from gitlab_completions._shell.gate import Ticket
from gitlab_completions._wire.messages import SendError
from gitlab_completions.errors import (
    DirectAccessBarredError,
    DirectAccessUnavailableError,
)
from gitlab_completions.events import (
    AttemptFailed,
    AttemptSucceeded,
    CircuitRecovered,
    CircuitTripped,
    DetailsRefused,
)
from gitlab_completions.models import Route, RouteReason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitlab_completions._core.circuit import Circuit, Permit
    from gitlab_completions._core.commands import Send
    from gitlab_completions._shell.bulletin import Bulletin
    from gitlab_completions._shell.clock import Clock
    from gitlab_completions._shell.endings import Ending
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


@dataclass(slots=True, kw_only=True, eq=False, repr=False)
class Flight:
    """One attempt: from the gate to its settlement.

    Args:
        call_id: The call that ordered it.
        request: What the call wants.
        send: The order.
        permit: The circuit's, for this attempt.
        entry: The project's details.
        started_at: When it was ordered; when it was sent, once it has left the gate.
        since: When the call began.
    """

    call_id: int
    request: CompletionRequest
    send: Send
    permit: Permit
    entry: Entry
    started_at: float
    since: InitVar[float]
    ticket: Ticket = field(init=False)
    task: asyncio.Task[None] | None = None
    ending: Ending | None = None
    verdict: AttemptVerdict | None = None
    ended_at: float | None = None

    def __post_init__(self, since: float) -> None:
        self.ticket = Ticket(last_resort=self.send.last_resort, since=since)

    @property
    def route(self) -> Route:
        """Where it goes."""
        return self.send.route

    @property
    def sent(self) -> bool:
        """Whether it has left the gate for the wire."""
        turn = self.ticket.turn
        return turn.done() and turn.result()

    @property
    def answered(self) -> bool:
        """Whether it brought a completion."""
        return self.verdict is not None and self.verdict.answers


class Race:
    """All flights of one client.

    Args:
        exchanger: Performs attempts.
        gates: One for each route.
        circuits: One for each route.
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
        clock: Clock,
        bulletin: Bulletin,
        look_at_clock: Callable[[], None],
        notices: Notices | None = None,
    ) -> None:
        self.look_at_clock = look_at_clock
        self._exchanger = exchanger
        self._gates = gates
        self._circuits = circuits
        self._clock = clock
        self._bulletin = bulletin
        self._notices = notices
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
        flight = Flight(
            call_id=call_id,
            request=request,
            send=send,
            permit=self._circuits[send.route].admit(now),
            entry=entry,
            started_at=now,
            since=since,
        )
        if send.route is Route.DIRECT:
            entry.freshness.used()
        self._flights.add(flight)
        flight.task = asyncio.create_task(self._fly(flight))
        return flight

    def withdraw(self, flight: Flight) -> bool:
        """Take an attempt back that is still in the gate; `False` when it has left."""
        if not self._gates[flight.route].withdraw(flight.ticket):
            return False
        flight.permit.release()
        return True

    def detach(self, flight: Flight) -> None:
        """Let an attempt go on without its caller; in the gate it is not sent."""
        flight.ticket.detached = True
        self.withdraw(flight)

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
                # What was spent in the gate must not make a probe look late.
                flight.permit.admitted_at = self._clock.now()
                await self._exchange(flight, gate)
        except asyncio.CancelledError:
            if not self._closing:
                elapsed_s = self._clock.now() - flight.started_at
                silence = SendError("timeout")
                self._settle(flight, endings.broken(flight.route, silence, elapsed_s))
        finally:
            flight.permit.release()
            self._flights.discard(flight)

    async def _exchange(self, flight: Flight, gate: Gate) -> None:
        loop = asyncio.get_running_loop()
        send, task = flight.send, flight.task
        flight.started_at = self._clock.now()
        span_s = send.ends_at - flight.started_at + OUTSTAYED_S
        watchdog = loop.call_later(span_s, task.cancel) if task is not None else None
        exchanger = self._exchanger
        try:
            if send.details is not None:
                ending = await exchanger.direct(
                    flight.request,
                    send.details,
                    ends_at=send.ends_at,
                    last_resort=send.last_resort,
                )
            else:
                ending = await exchanger.indirect(
                    flight.request, ends_at=send.ends_at, last_resort=send.last_resort
                )
            # First of all: what it teaches may concern the next one at the gate.
            self._settle(flight, ending)
        finally:
            if watchdog is not None:
                watchdog.cancel()
            gate.leave(flight.ticket)

    def _settle(self, flight: Flight, ending: Ending) -> None:
        """Let what happened teach: the circuit, the details, the observers."""
        self.look_at_clock()
        now = self._clock.now()
        table = GATEWAY if flight.route is Route.DIRECT else INSTANCE
        verdict = decide(table, ending.seen)
        flight.ending, flight.verdict, flight.ended_at = ending, verdict, now
        self._report(flight, ending, now - flight.started_at)
        self._settle_permit(flight, verdict, ending, now)
        if flight.send.details is not None:
            self._settle_details(flight, verdict, ending, now)
        if self._notices is not None:
            self._notices.tell(flight.route, flight.entry, verdict, ending)

    def _report(self, flight: Flight, ending: Ending, elapsed_s: float) -> None:
        call_id, route, error = flight.call_id, flight.route, ending.error
        if error is not None:
            failed = AttemptFailed(
                call_id=call_id, route=route, elapsed_s=elapsed_s, error=error
            )
            self._bulletin.publish(failed)
            return
        self._bulletin.publish(
            AttemptSucceeded(
                call_id=call_id,
                route=route,
                elapsed_s=elapsed_s,
                status_code=ending.seen.status or 0,
                request_id=ending.request_id,
            )
        )

    def _settle_permit(
        self, flight: Flight, verdict: AttemptVerdict, ending: Ending, now: float
    ) -> None:
        permit, circuit = flight.permit, self._circuits[flight.route]
        if verdict.circuit is Effect.SUCCESS:
            transition = permit.succeed(now)
        elif verdict.circuit is Effect.FAILURE:
            transition = permit.fail(now)
        elif verdict.circuit is Effect.REST:
            rest_s = ending.retry_after_s or circuit.policy.rate_limit_s
            transition = permit.rest(now, rest_s)
        else:
            transition = permit.release()
        if transition is Transition.TRIPPED:
            rests_s = circuit.rests_s(now) or 0.0
            self._bulletin.publish(CircuitTripped(route=flight.route, rests_s=rests_s))
            self._turn_away(partial(_rests, flight.route, verdict))
        elif transition is Transition.RECOVERED:
            self._bulletin.publish(CircuitRecovered(route=flight.route))

    def _turn_away(self, refused: Callable[[Send], bool]) -> None:
        """Take back what waits at a gate for what is known to be refused by now.

        To their flows these attempts have failed, without a loss.
        """
        for flight in tuple(self._flights):
            if refused(flight.send):
                self.withdraw(flight)

    def _settle_details(
        self, flight: Flight, verdict: AttemptVerdict, ending: Ending, now: float
    ) -> None:
        freshness, details = flight.entry.freshness, flight.send.details
        if verdict.details is OnDetails.ACCEPT:
            freshness.accepted()
        if ending.error is None or details is None:
            return
        renews = verdict.details is OnDetails.RENEW
        kind = DirectAccessUnavailableError if renews else DirectAccessBarredError
        problem = kind(
            ending.error.message, status_code=ending.seen.status, code=ending.error.code
        )
        match verdict.details:
            case OnDetails.RENEW:
                freshness.token_refused(now, details.token, problem)
            case OnDetails.BAR:
                freshness.put_bar(now, verdict.bar_s, problem)
            case OnDetails.DRIFT:
                freshness.drifted(now, flight.request.file_name, problem)
            case OnDetails.KEEP | OnDetails.ACCEPT:
                return
        bar = freshness.bar(now)
        if renews or bar is not None:
            # Its edge counts refused tokens, and takes many of them for an attack.
            self._turn_away(lambda send: send.details is details)
        if bar is not None and bar.problem is problem:
            problem.retry_after_s = bar.until - now
            self._bulletin.publish(
                DetailsRefused(
                    project_path=flight.entry.project_path,
                    problem=problem,
                    again_in_s=problem.retry_after_s,
                )
            )


def _rests(route: Route, verdict: AttemptVerdict, send: Send) -> bool:
    """Tell whether a route that has tripped refuses what was to be sent there.

    Calls with no other route stay, but for a rest that it asked for: those that come
    later would be refused then.
    """
    asked = verdict.circuit is Effect.REST and send.reason is not RouteReason.LAST_TRY
    return send.route is route and (asked or not send.last_resort)
