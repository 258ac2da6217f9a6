"""Whether code suggestions work, asked of every GitLab, with every kind of token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitlab_completions import (
    Availability,
    CompletionClient,
    CompletionRequest,
    ErrorCode as Code,
    GitLabCompletionsError,
    Intent,
    RoutingPolicy,
)
from gitlab_completions.emulator import PROFILES
from gitlab_completions.emulator.settings import Quota
from gitlab_completions.testing import FakeGitLab
from gitlab_completions.tokens import JobToken, OAuthToken, PrivateToken

if TYPE_CHECKING:
    from gitlab_completions.models import AccessToken

PROJECT = "group/app"
NAMES = sorted(PROFILES)


def client_of(
    gitlab: FakeGitLab, access_token: AccessToken | None = None
) -> CompletionClient:
    return CompletionClient._for_testing(
        gitlab.instance_url,
        access_token or gitlab.access_token,
        policy=RoutingPolicy(),
        sender=gitlab,
        clock=gitlab.clock,
        jitter=lambda: 0.5,
    )


async def look(
    gitlab: FakeGitLab,
    project_path: str | None = PROJECT,
    access_token: AccessToken | None = None,
) -> Availability:
    async with client_of(gitlab, access_token) as client:
        found = await client.availability(project_path)
    assert gitlab.instance.requests == []  # no completion was asked for
    asked = len(gitlab.inquiries.requests) + len(gitlab.direct_access.requests)
    assert asked <= 4
    return found


def code_of(found: Availability) -> Code | None:
    assert found.available is (found.problem is None)
    if found.problem is None:
        return None
    assert found.problem.remedy
    return found.problem.code


async def end_of(client: CompletionClient, request: CompletionRequest) -> Code | None:
    """Return why a call got no completion."""
    try:
        await client.complete(request)
    except GitLabCompletionsError as error:
        return error.code
    return None


@pytest.mark.parametrize("profile", NAMES)
@pytest.mark.parametrize("project_path", [None, PROJECT])
async def test_every_gitlab_serves_a_user_with_a_seat(
    profile: str, project_path: str | None
) -> None:
    gitlab = FakeGitLab(profile=profile)
    found = await look(gitlab, project_path)
    assert found == Availability(
        available=True,
        problem=None,
        gitlab_version=PROFILES[profile].version,
    )


@pytest.mark.parametrize("profile", NAMES)
async def test_every_gitlab_says_what_is_missing(profile: str) -> None:
    gitlab = FakeGitLab(profile=profile)
    gitlab.settings.has_seat = False
    assert code_of(await look(gitlab)) is Code.NO_SEAT


@pytest.mark.parametrize("profile", NAMES)
@pytest.mark.parametrize("project_path", [None, PROJECT])
async def test_every_gitlab_says_when_it_is_switched_off(
    profile: str, project_path: str | None
) -> None:
    gitlab = FakeGitLab(profile=profile)
    gitlab.settings.code_suggestions_enabled = False
    assert code_of(await look(gitlab, project_path)) is Code.SWITCHED_OFF


@pytest.mark.parametrize("profile", NAMES)
async def test_every_gitlab_says_what_is_with_the_project(profile: str) -> None:
    gitlab = FakeGitLab(profile=profile)
    gitlab.settings.projects_without_duo = (PROJECT,)
    assert code_of(await look(gitlab)) is Code.PROJECT_DISABLED
    gitlab = FakeGitLab(profile=profile)
    gitlab.settings.hidden_projects = (PROJECT,)
    found = await look(gitlab)
    assert code_of(found) is Code.NOT_FOUND
    assert "off" not in str(found.problem)


@pytest.mark.parametrize("profile", NAMES)
async def test_every_gitlab_says_what_is_with_the_token(profile: str) -> None:
    for name, code in {
        "expired": Code.TOKEN_EXPIRED,
        "revoked": Code.TOKEN_REVOKED,
        "wrong_scope": Code.SCOPE_MISSING,
        "ai_features": None,
        "oauth": None,
        "project_bot": Code.NO_SEAT,
        "job": Code.TOKEN_INVALID,
    }.items():
        gitlab = FakeGitLab(profile=profile)
        token: str = getattr(gitlab.tokens, name)
        found = await look(gitlab, access_token=token)
        assert code_of(found) is code, name
        assert token not in str(found.problem)
    unknown = await look(FakeGitLab(profile=profile), access_token="glpat-unknown")
    assert code_of(unknown) is Code.TOKEN_INVALID


async def test_a_header_takes_the_tokens_that_it_is_for() -> None:
    for name, takes in {"valid": True, "ai_features": True, "oauth": False}.items():
        gitlab = FakeGitLab()
        token: str = getattr(gitlab.tokens, name)
        found = await look(gitlab, access_token=PrivateToken(token))
        assert found.available is takes
    gitlab = FakeGitLab()
    found = await look(gitlab, access_token=JobToken(gitlab.tokens.job))
    assert code_of(found) is Code.TOKEN_INVALID
    assert "CI/CD job" in str(found.problem)


@pytest.mark.parametrize("profile", NAMES)
async def test_who_pays_is_told_as_soon_as_gitlab_tells(profile: str) -> None:
    """Where nothing tells it before a completion, the completion does."""
    request = CompletionRequest(file_name="a.py", content_above_cursor="x = ")
    for setting, value, code in (
        ("missing_default_duo_group", True, Code.NAMESPACE_MISSING),
        ("quota", Quota.EXCEEDED, Code.QUOTA),
    ):
        gitlab = FakeGitLab(profile=profile)
        setattr(gitlab.settings, setting, value)
        async with client_of(gitlab) as client:
            before = code_of(await client.availability())
            ended = await end_of(client, request)
            assert ended in {None, code}
            assert before in {None, ended}
            assert code_of(await client.availability()) is ended


async def test_an_oauth_token_is_renewed_once_for_all_calls() -> None:
    gitlab = FakeGitLab()
    refreshed = 0

    async def refresh() -> dict[str, object]:
        nonlocal refreshed
        refreshed += 1
        return {"access_token": gitlab.tokens.oauth, "expires_in": 7200}

    token = OAuthToken(gitlab.tokens.expired, refresh=refresh)
    async with client_of(gitlab, token) as client:
        assert (await client.availability()).available
        await client.warm_up()
        for _ in range(3):
            await client.complete(
                CompletionRequest(file_name="a.py", content_above_cursor="x = ")
            )
    assert refreshed == 1


@pytest.mark.parametrize("profile", NAMES)
async def test_every_request_names_the_project(profile: str) -> None:
    gitlab = FakeGitLab(profile=profile)
    async with client_of(gitlab) as client:
        await client.availability(PROJECT)
        await client.warm_up(PROJECT)
        for intent in Intent:
            await client.complete(
                CompletionRequest(
                    file_name="a.py",
                    content_above_cursor="x = ",
                    project_path=PROJECT,
                    intent=intent,
                )
            )
    for endpoint in (gitlab.direct_access, gitlab.gateway, gitlab.instance):
        for seen in endpoint.requests:
            # v4 has no field for it: what it is granted was granted to the project.
            if seen.method == "POST" and not seen.path.startswith("/v4/"):
                assert b'"project_path":"group/app"' in seen.body
    checks = [one for one in gitlab.inquiries.requests if "enabled" in one.path]
    assert [one.body for one in checks] == [b'{"project_path":"group/app"}']
    assert gitlab.instance.requests  # the generation, at least
