"""A diagnosis is made behind its caller, and says what became of it."""

from __future__ import annotations

import asyncio

import pytest

from gitlab_completions import (
    ClientClosedError,
    ConfigurationError,
    ErrorCode,
    GitLabCompletionsError,
)
from gitlab_completions._doctor import doctor
from gitlab_completions._doctor.troubles import of_error
from gitlab_completions.diagnosis import CHECKS, Grade
from gitlab_completions.testing import FakeGitLab
from tests._doctor.parts import chart
from tests._shell.parts import REQUEST


def test_each_check_has_a_judge_in_its_order() -> None:
    assert tuple(judge(chart()).name for judge in doctor.JUDGES) == CHECKS


def test_a_client_with_which_all_is_well_has_no_cause() -> None:
    grades = {judge(chart()).grade for judge in doctor.JUDGES}
    assert grades == {Grade.OK}


@pytest.mark.parametrize("code", ErrorCode)
def test_whatever_stands_in_the_way_is_the_first_problem(code: ErrorCode) -> None:
    trouble = of_error(GitLabCompletionsError("so", code=code), "availability")
    seen = chart(trouble=trouble, tasted={})
    problems = [
        check.name
        for check in (judge(seen) for judge in doctor.JUDGES)
        if check.grade is Grade.PROBLEM
    ]
    assert problems == [trouble.check]


async def test_it_is_dated_and_counted() -> None:
    gitlab = FakeGitLab()
    async with gitlab.client() as client:
        at = gitlab.wall()
        found = await client.diagnose()
    assert (found.at, found.requests) == (at, 7)


async def test_a_client_that_is_closed_says_so() -> None:
    gitlab = FakeGitLab()
    gitlab.inquiries.hang()
    client = gitlab.client()
    looking = asyncio.create_task(client.diagnose())
    await asyncio.sleep(1)
    await client.aclose()
    with pytest.raises(ClientClosedError):
        await looking
    with pytest.raises(ClientClosedError):
        await client.diagnose()


async def test_a_caller_may_leave_and_the_client_goes_on() -> None:
    gitlab = FakeGitLab()
    gitlab.inquiries.delay(1)
    async with gitlab.client() as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await client.diagnose()
        assert (await client.complete(REQUEST)).text
        assert (await client.diagnose()).grade is Grade.OK


async def test_a_defect_is_raised_and_not_taken_for_the_clients_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(_: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr(doctor, "JUDGES", (broken,))
    async with FakeGitLab().client() as client:
        with pytest.raises(ZeroDivisionError):
            await client.diagnose()


async def test_a_path_is_a_string() -> None:
    async with FakeGitLab().client() as client:
        with pytest.raises(ConfigurationError, match="project_path"):
            await client.diagnose(7)  # type: ignore[arg-type]
