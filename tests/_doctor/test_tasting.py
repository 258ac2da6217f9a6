"""Completions are asked for as a call would, and leave an author's alone."""

from __future__ import annotations

import asyncio

import pytest

from gitlab_completions import DirectMode, RequestRejectedError, RoutingPolicy
from gitlab_completions._doctor.tasting import small_request
from gitlab_completions.diagnosis import Grade
from gitlab_completions.testing import FakeGitLab
from tests._doctor.looking import Listed, diagnosed
from tests._shell.parts import REQUEST

INDIRECT = "/api/v4/code_suggestions/completions"
V2 = "/v2/completions"
V4 = "/v4/code/suggestions"


def test_it_is_nobodys_code() -> None:
    request = small_request("group/app")
    assert (request.file_name, request.project_path) == ("doctor.py", "group/app")
    with pytest.raises(RequestRejectedError):
        small_request("a" * 300)


async def test_the_gateways_other_endpoint_is_tried() -> None:
    gitlab = FakeGitLab(profile="19.5")
    refusal = {"detail": "Unauthorized to access code suggestions"}
    gitlab.gateway.fail(403, json=refusal, times=1)
    found, paths = await diagnosed(gitlab)
    assert found.check("direct").grade is Grade.OK
    assert paths[-2:] == [V4, V2]


async def test_both_endpoints_may_be_refused() -> None:
    gitlab = FakeGitLab()
    gitlab.settings.v2_gone = True
    found, paths = await diagnosed(gitlab)
    assert found.check("direct").grade is Grade.WARNING
    assert "at none of its endpoints" in found.check("direct").finding
    assert paths[-2:] == [V2, V4]


async def test_nearly_the_whole_minute_is_left_to_the_author() -> None:
    gitlab = FakeGitLab()
    listed = Listed(gitlab)
    policy = RoutingPolicy(indirect_per_minute=1, direct=DirectMode.NEVER)
    async with gitlab.client(sender=listed, policy=policy) as client:
        await client.complete(REQUEST)
        found = await client.diagnose()
    assert listed.paths.count(INDIRECT) == 1
    assert found.check("indirect").grade is Grade.SKIPPED
    assert found.check("rate_limit").grade is Grade.WARNING


async def test_the_wait_for_a_connection_takes_nothing_of_its_time() -> None:
    gitlab = FakeGitLab()
    gitlab.inquiries.hang()
    async with gitlab.client() as client:
        found = await asyncio.gather(*(client.diagnose() for _ in range(3)))
    assert {one.check("indirect").grade for one in found} == {Grade.OK}
