"""What the next call would do, and why: the value that `status()` gives."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from gitlab_completions._core.circuit import Cause, CircuitState
from gitlab_completions._shell.clock import wall_time
from gitlab_completions.errors import (
    CircuitOpenError,
    ErrorCode,
    RequestRejectedError,
    StreamBrokenError,
)
from gitlab_completions.models import Intent, Route, RouteReason
from gitlab_completions.policy import DirectMode
from gitlab_completions.status import CircuitWord, Health, RoutingStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlab_completions._core.budget import InstanceBudget
    from gitlab_completions._core.circuit import Circuit
    from gitlab_completions._core.router import Router
    from gitlab_completions._shell.clock import Clock
    from gitlab_completions._shell.keeper import Entry
    from gitlab_completions._shell.race import Race
    from gitlab_completions._shell.tally import Tally
    from gitlab_completions.errors import GitLabCompletionsError

_WORDS: dict[CircuitState, CircuitWord] = {
    CircuitState.CLOSED: "closed",
    CircuitState.OPEN: "open",
    CircuitState.HALF_OPEN: "half_open",
}

_OURS = frozenset({RouteReason.POLICY, RouteReason.ROLLOUT})
"""Our side does not want direct: no problem, and nothing to wait for."""
_RESTS = frozenset({RouteReason.CIRCUIT_OPEN, RouteReason.SLOWER})
_WHY_IT_RESTS: dict[Cause, str] = {
    Cause.FAILURES: "direct rests after failures",
    Cause.LATENESS: "direct rests: it kept callers waiting",
    Cause.RATE_LIMIT: "direct rests: the gateway asked for it",
    Cause.SLOWER: "direct rests: it is the slower route now",
}

_NO_ANSWER = frozenset(
    {
        ErrorCode.TOKEN_INVALID,
        ErrorCode.TOKEN_EXPIRED,
        ErrorCode.TOKEN_REVOKED,
        ErrorCode.TOKEN_SOURCE,
        ErrorCode.SCOPE_MISSING,
        ErrorCode.NO_SEAT,
        ErrorCode.SWITCHED_OFF,
        ErrorCode.OFFLINE,
        ErrorCode.TLS_UNTRUSTED,
        ErrorCode.PROXY,
        ErrorCode.CAPTIVE_PORTAL,
        ErrorCode.TIMEOUT,
    }
)
"""What refuses direct access and would refuse an indirect completion alike."""


class Outlook:
    """Reads how routing stands, and changes nothing.

    Args:
        circuits: One for each route.
        budget: The instance's.
        race: Knows what is in flight.
        tally: Has the counts.
        clock: Tells the time.
    """

    def __init__(
        self,
        circuits: Mapping[Route, Circuit],
        budget: InstanceBudget,
        race: Race,
        tally: Tally,
        clock: Clock,
    ) -> None:
        self._circuits = circuits
        self._budget = budget
        self._race = race
        self._tally = tally
        self._clock = clock
        self._last_call = 0
        self._last_error: GitLabCompletionsError | None = None

    def call_ended(self, call_id: int, error: GitLabCompletionsError | None) -> None:
        """Take note of how a call ended; an older one says nothing new."""
        if call_id < self._last_call:
            return
        self._last_call = call_id
        if isinstance(error, RequestRejectedError):  # no route's doing
            return
        broke_off = isinstance(error, StreamBrokenError)  # of a route that answers
        self._last_error = None if broke_off else error

    def wait_s(self, route: Route, now: float) -> float | None:
        """Return the seconds until a route takes completions; `None`: now."""
        rest_s = self._circuits[route].refuses_s(now) or 0.0
        free_at = self._budget.free_at(now) if route is Route.INDIRECT else now
        wait_s = max(rest_s, free_at - now)
        return wait_s if wait_s > 0 else None

    def news(self, router: Router, entry: Entry) -> RoutingStatus | None:
        """Return the status if it is not what was last returned for this project."""
        now = self._clock.now()
        refusal = router.refusal(Intent.COMPLETION, entry.freshness, now)
        cause = self._circuits[Route.DIRECT].cause if refusal in _RESTS else None
        key = (self._health(router, entry, refusal), refusal, cause)
        if key == entry.announced:
            return None
        entry.announced = key
        return self.status(router, entry, closed=False)

    def status(self, router: Router, entry: Entry, *, closed: bool) -> RoutingStatus:
        """Return how routing stands for a project."""
        now = self._clock.now()
        freshness = entry.freshness
        refusal = router.refusal(Intent.COMPLETION, freshness, now)
        age_s = None if freshness.details is None else now - freshness.obtained_at
        return RoutingStatus(
            health=Health.CLOSED if closed else self._health(router, entry, refusal),
            route=None if closed else _route(router, refusal),
            reason=refusal or RouteReason.PREFERRED,
            problem=self._last_error or self._problem(entry, refusal, now),
            at=wall_time(),
            recheck_in_s=self._recheck_in_s(entry, refusal, now),
            token_age_s=age_s,
            token_expires_in_s=freshness.expires_in_s(now),
            circuits=MappingProxyType(
                {route: _WORDS[one.state(now)] for route, one in self._circuits.items()}
            ),
            indirect_used=self._budget.used(now),
            in_flight=self._race.in_flight,
            counts=MappingProxyType(dict(self._tally.counts)),
        )

    def _health(
        self, router: Router, entry: Entry, refusal: RouteReason | None
    ) -> Health:
        if self._last_error is not None:
            return Health.UNAVAILABLE
        if not self._last_call:
            return self._first_health(router, entry, refusal)
        as_preferred = refusal is None or refusal in _OURS
        return Health.READY if as_preferred else Health.DEGRADED

    def _first_health(
        self, router: Router, entry: Entry, refusal: RouteReason | None
    ) -> Health:
        """Judge by what came of asking for direct access: no call has ended yet."""
        if refusal in _OURS or not entry.freshness.was_fetched:
            return Health.STARTING
        problem = entry.freshness.problem(self._clock.now())
        hopeless = problem is not None and problem.code in _NO_ANSWER
        if _route(router, refusal) is None or hopeless:
            return Health.UNAVAILABLE
        return Health.READY if refusal is None else Health.DEGRADED

    def _problem(
        self, entry: Entry, refusal: RouteReason | None, now: float
    ) -> GitLabCompletionsError | None:
        if refusal is None or refusal in _OURS:
            return None
        if refusal in _RESTS:
            direct = self._circuits[Route.DIRECT]
            why = _WHY_IT_RESTS[direct.cause or Cause.FAILURES]
            rests_s = direct.rests_s(now)
            return CircuitOpenError(why, route=Route.DIRECT, retry_after_s=rests_s)
        return entry.freshness.problem(now)

    def _recheck_in_s(
        self, entry: Entry, refusal: RouteReason | None, now: float
    ) -> float | None:
        if refusal is None or refusal in _OURS:
            return None
        if refusal in _RESTS:
            return self._circuits[Route.DIRECT].rests_s(now) or 0.0
        return max(0.0, (entry.freshness.looks_again_at(now) or now) - now)


def _route(router: Router, refusal: RouteReason | None) -> Route | None:
    if refusal is None:
        return Route.DIRECT
    only = router.policy.direct is DirectMode.ONLY
    return None if only else Route.INDIRECT
