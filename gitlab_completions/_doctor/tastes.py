"""Judges the two small completions that were asked for, one by each route."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._doctor.configuration import forbids_direct
from gitlab_completions._doctor.verdicts import (
    of_trouble,
    problem,
    seconds,
    skipped,
    warning,
    well,
)
from gitlab_completions.errors import ErrorCode
from gitlab_completions.models import Route
from gitlab_completions.policy import DirectMode

if TYPE_CHECKING:
    from gitlab_completions._doctor.chart import Chart
    from gitlab_completions.diagnosis import Check

INDIRECT = "indirect"
DIRECT = "direct"


def judge_indirect(chart: Chart) -> Check:
    """Say whether GitLab completes."""
    found = of_trouble(chart, INDIRECT)
    if found is not None:
        return found
    if chart.unsent:
        return problem(INDIRECT, chart.unsent, "change the project path")
    if chart.patient.setup.policy.direct is DirectMode.ONLY:
        return skipped(INDIRECT, "nothing but direct is allowed on this side")
    if Route.INDIRECT not in chart.tasted:
        return skipped(INDIRECT, "the limit of a minute is nearly used up")
    return _judge(chart, INDIRECT, Route.INDIRECT)


def judge_direct(chart: Chart) -> Check:
    """Say whether the gateway completes."""
    found = of_trouble(chart, DIRECT)
    if found is not None:
        return found
    if chart.unsent:
        return skipped(DIRECT, "because of the indirect route")
    if Route.DIRECT in chart.tasted:
        return _judge(chart, DIRECT, Route.DIRECT)
    why = forbids_direct(chart)
    if not why:
        gone = chart.granted is None
        why = "there is no direct access" if gone else "because of the gateway"
    return skipped(DIRECT, why)


def _judge(chart: Chart, name: str, route: Route) -> Check:
    tasted = chart.tasted[route]
    ending, elapsed_s = tasted.ending, tasted.elapsed_s
    facts: dict[str, object] = {
        "answer_s": None if elapsed_s is None else round(elapsed_s, 4)
    }
    error = ending.error
    if error is None:
        suggestion = ending.suggestion
        model = None if suggestion is None else suggestion.model
        facts["model"] = None if model is None else model.name
        took = "" if elapsed_s is None else f" in {seconds(elapsed_s)}"
        return well(name, f"a small completion came{took}", **facts)
    facts |= {
        "error_code": error.code.value,
        "status_code": ending.seen.status,
        "request_id": ending.request_id,
    }
    if error.code is ErrorCode.RATE_LIMITED:
        return skipped(name, "because of the rate limit", **facts)
    if route is Route.DIRECT and _completes(chart):
        return warning(
            name,
            f"{error.message}: no completion by this route",
            f"{error.remedy or 'try again later'}; completions go through GitLab",
            **facts,
        )
    return problem(
        name, f"{error.message}: no completion by this route", error.remedy, **facts
    )


def _completes(chart: Chart) -> bool:
    indirect = chart.tasted.get(Route.INDIRECT)
    return indirect is not None and indirect.ending.error is None
