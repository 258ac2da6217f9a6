"""Makes checks: one function for each grade, and the words for what was skipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions.diagnosis import Check, Grade

if TYPE_CHECKING:
    from gitlab_completions._doctor.chart import Chart
    from gitlab_completions._doctor.troubles import Trouble

LABELS = {
    "configuration": "the configuration",
    "dns": "the names and addresses",
    "proxy": "the way there",
    "tls": "TLS",
    "clock": "the clocks",
    "token": "the access token",
    "version": "GitLab",
    "availability": "the availability",
    "direct_access": "direct access",
    "gateway": "the gateway",
    "indirect": "the indirect route",
    "direct": "the direct route",
    "rate_limit": "the rate limit",
}
_HOUR_S, _DAY_S = 3600.0, 86_400.0
_UNITS = (
    (1.0, 0.001, "ms"),
    (100.0, 1.0, "s"),
    (0.95 * _HOUR_S, 60.0, "min"),
    (1.5 * _HOUR_S, _HOUR_S, "hour"),
    (2 * _DAY_S, _HOUR_S, "hours"),
)
"""Up to how many seconds a span is told in a unit, and the unit's own."""
OWN_SENDER = "a sender of your own sends: its connections cannot be looked into"


def well(name: str, finding: str, **facts: object) -> Check:
    """Return a check that came out well."""
    return _check(name, Grade.OK, finding, None, facts)


def warning(name: str, finding: str, next_step: str | None, **facts: object) -> Check:
    """Return a check that found what could be better."""
    return _check(name, Grade.WARNING, finding, next_step, facts)


def problem(name: str, finding: str, next_step: str | None, **facts: object) -> Check:
    """Return a check that found what somebody has to mend."""
    return _check(name, Grade.PROBLEM, finding, next_step, facts)


def skipped(name: str, why: str, **facts: object) -> Check:
    """Return a check that was not made."""
    return _check(name, Grade.SKIPPED, f"not looked at: {why}", None, facts)


def as_bad(
    chart: Chart, name: str, finding: str, next_step: str | None, **facts: object
) -> Check:
    """Return a check that found what keeps completions from coming: if it does."""
    if not chart.completes:
        return problem(name, finding, next_step, **facts)
    return warning(name, finding, next_step, **facts)


def of_trouble(chart: Chart, name: str, **facts: object) -> Check | None:
    """Return the check whose trouble it is, or that was not made for another's.

    `None` when nothing stood in the way.
    """
    trouble = chart.trouble
    if trouble is None:
        return None
    if trouble.check == name:
        return told(chart, trouble, name, **facts)
    return None if chart.completes else missing(chart, name, "", **facts)


def told(chart: Chart, trouble: Trouble, name: str, **facts: object) -> Check:
    """Return a check that found this trouble."""
    if trouble.code is not None:
        facts["error_code"] = trouble.code.value
    also = "; completions come all the same" if chart.completes else ""
    return as_bad(chart, name, f"{trouble.words}{also}", trouble.remedy, **facts)


def unseen(chart: Chart, name: str) -> Check:
    """Return a check that was not made: how exchanges get to GitLab is not known."""
    if chart.instance.error is not None:
        return missing(chart, name, "it could not be")
    return skipped(name, OWN_SENDER)


def missing(chart: Chart, name: str, otherwise: str, **facts: object) -> Check:
    """Return a check that was not made: for the trouble, or for another reason."""
    trouble = chart.trouble
    why = otherwise if trouble is None else f"because of {LABELS[trouble.check]}"
    return skipped(name, why, **facts)


def _check(
    name: str,
    grade: Grade,
    finding: str,
    next_step: str | None,
    facts: dict[str, object],
) -> Check:
    known = {key: value for key, value in facts.items() if value is not None}
    return Check(
        name=name, grade=grade, finding=finding, next_step=next_step, facts=known
    )


def seconds(value: float) -> str:
    """Return a span as a person reads it."""
    span_s = abs(value)
    for most_s, unit_s, unit in _UNITS:
        if span_s < most_s:
            return f"{span_s / unit_s:.0f} {unit}"
    return f"{span_s / _DAY_S:.0f} days"
