"""Judges GitLab itself: its version, and whether it gives code suggestions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._core.availability import Age, age_of
from gitlab_completions._doctor.verdicts import (
    as_bad,
    missing,
    of_trouble,
    warning,
    well,
)
from gitlab_completions._error_codes import REMEDIES
from gitlab_completions._wire.availability import decode_version, version_numbers
from gitlab_completions.errors import ErrorCode

if TYPE_CHECKING:
    from gitlab_completions._doctor.chart import Chart
    from gitlab_completions.diagnosis import Check

VERSION = "version"
AVAILABILITY = "availability"


def version_of(chart: Chart) -> str | None:
    """Return GitLab's version, where it told."""
    if chart.availability is not None and chart.availability.gitlab_version:
        return chart.availability.gitlab_version
    return None if chart.contact is None else decode_version(chart.contact.answer.body)


def age(chart: Chart) -> Age:
    """Return how old the instance is."""
    return age_of(version_numbers(version_of(chart)))


def judge_version(chart: Chart) -> Check:
    """Say whether GitLab is there, and new enough."""
    told = version_of(chart)
    facts: dict[str, object] = {"gitlab_version": told}
    if chart.contact is not None:
        facts["status_code"] = chart.contact.answer.status_code
        facts["answer_s"] = round(chart.contact.elapsed_s, 4)
    if age(chart) is Age.TOO_OLD:
        return as_bad(
            chart,
            VERSION,
            f"GitLab {told} is too old for code suggestions",
            REMEDIES[ErrorCode.GITLAB_TOO_OLD],
            error_code=ErrorCode.GITLAB_TOO_OLD.value,
            **facts,
        )
    if chart.trouble is not None and chart.trouble.check == VERSION:
        found = of_trouble(chart, VERSION, **facts)
        assert found is not None
        return found
    if told is None:
        return missing(chart, VERSION, "GitLab does not tell it to this token")
    match age(chart):
        case Age.OLD:
            return warning(
                VERSION,
                f"GitLab {told} is older than 17.2, from which on code suggestions "
                "are supported, and direct connections are for all",
                "ask your GitLab administrator for a newer GitLab",
                **facts,
            )
        case _:
            return well(VERSION, f"GitLab {told}", **facts)


def judge_availability(chart: Chart) -> Check:
    """Say whether code suggestions work for the user and the project."""
    facts: dict[str, object] = {"project_given": chart.project_given}
    found = of_trouble(chart, AVAILABILITY, **facts)
    if found is not None:
        return found
    if chart.availability is None or not chart.availability.available:
        return missing(chart, AVAILABILITY, "GitLab was not asked", **facts)
    whom = "this user and project" if chart.project_given else "this user"
    return well(AVAILABILITY, f"code suggestions are there for {whom}", **facts)
