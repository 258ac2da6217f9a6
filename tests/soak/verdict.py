"""Which calls were owed an answer, and whether they got it.

"Every call that any route could answer was answered" says nothing until it is said when
a route could. Here a route *could* answer a call when nothing that the route needs was
broken at any moment of the call, and no server had said no to the client in words that
a client must heed. Then it owes the answer, whatever happened before: a circuit that is
open, connections that are dead, a gate full of abandoned exchanges are the library's
own, and no excuse. So is a slow part, as long as its answer fits an attempt's time.

What excuses the indirect route:

- the instance's completions were broken at some moment of the call;
- the instance had answered 429, and the rest it asked for was not over.

What excuses the direct route:

- the gateway was broken at some moment of the call, or had asked for a rest;
- direct was barred when the call began: the instance or the gateway had said no;
- a grant was refused during the call: 401 or 403 by the gateway, or a refusal by the
  instance; the call cannot have known better;
- there was no usable grant, and none could be had: direct access was broken, or its
  next request is not due (a refusal a moment ago, the budget of requests);
- the instance refused the user (401 to 404) while direct rested: only a failure that
  passes by itself lets a call overrule the rest. What GitLab says of a user, an old
  grant must not overrule.

A call during which the machine slept for hours is past its deadline in everybody's
eyes: it may end in an error, though in no other. Calls that their author left are
counted apart; nobody waits for them.

A stream is owed as long as no piece has come; from then on its own route owes the rest,
unless it was broken at some moment of the call. It is not hedged: a silent gateway may
keep it for all of an attempt's time.

An error that is right must still be a typed one and come in time. And an answer that
takes `PROMPT_S` although a route could give it all along is lost as well, whether its
author has waited for it or not: nobody does. Direct that rests is only owed by the
deadline: a call overrules its rest when indirect has failed, or has had its time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitlab_completions import (
    AllRoutesFailedError,
    DeadlineExceededError,
    Route,
    RouteReason,
)
from gitlab_completions.errors import StreamBrokenError
from tests.soak.faults import Part

if TYPE_CHECKING:
    from gitlab_completions import (
        Attempt,
        Completion,
        GitLabCompletionsError,
        RoutingStatus,
    )
    from tests.soak.journal import Journal, Spell, Told

LATE_S = 2.0
"""Seconds past its deadline at which a call must have ended, on a busy machine."""
PROMPT_S = 5.0
"""Seconds in which a route that can answer must have: twice the hedge delay of 0.9 s,
once before the route and once in its gate; a slow part's second; a busy machine."""
ATTEMPT_S = 5.0
"""Seconds that the policy gives an attempt on the direct route."""
_SERVES = {Route.DIRECT: Part.GATEWAY, Route.INDIRECT: Part.INSTANCE}
GRANTLESS = {RouteReason.DETAILS_ABSENT, RouteReason.DETAILS_EXPIRED}
REFUSALS = range(401, 405)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call that has ended, in the loop's seconds.

    Attributes:
        number: Which one.
        author: Whose.
        started: When it began.
        ended: When it ended.
        status: How routing stood for it when it began.
        streamed: Whether it was read as it came.
    """

    number: int
    author: str
    started: float
    ended: float
    status: RoutingStatus
    streamed: bool = False

    @property
    def elapsed_s(self) -> float:
        """How long it took."""
        return self.ended - self.started


class Judge:
    """Judges what calls end with.

    Args:
        journal: Knows what was broken, and is told the judgements.
        deadline_s: Seconds that a call may take.
    """

    def __init__(self, journal: Journal, deadline_s: float) -> None:
        self._journal = journal
        self._deadline_s = deadline_s

    def answered(
        self, call: Call, done: Completion, told: Told, *, expected: str
    ) -> None:
        """Judge an answer: it must be the one to this very call."""
        self._journal.call(call.started, call.elapsed_s, done.route.value)
        if done.text != expected:
            self._violate(call, f"was answered {done.text!r} in place of {expected!r}")
        self._judge_time(call)
        self._judge_wait(call, told, done.attempts)

    def left(self, call: Call, told: Told) -> None:
        """Judge a call that its author has left."""
        self._journal.call(call.started, call.elapsed_s, "superseded")
        self._judge_wait(call, told, ())

    def failed(self, call: Call, error: BaseException, told: Told) -> None:
        """Judge an error: it must be right, and one that a person can act on."""
        self._journal.call(call.started, call.elapsed_s, "error")
        self._judge_time(call)
        if isinstance(error, StreamBrokenError) and call.streamed:
            self._judge_break(call, error)
            return
        if not isinstance(error, AllRoutesFailedError):
            self._violate(call, f"ended in {error!r}, which is none of a call's errors")
            return
        if self._slept(call) and isinstance(error, DeadlineExceededError):
            self._journal.excuses["the machine slept"] += 1
            return
        excuses = self._excuses(call, told, error.attempts)
        owing = " and ".join(route for route, one in excuses.items() if one is None)
        if owing:
            self._violate(call, f"was owed an answer by {owing}: {_tell(error)}")
        else:
            self._journal.excuses[" | ".join(map(str, excuses.values()))] += 1

    def _judge_break(self, call: Call, error: StreamBrokenError) -> None:
        """Judge a stream that ended in its midst: its route must have been broken."""
        part = _SERVES[error.route]
        broken = _names(self._journal.breaking({part}, call.started))
        if not broken and not self._slept(call):
            self._violate(call, f"broke off for nothing: {error!r} ({error.code})")
        else:
            self._journal.excuses[f"in its midst: {broken or 'a suspend'}"] += 1

    def _excuses(
        self, call: Call, told: Told, attempts: tuple[Attempt, ...]
    ) -> dict[Route, str | None]:
        """Return why each route owed this call nothing; `None` for one that did."""
        return {
            Route.INDIRECT: self._no_indirect(call, told),
            Route.DIRECT: self._no_direct(call, told, attempts),
        }

    def _no_indirect(self, call: Call, told: Told) -> str | None:
        """Return why indirect owed this call nothing, or `None`."""
        broken = self._journal.breaking({Part.INSTANCE}, call.started)
        if broken:
            return _names(broken)
        if told.rest_until[Route.INDIRECT] > call.started:
            return "the instance asked for a rest"
        return None

    def _no_direct(
        self, call: Call, told: Told, attempts: tuple[Attempt, ...]
    ) -> str | None:
        """Return why direct owed this call nothing, or `None`."""
        broken = self._journal.breaking({Part.GATEWAY}, call.started)
        if broken:
            return _names(broken)
        status = call.status
        if told.rest_until[Route.DIRECT] > call.started:
            return "the gateway asked for a rest"
        if status.reason is RouteReason.BARRED:
            return "direct was barred"
        if told.refused_at >= call.started:
            return "a grant was refused"
        if not _had_grant(call):
            return self._no_grant(call)
        if _rests(call) and any(_refuses(one.status_code) for one in attempts):
            return "the instance refused the user while direct rested"
        return None

    def _no_grant(self, call: Call) -> str | None:
        """Return why no grant could be had, or `None`."""
        broken = self._journal.breaking({Part.DIRECT_ACCESS}, call.started)
        if broken:
            return f"no grant, {_names(broken)}"
        if call.status.recheck_in_s:
            return "no grant, and asking for one was not due"
        return None

    def _judge_time(self, call: Call) -> None:
        if call.elapsed_s > self._deadline_s + LATE_S:
            self._violate(call, f"took {call.elapsed_s:.1f} s")

    def _judge_wait(
        self, call: Call, told: Told, attempts: tuple[Attempt, ...]
    ) -> None:
        prompt_s = PROMPT_S + (ATTEMPT_S if call.streamed else 0.0)
        if call.elapsed_s <= prompt_s or self._slept(call):
            return
        excuses = self._excuses(call, told, attempts)
        if _rests(call):
            del excuses[Route.DIRECT]
        owing = " and ".join(route for route, one in excuses.items() if one is None)
        if owing:
            self._violate(call, f"had no answer for long, which {owing} could give")

    def _slept(self, call: Call) -> bool:
        return any(call.started <= at <= call.ended for at in self._journal.suspends)

    def _violate(self, call: Call, what: str) -> None:
        at_s = call.started - self._journal.began
        going_on = _names(self._journal.breaking(Part, call.started))
        status = call.status
        self._journal.violation(
            f"call {call.number} of {call.author} at {at_s:.1f} s, in "
            f"{call.elapsed_s:.2f} s, {what}\n"
            f"    broken meanwhile: {going_on or 'nothing'}\n"
            f"    at first: {status.reason}, circuits {dict(status.circuits)}, token "
            f"for {status.token_expires_in_s} s, asks again in {status.recheck_in_s}"
        )


def _had_grant(call: Call) -> bool:
    left_s = call.status.token_expires_in_s
    lasted = left_s is not None and left_s > call.elapsed_s
    return lasted and call.status.reason not in GRANTLESS


def _rests(call: Call) -> bool:
    return call.status.circuits[Route.DIRECT] != "closed"


def _refuses(status_code: int | None) -> bool:
    return status_code in REFUSALS


def _names(spells: list[Spell]) -> str:
    return ", ".join(sorted({str(one.fault) for one in spells}))


def _tell(error: GitLabCompletionsError) -> str:
    attempts = error.attempts if isinstance(error, AllRoutesFailedError) else ()
    tried = "; ".join(
        f"{one.route} at {one.started_s:.2f} s for {one.elapsed_s:.2f} s: "
        f"{one.status_code or ''} {one.error!r}"
        for one in attempts
    )
    refusal = getattr(error, "direct_refusal", None)
    return f"{error!r} ({error.code})\n    attempts: {tried or 'none'}; {refusal!r}"
