"""Each refusal of direct access has a meaning, and a next step."""

from __future__ import annotations

import json

import pytest

from gitlab_completions import DirectMode, ErrorCode, RoutingPolicy
from gitlab_completions._doctor.direct_access import BY_STATUS, BY_WORD, judge
from gitlab_completions._doctor.troubles import Trouble
from gitlab_completions._records import replace
from gitlab_completions._wire.refusals import decode_refusal
from gitlab_completions.diagnosis import Check, Grade
from gitlab_completions.errors import (
    DirectAccessBarredError,
    DirectAccessUnavailableError,
)
from tests._doctor.parts import NEVER, WELL, chart, patient

BARRED = DirectAccessBarredError("GitLab answered 403", status_code=403)
JSON = {"content-type": "application/json"}


def refused(status: int, answer: object = None, **changes: object) -> Check:
    body = b"" if answer is None else json.dumps(answer).encode()
    return judge(
        chart(
            granted=None,
            direct_problem=BARRED,
            direct_refusal=decode_refusal(status, JSON, body),
            **changes,
        )
    )


def test_a_grant_is_told_by_its_worth() -> None:
    check = judge(chart())
    assert check.grade is Grade.OK
    assert check.finding.endswith("good for 1 hour")
    assert check.facts == {
        "token_lifetime_s": 3600,
        "endpoints": ["v2"],
        "names_model": True,
    }


@pytest.mark.parametrize(
    ("status", "answer", "words"),
    [
        (
            403,
            {"message": "403 Forbidden - Direct connections are disabled"},
            "switched off: by its administrator's choice",
        ),
        (400, {"message": "No Code Completion model provided"}, "no model"),
        (
            400,
            {"message": "Code Completion direct access is not yet available"},
            "not switched on yet",
        ),
        (503, {"message": "Token creation failed"}, "made GitLab no token"),
        (
            403,
            {"message": "Token creation failed", "error": "not_entitled"},
            "whether this user has credits",
        ),
        (401, {"message": "401 Unauthorized"}, "GitLab Duo features"),
        (403, {"message": "403 Forbidden"}, "forbids direct connections for this"),
        (404, {"message": "404 Not Found"}, "has no direct connections"),
        (422, {"message": "no"}, "for this project"),
        (500, {"message": "500 Internal Server Error"}, "could not get a token"),
        (502, {"message": "x"}, "could not get a token"),
        (418, {"message": "x"}, "GitLab answered 403"),
        (502, None, "GitLab answered 403"),
    ],
)
def test_a_refusal_is_a_warning_with_its_meaning(
    status: int, answer: object, words: str
) -> None:
    check = refused(status, answer)
    assert check.grade is Grade.WARNING
    assert words in check.finding
    assert check.next_step


def test_every_meaning_says_what_to_do() -> None:
    for meaning in (*BY_WORD.values(), *BY_STATUS.values()):
        assert meaning.words
        assert meaning.remedy


def test_old_releases_have_a_flag_for_it() -> None:
    old = replace(WELL, gitlab_version="17.1.0")
    check = refused(404, {"message": "404 Not Found"}, availability=old)
    assert "behind a flag" in check.finding


def test_with_nothing_but_direct_a_refusal_is_a_problem() -> None:
    only = patient(RoutingPolicy(direct=DirectMode.ONLY))
    check = refused(403, {"message": "403 Forbidden"}, patient=only, tasted={})
    assert check.grade is Grade.PROBLEM
    assert check.next_step == "let completions go through GitLab as well"


def test_what_this_side_forbids_is_skipped() -> None:
    check = judge(chart(patient=patient(NEVER), granted=None))
    assert check.grade is Grade.SKIPPED
    assert "switched off on this side" in check.finding


def test_a_rate_limit_is_told_elsewhere() -> None:
    limited = DirectAccessUnavailableError("429", code=ErrorCode.RATE_LIMITED)
    check = judge(chart(granted=None, direct_problem=limited))
    assert check.finding == "not looked at: because of the rate limit"


def test_a_break_is_told_as_the_client_does() -> None:
    broken = DirectAccessUnavailableError("it broke", code=ErrorCode.OFFLINE)
    check = judge(chart(granted=None, direct_problem=broken))
    assert check.finding == "it broke"
    late = judge(chart(granted=None))
    assert late.finding == "direct access was not answered"


def test_it_is_skipped_behind_others() -> None:
    trouble = Trouble(check="tls", words="so", remedy="do")
    assert judge(chart(trouble=trouble, tasted={})).grade is Grade.SKIPPED
    assert judge(chart(unsent="too long")).grade is Grade.SKIPPED
