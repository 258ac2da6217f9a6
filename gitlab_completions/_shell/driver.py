"""Runs the flow of one call: command in, outcome out; a stream's to its last piece."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from gitlab_completions._core.commands import (
    Answered,
    AwaitDetails,
    Busy,
    Chosen,
    Command,
    DetailsSettled,
    Failed,
    GaveUp,
    Outcome,
    Send,
    Slow,
)
from gitlab_completions._shell.results import winner
from gitlab_completions.errors import ClientClosedError
from gitlab_completions.events import (
    CircuitProbed,
    FellBack,
    Hedged,
    RouteChosen,
    Superseded,
)
from gitlab_completions.models import Intent, RouteReason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitlab_completions._core.call import Flow
    from gitlab_completions._shell.bulletin import Bulletin
    from gitlab_completions._shell.clock import Clock
    from gitlab_completions._shell.flight import Flight
    from gitlab_completions._shell.handover import Handover
    from gitlab_completions._shell.keeper import Entry, Keeper
    from gitlab_completions._shell.race import Race
    from gitlab_completions.models import CompletionRequest, Route

_GIVES_UP = {RouteReason.FELL_BACK, RouteReason.LAST_TRY}
"""Why a route is sent in place of another, be it still in flight."""


class Drive:
    """One call under way.

    Args:
        call_id: Its number, for events.
        request: What it wants.
        entry: Its project's details.
        race: Starts its attempts.
        keeper: Fetches its details.
        clock: Tells the time.
        bulletin: Tells the observers.
        closing: Done when the client is closed.
        handover: Where the text of a streamed call goes while it comes.
    """

    def __init__(
        self,
        *,
        call_id: int,
        request: CompletionRequest,
        entry: Entry,
        race: Race,
        keeper: Keeper,
        clock: Clock,
        bulletin: Bulletin,
        closing: asyncio.Future[None],
        handover: Handover | None = None,
    ) -> None:
        self.call_id = call_id
        self.request = request
        self.entry = entry
        self.race = race
        self.keeper = keeper
        self.clock = clock
        self.bulletin = bulletin
        self.closing = closing
        self.handover = handover
        self.flights: list[Flight] = []
        self._reported: set[Flight] = set()
        self._chosen = False
        self._held_up: Route | None = None
        self.started_at = clock.now()

    async def run(self, flow: Flow, deadline: float = math.inf) -> Chosen | GaveUp:
        """Run the flow to its answer; what is in flight then goes on by itself.

        A stream's has only begun then: it is waited for until the deadline.

        Raises:
            ClientClosedError: When the client is closed meanwhile.
            asyncio.CancelledError: When the caller leaves.
        """
        try:
            return await self._answer(flow, deadline)
        except asyncio.CancelledError:
            self.bulletin.publish(self._superseded())
            raise
        finally:
            flow.close()
            for flight in self.flights:
                self.race.detach(flight)

    def _superseded(self) -> Superseded:
        """Return what to tell of a caller who left; of a stream nothing more comes."""
        elapsed_s = self.clock.now() - self.started_at
        streams = (one for one in self.flights if one.pour is not None and one.sent)
        stream = next((one for one in streams if one.ending is None), None)
        if stream is None:
            return Superseded(call_id=self.call_id, elapsed_s=elapsed_s)
        return Superseded(
            call_id=self.call_id,
            elapsed_s=elapsed_s,
            route=stream.route,
            bytes_sent=stream.traffic.sent,
            bytes_received=stream.traffic.received,
        )

    async def _answer(self, flow: Flow, deadline: float) -> Chosen | GaveUp:
        answer = await self._converse(flow)
        if self.handover is None:
            return answer
        if isinstance(answer, Chosen):
            await self._see_out(winner(self.flights, answer), deadline)
        else:
            self._give_up_rest()
        return answer

    def _give_up_rest(self) -> None:
        """End what is on the wire: its time is up, and no end of its own will tell."""
        for flight in self._unreported():
            if flight.sent:
                self.race.give_up(flight)

    async def _see_out(self, flight: Flight, deadline: float) -> None:
        """Wait for the rest of a stream, which nobody waits for past the deadline."""
        await self._wait_for([flight.over] if flight.over else [], deadline)
        self._check_open()
        if flight.ending is None:
            self.race.give_up(flight)

    def _check_open(self) -> None:
        if self.closing.done():
            raise ClientClosedError("the client was closed during the call")

    async def _converse(self, flow: Flow) -> Chosen | GaveUp:
        self._look_at_details()
        self.race.look()
        try:
            command = next(flow)
            while True:
                outcome = await self._perform(command)
                self._check_open()
                self.race.look()
                self._look_at_details()
                command = flow.send(outcome)
        except StopIteration as end:
            answer: Chosen | GaveUp = end.value
            return answer

    def _look_at_details(self) -> None:
        if self.request.intent is Intent.COMPLETION:
            self.keeper.look(self.entry)

    async def _perform(self, command: Command) -> Outcome:
        if isinstance(command, AwaitDetails):
            fetch = self.entry.fetch
            under_way = [] if fetch is None or fetch.done() else [fetch]
            await self._wait_for(under_way, command.until)
            return DetailsSettled(at=self.clock.now())
        if not isinstance(command, Send):
            return await self._next_ending(command.until)
        flight = self._start(command)
        if command.until <= flight.started_at:
            return Slow(at=flight.started_at)
        outcome = await self._next_ending(command.until)
        waited_in_vain = isinstance(outcome, Slow) and not command.last_resort
        if waited_in_vain and self.race.withdraw(flight):
            self.flights.remove(flight)
            self._held_up = flight.route
            return Busy(route=flight.route, at=outcome.at)
        return outcome

    def _start(self, send: Send) -> Flight:
        if send.reason in _GIVES_UP:
            for one in self._unreported():
                self.race.give_up(one)
        flight = self.race.start(
            self.call_id,
            self.request,
            send,
            self.entry,
            since=self.started_at,
            handover=self.handover,
        )
        if send.route is not self._held_up:  # else it only goes on waiting there
            self._announce(flight)
            self._held_up = None
        self.flights.append(flight)
        return flight

    def _announce(self, flight: Flight) -> None:
        call_id, send = self.call_id, flight.send
        if flight.permit.probe:
            self.bulletin.publish(CircuitProbed(call_id=call_id, route=send.route))
        if not self._chosen:
            self._chosen = True
            self.bulletin.publish(
                RouteChosen(call_id=call_id, route=send.route, reason=send.reason)
            )
        elif send.reason is not RouteReason.HEDGED:
            self.bulletin.publish(
                FellBack(call_id=call_id, route=send.route, reason=send.reason)
            )
        elif not flight.permit.probe:
            self.bulletin.publish(Hedged(call_id=call_id, route=send.route))

    async def _next_ending(self, until: float) -> Outcome:
        """Return what ends next of what is in flight; `Slow` when nothing does."""
        if not self._ended():
            pending = [flight.news for flight in self._unreported() if flight.news]
            await self._wait_for(pending, until)
        ended = self._ended()
        if not ended:
            return Slow(at=self.clock.now())
        flight = next((one for one in ended if one.answered), ended[0])
        self._reported.add(flight)
        return self._outcome(flight)

    def _outcome(self, flight: Flight) -> Outcome:
        now, verdict = self.clock.now(), flight.verdict
        if flight.answered:
            return Answered(route=flight.route, at=now)
        if not flight.sent:
            self._held_up = flight.route
        return Failed(
            route=flight.route,
            at=now,
            final=verdict is not None and verdict.final,
            passing=verdict is None or verdict.passing,
            sent=flight.sent,
        )

    def _unreported(self) -> list[Flight]:
        return [one for one in self.flights if one not in self._reported]

    def _ended(self) -> list[Flight]:
        return [one for one in self._unreported() if one.news and one.news.done()]

    async def _wait_for(
        self, tasks: Iterable[asyncio.Future[None]], until: float
    ) -> None:
        """Wait without cancelling anything, until the client is closed at most."""
        span_s = until - self.clock.now()
        await asyncio.wait(
            {*tasks, self.closing},
            timeout=None if math.isinf(until) else max(0.0, span_s),
            return_when=asyncio.FIRST_COMPLETED,
        )
