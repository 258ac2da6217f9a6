"""Judges this side's settings: what they forbid is no problem, and is said."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from gitlab_completions._core.override import VARIABLE
from gitlab_completions._core.rollout import barrier
from gitlab_completions._doctor.verdicts import warning, well
from gitlab_completions._version import __version__
from gitlab_completions._wire.urls import is_local
from gitlab_completions.models import RouteReason
from gitlab_completions.policy import DirectMode
from gitlab_completions.senders import HttpxSender

if TYPE_CHECKING:
    from gitlab_completions._doctor.chart import Chart
    from gitlab_completions.diagnosis import Check

NAME = "configuration"


def judge(chart: Chart) -> Check:
    """Say what this side's settings allow."""
    setup = chart.patient.setup
    policy = setup.policy
    facts: dict[str, object] = {
        "library": __version__,
        "python": ".".join(map(str, sys.version_info[:3])),
        "platform": sys.platform,
        "sender": "HttpxSender" if isinstance(setup.sender, HttpxSender) else "own",
        "direct": policy.direct.value,
        "direct_percentage": policy.direct_percentage,
        "overridden": chart.overridden,
        "plain_http": policy.allow_plain_http,
        "stored": setup.store is not None,
        "redacted": setup.redact is not None,
        "ignored": setup.ignore is not None,
        "project_given": chart.project_given,
        "health": chart.patient.status.health.value,
        "reason": chart.patient.status.reason.value,
    }
    if not chart.instance.is_tls and not is_local(setup.root):
        return warning(
            NAME,
            "GitLab is spoken to without TLS: token and source travel in clear",
            "write https:// in the instance's URL, and leave allow_plain_http out",
            **facts,
        )
    return well(NAME, _words(chart), **facts)


def forbids_direct(chart: Chart) -> str:
    """Return why this side does not go direct; empty when it does."""
    policy, rollout = chart.patient.setup.policy, chart.patient.rollout
    by = f"the policy or {VARIABLE}" if chart.overridden else "the policy"
    match barrier(policy, rollout):
        case RouteReason.POLICY:
            return f"direct connections are switched off on this side, by {by}"
        case RouteReason.ROLLOUT if rollout.in_share:
            return "the flag for direct connections is off for this user"
        case RouteReason.ROLLOUT:
            share = policy.direct_percentage
            return (
                f"{by} has {share:g} % of the users go direct, and this one is not "
                "among them"
            )
        case _:
            return ""


def _words(chart: Chart) -> str:
    forbidden = forbids_direct(chart)
    if forbidden:
        return f"{forbidden}; completions go through GitLab"
    if chart.patient.setup.policy.direct is DirectMode.ONLY:
        return "nothing but direct connections is allowed on this side"
    return "completions go direct where that works, else through GitLab"
