"""A token is told by its form, its scopes and its last day, never by itself."""

from __future__ import annotations

import pytest

from gitlab_completions import ErrorCode, Route
from gitlab_completions._doctor.tokens import judge
from gitlab_completions._doctor.troubles import Trouble
from gitlab_completions._records import replace
from gitlab_completions._wire.introspection import TokenFacts
from gitlab_completions._wire.refusals import decode_refusal
from gitlab_completions.diagnosis import Check, Grade
from tests._doctor.parts import AT, came, chart, entry

DAY = 86_400.0
PERSONAL = TokenFacts(form="personal", scopes=("api",))


def judged(token: TokenFacts | None, **more: object) -> Check:
    return judge(chart(token=token, token_form="personal", **more))


def ending_in(days: float) -> TokenFacts:
    return replace(PERSONAL, ends_at=AT.timestamp() + days * DAY)


def test_a_good_token_is_told() -> None:
    check = judged(ending_in(100))
    assert check.grade is Grade.OK
    assert check.finding.endswith(
        "token with the scope api, taken by GitLab, and good for 100 days more"
    )
    assert check.facts["scopes"] == ["api"]
    assert check.facts["expires_in_s"] == 100 * DAY


@pytest.mark.parametrize(
    ("days", "words"),
    [(13, "in 13 days"), (1.5, "in a day"), (0.5, "in less than a day")],
)
def test_one_that_ends_soon_is_a_warning(days: float, words: str) -> None:
    check = judged(ending_in(days))
    assert check.grade is Grade.WARNING
    assert words in check.finding
    assert check.next_step is not None
    assert "rotate" in check.next_step


def test_the_servers_clock_counts_its_days() -> None:
    wrong = replace(entry(), wall=AT.replace(year=2036))
    assert judged(ending_in(100), contact=wrong).grade is Grade.OK
    undated = entry(headers={"date": ""})
    assert judged(ending_in(100), contact=undated).grade is Grade.OK


def test_an_oauth_token_lives_two_hours_and_that_is_well() -> None:
    check = judged(replace(PERSONAL, form="oauth", lives_s=7200.0))
    assert check.grade is Grade.OK
    assert check.finding == (
        "an OAuth token with the scope api, taken by GitLab, and good for 2 hours more"
    )


@pytest.mark.parametrize("scopes", [("read_api",), ("read_user", "sudo")])
def test_scopes_that_are_not_enough_are_told(scopes: tuple[str, ...]) -> None:
    check = judged(replace(PERSONAL, scopes=scopes), tasted={})
    assert check.grade is Grade.PROBLEM
    assert check.facts["error_code"] == ErrorCode.SCOPE_MISSING
    assert "api or ai_features" in (check.next_step or "")


def test_scopes_that_nobody_knows_are_for_gitlab_to_judge() -> None:
    check = judged(replace(PERSONAL, scopes=("granular", "canary-project")))
    assert check.grade is Grade.OK
    assert check.facts["scopes"] == []
    assert check.facts["other_scopes"] == 2


def test_a_token_may_be_untold() -> None:
    assert "tells no more of it" in judged(None).finding
    refusal = decode_refusal(403, {}, b'{"message": "403 Forbidden"}')
    assert judged(None, contact_refusal=refusal).grade is Grade.SKIPPED
    assert judged(None, contact=None).grade is Grade.SKIPPED
    assert judged(replace(PERSONAL, scopes=None)).grade is Grade.OK


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (ErrorCode.TOKEN_INVALID, "does not know the access token"),
        (ErrorCode.TOKEN_EXPIRED, "has expired"),
        (ErrorCode.TOKEN_REVOKED, "was revoked"),
        (ErrorCode.SCOPE_MISSING, "scope"),
        (ErrorCode.FORBIDDEN, "GitLab answered 401"),
    ],
)
def test_a_refusal_is_told_in_words(code: ErrorCode, words: str) -> None:
    trouble = Trouble(
        check="token", words="GitLab answered 401", remedy="do", code=code
    )
    check = judged(None, trouble=trouble, tasted={})
    assert check.grade is Grade.PROBLEM
    assert words in check.finding
    own = replace(trouble, words="GitLab refused a deploy token")
    assert judged(None, trouble=own, tasted={}).finding == own.words
    better = judged(None, trouble=own, tasted={Route.INDIRECT: came()})
    assert better.grade is Grade.WARNING
