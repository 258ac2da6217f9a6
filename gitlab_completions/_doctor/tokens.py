"""Judges the access token: what it is, what it may, and how long it lives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._doctor.verdicts import (
    as_bad,
    missing,
    seconds,
    told,
    warning,
    well,
)
from gitlab_completions._error_codes import REMEDIES
from gitlab_completions._records import replace
from gitlab_completions._wire.headers import date_s
from gitlab_completions.errors import ErrorCode

if TYPE_CHECKING:
    from gitlab_completions._doctor.chart import Chart
    from gitlab_completions._doctor.troubles import Trouble
    from gitlab_completions._wire.introspection import TokenFacts
    from gitlab_completions.diagnosis import Check

NAME = "token"
SOON_S = 14 * 86_400.0
"""Seconds before its end from which a token should be renewed; GitLab itself writes its
owner a week before."""
ENOUGH = frozenset({"api", "ai_features"})
"""Scopes of which code suggestions want one."""
KNOWN = frozenset(
    {
        *ENOUGH,
        *("read_api", "read_user", "read_repository", "write_repository"),
        *("read_registry", "write_registry", "read_virtual_registry"),
        *("write_virtual_registry", "create_runner", "manage_runner", "k8s_proxy"),
        *("self_rotate", "sudo", "admin_mode", "ai_workflows", "read_service_ping"),
        *("read_observability", "write_observability", "openid", "profile", "email"),
    }
)
"""GitLab's scopes, which are told; of others, only that there are some: a fine-grained
token has words of its own, and whether they are enough is for GitLab to say."""
FORMS = {
    "personal": "a personal, project or group token",
    "oauth": "an OAuth token",
    "unknown": "a token",
}

REFUSED = {
    ErrorCode.TOKEN_INVALID: "GitLab does not know the access token (401)",
    ErrorCode.TOKEN_EXPIRED: "the access token has expired (401)",
    ErrorCode.TOKEN_REVOKED: "the access token was revoked (401)",
    ErrorCode.SCOPE_MISSING: (
        "the access token has not the scope that code suggestions want (403)"
    ),
}
"""By what a refusal means, where the client's own error tells the status alone."""


def judge(chart: Chart) -> Check:
    """Say what the token is good for, and until when."""
    token = chart.token
    facts = _facts(chart)
    if chart.trouble is not None and chart.trouble.check == NAME:
        return _refused(chart, chart.trouble, facts)
    if chart.contact is None:
        return missing(chart, NAME, "GitLab was not asked", **facts)
    if token is None:
        return _untold(chart, facts)
    form = FORMS[token.form]
    if (
        token.scopes
        and ENOUGH.isdisjoint(token.scopes)
        and KNOWN.issuperset(token.scopes)
    ):
        return as_bad(
            chart,
            NAME,
            f"{form}, which has not the scope that code suggestions want",
            REMEDIES[ErrorCode.SCOPE_MISSING],
            error_code=ErrorCode.SCOPE_MISSING.value,
            **facts,
        )
    left_s = _left_s(chart, token)
    if token.form == "personal" and left_s is not None and left_s < SOON_S:
        return warning(
            NAME,
            f"{form}, which expires in {_days(left_s)}",
            "create a new access token, or rotate this one, before that day",
            **facts,
        )
    words = f"{form}{_scope(token)}, taken by GitLab{_until(token, left_s)}"
    return well(NAME, words, **facts)


def _refused(chart: Chart, trouble: Trouble, facts: dict[str, object]) -> Check:
    """Say what GitLab has against the token, in better words than a status."""
    words = trouble.words
    if trouble.code is not None and words.startswith("GitLab answered"):
        words = REFUSED.get(trouble.code, words)
    return told(chart, replace(trouble, words=words), NAME, **facts)


def _untold(chart: Chart, facts: dict[str, object]) -> Check:
    """Say what there is to say of a token of which GitLab tells nothing."""
    if chart.contact_refusal is not None:
        return missing(chart, NAME, "GitLab refuses to tell of it", **facts)
    form = FORMS[chart.token_form]
    return well(NAME, f"{form}, taken by GitLab, which tells no more of it", **facts)


def _facts(chart: Chart) -> dict[str, object]:
    token = chart.token
    facts: dict[str, object] = {
        "form": chart.token_form if token is None else token.form,
        "header": chart.patient.desk.header.value,
    }
    if token is None:
        return facts
    left_s = _left_s(chart, token)
    if token.scopes is not None:
        facts["scopes"] = [scope for scope in token.scopes if scope in KNOWN]
        facts["other_scopes"] = len(set(token.scopes) - KNOWN)
    return facts | {"expires_in_s": None if left_s is None else round(left_s)}


def _left_s(chart: Chart, token: TokenFacts) -> float | None:
    """Return the seconds that it lives still, by GitLab's clock, not by ours."""
    if token.lives_s is not None:
        return token.lives_s
    if token.ends_at is None or chart.contact is None:
        return None
    contact = chart.contact
    now = date_s(contact.answer.headers.get("date", ""))
    return token.ends_at - (contact.wall.timestamp() if now is None else now)


def _scope(token: TokenFacts) -> str:
    """Tell the scope by which code suggestions may be asked for, and no other."""
    enough = sorted(ENOUGH.intersection(token.scopes or ()))
    return f" with the scope {' and '.join(enough)}" if enough else ""


def _days(left_s: float) -> str:
    days = max(0, int(left_s // 86_400))
    return {0: "less than a day", 1: "a day"}.get(days, f"{days} days")


def _until(token: TokenFacts, left_s: float | None) -> str:
    if left_s is None:
        return ""
    if token.form == "oauth":
        return f", and good for {seconds(left_s)} more"
    return f", and good for {_days(left_s)} more"
