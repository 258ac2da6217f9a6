"""What a rehearsal has shown, in figures. Pure: rows in, records out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._records import Record
from gitlab_completions.models import Route
from gitlab_completions.rehearsal.affected import Affected, affected, well
from gitlab_completions.rehearsal.ledger import (
    AttemptRow,
    CallRow,
    RowT,
    quantile,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitlab_completions.rehearsal.conductor import Entry, Outcome, Phase, Strike
    from gitlab_completions.rehearsal.ledger import Ledger
    from gitlab_completions.rehearsal.plan import Plan

__all__ = (
    "DirectTail",
    "Errors",
    "Report",
    "Saving",
    "Waits",
    "make_report",
)

ISSUERS = {Route.DIRECT: "gitlab-ai-gateway", Route.INDIRECT: "instance"}
"""Who issued the token that a route's requests carry."""


class Waits(Record):
    """How long authors waited.

    Args:
        phase: In which phase.
        route: By which route.
        calls: How many calls.
        p50_s: Seconds that half of them took at most.
        p95_s: The same of 95 in 100.
        p99_s: The same of 99 in 100.
    """

    phase: str
    route: Route
    calls: int
    p50_s: float
    p95_s: float
    p99_s: float


class Saving(Record):
    """What direct connections save, all faults left out.

    Args:
        before: Response times before the roll-out.
        after: Those of calls that were answered directly.
        waited_less_s: Seconds that authors waited less, at the median. Of the calls
            that a keystroke may supersede the quick ones are answered, more of them
            direct, so that this is more than the route itself is quicker by.
        quicker_s: Seconds by which all answers came quicker, at the median, those
            included that nobody waited for any more.
    """

    before: Waits
    after: Waits
    waited_less_s: float
    quicker_s: float


class Errors(Record):
    """Attempts that failed, by who had issued their token.

    Args:
        phase: In which phase.
        issuer: The issuer.
        attempts: How many there were.
        failed: How many of them failed.
    """

    phase: str
    issuer: str
    attempts: int
    failed: int

    @property
    def rate(self) -> float:
        """The share that failed."""
        return self.failed / self.attempts


class DirectTail(Record):
    """Direct after the flag was taken back.

    Args:
        authors: How many authors sent anything direct after that.
        attempts: How many requests.
        median_s: Seconds until the last one of half of them.
        last_s: Seconds until the very last one.
        watched_s: Seconds that were watched.
    """

    authors: int
    attempts: int
    median_s: float
    last_s: float
    watched_s: float


class Report(Record):
    """What a rehearsal has shown.

    Args:
        title: The plan's.
        outcome: How the roll-out ended.
        reached: The title of the last step.
        lasted_s: Seconds, on the rehearsal's own clock.
        authors: How many authors there were.
        calls: How many calls ended with a completion or an error.
        superseded: How many more were superseded.
        lost: How many ended in an error.
        losses: The same by the error's code, the most frequent one first.
        saving: What direct saves; `None` while nothing went direct.
        waits: Response times, by phase and route.
        errors: Errors, by phase and issuer.
        affected: Whom the faults affected.
        tail: Direct after the flag was taken back; `None` when it was not.
        timeline: What happened.
    """

    title: str
    outcome: Outcome
    reached: str
    lasted_s: float
    authors: int
    calls: int
    superseded: int
    lost: int
    losses: tuple[tuple[str, int], ...]
    saving: Saving | None
    waits: tuple[Waits, ...]
    errors: tuple[Errors, ...]
    affected: tuple[Affected, ...]
    tail: DirectTail | None
    timeline: tuple[Entry, ...]


def make_report(
    plan: Plan,
    ledger: Ledger,
    outcome: Outcome,
    *,
    phases: Sequence[Phase],
    strikes: Sequence[Strike],
    taken_back_s: float | None,
    timeline: Sequence[Entry],
) -> Report:
    """Make the report of a rehearsal that has ended."""
    began_s, ended_s = phases[0].began_s, phases[-1].ended_s
    titles = [phase.step.title for phase in phases]
    steps = [phase for phase in phases if phase.step.number >= 0]
    before = _before(well(ledger.calls, strikes))
    usual = [call.elapsed_s for call in before]
    return Report(
        title=plan.title,
        outcome=outcome,
        reached=steps[-1].step.title,
        lasted_s=ended_s - began_s,
        authors=plan.authors.count,
        calls=len(ledger.calls),
        superseded=ledger.superseded,
        lost=ledger.lost,
        losses=tuple(ledger.losses.most_common()),
        saving=_saving(ledger, strikes),
        waits=tuple(_by_phase(ledger.calls, titles)),
        errors=tuple(_errors(ledger.attempts, titles)),
        affected=tuple(
            affected(each, ledger.calls, usual, began_s) for each in strikes
        ),
        tail=_tail(ledger.attempts, taken_back_s, ended_s),
        timeline=tuple(timeline),
    )


def _waits(phase: str, route: Route, calls: Iterable[CallRow]) -> Waits | None:
    waits = [call.elapsed_s for call in calls]
    p50_s, p95_s, p99_s = (quantile(waits, share) for share in (0.5, 0.95, 0.99))
    if p50_s is None or p95_s is None or p99_s is None:
        return None
    return Waits(
        phase=phase,
        route=route,
        calls=len(waits),
        p50_s=p50_s,
        p95_s=p95_s,
        p99_s=p99_s,
    )


def _by_phase(calls: Sequence[CallRow], titles: Sequence[str]) -> Iterable[Waits]:
    for number, title in enumerate(titles):
        for route in Route:
            rows = (
                call for call in calls if call.phase == number and call.route is route
            )
            waits = _waits(title, route, rows)
            if waits is not None:
                yield waits


def _saving(ledger: Ledger, strikes: Sequence[Strike]) -> Saving | None:
    calls = well(ledger.calls, strikes)
    before = _waits("before", Route.INDIRECT, _before(calls))
    after = _waits("after", Route.DIRECT, _direct(calls))
    answers = [row for row in well(ledger.attempts, strikes) if not row.failed]
    indirect_s = quantile([row.elapsed_s for row in _before(answers)], 0.5)
    direct_s = quantile([row.elapsed_s for row in _direct(answers)], 0.5)
    if before is None or after is None or indirect_s is None or direct_s is None:
        return None
    return Saving(
        before=before,
        after=after,
        waited_less_s=before.p50_s - after.p50_s,
        quicker_s=indirect_s - direct_s,
    )


def _before(rows: Iterable[RowT]) -> Iterable[RowT]:
    return (row for row in rows if row.phase == 0 and row.route is Route.INDIRECT)


def _direct(rows: Iterable[RowT]) -> Iterable[RowT]:
    return (row for row in rows if row.route is Route.DIRECT)


def _errors(attempts: Sequence[AttemptRow], titles: Sequence[str]) -> Iterable[Errors]:
    for number, title in enumerate(titles):
        for route, issuer in ISSUERS.items():
            failed = [
                row.failed
                for row in attempts
                if row.phase == number and row.route is route
            ]
            if failed:
                yield Errors(
                    phase=title,
                    issuer=issuer,
                    attempts=len(failed),
                    failed=sum(failed),
                )


def _tail(
    attempts: Sequence[AttemptRow], taken_back_s: float | None, ended_s: float
) -> DirectTail | None:
    if taken_back_s is None:
        return None
    last: dict[int, float] = {}
    count = 0
    for row in attempts:
        if row.route is Route.DIRECT and row.began_s > taken_back_s:
            count += 1
            last[row.author] = max(
                last.get(row.author, 0.0), row.began_s - taken_back_s
            )
    spans = list(last.values())
    return DirectTail(
        authors=len(spans),
        attempts=count,
        median_s=quantile(spans, 0.5) or 0.0,
        last_s=max(spans, default=0.0),
        watched_s=ended_s - taken_back_s,
    )
