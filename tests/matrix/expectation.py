"""What a cell must show, derived from the verdict tables and the rules of routing.

A row's facts say what an exchange looks like; the tables say what that means; and here
are the rules that a call goes by (the head of _core/call.py), each in one place:

- direct first while its details are usable and its circuit is closed, else indirect;
- an attempt that fails hands over to the other route, if the instance's failure is one
  that passes and direct may be used; one that is slow gets company after the hedge
  delay;
- one fetch of the details for all calls that wait for it, and one renewal;
- eight exchanges at a time on a route; when it comes to rest, or the details that they
  hold are refused, those that wait for it do not go.

So a verdict that changes changes what is expected, here and in every cell it concerns.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gitlab_completions._core.endpoints import DRIFT_FILES
from gitlab_completions._core.freshness import DRIFT_BAR_S, SPREAD
from gitlab_completions._core.verdicts import (
    DIRECT_ACCESS,
    GATEWAY,
    GATEWAY_V4,
    INSTANCE,
    Body,
    Effect,
    Observation,
    OnDetails,
    Standing,
    decide,
)
from gitlab_completions.policy import HEDGE_DELAY_S
from tests.loopback.scene import TEXT
from tests.matrix.facts import Place, Situation
from tests.matrix.settings import (
    CIRCUIT,
    FIRST_WAIT_S,
    SHORT_S,
    STUCK_DEADLINE_S,
    policy_for,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlab_completions import ErrorCode
    from gitlab_completions._core.verdicts import AccessVerdict, AttemptVerdict, Row
    from tests.matrix.facts import Cell, Fact

Span = tuple[float, float]
Count = tuple[int, int]

NONE: Count = (0, 0)
QUICK_S = 2.5
"""Seconds that a call may take beyond what it waits for, on a machine that is busy."""
CROWD_S = 4.5
"""The same for twenty calls at once: their handshakes alone take a while."""
EARLY_S = 0.05
"""Seconds by which timers may be early, or measured so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The verdicts that expectations are derived from.

    Args:
        direct_access: Of the grant.
        gateway: Of the endpoint that the gateway is asked at.
        instance: Of the instance's completions.
        drift_bars: Bodies that are refused bar direct: no other endpoint is left.
    """

    direct_access: tuple[Row[AccessVerdict], ...] = DIRECT_ACCESS
    gateway: tuple[Row[AttemptVerdict], ...] = GATEWAY
    instance: tuple[Row[AttemptVerdict], ...] = INSTANCE
    drift_bars: bool = True


V4 = Tables(gateway=GATEWAY_V4, drift_bars=False)
"""Where grants have direct go to the gateway's v4, and v2 is there besides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standings:
    """How the details must stand: a word, for how long, and what a person is told."""

    word: str
    again_s: Span | None = None
    code: ErrorCode | None = None


KEPT = Standings(word="kept")
RENEWED = Standings(word="renewed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What a circuit must show: a word, and for how long it rests."""

    word: str
    rests_s: float | None = None


CLOSED = Rest(word="closed")
TRIPPED = Rest(word="tripped")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a cell must show.

    Args:
        outcomes: What each call may end with: a route and its text, or an error.
        requests: How many may reach each endpoint, least and most.
        direct: The circuit of the direct route.
        indirect: The circuit of the indirect route.
        details: The connection details.
        elapsed_s: The longest call, least and most.
    """

    outcomes: frozenset[str]
    requests: Mapping[str, Count]
    direct: Rest = CLOSED
    indirect: Rest = CLOSED
    details: Standings = KEPT
    elapsed_s: Span = (0.0, QUICK_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A cell, and the tables that decide about it."""

    cell: Cell
    tables: Tables
    endings: tuple[tuple[Observation, ErrorCode | None], ...] = field(default=())

    @property
    def n(self) -> int:
        return self.cell.situation.calls

    @property
    def fact(self) -> Fact:
        return self.cell.fact

    @property
    def first(self) -> bool:
        return self.cell.situation is Situation.FIRST

    @property
    def grants(self) -> int:
        """How often the details are asked for while nothing is wrong with them."""
        return 1 if self.first else 0


def expect(cell: Cell, tables: Tables | None = None) -> Expected:
    """Return what a cell must show."""
    case = _Case(cell=cell, tables=tables or Tables())
    derive = {
        Place.DIRECT_ACCESS: _grant_in_trouble,
        Place.GATEWAY: _gateway_in_trouble,
        Place.INSTANCE: _instance_in_trouble,
        Place.RESTING: _instance_in_trouble_while_direct_rests,
    }
    expected = derive[cell.place](case)
    crowd_s = CROWD_S + cell.trouble.spare_s
    spare_s = crowd_s if cell.situation is Situation.AT_ONCE else QUICK_S
    least_s, most_s = expected.elapsed_s
    return replace(expected, elapsed_s=(max(least_s - EARLY_S, 0), most_s + spare_s))


def hedged(cell: Cell, expected: Expected) -> Expected:
    """Return what a quick cell may show as well on a machine that is not quick.

    After the hedge delay a call is slow, whosever fault that is: the other route gets
    a request too, if the policy allows it, and may answer first; and at the gate it
    takes the place of the one that was waited for.
    """
    if cell.place is Place.INSTANCE:
        return expected
    n, requests = cell.situation.calls, dict(expected.requests)
    for name in ("gateway", "instance"):
        requests[name] = (0, max(n, requests[name][1]))
    served = {completed(route, TEXT) for route in ("direct", "indirect")}
    return replace(expected, outcomes=expected.outcomes | served, requests=requests)


def completed(route: str, text: str) -> str:
    """Return the word for a completion."""
    return route if text == TEXT else f"{route} {text!r}"


def failed(kind: str, code: ErrorCode | None) -> str:
    """Return the word for an error."""
    return f"{kind}: {code}"


def _requests(
    *, grants: Count = NONE, gateway: Count = NONE, instance: Count = NONE
) -> Mapping[str, Count]:
    return {
        "direct_access": grants,
        "gateway": gateway,
        "instance": instance,
        "elsewhere": NONE,
    }


def _all(count: int) -> Count:
    return (count, count)


# The grant.


def _grant_in_trouble(case: _Case) -> Expected:
    cell, fact = case.cell, case.fact
    if cell.situation is Situation.WARM:  # nobody asks for what is there
        return _direct_serves(case, grants=NONE, text=TEXT)
    arrives = _all(1) if cell.trouble.arrives else NONE
    if fact.refused_later:
        return _grants_refused_later(case)
    if fact.seen.body is Body.GOOD:
        return _direct_serves(case, grants=arrives, text=TEXT)
    details = _refused_grant(case)
    if details.again_s is not None and details.again_s[0] < CROWD_S:
        # What is asked again so soon may be so while twenty calls go their way.
        again = 1 + cell.trouble.resent if case.n > 1 else 0
        arrives = (arrives[0], arrives[1] + again * arrives[1])
    if cell.trouble.slow:
        details = Standings(word="asked for")
    if cell.trouble.whole_host:
        return _whole_instance_in_trouble(case, details)
    wait_s = FIRST_WAIT_S if cell.trouble.slow else 0.0
    return Expected(
        outcomes=frozenset({completed("indirect", TEXT)}),
        requests=_requests(grants=arrives, instance=_all(case.n)),
        details=details,
        elapsed_s=(wait_s, wait_s),
    )


def _refused_grant(case: _Case) -> Standings:
    verdict = decide(case.tables.direct_access, case.fact.seen)
    again_s = verdict.again_s if verdict.again_s is not None else 1.0
    told_s = case.cell.trouble.retry_after_s
    if verdict.most_s is not None and told_s is not None:
        again_s = min(told_s, verdict.most_s)
    spread = SPREAD if verdict.again_s is None else verdict.spread
    barred = verdict.standing is Standing.BARRED
    return Standings(
        word="barred" if barred else "unavailable",
        again_s=(again_s * (1 - spread), again_s * (1 + spread)),
        code=case.fact.code,
    )


def _direct_serves(case: _Case, *, grants: Count, text: str) -> Expected:
    resent = case.cell.trouble.resent if case.cell.place is Place.GATEWAY else 0
    most = case.n if case.first else case.n + resent * case.n
    return Expected(
        outcomes=frozenset({completed("direct", text)}),
        requests=_requests(grants=grants, gateway=(case.n, most)),
    )


def _grants_refused_later(case: _Case) -> Expected:
    """Say what follows when the gateway refuses the token: that is its own verdict."""
    seen = Observation(status=401, body=Body.JSON)
    verdict = decide(case.tables.gateway, seen)
    renews = verdict.details is OnDetails.RENEW
    return Expected(
        outcomes=frozenset({completed("indirect", TEXT)}),
        requests=_requests(
            grants=_all(2 if renews else 1),
            gateway=_struck(case, verdict),
            instance=_all(case.n),
        ),
        direct=_rest(case, verdict),
        details=RENEWED if renews else KEPT,
    )


def _whole_instance_in_trouble(case: _Case, details: Standings) -> Expected:
    """Say what follows when there is no grant and no completion either."""
    verdict = decide(case.tables.instance, case.fact.seen)
    slow = case.cell.trouble.slow
    # A fetch that is under way may yet bring details, so it is waited for.
    wait_s = STUCK_DEADLINE_S if slow else 0.0
    kind = "DeadlineExceededError" if slow else "AllRoutesFailedError"
    code = "timeout" if slow else case.fact.code
    return Expected(
        outcomes=frozenset({f"{kind}: {code}"}),
        requests=_requests(),
        indirect=_rest(case, verdict),
        details=details,
        elapsed_s=(wait_s, wait_s),
    )


# The gateway.


def _gateway_in_trouble(case: _Case) -> Expected:
    verdicts = [decide(case.tables.gateway, seen) for seen, _ in _endings(case)]
    verdict = verdicts[0]
    if verdict.answers:
        return _direct_serves(case, grants=_all(case.grants), text=case.fact.text)
    details, renewals = _details_after(case, verdict)
    wait_s = HEDGE_DELAY_S if case.cell.trouble.slow else 0.0
    return Expected(
        outcomes=frozenset({completed("indirect", TEXT)}),
        requests=_requests(
            grants=_all(case.grants + renewals),
            gateway=_struck(case, verdict),
            instance=_all(case.n),
        ),
        direct=_rest(case, verdict),
        details=details,
        elapsed_s=(wait_s, wait_s),
    )


def _details_after(case: _Case, verdict: AttemptVerdict) -> tuple[Standings, int]:
    """Return how the details stand then, and how many renewals that takes."""
    bar_s = verdict.bar_s
    if verdict.details is OnDetails.RENEW:
        return RENEWED, 1
    drifts = verdict.details is OnDetails.DRIFT and case.n >= DRIFT_FILES
    if drifts and case.tables.drift_bars:
        bar_s = DRIFT_BAR_S  # each call is about a file of its own
    elif verdict.details is not OnDetails.BAR:
        return KEPT, 0
    span = (bar_s * (1 - SPREAD), bar_s * (1 + SPREAD))
    return Standings(word="barred", again_s=span, code=case.fact.code), 0


# The instance.


def _instance_in_trouble(case: _Case) -> Expected:
    endings = _endings(case)
    verdict = decide(case.tables.instance, endings[0][0])
    outcomes = {_told(case, seen, code) for seen, code in endings}
    if verdict.circuit is Effect.REST:
        outcomes.add(failed("AllRoutesFailedError", case.fact.code))
    wait_s = SHORT_S if case.cell.trouble.slow else 0.0
    return Expected(
        outcomes=frozenset(outcomes),
        requests=_requests(instance=_struck(case, verdict)),
        indirect=_rest(case, verdict),
        details=Standings(word="none"),
        elapsed_s=(wait_s, wait_s),
    )


def _told(case: _Case, seen: Observation, code: ErrorCode | None) -> str:
    """Return what a caller gets who has no other route."""
    verdict = decide(case.tables.instance, seen)
    if verdict.answers:
        return completed("indirect", case.fact.text)
    kind = "RequestRejectedError" if verdict.final else "AllRoutesFailedError"
    return failed(kind, code)


def _instance_in_trouble_while_direct_rests(case: _Case) -> Expected:
    endings = _endings(case)
    verdict = decide(case.tables.instance, endings[0][0])
    if verdict.passing:
        outcomes = {completed("direct", TEXT)}
    else:
        outcomes = {_told(case, seen, code) for seen, code in endings}
    wait_s = SHORT_S if case.cell.trouble.slow else 0.0
    return Expected(
        outcomes=frozenset(outcomes),
        requests=_requests(
            gateway=_all(case.n) if verdict.passing else NONE,
            instance=_struck(case, verdict),
        ),
        direct=TRIPPED,  # a last try, whatever it brings, is no probe
        indirect=_rest(case, verdict),
        elapsed_s=(wait_s, wait_s),
    )


# What all places have in common.


def _endings(case: _Case) -> list[tuple[Observation, ErrorCode | None]]:
    """Return what exchanges may end like.

    A connection that does not come about is told by the sender when it gives up to
    connect, and as a timeout when the attempt's own time is over before.
    """
    fact = case.fact
    cold = (fact.seen, fact.code)
    return [cold] if fact.warm is None else [fact.warm, cold]


def _gate(case: _Case) -> int:
    return policy_for(case.cell).max_in_flight


def _struck(case: _Case, verdict: AttemptVerdict) -> Count:
    """Return how many requests reach the endpoint in trouble.

    Those that go at once always do. What waits in the gate goes when there is room,
    but not with details that are refused meanwhile, nor to a route that asked for a
    rest, nor to the gateway when its circuit has tripped: the instance is the last
    route, which an open circuit never refuses.
    """
    trouble = case.cell.trouble
    if not trouble.arrives:
        return NONE
    if case.n == 1:
        again = 0 if case.first else trouble.resent
        return (1, 1 + again) if not verdict.answers else (1 + again, 1 + again)
    at_once = min(case.n, _gate(case))
    resent = trouble.resent * at_once
    refused = verdict.details in {
        OnDetails.RENEW,
        OnDetails.BAR,
        OnDetails.REFUSE_ENDPOINT,
    }
    if verdict.circuit is Effect.REST or refused:
        return (at_once, at_once + resent)
    if verdict.details is OnDetails.DRIFT:
        return (at_once, at_once + DRIFT_FILES - 1)
    if trouble.slow:
        # Those at the gate go elsewhere after the hedge delay, if they may.
        return (at_once, at_once if case.cell.place is Place.GATEWAY else case.n)
    if verdict.circuit is Effect.FAILURE and case.cell.place is Place.GATEWAY:
        # Each loss makes room for one, until the one that trips.
        most = at_once + CIRCUIT.losses_in_a_row - 1
        return (at_once, most + resent)
    return (case.n, case.n + resent)


def _rest(case: _Case, verdict: AttemptVerdict) -> Rest:
    """Return what the endings of all calls make of a circuit that was closed."""
    trips = case.n >= CIRCUIT.losses_in_a_row
    asked_s = case.cell.trouble.retry_after_s or CIRCUIT.rate_limit_s
    rests_s = min(asked_s, CIRCUIT.max_rate_limit_s)
    return {
        Effect.SUCCESS: CLOSED,
        Effect.NEUTRAL: CLOSED,
        Effect.FAILURE: TRIPPED if trips else Rest(word="loss"),
        Effect.REST: Rest(word="rests", rests_s=rests_s),
    }[verdict.circuit]
