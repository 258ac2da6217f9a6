"""A limit that has struck is told with its wait; one that nearly has, too."""

from __future__ import annotations

import pytest

from gitlab_completions import Route, RoutingPolicy
from gitlab_completions._doctor.limits import judge
from gitlab_completions._doctor.troubles import Trouble
from gitlab_completions.diagnosis import Grade
from tests._doctor.parts import chart, entry, patient

LIMITED = {"retry-after": "30"}
DETAILS = entry(429, purpose="details", headers=LIMITED)
TROUBLE = Trouble(check="tls", words="so", remedy="do")


def test_all_is_well() -> None:
    check = judge(chart())
    assert check.grade is Grade.OK
    assert check.facts["used"] == 0
    assert check.facts["limit"] == 60


@pytest.mark.parametrize(
    ("struck", "words"),
    [
        (DETAILS, "direct access"),
        (entry(429, route=Route.DIRECT), "the AI Gateway's limit"),
        (entry(429, headers=LIMITED), "GitLab's rate limit"),
    ],
)
def test_a_limit_that_has_struck_is_told(struck: object, words: str) -> None:
    check = judge(chart(entries=(entry(), struck)))
    assert check.grade is Grade.WARNING
    assert words in check.finding
    assert check.next_step is not None
    assert ("in 30 s" in check.next_step) or ("in a minute" in check.next_step)


def test_it_is_a_problem_when_no_completion_comes() -> None:
    for struck in (entry(429), DETAILS, entry(429, route=Route.DIRECT)):
        check = judge(chart(entries=(struck,), tasted={}))
        assert check.grade is Grade.PROBLEM
        assert "meanwhile" not in (check.next_step or "meanwhile")


def test_what_keeps_completions_from_coming_is_told_first() -> None:
    struck = (entry(429, purpose="details"), entry(429))
    check = judge(chart(entries=struck, tasted={}))
    assert check.grade is Grade.PROBLEM
    assert "GitLab's rate limit" in check.finding


def test_what_answers_say_of_limits_is_a_fact() -> None:
    told = {"ratelimit-limit": "600", "ratelimit-remaining": "12"}
    odd = {"ratelimit-limit": "many", "ratelimit-remaining": "9" * 20}
    check = judge(chart(entries=(entry(headers=told), entry(headers=odd))))
    facts = check.facts
    assert (facts["told_limit"], facts["told_remaining"]) == (600, 12)
    assert check.finding.endswith("of 600 requests 12 are left")
    half = judge(chart(entries=(entry(headers={"ratelimit-limit": "600"}),)))
    assert half.finding == "no limit has struck"


def test_a_minute_that_is_nearly_used_up_is_a_warning() -> None:
    assert judge(chart(patient=patient(used=44))).grade is Grade.OK
    check = judge(chart(patient=patient(used=45)))
    assert check.grade is Grade.WARNING
    assert check.finding.startswith("45 of 60 completions")
    unlimited = patient(RoutingPolicy(indirect_per_minute=None), used=500)
    assert judge(chart(patient=unlimited)).grade is Grade.OK


def test_it_is_skipped_behind_a_trouble() -> None:
    unreached = judge(chart(trouble=TROUBLE, contact=None, tasted={}))
    assert unreached.finding == "not looked at: because of TLS"
    assert judge(chart(trouble=TROUBLE, tasted={})).grade is Grade.SKIPPED
