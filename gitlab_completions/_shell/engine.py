"""The parts of one client, put together: everything that runs behind its verbs."""

from __future__ import annotations

import asyncio
import copy
import itertools
from functools import partial
from typing import TYPE_CHECKING

from gitlab_completions._core.budget import InstanceBudget
from gitlab_completions._core.commands import Chosen
from gitlab_completions._core.hedging import HedgeBudget
from gitlab_completions._core.router import Router
from gitlab_completions._records import replace
from gitlab_completions._shell import logbook, results
from gitlab_completions._shell.access_token import TokenDesk
from gitlab_completions._shell.availability import AvailabilityDesk
from gitlab_completions._shell.background import Background
from gitlab_completions._shell.bulletin import Bulletin
from gitlab_completions._shell.conclusions import Conclusions
from gitlab_completions._shell.driver import Drive
from gitlab_completions._shell.keeper import Keeper
from gitlab_completions._shell.outlook import Outlook
from gitlab_completions._shell.outset import call_started
from gitlab_completions._shell.patient import Patient
from gitlab_completions._shell.race import GRACE_S, Race
from gitlab_completions._shell.reader import Reader
from gitlab_completions._shell.spare import SpareConnections
from gitlab_completions._shell.tally import Tally
from gitlab_completions._shell.warmth import Warmth
from gitlab_completions.errors import (
    ClientClosedError,
    DeadlineExceededError,
    RequestRejectedError,
)
from gitlab_completions.events import ClockJumped
from gitlab_completions.models import Completion, Intent, Route, RouteReason
from gitlab_completions.policy import DirectMode

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from gitlab_completions._core.call import Flow
    from gitlab_completions._shell.fetch import Fetcher
    from gitlab_completions._shell.handover import Handover
    from gitlab_completions._shell.keeper import Entry
    from gitlab_completions._shell.notices import Notices
    from gitlab_completions._shell.setup import Setup
    from gitlab_completions._shell.shared_fetch import SharedFetcher
    from gitlab_completions.flags import Flag
    from gitlab_completions.models import CompletionRequest
    from gitlab_completions.policy import RoutingPolicy
    from gitlab_completions.status import Availability, RoutingStatus

_ENDS = (ClientClosedError, DeadlineExceededError, RequestRejectedError)
"""What ends a call before its flow does: the client's end, or what must not be sent."""


class Engine:
    """Runs calls; made without I/O and without an event loop."""

    def __init__(self, setup: Setup) -> None:
        policy, clock = setup.policy, setup.clock
        self._setup = setup
        self._clock = clock
        self._call_ids = itertools.count(1)
        self._tally = Tally()
        own = (self._tally, logbook.write)
        self.bulletin = Bulletin(own, setup.observers)
        self._background = Background()
        self._streams = Background()
        self._desk = TokenDesk(setup.access_token, self._token_changed)
        self._circuits = setup.circuits()
        self._budget = InstanceBudget(policy.indirect_per_minute)
        self._hedges = HedgeBudget(policy.hedge)
        self._gates = setup.gates(self._budget)
        self._stream_gates = setup.stream_gates(self._budget)
        self._exchanger = setup.exchanger(self._desk)
        self._discretion = setup.discretion()
        self._spare = SpareConnections()
        self._inquirer = setup.inquirer(self._desk, self._spare)
        self._flags = setup.flag_desk(
            self._inquirer, self._background, self._direct_flag_turned
        )
        self._rollout = self._flags.rollout(policy, setup.root)
        fetcher = setup.fetcher(self._desk, self._spare)
        shared_fetcher = setup.shared_fetcher(fetcher)
        self._keeper = self._make_keeper(shared_fetcher or fetcher)
        self._availability = AvailabilityDesk(
            inquirer=self._inquirer,
            keeper=self._keeper,
            clock=clock,
            background=self._background,
            projects=policy.details.projects,
        )
        self._notices = self._make_notices(shared_fetcher)
        self._race = Race(
            exchanger=self._exchanger,
            gates=self._gates,
            stream_gates=self._stream_gates,
            circuits=self._circuits,
            hedges=self._hedges,
            clock=clock,
            bulletin=self.bulletin,
            look_at_clock=self.look_at_clock,
            notices=self._notices,
        )
        self._outlook = Outlook(
            self._circuits, self._budget, self._race, self._tally, clock
        )
        self._conclusions = Conclusions(
            self._outlook, self._availability, self.bulletin
        )
        self._warmth = Warmth(
            exchanger=self._exchanger,
            spare=self._spare,
            discretion=self._discretion,
            conclusions=self._conclusions,
            clock=clock,
            background=self._background,
        )
        self._router = self._route_by(policy)

    def _make_keeper(self, fetcher: Fetcher | SharedFetcher) -> Keeper:
        setup = self._setup
        return Keeper(
            policy=setup.policy,
            fetcher=fetcher,
            clock=setup.clock,
            jitter=setup.jitter,
            bulletin=self.bulletin,
            background=self._background,
            rollout=self._rollout,
            flag=self._flags.direct,
        )

    def _make_notices(self, fetcher: SharedFetcher | None) -> Notices | None:
        if fetcher is None:
            return None
        from gitlab_completions._shell.notices import Notices  # noqa: PLC0415

        return Notices(
            fetcher=fetcher,
            desk=self._desk,
            keeper=self._keeper,
            circuits=self._circuits,
            clock=self._clock,
            bulletin=self.bulletin,
            background=self._background,
        )

    def _route_by(self, policy: RoutingPolicy) -> Router:
        return Router(
            policy=policy,
            direct=self._circuits[Route.DIRECT],
            indirect=self._circuits[Route.INDIRECT],
            budget=self._budget,
            hedges=self._hedges,
            rollout=self._rollout,
        )

    @property
    def policy(self) -> RoutingPolicy:
        """The policy of the next call."""
        return self._router.policy

    async def complete(
        self,
        request: CompletionRequest,
        deadline_s: float,
        closing: asyncio.Future[None],
        handover: Handover | None = None,
    ) -> Completion:
        """Run a call to its completion, or to the error that says most.

        With a hand-over it is a streamed call, and its text goes there while it comes.
        """
        drive = self._begin(request, closing, handover)
        deadline = drive.started_at + deadline_s
        try:
            if self._discretion is not None:
                most = self.policy.max_body_bytes
                await self._discretion.clear_call(drive, deadline, most)
            answer = await drive.run(self._flow(drive, deadline), deadline)
        except _ENDS as end:
            now = self._clock.now()
            self._conclusions.tell_end(drive, now, None, copy.copy(end))
            raise
        except asyncio.CancelledError:
            if handover is not None:
                handover.so_far = self._so_far(drive, handover)
            raise
        now = self._clock.now()
        router = self._router
        result = self._conclusions.result(
            drive, router, answer, deadline=deadline, now=now
        )
        if isinstance(result, Completion):
            self._conclusions.finish(drive, router, now, result, None)
            return result
        # What is kept of it must not keep the call's frames, and the source there.
        self._conclusions.finish(drive, router, now, None, copy.copy(result))
        try:
            raise result from result.__cause__
        finally:
            del result  # else it would hold its own frame, and the request there

    def _begin(
        self,
        request: CompletionRequest,
        closing: asyncio.Future[None],
        handover: Handover | None,
    ) -> Drive:
        entry = self._keeper.entry(request.project_path)
        self._flags.direct.look()
        if request.intent is Intent.COMPLETION and handover is None:
            self._hedges.earn()  # a stream is never hedged
        if self._notices is not None:
            self._notices.look(entry)
        call_id = next(self._call_ids)
        if self.bulletin.attended:
            streams = handover is not None
            self.bulletin.publish(call_started(call_id, request, streams=streams))
        return Drive(
            call_id=call_id,
            request=request,
            entry=entry,
            race=self._race,
            keeper=self._keeper,
            clock=self._clock,
            bulletin=self.bulletin,
            closing=closing,
            handover=handover,
        )

    def _flow(self, drive: Drive, deadline: float) -> Flow:
        intent, freshness = drive.request.intent, drive.entry.freshness
        now = self._clock.now()
        if drive.handover is None:
            return self._router.complete(intent, freshness, now, deadline - now)
        return self._router.stream(intent, freshness, now, deadline - now)

    def _so_far(self, drive: Drive, handover: Handover) -> Completion:
        return results.so_far(
            handover.everything,
            self._planned(drive.request, drive.entry),
            drive.flights,
            started_at=drive.started_at,
            now=self._clock.now(),
        )

    def reader(
        self,
        request: CompletionRequest,
        call: Callable[[Handover], Coroutine[object, object, Completion]],
    ) -> Reader:
        """Return who reads a streamed call, which begins with its first use."""
        return Reader(call, partial(self._unsent, request), self._streams.spawn)

    def _unsent(self, request: CompletionRequest) -> Completion:
        planned = self._planned(request, self._keeper.glance(request.project_path))
        return results.so_far("", planned, [], started_at=0.0, now=0.0)

    def _planned(self, request: CompletionRequest, entry: Entry) -> Chosen:
        now = self._clock.now()
        refusal = self._router.refusal(request.intent, entry.freshness, now)
        only = self.policy.direct is DirectMode.ONLY
        direct = refusal is None or only
        return Chosen(
            route=Route.DIRECT if direct else Route.INDIRECT,
            reason=refusal or RouteReason.PREFERRED,
        )

    def prepare(self) -> None:
        """Begin with what is made once, before a call has to wait for it."""
        self._warmth.prepare()

    async def warm_up(
        self, project_path: str | None, closing: asyncio.Future[None]
    ) -> None:
        """Fetch connection details and open a connection; fail silently."""
        entry = self._keeper.entry(project_path)
        self._flags.direct.look()
        self._keeper.look(entry)
        await self._warmth.warm_up(entry, self._router, closing)

    async def availability(
        self, project_path: str | None, closing: asyncio.Future[None]
    ) -> Availability:
        """Tell whether code suggestions work for the user and a project."""
        return await self._availability.availability(project_path, closing)

    def patient(self, project_path: str | None) -> Patient:
        """Return what of it is examined when the client is diagnosed."""
        return Patient(
            setup=replace(self._setup, policy=self.policy),
            desk=self._desk,
            spare=self._spare,
            background=self._background,
            rollout=self._rollout,
            status=self.status(project_path, closed=False),
        )

    def status(self, project_path: str | None, *, closed: bool) -> RoutingStatus:
        """Return how routing stands for a project."""
        entry = self._keeper.glance(project_path)
        return self._outlook.status(self._router, entry, closed=closed)

    def reconfigure(self, policy: RoutingPolicy) -> None:
        """Go by another policy from the next call on."""
        self._rollout = self._flags.rollout(policy, self._setup.root)
        self._router = self._route_by(policy)
        for circuit in self._circuits.values():
            circuit.reconfigure(policy.circuit)
            circuit.pace.reconfigure(policy.hedge, policy.circuit.compared)
        self._hedges.reconfigure(policy.hedge)
        for gate in self._gates.values():
            gate.most = min(policy.max_in_flight, self._setup.policy.max_in_flight)
        self._budget.per_minute = policy.indirect_per_minute
        for gate in (*self._gates.values(), *self._stream_gates.values()):
            gate.look_again()
        self._exchanger.max_body_bytes = policy.max_body_bytes
        self._keeper.reconfigure(policy, self._rollout)
        self._availability.forget()

    def look_at_clock(self) -> None:
        """Trust nothing that was known before, if the machine has slept meanwhile."""
        if not self._clock.jumped():
            return
        now = self._clock.now()
        for route in Route:
            self._circuits[route].jump(now)
            if self._setup.replace(route):
                self._gates[route].start_over()
                self._stream_gates[route].start_over()
        self._warmth.forget()
        self._keeper.start_over()
        self._availability.forget()
        # In the end: an observer may ask how things stand now, or begin a call.
        self.bulletin.publish(ClockJumped())

    def stop(self) -> None:
        """Begin nothing more."""
        self._keeper.close()
        self._race.stop()

    async def aclose(self) -> None:
        """End everything that is under way."""
        self.stop()
        await self._race.aclose()
        await self._streams.aclose(GRACE_S)
        await self._background.aclose()
        await self._desk.aclose()

    async def flag(self, name: str, *, default: bool) -> Flag:
        """Return a flag's value, or the default with the reason for it."""
        return await self._flags.evaluate(name, default=default)

    def _direct_flag_turned(self) -> None:
        """Ask at once for what the flag has allowed: what was refused was its doing."""
        if self._flags.switch.on:
            self._keeper.look_again()

    def _token_changed(self) -> None:
        self._flags.forget()
        self._keeper.lift_bars()
        self._availability.forget()
