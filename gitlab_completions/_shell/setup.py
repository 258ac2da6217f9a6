"""What a client is made of, and the parts that are made of nothing else."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gitlab_completions._core.circuit import Circuit
from gitlab_completions._core.hedging import Pace
from gitlab_completions._records import Record
from gitlab_completions._shell.clock import wall_time
from gitlab_completions._shell.discretion import Discretion
from gitlab_completions._shell.exchange import Exchanger
from gitlab_completions._shell.fetch import Fetcher
from gitlab_completions._shell.flag_desk import FlagDesk
from gitlab_completions._shell.gate import Gate
from gitlab_completions._shell.inquiry import Inquirer
from gitlab_completions.models import Route

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from gitlab_completions._core.budget import InstanceBudget
    from gitlab_completions._shell.access_token import TokenDesk
    from gitlab_completions._shell.background import Background
    from gitlab_completions._shell.clock import Clock
    from gitlab_completions._shell.shared_fetch import SharedFetcher
    from gitlab_completions._shell.spare import SpareConnections
    from gitlab_completions.events import Observer
    from gitlab_completions.flags import FlagSource
    from gitlab_completions.ignoring import IgnoreList
    from gitlab_completions.models import AccessToken
    from gitlab_completions.policy import RoutingPolicy
    from gitlab_completions.redaction import Redactor
    from gitlab_completions.senders import Sender
    from gitlab_completions.shared import DetailsStore

STREAMS = 4
"""Streams on the wire to a host at once: one is what an author reads, the rest are of
other windows, or about to end."""


class Setup(Record):
    """What an engine is made of, checked.

    Args:
        root: The instance's URL.
        access_token: What supplies the access token.
        policy: How routes are chosen.
        sender: What sends.
        replace: Replaces the HTTP client of a route; tells whether it could.
        observers: Who is told of events.
        user_agent: Who we say we are.
        clock: Tells the time.
        jitter: Gives a number from 0 up to 1, anew at each call.
        store: Where processes share what servers have told them.
        flags: Who is asked whether a feature is switched on.
        redact: Takes secrets out of what is sent.
        ignore: Files that are never sent.
        wall: Tells the time of day, for people.
    """

    root: str
    access_token: AccessToken
    policy: RoutingPolicy
    sender: Sender
    replace: Callable[[Route], bool]
    observers: Sequence[Observer]
    user_agent: str
    clock: Clock
    jitter: Callable[[], float]
    store: DetailsStore | None = None
    flags: FlagSource | None = None
    redact: Redactor | None = None
    ignore: IgnoreList | None = None
    wall: Callable[[], datetime] = wall_time

    def __repr__(self) -> str:
        return f"Setup(root={self.root!r})"

    def circuits(self) -> dict[Route, Circuit]:
        """Return a circuit for each route."""
        policy, jitter = self.policy.circuit, self.jitter
        paces = {route: Pace(self.policy.hedge, policy.compared) for route in Route}
        indirect = Circuit(policy, jitter, pace=paces[Route.INDIRECT])
        direct = Circuit(policy, jitter, pace=paces[Route.DIRECT], rival=indirect)
        return {Route.DIRECT: direct, Route.INDIRECT: indirect}

    def gates(self, budget: InstanceBudget) -> dict[Route, Gate]:
        """Return a gate for each route; the instance's keeps to the budget."""
        budgets = {Route.DIRECT: None, Route.INDIRECT: budget}
        most = self.policy.max_in_flight
        return {
            route: Gate(most, self.clock, partial(self.replace, route), budgets[route])
            for route in Route
        }

    def stream_gates(self, budget: InstanceBudget) -> dict[Route, Gate]:
        """Return a gate for each route's streams, which hold no completion up.

        Nothing is replaced for them: a stream whose reader has left is ended.
        """
        budgets = {Route.DIRECT: None, Route.INDIRECT: budget}
        return {
            route: Gate(STREAMS, self.clock, lambda: False, budgets[route])
            for route in Route
        }

    def exchanger(self, desk: TokenDesk) -> Exchanger:
        """Return what performs attempts."""
        return Exchanger(
            self.sender,
            desk,
            self.clock,
            self.root,
            self.user_agent,
            max_body_bytes=self.policy.max_body_bytes,
        )

    def discretion(self) -> Discretion | None:
        """Return what keeps source at home, if anything is to."""
        if self.ignore is None and self.redact is None:
            return None
        return Discretion(self.ignore, self.redact, self.clock)

    def fetcher(
        self, desk: TokenDesk, spare: SpareConnections | None = None
    ) -> Fetcher:
        """Return what asks for direct access."""
        return Fetcher(
            self.sender,
            desk,
            self.root,
            self.user_agent,
            allow_plain_http=self.policy.allow_plain_http,
            spare=spare,
        )

    def inquirer(self, desk: TokenDesk, spare: SpareConnections) -> Inquirer:
        """Return what puts other questions to the instance."""
        return Inquirer(self.sender, desk, spare, self.root, self.user_agent)

    def flag_desk(
        self, inquirer: Inquirer, background: Background, on_news: Callable[[], None]
    ) -> FlagDesk:
        """Return what knows flags."""
        return FlagDesk(self.flags, inquirer, self.clock, background, on_news)

    def shared_fetcher(self, fetcher: Fetcher) -> SharedFetcher | None:
        """Return a fetcher that looks in the user's store first, if there is one."""
        if self.store is None:
            return None
        # Most clients have no store, and need not import how to use one.
        from gitlab_completions._shell.shared_fetch import (  # noqa: PLC0415
            SharedFetcher,
        )
        from gitlab_completions._shell.sharing import Sharing  # noqa: PLC0415

        return SharedFetcher(fetcher, Sharing(self.store, self.clock, self.root))
