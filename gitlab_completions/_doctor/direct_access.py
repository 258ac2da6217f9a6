"""Judges direct access: granted, or refused, and what each refusal means.

A refusal is a warning and no problem: completions go through the instance then. What
keeps those from coming as well was found before this is looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._core.availability import Age
from gitlab_completions._doctor.configuration import forbids_direct
from gitlab_completions._doctor.instance import age
from gitlab_completions._doctor.verdicts import (
    of_trouble,
    problem,
    seconds,
    skipped,
    warning,
    well,
)
from gitlab_completions._records import Record
from gitlab_completions.errors import ErrorCode
from gitlab_completions.policy import DirectMode

if TYPE_CHECKING:
    from gitlab_completions._doctor.chart import Chart
    from gitlab_completions._wire.refusals import Refusal
    from gitlab_completions.diagnosis import Check
    from gitlab_completions.errors import DirectAccessError

NAME = "direct_access"
_NO_NEED = "no need to act: completions go through GitLab"
_INDIRECT = "completions go through GitLab"


class Meaning(Record):
    """What a refusal of direct access means.

    Args:
        words: What happened.
        remedy: What a person can do.
    """

    words: str
    remedy: str


BY_WORD = {
    "direct_connections_disabled": Meaning(
        words="GitLab has direct connections switched off: by its administrator's "
        "choice, or for an incident, the kind of its licence or a group's model",
        remedy=f"{_NO_NEED}; the administrator's choice is in Admin, GitLab Duo, "
        "Connection method",
    ),
    "no_completion_model": Meaning(
        words="GitLab says that it has no model for code completion; GitLab 19.1 and "
        "19.2 say so to everybody",
        remedy=f"{_NO_NEED}; with a gateway of its own GitLab wants a model assigned "
        "by its administrator, else a newer GitLab",
    ),
    "direct_access_unavailable": Meaning(
        words="direct connections are not switched on yet in this GitLab, as in 19.3 "
        "where GitLab's own gateway is in use",
        remedy=f"{_NO_NEED}; a newer GitLab has them",
    ),
    "no_paid_namespace": Meaning(
        words="GitLab grants direct connections to members of a paid namespace, and "
        "this user is in none",
        remedy=f"{_NO_NEED}; the owner of a paid group can make the user a member",
    ),
    "token_creation_failed": Meaning(
        words="the AI Gateway made GitLab no token for direct connections",
        remedy="ask who runs GitLab to look at its connection to the AI Gateway "
        f"(Admin, GitLab Duo, health check); {_INDIRECT} where that works",
    ),
    "USAGE_QUOTA_NOT_ENTITLED": Meaning(
        words="the AI Gateway could not find out whether this user has credits, or "
        "there are none",
        remedy=f"try again in some minutes; {_INDIRECT} meanwhile",
    ),
}
"""By the word of a closed set that a refusal has; protocol.md, section 1.3."""
BY_STATUS = {
    401: Meaning(
        words="GitLab refuses direct access to a user who may have code suggestions: "
        "code completion is switched off among its GitLab Duo features",
        remedy="ask your GitLab administrator to switch code completion on for "
        "GitLab Duo",
    ),
    403: Meaning(
        words="GitLab forbids direct connections for this user",
        remedy=_NO_NEED,
    ),
    404: Meaning(
        words="this GitLab has no direct connections, or has them switched off for "
        "this user",
        remedy=f"{_NO_NEED}; GitLab has them for all since 17.2",
    ),
    422: Meaning(
        words="GitLab refuses direct connections for this project",
        remedy=f"{_NO_NEED}; with another project, or with none, they may be granted",
    ),
    500: Meaning(
        words="GitLab could not get a token for direct connections from the AI Gateway",
        remedy="ask who runs GitLab whether it reaches the AI Gateway, and in less "
        f"than 3 s; {_INDIRECT} where that works",
    ),
}
"""By its status, for those without such a word."""


def judge(chart: Chart) -> Check:
    """Say whether direct access is granted, or what its refusal means."""
    found = of_trouble(chart, NAME)
    if found is not None:
        return found
    forbidden = forbids_direct(chart)
    if forbidden:
        return skipped(NAME, forbidden)
    if chart.unsent:
        return skipped(NAME, "because of the indirect route")
    if chart.granted is not None:
        return _granted(chart)
    error, refusal = chart.direct_problem, chart.direct_refusal
    facts = _facts(error, refusal)
    if error is not None and error.code is ErrorCode.RATE_LIMITED:
        return skipped(NAME, "because of the rate limit", **facts)
    meaning = _meaning(chart, error, refusal)
    if chart.patient.setup.policy.direct is DirectMode.ONLY:
        return problem(
            NAME, meaning.words, "let completions go through GitLab as well", **facts
        )
    return warning(NAME, meaning.words, meaning.remedy, **facts)


def _granted(chart: Chart) -> Check:
    granted = chart.granted
    assert granted is not None
    return well(
        NAME,
        "granted, with a token for the AI Gateway that is good for "
        f"{seconds(granted.lifetime_s)}",
        token_lifetime_s=round(granted.lifetime_s),
        endpoints=[one.value for one in granted.endpoints],
        names_model=granted.names_model,
    )


def _meaning(
    chart: Chart, error: DirectAccessError | None, refusal: Refusal | None
) -> Meaning:
    if error is None:
        return Meaning(words="direct access was not answered", remedy=_NO_NEED)
    if refusal is not None and refusal.is_json:
        known = BY_WORD.get(refusal.vendor_code)
        if known is None and refusal.status_code == 404 and _may_lack_it(chart):  # noqa: PLR2004 - not found
            known = Meaning(
                words="direct connections are behind a flag in this GitLab, which is "
                "off for this user",
                remedy=f"{_NO_NEED}; an administrator can switch it on: "
                "code_suggestions_direct_completions",
            )
        known = known or BY_STATUS.get(min(refusal.status_code, 500))
        if known is not None:
            return known
    remedy = error.remedy or f"{_INDIRECT} meanwhile"
    return Meaning(words=error.message, remedy=remedy)


def _may_lack_it(chart: Chart) -> bool:
    return age(chart) is Age.OLD


def _facts(
    error: DirectAccessError | None, refusal: Refusal | None
) -> dict[str, object]:
    facts: dict[str, object] = {}
    if error is not None:
        facts = {"error_code": error.code.value, "status_code": error.status_code}
    if refusal is not None:
        facts["refusal"] = refusal.vendor_code or None
        facts["origin"] = refusal.origin.value
    return facts
