"""Whether a roll-out may go on: figures over sliding windows, against their bounds.

Pure: told the rows and the time. A guard rail over too few samples says nothing, and
what says nothing holds the roll-out rather than letting it go on or taking it back.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from gitlab_completions._records import Record
from gitlab_completions.models import Route
from gitlab_completions.rehearsal.ledger import quantile, since
from gitlab_completions.rehearsal.plan import Breach, Metric
from gitlab_completions.rehearsal.quantities import show_share, show_span

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitlab_completions.rehearsal.ledger import Ledger
    from gitlab_completions.rehearsal.plan import GuardRail

__all__ = ("Figure", "Finding", "Reading", "Verdict", "figure", "judge", "look")

Figure: TypeAlias = tuple[float | None, int]
"""What a figure is, `None` without samples; and of how many samples it is."""

_QUANTILES = {Metric.P50: 0.50, Metric.P95: 0.95, Metric.P99: 0.99}
_ISSUERS = {
    Metric.GATEWAY_ERRORS: Route.DIRECT,
    Metric.INSTANCE_ERRORS: Route.INDIRECT,
}


class Finding(StrEnum):
    """What a look at one guard rail found."""

    KEPT = "kept"
    BREACHED = "breached"
    TOO_FEW = "too_few"


class Verdict(StrEnum):
    """What all of them together say."""

    ADVANCE = "advance"
    HOLD = "hold"
    TAKE_BACK = "take_back"


class Reading(Record):
    """A look at one guard rail.

    Args:
        rail: The guard rail.
        value: What its figure is; `None` without samples.
        limit: The most that it may be; `None` where too little was seen before.
        samples: How many samples it is of.
        finding: What that means.
    """

    rail: GuardRail
    value: float | None
    limit: float | None
    samples: int
    finding: Finding

    def describe(self) -> str:
        """Return it in a few words."""
        of_time = self.rail.metric.of_time
        if self.limit is None:
            return f"{self.rail.name}: too few samples before, to compare with"
        if self.finding is Finding.TOO_FEW:
            return f"{self.rail.name}: too few samples ({self.samples})"
        value = shown(self.value, of_time=of_time)
        bound = shown(self.limit, of_time=of_time)
        compared = ">" if self.finding is Finding.BREACHED else "<="
        return f"{self.rail.name}: {value} {compared} {bound} ({self.samples} samples)"


def shown(value: float | None, *, of_time: bool) -> str:
    """Return a figure as a person reads it."""
    if value is None:
        return "-"
    if value == math.inf:
        return "no end"
    return (
        f"{value * 1000:.0f} ms"
        if of_time and value < 1
        else (show_span(value) if of_time else show_share(value))
    )


def look(
    rails: Sequence[GuardRail],
    ledger: Ledger,
    now: float,
    *,
    began_s: float,
    before: Mapping[Metric, Figure],
) -> tuple[Reading, ...]:
    """Look at all guard rails.

    Args:
        rails: The guard rails.
        ledger: What was seen up to now.
        now: Seconds, on the rows' clock.
        began_s: What ended before that is not looked at, however long the window.
        before: What the figures were before the roll-out.
    """
    return tuple(
        _read(
            rail,
            ledger,
            max(began_s, now - rail.window_s),
            before.get(rail.metric, (None, 0)),
        )
        for rail in rails
    )


def judge(readings: Sequence[Reading]) -> Verdict:
    """Say whether the roll-out may go on; the gravest reading decides."""
    breached = [each for each in readings if each.finding is Finding.BREACHED]
    if any(each.rail.breach is Breach.TAKE_BACK for each in breached):
        return Verdict.TAKE_BACK
    if all(each.finding is Finding.KEPT for each in readings):
        return Verdict.ADVANCE
    return Verdict.HOLD


def figure(metric: Metric, ledger: Ledger, from_s: float) -> Figure:
    """Return a figure of what ended since then, and of how many samples it is."""
    if metric in _ISSUERS:
        route = _ISSUERS[metric]
        rows = [row for row in since(ledger.attempts, from_s) if row.route is route]
        return _share([row.failed for row in rows])
    calls = since(ledger.calls, from_s)
    if metric is Metric.LOST:
        return _share([call.lost for call in calls])
    if metric is Metric.REROUTED:
        return _share([call.rerouted for call in calls])
    waits = [math.inf if call.lost else call.elapsed_s for call in calls]
    return quantile(waits, _QUANTILES[metric]), len(waits)


def _read(rail: GuardRail, ledger: Ledger, from_s: float, before: Figure) -> Reading:
    value, samples = figure(rail.metric, ledger, from_s)
    usual, compared = before
    limit = rail.at_most.limit(usual if compared >= rail.least_samples else None)
    if value is None or limit is None or samples < rail.least_samples:
        finding = Finding.TOO_FEW
    else:
        finding = Finding.KEPT if value <= limit else Finding.BREACHED
    return Reading(
        rail=rail, value=value, limit=limit, samples=samples, finding=finding
    )


def _share(hits: Sequence[bool]) -> Figure:
    return (sum(hits) / len(hits) if hits else None), len(hits)
