"""GitLab is told with its version, and with whether it gives code suggestions."""

from __future__ import annotations

import pytest

from gitlab_completions import Availability, GitLabCompletionsError
from gitlab_completions._doctor.instance import judge_availability, judge_version
from gitlab_completions._doctor.troubles import Trouble
from gitlab_completions._records import replace
from gitlab_completions.diagnosis import Grade
from tests._doctor.parts import WELL, chart, entry

TOKEN = Trouble(check="token", words="void", remedy="renew")
NO = Availability(
    available=False, problem=GitLabCompletionsError("no"), gitlab_version=None
)


@pytest.mark.parametrize(
    ("version", "grade"),
    [
        ("16.7.9", Grade.PROBLEM),
        ("17.1.0-ee", Grade.WARNING),
        ("17.2.0", Grade.OK),
        ("19.5.1-ee", Grade.OK),
        ("canary", Grade.OK),
    ],
)
def test_a_version_is_new_enough_or_not(version: str, grade: Grade) -> None:
    known = replace(WELL, gitlab_version=version)
    check = judge_version(chart(availability=known, tasted={}))
    assert check.grade is grade
    assert version in check.finding
    assert check.facts["gitlab_version"] == version


def test_it_is_the_first_answer_that_tells_it() -> None:
    told = judge_version(chart(availability=None))
    assert told.finding == "GitLab 19.3.0"
    assert told.facts["status_code"] == 200


def test_a_trouble_with_gitlab_is_told() -> None:
    trouble = Trouble(check="version", words="GitLab answered 503", remedy="wait")
    down = entry(503, body=b"")
    seen = chart(trouble=trouble, contact=down, availability=None, tasted={})
    assert judge_version(seen).finding == "GitLab answered 503"
    assert judge_availability(seen).grade is Grade.SKIPPED


def test_a_version_may_be_untold() -> None:
    seen = chart(contact=entry(401, body=b"{}"), availability=None)
    assert judge_version(seen).grade is Grade.SKIPPED
    unreached = chart(contact=None, availability=None, trouble=TOKEN, tasted={})
    assert "access token" in judge_version(unreached).finding


@pytest.mark.parametrize(
    ("given", "words"), [(True, "user and project"), (False, "this user")]
)
def test_code_suggestions_are_there(words: str, *, given: bool) -> None:
    check = judge_availability(chart(project_given=given))
    assert check.grade is Grade.OK
    assert words in check.finding


def test_what_the_token_is_to_blame_for_is_skipped() -> None:
    seen = chart(availability=NO, trouble=TOKEN)
    assert judge_availability(seen).grade is Grade.SKIPPED
    assert judge_availability(chart(availability=None)).grade is Grade.SKIPPED
