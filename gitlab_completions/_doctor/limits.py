"""Judges the rate limits: what is used of them, and whether one has struck."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._doctor.verdicts import (
    as_bad,
    of_trouble,
    seconds,
    warning,
    well,
)
from gitlab_completions._wire.headers import retry_after_s
from gitlab_completions.models import Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlab_completions._doctor.chart import Chart
    from gitlab_completions._doctor.notebook import Entry
    from gitlab_completions.diagnosis import Check

NAME = "rate_limit"
_TOO_MANY = 429
_NEARLY = 0.75
"""Share of the limit from which the client itself sends no hedges and no probes."""
_LIMITS = {
    "ratelimit-limit": "told_limit",
    "ratelimit-remaining": "told_remaining",
}
"""What a GitLab with throttles for all says of them; protocol.md, section 1.4."""


def judge(chart: Chart) -> Check:
    """Say whether a limit has struck, or nearly has."""
    policy, status = chart.patient.setup.policy, chart.patient.status
    most, used = policy.indirect_per_minute, status.indirect_used
    facts: dict[str, object] = {
        "used": used,
        "limit": most,
        "circuits": [f"{route}: {word}" for route, word in status.circuits.items()],
    } | _told(chart)
    struck = [one for one in chart.entries if one.answer.status_code == _TOO_MANY]
    if struck:
        # What keeps completions from coming is told before what makes them slower.
        worst = next((one for one in struck if not _is_of_direct(one)), struck[0])
        return _struck(chart, worst, facts)
    found = of_trouble(chart, NAME, **facts)
    if found is not None and chart.contact is None:
        return found
    if most is not None and used >= _NEARLY * most:
        return warning(
            NAME,
            f"{used} of {most} completions of the last minute went through GitLab",
            "let the editor ask less often, or ask your GitLab administrator for a "
            "higher limit (code_suggestions_api_rate_limit)",
            **facts,
        )
    if found is not None:
        return found
    left, told_most = facts.get("told_remaining"), facts.get("told_limit")
    if left is None or told_most is None:
        return well(NAME, "no limit has struck", **facts)
    words = f"no limit has struck: of {told_most} requests {left} are left"
    return well(NAME, words, **facts)


def _is_of_direct(entry: Entry) -> bool:
    return entry.purpose == "details" or entry.route is Route.DIRECT


def _struck(chart: Chart, entry: Entry, facts: dict[str, object]) -> Check:
    wait_s = retry_after_s(entry.answer.headers)
    again = "in a minute" if wait_s is None else f"in {seconds(wait_s)}"
    facts |= {"retry_after_s": wait_s, "status_code": _TOO_MANY}
    meanwhile = "; completions go through GitLab meanwhile" if chart.completes else ""
    if entry.purpose == "details":
        return as_bad(
            chart,
            NAME,
            "GitLab's limit for direct access has struck (429)",
            f"try again {again}; each of the user's windows asks for it, so let them "
            f"share it by a store{meanwhile}",
            **facts,
        )
    if entry.route is Route.DIRECT:
        return as_bad(
            chart,
            NAME,
            "the AI Gateway's limit has struck (429)",
            f"try again {again}{meanwhile}",
            **facts,
        )
    return as_bad(
        chart,
        NAME,
        "GitLab's rate limit has struck (429): this user has asked too often",
        f"try again {again}; all the user's programs share the limit",
        **facts,
    )


def _told(chart: Chart) -> dict[str, object]:
    """Return what answers say of limits; the last one's words hold."""
    facts: dict[str, object] = {}
    for entry in chart.entries:
        facts |= _numbers(entry.answer.headers)
    return facts


def _numbers(headers: Mapping[str, str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, fact in _LIMITS.items():
        text = headers.get(name, "").strip()
        if text.isascii() and text.isdigit() and len(text) < 10:  # noqa: PLR2004 - a count
            found[fact] = int(text)
    return found
