"""Judges the two small completions that were asked for, one by each route."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._doctor import troubles
from gitlab_completions._doctor.configuration import forbids_direct
from gitlab_completions._doctor.verdicts import (
    as_bad,
    missing,
    of_trouble,
    problem,
    seconds,
    skipped,
    well,
)
from gitlab_completions._shell.endings import NAMES
from gitlab_completions.errors import ErrorCode
from gitlab_completions.models import Route
from gitlab_completions.policy import DirectMode

if TYPE_CHECKING:
    from gitlab_completions._doctor.chart import Chart
    from gitlab_completions.diagnosis import Check
    from gitlab_completions.errors import RouteError

_DRIFT = (
    "the AI Gateway refuses a request that is as it should be",
    "a newer gitlab-completions may know that gateway; else report it with a bundle",
)
_NO_ENDPOINT = (
    "the AI Gateway takes completions of users at none of its endpoints",
    "a newer gitlab-completions may know that gateway; else tell who runs it",
)
_UNKNOWN_TOKEN = (
    "the AI Gateway does not take the token that GitLab has just granted",
    "look whether a proxy changes headers; else tell who runs the gateway",
)
_GATEWAYS: dict[int, tuple[str, str]] = {
    400: _DRIFT,
    401: _UNKNOWN_TOKEN,
    403: _NO_ENDPOINT,
    404: _NO_ENDPOINT,
    405: _NO_ENDPOINT,
    413: _DRIFT,
    422: _DRIFT,
}
"""What the gateway's refusals mean after a grant, by status."""
_MEANWHILE = {
    Route.DIRECT: "completions go through GitLab meanwhile",
    Route.INDIRECT: "completions go direct meanwhile",
}
_OF_THE_GATEWAY = frozenset({ErrorCode.DIRECT_BARRED, ErrorCode.REQUEST})
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
        return missing(chart, INDIRECT, "the limit of a minute is nearly used up")
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
        took = "" if elapsed_s is None else f" in {seconds(elapsed_s)}"
        return well(name, f"a small completion came{took}", **facts)
    facts |= {"error_code": error.code.value, "status_code": ending.seen.status}
    if error.code is ErrorCode.RATE_LIMITED:
        return skipped(name, "because of the rate limit", **facts)
    words, remedy = _meaning(error, route, ending.seen.status)
    if chart.completes:
        remedy = f"{remedy or 'try again later'}; {_MEANWHILE[route]}"
    return as_bad(chart, name, words, remedy, **facts)


def _meaning(
    error: RouteError, route: Route, status: int | None
) -> tuple[str, str | None]:
    """Return what a refused completion means, and what mends it."""
    if error.code is ErrorCode.QUOTA and status is not None:
        who = NAMES[route]
        words = f"{who} says that no credits are left, or could not find out ({status})"
        return words, f"try again in some minutes; else {error.remedy}"
    known = _GATEWAYS.get(status or 0) if route is Route.DIRECT else None
    if known is not None and error.code in _OF_THE_GATEWAY:
        return f"{known[0]} ({status})", known[1]
    words = error.message.removeprefix("no completion from ")
    return f"no completion came: {words}", troubles.remedy_of(error)
