"""The library's own core at work: its router, circuits, freshness and verdict tables.

What `_shell` does with tasks and timers is done here with a list of moments: the driver
(a command in, the next outcome out), the race (an attempt goes on when its caller has
left, and settles its permit when it ends), the settlement (the verdict tables decide
what an end teaches) and the keeper (a fetch when one is wanted). The gate of eight is
left out: at an author's pace it hardly ever binds, and `crowded` tells how often it
would have. What it does for the instance's budget is in `budgeted`.
"""

from __future__ import annotations

import math
import random
from functools import partial
from typing import TYPE_CHECKING

from gitlab_completions._core.budget import InstanceBudget
from gitlab_completions._core.circuit import Circuit
from gitlab_completions._core.commands import (
    Answered,
    AwaitDetails,
    Chosen,
    DetailsSettled,
    Failed,
    Send,
    Slow,
)
from gitlab_completions._core.freshness import Freshness
from gitlab_completions._core.hedging import HedgeBudget, Pace
from gitlab_completions._core.permit import Transition
from gitlab_completions._core.router import Router
from gitlab_completions._core.user_access import UserAccess
from gitlab_completions._core.verdicts import (
    GATEWAY,
    INSTANCE,
    Body,
    Effect,
    Observation,
    OnDetails,
    decide,
)
from gitlab_completions.details import ConnectionDetails
from gitlab_completions.errors import DirectAccessUnavailableError
from gitlab_completions.models import Intent, Route, RouteReason
from gitlab_completions.policy import RoutingPolicy
from tests.benchmarks.simulation.client import Client
from tests.benchmarks.simulation.network import End

if TYPE_CHECKING:
    from gitlab_completions._core.call import Flow
    from gitlab_completions._core.commands import Answer, Command, Outcome
    from gitlab_completions._core.permit import Permit
    from gitlab_completions._core.verdicts import AttemptVerdict
    from tests.benchmarks.simulation.network import Network
    from tests.benchmarks.simulation.workload import Mode, Session

FETCH_S = 0.2
"""What a fetch of connection details takes: a request to the instance, and its mint."""
LIFETIME_S = 3600.0
"""A token's life, GitLab's: longer than a session, so that none is renewed for age."""

DIRECT, INDIRECT = Route
GIVES_UP = {RouteReason.FELL_BACK, RouteReason.LAST_TRY}
"""Why a route is sent in place of another, as the shell's driver has it."""
_GOOD = Observation(status=200, body=Body.GOOD)
_SILENCE = Observation(status=None, body=Body.NONE)
DIRECT_VERDICTS = {
    End.ANSWER: decide(GATEWAY, _GOOD),
    End.SERVER_ERROR: decide(GATEWAY, Observation(status=503, body=Body.JSON)),
    End.TOKEN_REFUSED: decide(GATEWAY, Observation(status=401, body=Body.JSON)),
    End.NEVER: decide(GATEWAY, _SILENCE),
}
DIRECT_ANSWERED, DIRECT_SILENT = DIRECT_VERDICTS[End.ANSWER], DIRECT_VERDICTS[End.NEVER]
INDIRECT_ANSWERED, INDIRECT_SILENT = decide(INSTANCE, _GOOD), decide(INSTANCE, _SILENCE)
REFUSED = DirectAccessUnavailableError("the gateway refused the token", status_code=401)


class Attempt:
    """An exchange under way, with a caller or without."""

    __slots__ = ("call", "permit", "send", "verdict")

    def __init__(self, call: Call, send: Send, permit: Permit) -> None:
        self.call = call
        self.send = send
        self.permit = permit
        self.verdict: AttemptVerdict = INDIRECT_ANSWERED


class Call:
    """A flow and what it waits for."""

    __slots__ = (
        "attempts",
        "awaits_details",
        "flow",
        "looks",
        "newest",
        "number",
        "start",
        "waits",
    )

    def __init__(self, number: int, start: float, flow: Flow) -> None:
        self.number = number
        self.start = start
        self.flow = flow
        self.attempts: list[Attempt] = []
        self.waits = True
        self.awaits_details = False
        self.looks = 0  # which of its wake-ups is the one that counts
        self.newest: Attempt | None = None  # what the last command has started


class Ours(Client):
    """The library, with its defaults and without the instance's budget."""

    __slots__ = (
        "_awaiting",
        "_budget",
        "_circuits",
        "_direct",
        "_freshness",
        "_hedges",
        "_in_flight",
        "_indirect",
        "_last",
        "_router",
    )
    name = "ours"
    policy = RoutingPolicy(indirect_per_minute=None)

    def __init__(self, session: Session, network: Network, mode: Mode) -> None:
        super().__init__(session, network, mode)
        policy = self.policy
        jitter = random.Random(f"{session.seed}/jitter").random
        direct, indirect = (Pace(policy.hedge, policy.circuit.compared) for _ in Route)
        self._indirect = Circuit(policy.circuit, jitter, pace=indirect)
        self._direct = Circuit(
            policy.circuit, jitter, pace=direct, rival=self._indirect
        )
        self._circuits = (self._direct, self._indirect)
        self._hedges = HedgeBudget(policy.hedge)
        self._budget = InstanceBudget(policy.indirect_per_minute)
        user = UserAccess(policy.details)
        self._freshness = Freshness(policy.details, jitter, user)
        self._router = Router(
            policy=policy,
            direct=self._direct,
            indirect=self._indirect,
            budget=self._budget,
            hedges=self._hedges,
        )
        self._in_flight = {DIRECT: 0, INDIRECT: 0}
        self._last: Call | None = None
        self._awaiting: list[Call] = []
        self._freshness.fetch_starts(0.0)
        self._granted(0.0)

    # The driver.

    def begin(self, number: int, now: float) -> None:
        self._hedges.earn()
        self._look(now)
        flow = self._router.complete(
            Intent.COMPLETION, self._freshness, now, self.policy.deadline_s
        )
        call = self._last = Call(number, now, flow)
        try:
            command = next(flow)
        except StopIteration as end:
            self._ends(call, end.value, now)
        else:
            self._perform(call, command, now)

    def leave(self, now: float) -> None:
        call = self._last
        if call is None or not call.waits:
            return
        call.flow.close()
        self._over(call, now)
        self.tally.superseded += 1

    def _step(self, call: Call, outcome: Outcome, now: float) -> None:
        """Give a flow an outcome, and do what it orders next."""
        self._look(now)
        try:
            command = call.flow.send(outcome)
        except StopIteration as end:
            self._ends(call, end.value, now)
        else:
            self._perform(call, command, now)

    def _perform(self, call: Call, command: Command, now: float) -> None:
        call.looks += 1
        call.awaits_details = isinstance(command, AwaitDetails)
        call.newest = None
        if call.awaits_details:
            self._awaiting.append(call)
        if isinstance(command, Send):
            attempt = self._start(call, command, now)
            ends_at = self._departs(attempt, now)
            if ends_at < command.until and self.comes_next(ends_at):
                self._lands(attempt, ends_at)
                return
            self._under_way(attempt, ends_at)
            if command.until <= now:
                self._step(call, Slow(at=now), now)
                return
            call.newest = attempt
        self.at(command.until, partial(self._wake, call, call.looks))

    def _wake(self, call: Call, look: int, now: float) -> None:
        if not call.waits or call.looks != look:
            return
        late = DetailsSettled(at=now) if call.awaits_details else Slow(at=now)
        self._step(call, late, now)

    def _ends(self, call: Call, answer: Answer, now: float) -> None:
        self._over(call, now)
        if isinstance(answer, Chosen):
            self.answered(call.start, now)
        else:
            self.tally.failed += 1

    def _look(self, now: float) -> None:
        """Count what is late by now, and have details fetched that are wanted."""
        for circuit in self._circuits:
            if circuit.count_late(now) is Transition.TRIPPED:
                self.tally.trips += 1
        if self._freshness.wanted(now):
            self._freshness.fetch_starts(now)
            self.at(now + FETCH_S, self._fetched)

    # The race.

    def _over(self, call: Call, now: float) -> None:
        """Let a call's attempts go on without it."""
        call.waits = False
        for attempt in call.attempts:
            if not attempt.permit.settled:
                self._tell(attempt.permit.left(now))

    def _start(self, call: Call, send: Send, now: float) -> Attempt:
        """Start an attempt, with its circuit's permit."""
        if send.reason in GIVES_UP:
            for other in call.attempts:
                self._tell(other.permit.left(now))
        permit = (self._direct if send.route is DIRECT else self._indirect).admit(now)
        if send.price:
            self._hedges.spend(send.price)
        attempt = Attempt(call, send, permit)
        call.attempts.append(attempt)
        return attempt

    def _departs(self, attempt: Attempt, now: float) -> float:
        """Put an attempt on the wire; return when it ends."""
        send, number, tally = attempt.send, attempt.call.number, self.tally
        attempt.permit.admitted_at = now
        tally.sends += 1
        if send.route is DIRECT:
            freshness = self._freshness
            freshness.used()
            took_s, end = self.network.direct(number, now, freshness.obtained_at)
            verdict = DIRECT_ANSWERED if end is End.ANSWER else DIRECT_VERDICTS[end]
            silent = DIRECT_SILENT
        else:
            self._budget.spend(now)
            took_s = self.network.indirect_s(number, now)
            verdict, silent = INDIRECT_ANSWERED, INDIRECT_SILENT
        in_flight = self._in_flight
        in_flight[send.route] += 1
        tally.crowded += in_flight[send.route] > self.policy.max_in_flight
        in_time = now + took_s <= send.ends_at
        attempt.verdict = verdict if in_time else silent
        return now + took_s if in_time else send.ends_at

    def _under_way(self, attempt: Attempt, ends_at: float) -> None:
        if ends_at < math.inf:
            self.at(ends_at, partial(self._lands, attempt))

    def _lands(self, attempt: Attempt, now: float) -> None:
        """Let an attempt's end teach, then tell its call if that still waits."""
        call, verdict, route = attempt.call, attempt.verdict, attempt.send.route
        self._in_flight[route] -= 1
        self._settle(attempt, now)
        if not call.waits:
            return
        outcome = (
            Answered(route=route, at=now)
            if verdict.answers
            else Failed(
                route=route, at=now, final=verdict.final, passing=verdict.passing
            )
        )
        self._step(call, outcome, now)

    # The settlement.

    def _settle(self, attempt: Attempt, now: float) -> None:
        permit, verdict, details = attempt.permit, attempt.verdict, attempt.send.details
        if verdict.circuit is Effect.SUCCESS:
            self._tell(permit.succeed(now))
        elif verdict.circuit is Effect.FAILURE:
            self._tell(permit.fail(now))
        else:
            self._tell(permit.refuse(now))
        if details is None:
            return
        if verdict.details is OnDetails.ACCEPT:
            self._freshness.accepted()
        elif verdict.details is OnDetails.RENEW:
            self._freshness.token_refused(now, details.token, REFUSED)

    def _tell(self, transition: Transition) -> None:
        if transition is Transition.TRIPPED:
            self.tally.trips += 1

    # The keeper.

    def _fetched(self, now: float) -> None:
        self._granted(now)
        awaiting, self._awaiting = self._awaiting, []
        for call in awaiting:
            if call.waits and call.awaits_details:
                self._step(call, DetailsSettled(at=now), now)

    def _granted(self, now: float) -> None:
        details = ConnectionDetails(
            base_url="https://gateway",
            token=f"granted at {now}",
            headers={},
            lifetime_s=LIFETIME_S,
        )
        self._freshness.granted(now, details)
