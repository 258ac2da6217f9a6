"""What is asked depends on what was answered, and completions decide."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from gitlab_completions import CompletionClient, DirectMode, Route, RoutingPolicy
from gitlab_completions.diagnosis import Grade
from gitlab_completions.senders import SendError, WireRequest, WireResponse
from gitlab_completions.testing import FakeGitLab
from gitlab_completions.tokens import JobToken, PrivateToken
from tests._doctor.looking import Listed, diagnosed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path


VERSION = "/api/v4/version"
SELF = "/api/v4/personal_access_tokens/self"
OAUTH = "/oauth/token/info"
CHECK = "/api/v4/code_suggestions/enabled"
ACCESS = "/api/v4/code_suggestions/direct_access"
INDIRECT = "/api/v4/code_suggestions/completions"
HEALTH = "/monitoring/healthz"
V2 = "/v2/completions"


async def test_each_is_asked_once_where_all_is_well() -> None:
    found, paths = await diagnosed(FakeGitLab())
    assert found.grade is Grade.OK
    assert paths == [VERSION, SELF, CHECK, ACCESS, HEALTH, INDIRECT, V2]


async def test_an_oauth_token_is_asked_about_elsewhere() -> None:
    gitlab = FakeGitLab()
    found, paths = await diagnosed(gitlab, gitlab.tokens.oauth)
    assert found.check("token").facts["form"] == "oauth"
    assert paths[1:3] == [SELF, OAUTH]


async def test_a_token_that_is_refused_is_not_asked_about() -> None:
    gitlab = FakeGitLab()
    found, paths = await diagnosed(gitlab, gitlab.tokens.expired)
    assert found.problem is not None
    assert found.problem.name == "token"
    assert paths == [VERSION, CHECK, INDIRECT]


async def test_a_job_token_is_told_as_what_it_is() -> None:
    gitlab = FakeGitLab()
    found, _ = await diagnosed(gitlab, JobToken(gitlab.tokens.job))
    assert found.problem is not None
    assert "token of a CI/CD job" in found.problem.finding


async def test_another_header_is_used_for_all() -> None:
    gitlab = FakeGitLab()
    found, _ = await diagnosed(gitlab, PrivateToken(gitlab.access_token))
    assert found.grade is Grade.OK
    assert found.check("token").facts["header"] == "PRIVATE-TOKEN"


async def test_a_source_that_fails_is_the_problem_and_nothing_is_asked() -> None:
    def source() -> str:
        raise KeyError("canary")

    found, paths = await diagnosed(FakeGitLab(), source)
    assert paths == []
    assert found.problem is not None
    assert (found.problem.name, "canary" in found.problem.finding) == ("token", False)


async def test_a_source_with_another_token_is_asked_for_it() -> None:
    gitlab = FakeGitLab()
    given = iter([gitlab.tokens.expired, *(gitlab.access_token,) * 20])
    found, paths = await diagnosed(gitlab, lambda: next(given))
    assert found.grade is Grade.OK
    assert paths[:3] == [VERSION, VERSION, SELF]


async def test_what_this_side_forbids_is_not_asked_for() -> None:
    never = RoutingPolicy(direct=DirectMode.NEVER)
    found, paths = await diagnosed(FakeGitLab(), policy=never)
    assert found.grade is Grade.OK
    assert paths == [VERSION, SELF, CHECK, INDIRECT]


async def test_with_nothing_but_direct_the_instance_completes_nothing() -> None:
    only = RoutingPolicy(direct=DirectMode.ONLY)
    found, paths = await diagnosed(FakeGitLab(), policy=only)
    assert found.grade is Grade.OK
    assert paths == [VERSION, SELF, CHECK, ACCESS, HEALTH, V2]


async def test_direct_alone_may_come_all_the_same() -> None:
    gitlab = FakeGitLab()
    gitlab.inquiries.fail(503)
    only = RoutingPolicy(direct=DirectMode.ONLY)
    found, paths = await diagnosed(gitlab, policy=only)
    assert found.check("version").grade is Grade.WARNING
    assert paths == [VERSION, ACCESS, HEALTH, V2]


async def test_a_completion_that_comes_all_the_same_decides() -> None:
    gitlab = FakeGitLab()
    gitlab.inquiries.fail(503)
    found, paths = await diagnosed(gitlab)
    assert found.grade is Grade.WARNING
    assert found.cause is not None
    assert found.cause.name == "version"
    assert found.cause.finding.endswith("; completions come all the same")
    assert found.check("direct").grade is Grade.OK
    assert paths == [VERSION, INDIRECT, ACCESS, HEALTH, V2]


async def test_a_project_that_is_off_is_kept_to() -> None:
    gitlab = FakeGitLab()
    gitlab.settings.projects_without_duo = ("a/b",)
    found, paths = await diagnosed(gitlab, project_path=" a/b ")
    assert found.problem is not None
    assert found.problem.name == "availability"
    assert INDIRECT not in paths


async def test_a_path_that_no_request_takes_is_told() -> None:
    found, paths = await diagnosed(FakeGitLab(), project_path="a" * 300)
    assert found.problem is not None
    assert "300 characters" in found.problem.finding
    assert INDIRECT not in paths


@pytest.mark.parametrize("status", [301, 308])
async def test_an_address_that_has_moved_is_told(status: int) -> None:
    gitlab = FakeGitLab()
    for endpoint in (gitlab.inquiries, gitlab.instance, gitlab.direct_access):
        endpoint.fail(status, headers={"location": "https://elsewhere.example"})
    found, _ = await diagnosed(gitlab)
    assert found.problem is not None
    assert f"has moved ({status})" in found.problem.finding
    assert "elsewhere" not in found.problem.finding


@pytest.mark.parametrize(
    ("status", "answer", "check"),
    [
        (200, {"hello": "canary"}, "version"),
        (404, {"error": "404 Not Found"}, "version"),
        (500, {"message": "x"}, "version"),
        (403, None, "proxy"),
        (407, None, "proxy"),
        (302, None, "proxy"),
        (429, None, "rate_limit"),
    ],
)
async def test_the_first_answer_may_end_it(
    status: int, answer: dict[str, object] | None, check: str
) -> None:
    gitlab = FakeGitLab()
    for endpoint in (gitlab.inquiries, gitlab.instance, gitlab.direct_access):
        endpoint.fail(status, json=answer)
    found, _ = await diagnosed(gitlab)
    assert found.problem is not None
    assert found.problem.name == check


async def test_a_sender_that_raises_anything_is_told() -> None:
    gitlab = FakeGitLab()

    class Odd(Listed):
        @asynccontextmanager
        async def exchange(
            self, request: WireRequest
        ) -> AsyncGenerator[WireResponse, None]:
            if request.route is Route.DIRECT:
                raise RuntimeError("canary")
            async with super().exchange(request) as response:
                yield response

    async with gitlab.client(sender=Odd(gitlab)) as client:
        found = await client.diagnose()
    assert found.check("gateway").grade is Grade.WARNING
    assert "canary" not in str(found.bundle(host_names=True))


async def test_a_sender_may_lack_its_certificates() -> None:
    class Lost:
        def exchange(
            self, request: WireRequest
        ) -> AbstractAsyncContextManager[WireResponse]:
            raise SendError("tls", detail="certificate_file")

        async def aclose(self) -> None:
            """Do nothing."""

    async with FakeGitLab().client(sender=Lost()) as client:
        found = await client.diagnose()
    assert found.problem is not None
    assert found.problem.name == "tls"
    assert "certificate file" in found.problem.finding


async def test_a_certificate_file_that_is_gone_is_told_and_nothing_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    async with CompletionClient("https://gitlab.invalid", "t") as client:
        found = await client.diagnose()
    assert found.problem is not None
    assert (found.problem.name, found.requests) == ("tls", 0)
    assert "certificate file" in found.problem.finding


@pytest.mark.parametrize("proxy", ["http://[::1", "http://user:canary/pass@proxy:1"])
async def test_a_proxys_url_that_is_none_is_told(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    async with CompletionClient("https://gitlab.invalid", "t") as client:
        found = await client.diagnose()
    assert found.problem is not None
    assert found.problem.name == "proxy"
    assert "the proxy's URL is none" in found.problem.finding
    assert "canary" not in str(found.bundle(host_names=True))
