"""A diagnosis is one frozen value that tells the cause first, and nobody's name."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime

import pytest

from gitlab_completions.diagnosis import HIDDEN, MACHINES, Check, Diagnosis, Grade

AT = datetime(2026, 9, 1, tzinfo=UTC)


def check(name: str, grade: Grade, **facts: object) -> Check:
    return Check(name=name, grade=grade, finding="so", next_step=None, facts=facts)


def diagnosis(*checks: Check) -> Diagnosis:
    return Diagnosis(checks=checks, requests=3, at=AT)


WELL = check("dns", Grade.OK)
SLOW = check("latency", Grade.WARNING)
LATE = check("clock", Grade.WARNING)
BAD = check("token", Grade.PROBLEM)
LEFT = check("direct", Grade.SKIPPED)


def test_the_first_problem_is_the_cause() -> None:
    found = diagnosis(WELL, LATE, LEFT, BAD, check("direct", Grade.PROBLEM))
    assert found.problem is BAD
    assert found.cause is BAD
    assert found.grade is Grade.PROBLEM


def test_without_a_problem_the_first_warning_is_the_cause() -> None:
    found = diagnosis(WELL, LEFT, LATE, SLOW)
    assert found.problem is None
    assert found.cause is LATE
    assert found.grade is Grade.WARNING


def test_all_is_well_though_something_was_skipped() -> None:
    found = diagnosis(WELL, LEFT)
    assert (found.problem, found.cause, found.grade) == (None, None, Grade.OK)


def test_a_check_is_found_by_its_name() -> None:
    assert diagnosis(WELL, BAD).check("token") is BAD
    with pytest.raises(KeyError):
        diagnosis(WELL).check("token")


@pytest.mark.parametrize("name", sorted(MACHINES))
def test_a_bundle_names_no_machine_unless_it_may(name: str) -> None:
    found = diagnosis(check("dns", Grade.OK, **{name: "git.corp.example"}))
    assert "corp" not in json.dumps(found.bundle())
    assert HIDDEN in json.dumps(found.bundle())
    assert "corp" in json.dumps(found.bundle(host_names=True))


def test_a_bundle_names_what_everybody_knows() -> None:
    facts = {"instance_host": "gitlab.com", "gateway_host": None, "answer_s": 0.2}
    bundle = diagnosis(check("dns", Grade.OK, **facts)).bundle()
    assert json.loads(json.dumps(bundle)) == {
        "schema": 1,
        "at": "2026-09-01T00:00:00+00:00",
        "grade": "ok",
        "cause": None,
        "requests": 3,
        "checks": [
            {
                "name": "dns",
                "grade": "ok",
                "finding": "so",
                "next_step": None,
                "facts": facts,
            }
        ],
    }


def test_a_list_of_machines_is_hidden_as_well() -> None:
    found = diagnosis(check("dns", Grade.OK, addresses=["10.0.0.7"]))
    assert "10.0.0.7" not in json.dumps(found.bundle())


def test_it_shows_sizes_and_pickles() -> None:
    found = diagnosis(check("dns", Grade.OK, instance_host="git.corp.example"), BAD)
    assert "corp" not in repr(found)
    assert "corp" not in repr(found.checks)
    assert pickle.loads(pickle.dumps(found)) == found
