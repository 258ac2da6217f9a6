"""Random histories: calls of one client, through flows, circuits, details and budget.

`Client` below drives flows as the shell does, on a calendar instead of a loop: it takes
a permit when it performs a `Send`, settles it when the attempt ends, whether or not its
call still waits, and looks after the details at each step. `Weather` decides how the
routes are: their outcomes, their delays, and the gates in front of them. Of a streamed
call the answer is the first piece, and an attempt that nobody wants any more is ended.
"""

from __future__ import annotations

import heapq
import itertools
import math
import random
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from hypothesis import given, settings, strategies as st

from gitlab_completions._core.budget import InstanceBudget
from gitlab_completions._core.circuit import Cause, Circuit, CircuitState
from gitlab_completions._core.commands import (
    Answer,
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
from gitlab_completions._core.freshness import Freshness
from gitlab_completions._core.hedging import HedgeBudget, Pace
from gitlab_completions._core.permit import Transition
from gitlab_completions._core.router import Router
from gitlab_completions._core.user_access import UserAccess
from gitlab_completions._core.verdicts import AccessVerdict, Scope, Standing
from gitlab_completions.details import ConnectionDetails
from gitlab_completions.errors import DirectAccessError
from gitlab_completions.models import Intent, Route, RouteReason
from gitlab_completions.policy import DirectMode, RoutingPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

DIRECT, INDIRECT = Route
PROBLEM = DirectAccessError("the instance said no")
REFUSALS = (
    AccessVerdict(standing=Standing.UNAVAILABLE),
    AccessVerdict(standing=Standing.UNAVAILABLE, again_s=60),
    AccessVerdict(standing=Standing.BARRED, again_s=300),
    AccessVerdict(standing=Standing.BARRED, again_s=1800, scope=Scope.PROJECT),
)
MOST_STEPS = 12
"""Orders that a call needs at the most."""

GIVES_UP = {RouteReason.FELL_BACK, RouteReason.LAST_TRY}
WEATHERS = {
    "fair": (("answer", 0.4),),
    "slow": (("answer", 2.0),),
    "silent": (("silence", 0.0),),
    "stormy": (("fail", 0.3), ("answer", 0.6), ("silence", 0.0)),
    "down": (("fail", 0.1),),
    "limited": (("rest", 0.1),),
    "refusing": (("refuse", 0.1), ("bar", 0.1), ("gone", 0.1), ("reject", 0.1)),
}


class Weather:
    """How a route is for a while: what its attempts end with, and when."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.name = "fair"

    def change(self) -> None:
        self.name = self.dice.choice([*WEATHERS, "fair", "fair", "fair"])

    def fate(self) -> tuple[str, float]:
        kind, mean_s = self.dice.choice(WEATHERS[self.name])
        return kind, self.dice.uniform(0.2, 2) * mean_s

    def gate_s(self) -> float:
        """Return how long the next attempt waits in front of its host."""
        full = self.name != "fair" and self.dice.random() < 0.2
        return self.dice.uniform(0, 8) if full else 0.0


class Call:
    """One call under way, and what it has done."""

    def __init__(
        self, client: Client, intent: Intent, deadline_s: float, *, streams: bool
    ) -> None:
        self.intent = intent
        self.streams = streams
        self.deadline = client.now + deadline_s
        router = client.router
        flow_of = router.stream if streams else router.complete
        self.flow = flow_of(intent, client.freshness, client.now, deadline_s)
        self.flights: list[Flight] = []
        self.inbox: list[Outcome] = []
        self.command: Command | None = None
        self.steps = 0
        self.answer: Answer | None = None
        self.left = False
        self.heard: Outcome | None = None
        self.rejected = False

    @property
    def over(self) -> bool:
        return self.left or self.answer is not None

    def tell(self, outcome: Outcome | None) -> Command | Answer:
        try:
            return next(self.flow) if outcome is None else self.flow.send(outcome)
        except StopIteration as end:
            answer: Answer = end.value
            return answer

    def sent(self) -> list[Route]:
        return [flight.route for flight in self.flights]


class Flight:
    """One attempt, from its permit to the settlement of it."""

    def __init__(self, call: Call, send: Send, client: Client) -> None:
        self.call = call
        self.send = send
        self.route = send.route
        timed = call.intent is Intent.COMPLETION
        circuit = client.circuits[send.route]
        self.permit = circuit.admit(client.now, timed=timed, whole=not call.streams)
        self.permit.admitted_at = math.inf
        self.in_gate = True
        self.ended = False


class Client:
    """A calendar of what happens, and the state that all calls share."""

    def __init__(self, seed: int, mode: DirectMode) -> None:
        dice = self.dice = random.Random(seed)
        self.now = 1000.0
        self.calendar: list[tuple[float, int, Callable[[], None]]] = []
        self.order = itertools.count()
        self.policy = RoutingPolicy(direct=mode)
        circuits = self.policy.circuit
        direct, indirect = (Pace(self.policy.hedge, circuits.compared) for _ in Route)
        self.hedges = HedgeBudget(self.policy.hedge)
        rival = Circuit(circuits, dice.random, pace=indirect)
        self.circuits = {
            DIRECT: Circuit(circuits, dice.random, pace=direct, rival=rival),
            INDIRECT: rival,
        }
        self.budget = InstanceBudget(dice.choice([None, 8, 60]))
        details = self.policy.details
        self.freshness = Freshness(details, dice.random, UserAccess(details))
        self.router = Router(
            policy=self.policy,
            direct=self.circuits[DIRECT],
            indirect=self.circuits[INDIRECT],
            budget=self.budget,
            hedges=self.hedges,
        )
        self.weathers = {route: Weather(dice) for route in Route}
        self.fetches_well = True
        self.lifetimes_s = [20.0, 300.0, 3600.0]
        self.tokens = 0
        self.calls: list[Call] = []
        self.flights: list[Flight] = []
        self.completions = 0
        self.hedged = 0

    # The calendar.

    def later(self, at: float, what: Callable[[], None]) -> None:
        if not math.isinf(at):
            heapq.heappush(self.calendar, (at, next(self.order), what))

    def run(self, until: float = math.inf) -> None:
        while self.calendar and self.calendar[0][0] <= until:
            at, _, what = heapq.heappop(self.calendar)
            self.now = max(self.now, at)
            what()
        self.now = max(self.now, until) if not math.isinf(until) else self.now

    # Calls.

    def start(
        self, intent: Intent, deadline_s: float, *, streams: bool = False
    ) -> Call:
        if intent is Intent.COMPLETION and not streams:
            self.hedges.earn()
            self.completions += 1
        call = Call(self, intent, deadline_s, streams=streams)
        self.calls.append(call)
        self.step(call, None)
        return call

    def leave(self, call: Call) -> None:
        """Supersede a call: its flow is closed, its attempts go on."""
        if call.over:
            return
        before = self.shared()
        call.flow.close()
        assert self.shared() == before, "a cancelled flow changed something shared"
        call.left = True
        self.withdraw(call)

    def withdraw(self, call: Call) -> None:
        for flight in call.flights:
            if flight.in_gate and not flight.ended:
                flight.ended = True
                flight.permit.release()
            self.leave_behind(flight)

    def leave_behind(self, flight: Flight) -> None:
        """Let an attempt go on without its call; a stream's is ended."""
        if not flight.call.streams:
            self.saw(flight.route, flight.permit.left(self.now))
            return
        flight.ended = True
        self.saw(flight.route, flight.permit.cut(self.now))

    def give_up(self, flight: Flight) -> None:
        """Let the call of an attempt go another way."""
        if flight.ended or not flight.call.streams:
            self.saw(flight.route, flight.permit.left(self.now))
            return
        flight.ended = True
        if flight.in_gate:
            flight.permit.release()
            self.later(self.now, partial(self.turned_away, flight))
        else:
            self.saw(flight.route, flight.permit.cut(self.now))
            self.later(self.now, partial(self.cut_off, flight))

    def cut_off(self, flight: Flight) -> None:
        if not flight.call.over:
            self.hear(flight.call, self.outcome(flight, "fail"))

    def saw(self, route: Route, transition: Transition) -> None:
        """Act on a trip by lateness as on any other."""
        if transition is Transition.TRIPPED:
            assert route is DIRECT, "the last resort was left for being slow"
            self.turn_away(lambda send: rests(route, "late", send))

    def step(self, call: Call, outcome: Outcome | None) -> None:
        """Tell a flow what happened, and do what it orders."""
        self.look_at_details(call)
        for route, circuit in self.circuits.items():
            self.saw(route, circuit.count_late(self.now))
        call.heard = outcome
        call.rejected |= isinstance(outcome, Failed) and outcome.final
        call.steps += 1
        before = self.shared()
        step = call.tell(outcome)
        assert self.shared() == before, "a flow changed something shared"
        if isinstance(step, Chosen | GaveUp):
            call.answer = step
            self.check_end(call, step)
            self.withdraw(call)
            return
        assert not isinstance(outcome, Answered), "an answer was not taken"
        assert call.steps < MOST_STEPS, "a flow goes on and on"
        call.command = step
        self.perform(call, step)

    def perform(self, call: Call, command: Command) -> None:
        if isinstance(command, Send):
            self.check_send(call, command)
            if command.reason in GIVES_UP:
                for other in call.flights:
                    self.give_up(other)
            flight = Flight(call, command, self)
            if command.price:
                self.hedges.spend(command.price)
                self.hedged += 1
            assert command.price == 0 or command.reason is RouteReason.HEDGED
            call.flights.append(flight)
            self.flights.append(flight)
            self.launch(flight)
            if command.until <= self.now:
                self.step(call, Slow(at=self.now))
                return
            self.later(command.until, lambda: self.time_is_up(call, command, flight))
            return
        if isinstance(command, AwaitDetails):
            only = self.policy.direct is DirectMode.ONLY
            assert only or self.freshness.fetching, "awaited what nobody fetches"
            self.later(command.until, lambda: self.details_settled(call, command))
        elif call.inbox:
            self.step(call, call.inbox.pop(0))
        else:
            self.later(command.until, lambda: self.time_is_up(call, command, None))

    def time_is_up(self, call: Call, command: Command, flight: Flight | None) -> None:
        if call.over or call.command is not command:
            return
        if flight is not None and flight.in_gate and flight.ended:
            return  # it was turned away in the same moment, and is about to be told so
        busy = flight is not None and flight.in_gate and not flight.send.last_resort
        if flight is None or not busy:
            self.step(call, Slow(at=self.now))
            return
        flight.ended = True
        flight.permit.release()
        call.flights.remove(flight)
        self.step(call, Busy(route=flight.route, at=self.now))

    def details_settled(self, call: Call, command: Command) -> None:
        if not call.over and call.command is command:
            self.step(call, DetailsSettled(at=self.now))

    # Details.

    def look_at_details(self, call: Call) -> None:
        never = self.policy.direct is DirectMode.NEVER
        if never or call.intent is Intent.GENERATION:
            return
        if self.freshness.wanted(self.now):
            self.freshness.fetch_starts(self.now)
            span_s = self.dice.choice([0.1, 0.2, 1.0, 4.0])
            self.later(self.now + span_s, self.fetched)

    def fetched(self) -> None:
        if self.fetches_well or self.dice.random() < 0.5:
            self.tokens += 1
            details = ConnectionDetails(
                base_url="https://gateway",
                token=str(self.tokens),
                headers={},
                lifetime_s=self.dice.choice(self.lifetimes_s),
            )
            self.freshness.granted(self.now, details)
        else:
            self.freshness.refused(self.now, self.dice.choice(REFUSALS), PROBLEM)
        for call in self.calls:
            command = call.command
            if isinstance(command, AwaitDetails):
                self.details_settled(call, command)

    # Attempts.

    def launch(self, flight: Flight) -> None:
        weather = self.weathers[flight.route]
        self.later(self.now + weather.gate_s(), lambda: self.onto_the_wire(flight))

    def onto_the_wire(self, flight: Flight) -> None:
        if flight.ended:
            return
        flight.in_gate = False
        flight.permit.admitted_at = self.now
        if flight.route is INDIRECT:
            self.budget.spend(self.now)
        else:
            self.freshness.used()
        kind, span_s = self.weathers[flight.route].fate()
        # The sender ends what is silent for 55 s, however long it may take.
        ends_at = max(self.now, min(flight.send.ends_at, self.now + 55.0))
        if kind == "silence" or self.now + span_s >= ends_at:
            kind, span_s = "fail", ends_at - self.now
        self.later(self.now + span_s, lambda: self.settle(flight, kind))

    def settle(self, flight: Flight, kind: str) -> None:
        """End an attempt: its permit learns, and its call if that still waits."""
        if flight.ended:
            assert flight.call.streams
            return
        flight.ended = True
        permit, direct = flight.permit, flight.route is DIRECT
        transition = Transition.NONE
        if kind == "answer":
            permit.succeed(self.now)
        elif kind == "fail":
            transition = permit.fail(self.now)
        elif kind == "rest":
            transition = permit.rest(self.now, self.dice.choice([1, 30, 300]))
        permit.release()
        if transition is Transition.TRIPPED:
            self.turn_away(lambda send: rests(flight.route, kind, send))
        if direct:
            self.tell_freshness(flight, kind)
        call = flight.call
        if not call.over:
            self.hear(call, self.outcome(flight, kind))

    def tell_freshness(self, flight: Flight, kind: str) -> None:
        details = flight.send.details
        assert details is not None
        if kind == "answer":
            self.freshness.accepted()
        elif kind == "refuse":
            self.freshness.token_refused(self.now, details.token, PROBLEM)
        elif kind == "bar":
            self.freshness.put_bar(self.now, 300, PROBLEM)
        elif kind == "gone":
            endpoint = flight.send.endpoint
            self.freshness.endpoint_refused(self.now, details, endpoint, PROBLEM)
            self.turn_away(
                lambda send: send.details is details and send.endpoint is endpoint
            )
        if kind in {"refuse", "bar"}:
            self.turn_away(lambda send: send.details is details)

    def turn_away(self, refused: Callable[[Send], bool]) -> None:
        """Take back what waits at a gate for what would be refused."""
        for flight in self.flights:
            if flight.in_gate and not flight.ended and refused(flight.send):
                flight.ended = True
                flight.permit.release()
                self.later(self.now, partial(self.turned_away, flight))

    def turned_away(self, flight: Flight) -> None:
        call = flight.call
        if not call.over:
            call.flights.remove(flight)
            self.hear(
                call,
                Failed(
                    route=flight.route,
                    at=self.now,
                    final=False,
                    passing=True,
                    sent=False,
                ),
            )

    def outcome(self, flight: Flight, kind: str) -> Outcome:
        if kind == "answer":
            return Answered(route=flight.route, at=self.now)
        return Failed(
            route=flight.route,
            at=self.now,
            final=kind == "reject" and flight.route is INDIRECT,
            passing=kind in {"fail", "rest"},
        )

    def hear(self, call: Call, outcome: Outcome) -> None:
        if isinstance(call.command, AwaitDetails):
            call.inbox.append(outcome)
        else:
            self.step(call, outcome)

    # What must hold.

    def shared(self) -> tuple[object, ...]:
        """Return all that calls share, to compare."""
        direct, indirect = self.circuits.values()
        slots = [
            (thing, name)
            for kind, things in (
                (Circuit, (direct, indirect)),
                (Freshness, (self.freshness,)),
            )
            for thing in things
            for name in kind.__slots__
        ]
        values = [getattr(thing, name) for thing, name in slots]
        copies = [
            tuple(each) if isinstance(each, deque | dict) else each for each in values
        ]
        return (self.budget.used(self.now), self.hedges._left, *copies)

    def check_send(self, call: Call, send: Send) -> None:
        direct, indirect = self.circuits.values()
        mode = self.policy.direct
        assert self.now < call.deadline, "sent after the deadline"
        assert self.now < send.ends_at <= call.deadline + 1e-6
        assert send.until <= send.ends_at
        assert send.route not in call.sent(), "two attempts on one route"
        if call.streams:
            self.check_stream(call, send)
        if send.route is DIRECT:
            assert mode is not DirectMode.NEVER
            assert call.intent is Intent.COMPLETION
            assert send.details is not None
            assert send.details is self.freshness.usable(self.now)
            assert send.endpoint is self.freshness.endpoint(send.details)
            closed = direct.state(self.now) is CircuitState.CLOSED
            against = {RouteReason.LAST_TRY, RouteReason.POLICY}
            again = isinstance(call.heard, Busy) and send.last_resort
            probe = direct.may_probe(self.now)
            slower = direct.cause is Cause.SLOWER
            late = direct.cause is Cause.LATENESS
            slow = slower or (late and send.reason is RouteReason.SATURATED)
            assert closed or probe or again or slow or send.reason in against
            if send.reason is RouteReason.PREFERRED:
                assert closed or probe or again
            self.check_hedge(send, direct)
            return
        assert mode is not DirectMode.ONLY
        again = isinstance(call.heard, Busy) and send.last_resort
        assert again or indirect.refuses_s(self.now) is None, "a rate limit was ignored"
        companion = send.until <= self.now
        closed = indirect.state(self.now) is CircuitState.CLOSED
        if send.reason is RouteReason.HEDGED:
            assert closed or indirect.may_probe(self.now)
        self.check_hedge(send, indirect)
        if companion or send.reason is RouteReason.HEDGED:
            assert self.budget.allows_extras(self.now), "an extra beyond the budget"

    def check_stream(self, call: Call, send: Send) -> None:
        """Only one attempt is to be had at a time."""
        assert send.reason is not RouteReason.HEDGED
        gives_up = send.reason in GIVES_UP
        assert gives_up or all(one.ended for one in call.flights), "two texts"
        assert send.until > self.now, "an attempt for company"

    def check_hedge(self, send: Send, circuit: Circuit) -> None:
        """A hedge is paid for, and sent to a sound route; a probe needs neither."""
        if send.reason is not RouteReason.HEDGED:
            assert send.price == 0
            return
        if circuit.may_probe(self.now):
            assert send.price <= 1, "free is the probe beside a call that is served"
            return
        assert self.hedges.allows(send.price)
        slow = self.circuits[INDIRECT if send.route is DIRECT else DIRECT]
        in_vain = slow.is_troubled and circuit.is_doubtful(self.now)
        assert send.price == (5 if in_vain else 1)

    def check_end(self, call: Call, answer: Answer) -> None:
        heard = call.heard
        if isinstance(answer, Chosen):
            assert isinstance(heard, Answered)
            assert heard.route is answer.route
            return
        assert not isinstance(heard, Answered), "an answer was not taken"
        if answer is GaveUp.REJECTED:
            assert call.rejected
        elif answer is GaveUp.DEADLINE:
            assert self.now >= call.deadline
        else:
            self.check_hopeless(call, answer)

    def check_hopeless(self, call: Call, answer: GaveUp) -> None:
        """A call gives up only when nothing of it may answer any more."""
        assert not any(isinstance(each, Answered) for each in call.inbox)
        assert all(one.ended or one.send.ends_at <= self.now for one in call.flights)
        only = self.policy.direct is DirectMode.ONLY
        if answer is GaveUp.RATE_LIMITED:
            assert self.circuits[DIRECT if only else INDIRECT].refuses_s(self.now)
        else:
            assert only or INDIRECT in call.sent(), "indirect was not tried"

    def check_quiet(self) -> None:
        assert all(call.over for call in self.calls), "a flow never ends"
        assert all(flight.permit.settled for flight in self.flights), "a permit leaked"
        assert all(circuit._probe is None for circuit in self.circuits.values())
        assert all(not circuit._out for circuit in self.circuits.values())
        hedge = self.policy.hedge
        assert hedge is not None
        most = hedge.budget_burst + hedge.budget_share * self.completions
        assert self.hedged <= most + 1e-6


def rests(route: Route, kind: str, send: Send) -> bool:
    """Tell whether a route that has tripped refuses what waits at its gate."""
    if send.route is not route:
        return False
    if kind == "rest":
        return send.reason is not RouteReason.LAST_TRY
    return route is DIRECT and not send.last_resort


def live_through(client: Client, calls: int, streamed: float = 0.3) -> None:
    """Make calls at random times, in changing weather, and let some leave.

    `streamed` is the share of streams among them.
    """
    dice = client.dice
    for _ in range(calls):
        client.run(client.now + dice.choice([0.0, 0.1, 0.3, 1.0, 5.0, 40.0]))
        if dice.random() < 0.2:
            client.weathers[dice.choice(list(Route))].change()
        if dice.random() < 0.05:
            client.circuits[DIRECT].jump(client.now)
            client.freshness.look_again()
        client.fetches_well = dice.random() < 0.7
        intent = dice.choice([Intent.COMPLETION] * 9 + [Intent.GENERATION])
        span_s = dice.choice([0.15, 1.0, 4.0, 10.0, math.inf])
        call = client.start(intent, span_s, streams=dice.random() < streamed)
        if dice.random() < 0.3:
            client.later(client.now + dice.uniform(0, 2), partial(client.leave, call))
    client.run()


MODES = st.sampled_from([DirectMode.AUTO] * 4 + [DirectMode.ONLY, DirectMode.NEVER])


@settings(max_examples=300)
@given(seed=st.integers(0, 2**32), mode=MODES)
def test_random_histories_keep_what_the_design_promises(
    seed: int, mode: DirectMode
) -> None:
    client = Client(seed, mode)
    live_through(client, 40)
    client.check_quiet()


@settings(max_examples=100)
@given(seed=st.integers(0, 2**32), streamed=st.sampled_from([0.0, 0.3, 1.0]))
def test_whatever_happened_direct_is_preferred_again_once_all_is_well(
    seed: int, streamed: float
) -> None:
    client = Client(seed, DirectMode.AUTO)
    live_through(client, 30, streamed)
    client.run(client.now + 2500)
    client.fetches_well = True
    client.lifetimes_s = [3600.0]
    for weather in client.weathers.values():
        weather.name = "fair"
    preferred = Chosen(route=DIRECT, reason=RouteReason.PREFERRED)
    for number in range(300):
        last = client.start(Intent.COMPLETION, 10.0, streams=streamed == 1.0)
        client.run(client.now + 10)
        # One that was the slower route has two probes in a row to win by chance.
        slower = client.circuits[DIRECT].cause is Cause.SLOWER
        if last.answer == preferred and not slower:
            return
        assert slower or number < 5, "it stays away although all is well"
    raise AssertionError("the slower route never comes back")
