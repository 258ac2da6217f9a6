"""One instance and one gateway that a fleet shares: what they answer, what they get.

Answers take constant times: what slowness does to a client is the simulator's matter
(`tests.benchmarks.simulate`); here it matters who asks whom when.
"""

from __future__ import annotations

import random
from collections import Counter
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from gitlab_completions.models import Route
from gitlab_completions.policy import RoutingPolicy
from tests.benchmarks.fleet_model.loads import Load, total
from tests.benchmarks.fleet_model.scenarios import Part

if TYPE_CHECKING:
    from tests.benchmarks.fleet_model.scenarios import Scenario

DIRECT_S, INDIRECT_S = 0.28, 0.42
"""A completion's time by route: medians of GitLab's published figures, rounded."""
GRANT_S = (0.1, 0.4)
"""A grant's shortest and longest time: about `first_wait_s`, so that some calls wait
for it and some go indirect."""
FAILED_S = 0.05
OVERLOADED_S = 2.0
"""How long an overloaded instance takes to say so."""
CALLS_PER_MINUTE = 6.0
"""Of an author who types: completions that are sent, after an editor's debouncing."""
TYPES_S, PAUSES_S = 900.0, 1800.0
"""Mean spell of typing, mean pause: a third of the clients is active at a time."""


_FLAG = (False, True)


class Answer(NamedTuple):
    """A status, and how long it takes."""

    status: int
    takes_s: float


class Kind(StrEnum):
    """Why direct access is asked."""

    FIRST = "first"
    """This client never had details."""
    RENEWAL = "renewal"
    """Ahead of expiry: the details are usable."""
    RETURN = "return"
    """They have expired, in a pause or an outage."""
    RECHECK = "recheck"
    """A bar is over."""


class World:
    """The services, and the counts of all that they are asked.

    Attributes:
        until: When something changes next.
        short_cuts: Whether calls that go direct for sure are played without a flow.
        fetches: When which client asked for direct access.
        outcomes: How fetches and calls ended.
    """

    def __init__(
        self, scenario: Scenario, clients: int, seed: int, *, short_cuts: bool = True
    ) -> None:
        self.scenario = scenario
        self.clients = clients
        self.policy = RoutingPolicy()
        self.random = random.Random(seed)
        self.short_cuts = short_cuts
        self.rate = CALLS_PER_MINUTE / 60.0
        make = partial(Load, int(scenario.seconds))
        self._glides = {(route, flag): make() for route in Route for flag in _FLAG}
        self._sent = {route: make() for route in Route}
        self._calls = {flag: make() for flag in _FLAG}
        self._answers = make()
        self.direct_access = {kind: make() for kind in Kind}
        self.fetches: list[tuple[float, int]] = []
        self.outcomes: Counter[str] = Counter()
        self._changes = [*scenario.changes(), float("inf")]
        self.until = self._changes[0]
        self._down: frozenset[Part] = frozenset()
        self._share = 0.0
        active = 1.0 if scenario.busy else TYPES_S / (TYPES_S + PAUSES_S)
        self.calls_with_direct_off = clients * active * self.rate
        self._capacity = (scenario.capacity or 0.0) * self.calls_with_direct_off

    def turn(self, now: float) -> None:
        """Let begin and end what does so until now."""
        scenario = self.scenario
        while self.until <= now:
            self.until = next(at for at in self._changes if at > self.until)
        down = [one.parts for one in scenario.outages if one.start_s <= now < one.end_s]
        self._down = frozenset().union(*down)
        self._share = [share for at, share in scenario.flag if at <= now][-1]

    def jitter(self) -> float:
        """Return a number from 0 up to 1."""
        return self.random.random()

    def gap_s(self) -> float:
        """Return the seconds to an active author's next call."""
        return self.random.expovariate(self.rate)

    # What is up.

    @property
    def limits(self) -> bool:
        """Whether the instance has a capacity."""
        return self.scenario.capacity is not None

    @property
    def gateway_up(self) -> bool:
        """Whether clients reach the gateway."""
        return Part.GATEWAY not in self._down

    def instance_serves(self, now: float) -> bool:
        """Tell whether completions are sure to be answered."""
        down = self._down & {Part.INSTANCE, Part.BACKEND}
        return not down and self._overload(now) == 0

    def surely_serves(self, now: float) -> bool:
        """Tell whether the instance answers whatever it is asked now."""
        return not self.limits and self.instance_serves(now)

    def has_flag(self, index: int) -> bool:
        """Tell whether the flag is on for a client: sticky, as GitLab's are."""
        return index < self._share * self.clients

    def _overload(self, now: float) -> float:
        """Return the share of requests that the instance cannot serve."""
        if self.scenario.capacity is None:
            return 0.0
        second = int(now) - 1
        asked = sum(load.in_second(second) for load in self._on_instance())
        return max(0.0, 1.0 - self._capacity / asked) if asked else 0.0

    def _overloaded(self, now: float) -> bool:
        share = self._overload(now)
        return share > 0 and self.random.random() < share

    # What is asked.

    def ask(self, route: Route, at: float) -> Answer:
        """Answer one completion that is sent then."""
        self._sent[route].add(at)
        if route is Route.DIRECT:
            failed = Part.GATEWAY in self._down
            return Answer(503, FAILED_S) if failed else Answer(200, DIRECT_S)
        if self._down & {Part.INSTANCE, Part.BACKEND}:
            return Answer(503, FAILED_S)
        if self._overloaded(at):
            return Answer(self.scenario.overloaded, OVERLOADED_S)
        return Answer(200, INDIRECT_S)

    def ask_direct_access(self, index: int, kind: Kind, at: float) -> Answer:
        """Answer one request for direct access."""
        self.direct_access[kind].add(at)
        self.fetches.append((at, index))
        if self._down & {Part.INSTANCE, Part.TOKENS}:
            return Answer(503, FAILED_S)
        if self._overloaded(at):
            return Answer(self.scenario.overloaded, OVERLOADED_S)
        takes_s = self.random.uniform(*GRANT_S)
        return Answer(201 if self.has_flag(index) else 403, takes_s)

    def glide(self, index: int, route: Route, start: float, end: float) -> None:
        """Count the calls of a client that all go one way for a while."""
        self._glides[route, self.has_flag(index)].spread(self.rate, start, end)

    def called(self, index: int, route: Route | None, at: float) -> None:
        """Count a call and the route that answered it."""
        flag = self.has_flag(index)
        self._calls[flag].add(at)
        self.outcomes[f"calls answered {route}" if route else "calls failed"] += 1
        if flag and route is Route.DIRECT:
            self._answers.add(at)

    # What was asked, second by second.

    def instance(self) -> list[float]:
        """Return what the instance was asked: completions and direct access."""
        return total(self._on_instance())

    def gateway(self) -> list[float]:
        """Return what clients asked the gateway."""
        glides = [self._glides[Route.DIRECT, flag] for flag in _FLAG]
        return total([*glides, self._sent[Route.DIRECT]])

    def fetched(self) -> list[float]:
        """Return what was asked of direct access."""
        return total(self.direct_access.values())

    def calls(self) -> list[float]:
        """Return the calls: what the instance would be asked with direct access off."""
        return total([*self._glides.values(), *self._calls.values()])

    def wishes(self) -> list[float]:
        """Return the calls of clients that have the flag."""
        glides = [self._glides[route, True] for route in Route]
        return total([*glides, self._calls[True]])

    def direct_answers(self) -> list[float]:
        """Return those of them that the gateway answered."""
        return total([self._glides[Route.DIRECT, True], self._answers])

    def _on_instance(self) -> list[Load]:
        glides = [self._glides[Route.INDIRECT, flag] for flag in _FLAG]
        return [*glides, self._sent[Route.INDIRECT], *self.direct_access.values()]
