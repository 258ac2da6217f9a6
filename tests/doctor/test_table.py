"""A row tells the marks of all checks, and what is named first."""

from __future__ import annotations

from datetime import UTC, datetime

from gitlab_completions.diagnosis import CHECKS, Check, Diagnosis, Grade
from tests.doctor.table import MARKS, WIDTH, lines, row_of


def diagnosis(**grades: Grade) -> Diagnosis:
    checks = tuple(
        Check(
            name=name,
            grade=grades.get(name, Grade.OK),
            finding=f"so is {name} " * 20,
            next_step=None,
            facts={},
        )
        for name in CHECKS
    )
    return Diagnosis(checks=checks, requests=7, at=datetime(2026, 9, 1, tzinfo=UTC))


def test_marks_stand_below_the_names_of_their_checks() -> None:
    rows = [
        row_of("19.3", diagnosis()),
        row_of("wrong token", diagnosis(token=Grade.PROBLEM, direct=Grade.SKIPPED)),
    ]
    shown = lines(rows)
    well, wrong = shown[-2:]
    column = wrong.index(MARKS[Grade.PROBLEM])
    head = "".join(line.ljust(WIDTH)[column] for line in shown[1:-2])
    assert head.strip() == "token"
    assert well.split() == ["19.3", *["."] * len(CHECKS), "7"]
    assert "token: so is token" in wrong
    assert all(len(line) <= WIDTH for line in shown)
