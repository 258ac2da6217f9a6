"""What this side forbids is said as a setting, and is no problem."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitlab_completions import HttpxSender, RoutingPolicy
from gitlab_completions._doctor.configuration import forbids_direct, judge
from gitlab_completions.diagnosis import Grade
from tests._doctor.parts import NEVER, ONLY, chart, patient, road

if TYPE_CHECKING:
    from gitlab_completions._shell.patient import Patient

SHARE = RoutingPolicy(direct_percentage=25.0)


def test_all_is_as_it_comes() -> None:
    check = judge(chart())
    assert check.grade is Grade.OK
    assert check.finding == (
        "completions go direct where that works, else through GitLab"
    )
    assert check.facts["sender"] == "own"
    assert check.facts["direct"] == "auto"
    own = judge(chart(patient=patient(sender=HttpxSender())))
    assert own.facts["sender"] == "HttpxSender"


@pytest.mark.parametrize(
    ("whose", "overridden", "words"),
    [
        (patient(NEVER), False, "switched off on this side, by the policy;"),
        (patient(NEVER), True, "by the policy or GITLAB_COMPLETIONS_DIRECT;"),
        (
            patient(SHARE, in_share=False),
            False,
            "the policy has 25 % of the users go direct, and this one is not",
        ),
        (patient(flag_on=False), False, "the flag for direct connections is off"),
        (patient(ONLY), False, "nothing but direct"),
    ],
)
def test_a_setting_is_said(whose: Patient, words: str, *, overridden: bool) -> None:
    seen = chart(patient=whose, overridden=overridden)
    check = judge(seen)
    assert check.grade is Grade.OK
    assert check.next_step is None
    assert words in check.finding
    assert bool(forbids_direct(seen)) is (whose.setup.policy is not ONLY)


@pytest.mark.parametrize(
    ("root", "grade"),
    [
        ("http://127.0.0.1:3000", Grade.OK),
        ("http://gitlab.corp.example", Grade.WARNING),
    ],
)
def test_plain_http_is_for_this_machine(root: str, grade: Grade) -> None:
    policy = RoutingPolicy(allow_plain_http=True)
    seen = chart(patient=patient(policy, root=root), instance=road(is_tls=False))
    assert judge(seen).grade is grade
