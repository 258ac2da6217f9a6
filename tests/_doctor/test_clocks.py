"""Three clocks tell who is wrong."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

import pytest

from gitlab_completions import Route
from gitlab_completions._doctor.clocks import judge
from gitlab_completions._records import replace
from gitlab_completions.diagnosis import Grade
from tests._doctor.parts import AT, chart, entry, granted

HOUR = 3600.0


def dated(ahead_s: float, route: Route = Route.INDIRECT, path: str = "/x") -> object:
    date = format_datetime(AT + timedelta(seconds=ahead_s), usegmt=True)
    return entry(route=route, path=path, headers={"date": date})


def seen(theirs: float, gateways: float | None) -> str:
    entries = [dated(theirs)]
    if gateways is not None:
        entries.append(dated(gateways, Route.DIRECT))
    check = judge(chart(entries=tuple(entries)))
    assert check.grade is (Grade.OK if "agree" in check.finding else Grade.WARNING)
    return check.finding


@pytest.mark.parametrize(
    ("theirs", "gateways", "words"),
    [
        (0, 0, "agree"),
        (-200, 250, "agree"),
        (200, None, "agree"),
        (HOUR, HOUR, "this machine's clock is 1 hour behind the servers'"),
        (-HOUR, -HOUR, "this machine's clock is 1 hour ahead of the servers'"),
        (HOUR, 0, "GitLab's clock is 1 hour ahead of"),
        (0, -HOUR, "the gateway's clock is 1 hour behind"),
        (HOUR, 3 * HOUR, "the gateway's clock is 3 hours ahead"),
        (HOUR, None, "this machine's clock is 1 hour behind GitLab's"),
    ],
)
def test_whose_clock_is_off(theirs: float, gateways: float | None, words: str) -> None:
    assert words in seen(theirs, gateways)


def test_a_token_tells_the_gateways_time_where_its_answers_do_not() -> None:
    asked = dated(HOUR, path="/api/v4/code_suggestions/direct_access")
    check = judge(chart(entries=(asked,), granted=granted(AT.timestamp() + HOUR)))
    assert check.facts["gateway_ahead_s"] == 3600.5
    assert "the servers'" in check.finding


def test_an_answer_without_a_date_tells_nothing() -> None:
    undated = entry(headers={"date": "soon"})
    assert judge(chart(entries=(undated,))).grade is Grade.SKIPPED
    both = judge(chart(entries=(undated, dated(0))))
    assert both.grade is Grade.OK


def test_the_time_of_an_answer_is_in_the_middle_of_it() -> None:
    late = replace(entry(), wall=AT + timedelta(hours=1))
    check = judge(chart(entries=(late,)))
    assert check.facts["instance_ahead_s"] == -3599.5
