"""A plan is read whole, or refused with the line and the key that are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitlab_completions.rehearsal import (
    Bound,
    Breach,
    Lever,
    Metric,
    PlanError,
    Time,
    read_plan,
)
from tests.rehearsal.parts import INCIDENT, SMALL

EXAMPLE = Path(__file__).parents[2] / "examples" / "rollout.toml"


def test_the_example_is_the_roll_out_of_gitlab_in_its_four_steps() -> None:
    plan = read_plan(EXAMPLE.read_text(encoding="utf-8"))
    assert (plan.time, plan.lever) == (Time.VIRTUAL, Lever.INSTANCE_FLAG)
    assert plan.authors.count == 500
    assert plan.latencies.indirect_extra_s == pytest.approx(0.125)
    assert [(step.number, step.percent) for step in plan.steps] == [
        (1, 0),
        (2, 10),
        (2, 25),
        (2, 50),
        (3, 75),
        (4, 100),
    ]
    assert [fault.step for fault in plan.faults] == [3]
    assert {rail.metric for rail in plan.guard_rails} == {
        Metric.GATEWAY_ERRORS,
        Metric.LOST,
        Metric.P95,
    }


def test_what_a_plan_does_not_say_has_a_default() -> None:
    plan = read_plan('[[steps]]\npercent = 10\npause = "1 min"')
    assert (plan.profile, plan.lever) == ("17.1", Lever.INSTANCE_FLAG)
    assert (plan.steps[0].title, plan.authors.count) == ("10 %", 500)
    assert plan.guard_rails == ()


def test_a_guard_rail_is_read() -> None:
    [rail] = read_plan(SMALL).guard_rails
    assert (rail.name, rail.breach) == ("gateway errors", Breach.TAKE_BACK)
    assert (rail.at_most, rail.window_s, rail.least_samples) == (
        Bound(value=0.01),
        30,
        10,
    )


def test_a_fault_says_what_it_is() -> None:
    [fault] = read_plan(INCIDENT).faults
    assert fault.title == "gateway: status 503, for 40 s"
    assert (fault.step, fault.after_s, fault.lasts_s) == (2, 10, 40)


@pytest.mark.parametrize("profile", ["17.0", "17.1", "19.3"])
def test_the_flag_of_a_profile_is_known(profile: str) -> None:
    text = f'profile = "{profile}"\n[[steps]]\npercent = 1\npause = "1 s"'
    name = "code_suggestions_direct_"
    assert read_plan(text).flag.startswith(name)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("seed = 7", "seed = [", "line 3: is no TOML"),
        ('"60 s"', '"60"', "line 3: before: takes a span of time in ms, s, min or h"),
        ("seed = 7", "sede = 7", "line 2: sede: is not known; did you mean seed?"),
        ("client_percentage", "chatops", "line 9: lever.kind: is one of instance_flag"),
        ("count = 8", "count = 0", "line 12: authors.count: takes a whole number abo"),
        (
            "percent = 50",
            "percent = 101",
            "line 18: steps[1].percent: takes a number f",
        ),
        ("percent = 50", "percent = []", "line 18: steps[1].percent: takes a percenta"),
        ('title = "all"', "pausse = 1", "line 22: steps[2].pausse: is not known; did"),
        ("gateway_errors", "errors", "line 27: guard_rails[1].metric: is one of gatew"),
        ('"1 %"', '"900 ms"', 'line 28: guard_rails[1].at_most: takes "1 %" or "110 %'),
        (
            "step = 2",
            "step = 3",
            "line 33: faults[1].step: there are 2 steps, and none",
        ),
        (
            '"status"',
            '"sttus"',
            "line 37: faults[1].kind: is one of delay, status, htm",
        ),
        (
            '"status"\nstatus = 503',
            '"stale"',
            "line 37: faults[1].kind: in virtual tim",
        ),
        ("status = 503", "status = 99", "line 38: faults[1].status: takes a number fr"),
        ("status = 503", "by = 1", "line 38: faults[1].by: is no argument of status,"),
        (
            '"gateway"',
            '"mars"',
            "line 36: faults[1].endpoint: is one of gateway, insta",
        ),
        ('lasts = "40 s"', "", "line 32: faults[1]: lasts is missing"),
        (
            '"1 %"',
            '"110 % of before"',
            'line 28: guard_rails[1].at_most: takes a share, such as "1 %": nothing',
        ),
        ("seed = 7", f"seed = {'7' * 5000}", "is no TOML: a number is too long"),
        ("seed = 7", f"seed = {'[' * 9999}", "is no TOML: it is nested too deeply"),
    ],
)
def test_what_is_wrong_is_told_with_line_and_key(old: str, new: str, says: str) -> None:
    text = INCIDENT.replace(old, new, 1)
    assert text != INCIDENT
    with pytest.raises(PlanError) as caught:
        read_plan(text)
    assert str(caught.value).startswith(says)


DELAY = """
[[faults]]
step = {step}
after = "{after} s"
lasts = "{lasts} s"
endpoint = "{endpoint}"
kind = "delay"
by = "1 s"
"""
"""Beside it `INCIDENT` has a fault in step 2 from second 10 to 50."""


@pytest.mark.parametrize(
    ("step", "after", "lasts", "endpoint"),
    [
        (2, 0, 10, "gateway"),
        (2, 50, 10, "gateway"),
        (2, 20, 10, "instance"),
        (1, 59, 11, "gateway"),
        (0, 0, 130, "gateway"),
    ],
)
def test_an_endpoint_has_one_fault_after_the_other(
    step: int, after: int, lasts: int, endpoint: str
) -> None:
    more = DELAY.format(step=step, after=after, lasts=lasts, endpoint=endpoint)
    incident, delay = read_plan(INCIDENT + more).faults
    assert (incident.is_delay, delay.is_delay) == (False, True)


@pytest.mark.parametrize(
    ("step", "after", "lasts"),
    [(2, 0, 11), (2, 49, 1), (1, 59, 12), (0, 0, 131), (1, 300, 1)],
)
def test_two_faults_of_one_endpoint_at_once_are_refused(
    step: int, after: int, lasts: int
) -> None:
    more = DELAY.format(step=step, after=after, lasts=lasts, endpoint="gateway")
    with pytest.raises(PlanError) as caught:
        read_plan(INCIDENT + more)
    assert str(caught.value) == (
        "line 40: faults[2]: strikes gateway while faults[1] does; "
        "an endpoint has one fault at a time"
    )


def test_an_instance_without_the_flag_has_no_such_lever() -> None:
    text = 'profile = "18.9"\n[lever]\nkind = "instance_flag"\n[[steps]]\npause = "1 s"'
    with pytest.raises(PlanError) as caught:
        read_plan(text)
    assert str(caught.value) == (
        "line 3: lever.kind: GitLab 18.9 has no flag for direct connections; take "
        "client_flag or client_percentage"
    )


def test_a_lever_of_the_clients_needs_no_flag_of_the_instance() -> None:
    text = SMALL.replace("seed = 7", 'profile = "18.9"')
    assert read_plan(text).lever is Lever.CLIENT_PERCENTAGE


def test_a_plan_has_steps() -> None:
    with pytest.raises(PlanError, match=r"^steps are missing"):
        read_plan("seed = 1")
