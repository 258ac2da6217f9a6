"""The fake's client completes, falls back and renews, in virtual time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gitlab_completions.models import CompletionRequest, Route
from gitlab_completions.policy import DirectMode, RoutingPolicy
from gitlab_completions.testing import FakeGitLab, VirtualTimeLoop, run
from gitlab_completions.testing.fixtures import completion_client, fake_gitlab

if TYPE_CHECKING:
    from gitlab_completions.client import CompletionClient

__all__ = ("completion_client", "fake_gitlab")

REQUEST = CompletionRequest.at_cursor("def f():", 8, file_name="f.py")


async def test_the_fixtures_belong_together(
    fake_gitlab: FakeGitLab, completion_client: CompletionClient
) -> None:
    completion = await completion_client.complete(REQUEST)
    assert (completion.text, completion.route) == ("return a + b", Route.DIRECT)
    (seen,) = fake_gitlab.gateway.requests
    document = seen.json()
    assert isinstance(document, dict)
    assert document["current_file"]["content_above_cursor"] == "def f():"


@pytest.mark.parametrize("profile", ["17.2", "18.9", "19.3", "19.5", "self-hosted"])
async def test_the_client_goes_direct_where_it_is_granted(profile: str) -> None:
    async with FakeGitLab(profile=profile).client() as client:
        assert (await client.complete(REQUEST)).route is Route.DIRECT


async def test_this_machines_environment_has_no_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GITLAB_COMPLETIONS_DIRECT", "never")
    async with FakeGitLab().client() as client:
        assert (await client.complete(REQUEST)).route is Route.DIRECT
        client.reconfigure(RoutingPolicy(deadline_s=5))
        assert (await client.complete(REQUEST)).route is Route.DIRECT


async def test_the_client_has_the_policy_it_is_given() -> None:
    gitlab = FakeGitLab()
    policy = RoutingPolicy(direct=DirectMode.NEVER)
    async with gitlab.client(policy=policy) as client:
        assert (await client.complete(REQUEST)).route is Route.INDIRECT
    assert gitlab.direct_access.requests == []


def test_the_documented_example_works() -> None:
    async def scenario() -> None:
        gitlab = FakeGitLab("return a + b")
        gitlab.gateway.fail(503)
        async with gitlab.client() as client:
            completion = await client.complete(REQUEST)
        assert completion.text == "return a + b"
        assert completion.route is Route.INDIRECT

    run(scenario())


async def test_a_token_that_expired_while_the_machine_slept_is_renewed() -> None:
    gitlab = FakeGitLab()
    async with gitlab.client() as client:
        await client.complete(REQUEST)
        gitlab.clock.suspend(7200)
        assert (await client.complete(REQUEST)).route is Route.DIRECT
    assert len(gitlab.direct_access.requests) == 2
    assert set(gitlab.replaced) == set(Route)


def test_two_runs_of_one_seed_are_alike() -> None:
    async def story() -> str:
        gitlab = FakeGitLab(seed=5)
        gitlab.gateway.delay(0.3)
        gitlab.gateway.half_answer(times=2)
        async with gitlab.client() as client:
            answers = [await client.complete(REQUEST) for _ in range(5)]
            await gitlab.settle()
        return repr(answers)

    assert run(story()) == run(story())


@pytest.mark.real_time
async def test_the_client_works_on_a_real_loop() -> None:
    assert not isinstance(asyncio.get_running_loop(), VirtualTimeLoop)
    async with FakeGitLab().client() as client:
        assert (await client.complete(REQUEST)).text == "return a + b"
