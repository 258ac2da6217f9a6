"""Judges the clocks: this machine's, GitLab's, and the gateway's.

Three clocks tell who is wrong: two that agree are taken to be right. What the library
does is the same whatever this machine's clock says, since it counts lifetimes between
two readings of the servers' own; certificates are judged by it all the same, and so are
the dates in logs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._doctor.verdicts import (
    missing,
    seconds,
    warning,
    well,
)
from gitlab_completions._wire.headers import date_s
from gitlab_completions.models import Route

if TYPE_CHECKING:
    from gitlab_completions._doctor.chart import Chart
    from gitlab_completions._doctor.notebook import Entry
    from gitlab_completions.diagnosis import Check

NAME = "clock"
OFF_S = 300.0
"""Seconds from which a clock is off: what Kerberos and most token checks allow."""
_HALF_A_SECOND = 0.5
"""A `Date` has whole seconds: on average it was written half of one later."""


def judge(chart: Chart) -> Check:
    """Say whose clock is off."""
    theirs = _ahead_s(chart, Route.INDIRECT)
    gateways = _ahead_s(chart, Route.DIRECT)
    if gateways is None:
        gateways = _by_token_s(chart)
    if theirs is None:
        return missing(chart, NAME, "GitLab's answers are not dated")
    facts: dict[str, object] = {
        "instance_ahead_s": round(theirs, 1),
        "gateway_ahead_s": None if gateways is None else round(gateways, 1),
    }
    if abs(theirs) < OFF_S and (gateways is None or abs(gateways) < OFF_S):
        return well(NAME, "this machine's clock and the servers' agree", **facts)
    words, next_step = _whose(theirs, gateways)
    return warning(NAME, words, next_step, **facts)


def _whose(theirs: float, gateways: float | None) -> tuple[str, str]:
    """Return whose clock is off, and what mends it."""
    if gateways is None:
        return (
            f"this machine's clock is {_off(-theirs)} GitLab's",
            "set this machine's clock; if it is right, tell who runs GitLab",
        )
    if abs(gateways - theirs) < OFF_S:
        return (
            f"this machine's clock is {_off(-theirs)} the servers'",
            "set this machine's clock: certificates and tokens are judged by it",
        )
    if abs(gateways) < OFF_S:
        return (
            f"GitLab's clock is {_off(theirs)} this machine's and the gateway's",
            "tell who runs GitLab to set its clock: the gateway refuses tokens by it",
        )
    return (
        f"the gateway's clock is {_off(gateways)} this machine's",
        "tell who runs the AI Gateway to set its clock",
    )


def _ahead_s(chart: Chart, route: Route) -> float | None:
    """Return the seconds by which a server's clock is ahead of this machine's."""
    for entry in chart.entries:
        if entry.route is route:
            ahead_s = _ahead_in(entry)
            if ahead_s is not None:
                return ahead_s
    return None


def _ahead_in(entry: Entry) -> float | None:
    told = date_s(entry.answer.headers.get("date", ""))
    return None if told is None else told + _HALF_A_SECOND - entry.wall.timestamp()


def _by_token_s(chart: Chart) -> float | None:
    """Return the same for the gateway, by when it says that it made the token."""
    issued_at = None if chart.granted is None else chart.granted.issued_at
    asked = next(
        (one for one in chart.entries if one.url.endswith("/direct_access")), None
    )
    if issued_at is None or asked is None:
        return None
    return issued_at + _HALF_A_SECOND - asked.wall.timestamp()


def _off(ahead_s: float) -> str:
    return f"{seconds(abs(ahead_s))} {'ahead of' if ahead_s > 0 else 'behind'}"
