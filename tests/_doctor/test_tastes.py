"""Two small completions tell what comes in the end."""

from __future__ import annotations

import pytest

from gitlab_completions import ErrorCode, Route
from gitlab_completions._doctor.chart import Tasted
from gitlab_completions._doctor.tastes import judge_direct, judge_indirect
from gitlab_completions._doctor.troubles import Trouble
from gitlab_completions._shell.endings import broken, malformed
from gitlab_completions.diagnosis import Grade
from gitlab_completions.senders import SendError
from tests._doctor.parts import NEVER, ONLY, came, chart, failed, patient


def test_a_completion_is_told_by_its_time_and_no_word_of_the_servers() -> None:
    check = judge_direct(chart(tasted={Route.DIRECT: came(0.12)}))
    assert check.finding == "a small completion came in 120 ms"
    assert check.facts == {"answer_s": 0.12}


def test_one_that_failed_is_as_bad_as_the_other() -> None:
    both = {route: failed(route) for route in Route}
    assert judge_direct(chart(tasted=both)).grade is Grade.PROBLEM
    assert judge_indirect(chart(tasted=both)).grade is Grade.PROBLEM
    one = chart(tasted={**both, Route.DIRECT: came()})
    check = judge_indirect(one)
    assert check.grade is Grade.WARNING
    assert check.next_step is not None
    assert check.next_step.endswith("completions go direct meanwhile")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "does not take the token"),
        (403, "at none of its endpoints (403)"),
        (404, "at none of its endpoints"),
        (422, "refuses a request that is as it should be (422)"),
    ],
)
def test_a_gateways_refusal_has_a_meaning(status: int, words: str) -> None:
    tasted = failed(Route.DIRECT, status, ErrorCode.DIRECT_BARRED)
    check = judge_direct(chart(tasted={Route.DIRECT: tasted, Route.INDIRECT: came()}))
    assert check.grade is Grade.WARNING
    assert words in check.finding
    assert check.facts["status_code"] == status


def test_credits_may_be_in_doubt() -> None:
    tasted = failed(Route.INDIRECT, 403, ErrorCode.QUOTA)
    check = judge_indirect(chart(tasted={Route.INDIRECT: tasted}))
    assert "GitLab says that no credits are left" in check.finding
    assert "more credits" in (check.next_step or "")


def test_a_break_has_no_answer() -> None:
    silent = Tasted(
        ending=broken(Route.DIRECT, SendError("timeout"), 5.0), elapsed_s=None
    )
    check = judge_direct(chart(tasted={Route.DIRECT: silent}))
    assert check.finding == (
        "no completion came: the AI Gateway did not answer in time"
    )
    assert "deadline" not in (check.next_step or "")
    ending = malformed(Route.DIRECT, 200, "no choices", portal=False, elapsed_s=0.1)
    odd = judge_direct(chart(tasted={Route.DIRECT: Tasted(ending=ending, elapsed_s=1)}))
    assert odd.finding == "no completion came: the AI Gateway: no choices"


def test_a_rate_limit_is_told_elsewhere() -> None:
    limited = failed(Route.INDIRECT, 429, ErrorCode.RATE_LIMITED)
    check = judge_indirect(chart(tasted={Route.INDIRECT: limited}))
    assert check.finding == "not looked at: because of the rate limit"


def test_a_request_that_cannot_be_made_is_told() -> None:
    seen = chart(unsent="project_path has 300 characters", tasted={})
    assert judge_indirect(seen).grade is Grade.PROBLEM
    assert judge_direct(seen).finding.endswith("because of the indirect route")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"patient": patient(NEVER)}, "switched off on this side"),
        ({"granted": None}, "there is no direct access"),
        ({}, "because of the gateway"),
        (
            {"trouble": Trouble(check="tls", words="so", remedy="do"), "tasted": {}},
            "because of TLS",
        ),
    ],
)
def test_direct_is_skipped_for_a_reason(changes: dict[str, object], words: str) -> None:
    seen = chart(**{"tasted": {Route.INDIRECT: came()}, **changes})
    check = judge_direct(seen)
    assert check.grade is Grade.SKIPPED
    assert words in check.finding


def test_indirect_is_skipped_for_a_reason() -> None:
    assert "nothing but direct" in judge_indirect(chart(patient=patient(ONLY))).finding
    full = judge_indirect(chart(tasted={}))
    assert full.finding.endswith("the limit of a minute is nearly used up")
    trouble = Trouble(check="tls", words="so", remedy="do")
    assert judge_indirect(chart(trouble=trouble, tasted={})).grade is Grade.SKIPPED
