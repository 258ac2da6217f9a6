"""Every reason why code suggestions do not work is told, with a code and a remedy."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gitlab_completions import Availability, ErrorCode as Code, RoutingPolicy
from gitlab_completions.policy import DirectMode
from gitlab_completions.senders import SendError, SendErrorDetail, SendErrorKind
from gitlab_completions.tokens import JobToken, OAuthToken, PrivateToken
from tests._shell.parts import REQUEST
from tests._shell.scripted import (
    ACCESS,
    BARE_401,
    BARE_404,
    CHECK,
    COMPLETIONS,
    DIRECT_OFF,
    GRAPHQL,
    HANG,
    MISSES_PROJECT,
    MONOLITH,
    NO_ROUTE,
    NO_SCOPE,
    VERSION,
    Said,
    ScriptedInstance,
    grant,
    graph,
    version,
)

if TYPE_CHECKING:
    from gitlab_completions.models import AccessToken

USER = {"duoCodeSuggestionsAvailable": True}
NEVER = RoutingPolicy(direct=DirectMode.NEVER)
NAMESPACE = Said(
    422, {"error": "missing_default_duo_group", "message": {"error": "none"}}
)
CREDITS = Said(
    402,
    {
        "message": "Token creation failed",
        "error": "insufficient_credits",
        "error_code": "USAGE_QUOTA_EXCEEDED",
    },
)


async def look(
    instance: ScriptedInstance,
    project_path: str | None = "group/app",
    access_token: AccessToken = "glpat-1",
    policy: RoutingPolicy | None = None,
) -> Availability:
    async with instance.client(access_token, policy) as client:
        return await client.availability(project_path)


def told(found: Availability) -> tuple[Code | None, str]:
    """Return the code and the remedy of what is not available."""
    assert not found.available
    assert found.problem is not None
    assert found.problem.message
    assert "\n" not in str(found.problem)
    return found.problem.code, found.problem.remedy or ""


def scripted(check: Said | SendError | str) -> ScriptedInstance:
    instance = ScriptedInstance()
    instance.say(CHECK, check)
    return instance


async def test_all_is_well_in_three_requests_that_cost_nothing() -> None:
    instance = ScriptedInstance()
    found = await look(instance)
    assert found == Availability(available=True, problem=None, gitlab_version="19.3.0")
    assert sorted(instance.paths) == sorted([CHECK, VERSION, ACCESS])
    assert all(b"group/app" in wire.body for wire in instance.requests if wire.body)


async def test_without_a_project_the_endpoint_misses_one() -> None:
    instance = scripted(MISSES_PROJECT)
    assert (await look(instance, None)).available
    assert instance.requests[0].body == b"{}"


@pytest.mark.parametrize(
    ("check", "code", "remedy"),
    [
        (NO_SCOPE, Code.SCOPE_MISSING, "scope api or ai_features"),
        (
            Said(403, {"error": "insufficient_granular_scope"}),
            Code.SCOPE_MISSING,
            "direct access",
        ),
        (
            Said(
                401,
                {"error": "invalid_token", "error_description": "Token is expired."},
            ),
            Code.TOKEN_EXPIRED,
            "create a new access token",
        ),
        (
            Said(
                401,
                {"error": "invalid_token", "error_description": "Token was revoked."},
            ),
            Code.TOKEN_REVOKED,
            "create a new access token",
        ),
        (Said(401, {"error": "dpop_error"}), Code.FORBIDDEN, "DPoP"),
        (
            Said(401, {"error": "restricted_language_server_client_error"}),
            Code.FORBIDDEN,
            "User-Agent",
        ),
        (
            Said(403, {"message": "403 Forbidden - Your account has been blocked."}),
            Code.FORBIDDEN,
            "blocked",
        ),
        (
            Said(
                403,
                {
                    "message": "403 Forbidden - You (@a) must accept the Terms of "
                    "Service in order to perform this action."
                },
            ),
            Code.FORBIDDEN,
            "terms of service",
        ),
        (
            Said(401, {"message": "401 Unauthorized"}, MONOLITH),
            Code.NO_SEAT,
            "project and group access tokens have no seat",
        ),
        (
            Said(403, {"message": "403 Forbidden"}),
            Code.PROJECT_DISABLED,
            "maintainer of the project",
        ),
        (BARE_404, Code.NOT_FOUND, "check project_path"),
        (
            Said(404, {"message": "404 Not Found"}, MONOLITH),
            Code.SWITCHED_OFF,
            "administrator to switch code suggestions on",
        ),
        (NO_ROUTE, Code.NOT_FOUND, "instance URL"),
        (Said(429, b"Retry later\n", {"retry-after": "30"}), Code.RATE_LIMITED, "wait"),
        (Said(500, {"message": "500 Internal Server Error"}), Code.SERVER, "later"),
        (
            Said(502, b"<html>bad gateway", {"content-type": "text/html"}),
            Code.SERVER,
            "",
        ),
        (
            Said(200, b"<html>sign in", {"content-type": "text/html"}),
            Code.CAPTIVE_PORTAL,
            "sign in",
        ),
        (
            Said(302, b"", {"location": "https://portal"}),
            Code.CAPTIVE_PORTAL,
            "sign in",
        ),
        (Said(407, b"no"), Code.PROXY, "HTTPS_PROXY"),
        (Said(403, b"blocked by policy"), Code.FORBIDDEN, "firewall"),
        (SendError("connect"), Code.OFFLINE, "network"),
        (HANG, Code.TIMEOUT, ""),
    ],
)
async def test_a_reason_is_told_with_its_remedy(
    check: Said | SendError | str, code: Code, remedy: str
) -> None:
    found = await look(scripted(check))
    assert told(found)[0] is code
    assert remedy in told(found)[1]


@pytest.mark.parametrize(
    ("kind", "detail", "code"),
    [
        ("tls", None, Code.TLS_UNTRUSTED),
        ("tls", "expired", Code.TLS_UNTRUSTED),
        ("proxy", "proxy_credentials", Code.PROXY),
        ("timeout", None, Code.TIMEOUT),
        ("broken", None, Code.OFFLINE),
        ("protocol", None, Code.MALFORMED),
    ],
)
async def test_what_breaks_below_http_is_told_as_everywhere(
    kind: SendErrorKind, detail: SendErrorDetail | None, code: Code
) -> None:
    instance = scripted(SendError(kind, detail=detail))
    assert told(await look(instance))[0] is code
    assert instance.paths == [CHECK]  # who does not answer is not asked more


@pytest.mark.parametrize("check", [SendError("timeout"), HANG])
async def test_a_look_that_took_too_long_names_no_deadline_to_be_moved(
    check: SendError | str,
) -> None:
    code, remedy = told(await look(scripted(check)))
    assert code is Code.TIMEOUT
    assert "slow" in remedy
    assert "deadline_s" not in remedy


async def test_a_token_that_gitlab_does_not_know_is_invalid() -> None:
    instance = scripted(BARE_401)
    instance.say(VERSION, BARE_401)
    assert told(await look(instance)) == (
        Code.TOKEN_INVALID,
        "check the access token, or create a new one",
    )


@pytest.mark.parametrize("answer", [version("17.1.0"), NO_SCOPE])
async def test_a_good_token_that_an_old_gitlab_refuses_lacks_a_seat(
    answer: Said,
) -> None:
    instance = scripted(BARE_401)
    instance.say(VERSION, answer)
    assert told(await look(instance))[0] is Code.NO_SEAT


async def test_a_job_token_is_told_to_be_one() -> None:
    for token in ("glcbt-64_abc", JobToken("eyJhbGciOi")):
        instance = scripted(BARE_401)
        instance.say(VERSION, BARE_401)
        found = await look(instance, access_token=token)
        code, remedy = told(found)
        assert code is Code.TOKEN_INVALID
        assert "personal access token" in remedy
        assert "CI/CD job" in str(found.problem)
        assert "abc" not in str(found.problem)


async def test_a_token_in_the_wrong_header_is_told() -> None:
    instance = scripted(BARE_401)
    instance.say(VERSION, BARE_401)
    found = await look(instance, access_token=PrivateToken("0123456789abcdef"))
    assert "OAuth token is given as it is" in told(found)[1]
    assert instance.requests[0].headers["PRIVATE-TOKEN"] == "0123456789abcdef"
    assert "Authorization" not in instance.requests[0].headers


async def test_without_a_token_nothing_is_asked() -> None:
    async def source() -> str:
        raise LookupError("s3cret")

    instance = ScriptedInstance()
    code, remedy = told(await look(instance, access_token=source))
    assert code is Code.TOKEN_SOURCE
    assert "what supplies the access token" in remedy
    assert instance.requests == []


async def test_a_token_that_cannot_be_had_any_more_is_told() -> None:
    left = ["glpat-1"]

    async def source() -> str:
        return left.pop()

    instance = ScriptedInstance()
    found = await look(instance, access_token=source)
    assert told(found)[0] is Code.TOKEN_SOURCE
    assert instance.requests == []


async def test_everything_refused_is_not_the_projects_doing() -> None:
    instance = scripted(Said(403, {"message": "403 Forbidden"}))
    instance.say(VERSION, Said(403, {"message": "403 Forbidden"}))
    assert told(await look(instance))[0] is Code.FORBIDDEN


@pytest.mark.parametrize("text", ["16.7.9", "15.11.0-ee"])
async def test_a_gitlab_that_is_too_old_is_told(text: str) -> None:
    instance = scripted(NO_ROUTE)
    instance.say(VERSION, version(text))
    found = await look(instance)
    code, remedy = told(found)
    assert code is Code.GITLAB_TOO_OLD
    assert "17.2" in remedy
    assert found.gitlab_version == text


async def test_an_unsupported_gitlab_serves_as_long_as_it_does() -> None:
    instance = ScriptedInstance()
    instance.say(VERSION, version("17.0.2-ee"))
    assert (await look(instance)).available
    instance.say(CHECK, NO_ROUTE)
    assert told(await look(instance))[0] is Code.GITLAB_TOO_OLD


@pytest.mark.parametrize(
    ("user", "project", "code"),
    [
        (USER, None, Code.NOT_FOUND),
        ({"duoCodeSuggestionsAvailable": False}, None, Code.SWITCHED_OFF),
        (USER, {"duoFeaturesEnabled": True}, Code.SWITCHED_OFF),
        (USER, {"duoFeaturesEnabled": False}, Code.PROJECT_DISABLED),
        (None, None, Code.NOT_FOUND),
    ],
)
async def test_an_old_gitlabs_bare_404_is_settled_by_graphql(
    user: object, project: object, code: Code
) -> None:
    instance = scripted(BARE_404)
    instance.say(VERSION, version("17.4.0"))
    instance.say(GRAPHQL, graph(currentUser=user, project=project))
    found = await look(instance)
    assert told(found)[0] is code
    assert instance.paths == [CHECK, VERSION, GRAPHQL]


@pytest.mark.parametrize(
    "answer",
    [
        Said(200, {"errors": [{"message": "Field 'x' doesn't exist on type 'Query'"}]}),
        Said(404, b"<html>"),
        SendError("broken"),
    ],
)
async def test_a_graphql_that_does_not_know_says_neither_yes_nor_no(
    answer: Said | SendError,
) -> None:
    instance = scripted(NO_ROUTE)
    instance.say(VERSION, NO_SCOPE)
    instance.say(GRAPHQL, answer)
    assert told(await look(instance))[0] is Code.NOT_FOUND


async def test_graphql_stands_in_for_an_endpoint_that_is_gone() -> None:
    instance = scripted(Said(405, {"error": "405 Not Allowed"}))
    instance.say(VERSION, NO_SCOPE)
    instance.say(GRAPHQL, graph(metadata={"version": "21.0.0"}, currentUser=USER))
    found = await look(instance)
    assert (found.available, found.gitlab_version) == (True, "21.0.0")


async def test_a_completions_rules_decide_where_graphql_says_no() -> None:
    instance = ScriptedInstance()
    instance.say(GRAPHQL, graph(currentUser={"duoCodeSuggestionsAvailable": False}))
    assert (await look(instance)).available
    assert GRAPHQL not in instance.paths


# Who pays.


@pytest.mark.parametrize(
    ("answer", "code", "remedy"),
    [
        (NAMESPACE, Code.NAMESPACE_MISSING, "default GitLab Duo namespace"),
        (CREDITS, Code.QUOTA, "more credits"),
    ],
)
async def test_direct_access_tells_who_pays(
    answer: Said, code: Code, remedy: str
) -> None:
    instance = ScriptedInstance()
    instance.say(ACCESS, answer)
    found = await look(instance)
    assert told(found)[0] is code
    assert remedy in told(found)[1]
    assert len(instance.requests) == 3


async def test_a_grant_is_kept_for_the_first_call_and_names_the_version() -> None:
    instance = ScriptedInstance()
    instance.say(VERSION, NO_SCOPE)
    instance.say(ACCESS, grant())
    async with instance.client() as client:
        found = await client.availability("group/app")
        assert found.available
        assert found.gitlab_version is not None
        assert client.status("group/app").token_expires_in_s
    assert instance.paths.count(ACCESS) == 1


async def test_an_entitlement_in_doubt_is_no_no() -> None:
    instance = ScriptedInstance()
    instance.say(
        ACCESS,
        Said(
            403,
            {"error": "not_entitled", "error_code": "USAGE_QUOTA_NOT_ENTITLED"},
        ),
    )
    assert (await look(instance)).available


async def test_a_no_that_may_have_been_mended_is_asked_again() -> None:
    instance = ScriptedInstance()
    instance.say(ACCESS, NAMESPACE, grant())
    async with instance.client() as client:
        assert not (await client.availability()).available
        await asyncio.sleep(61)
        assert (await client.availability()).available


@pytest.mark.parametrize(
    ("answer", "code"), [(NAMESPACE, Code.NAMESPACE_MISSING), (CREDITS, Code.QUOTA)]
)
async def test_without_direct_access_a_completion_tells_who_pays(
    answer: Said, code: Code
) -> None:
    instance = ScriptedInstance()
    instance.say(COMPLETIONS, answer)
    async with instance.client(policy=NEVER) as client:
        assert (await client.availability()).available
        with pytest.raises(Exception, match="no route gave a completion"):
            await client.complete(REQUEST)
        assert told(await client.availability())[0] is code
        await asyncio.sleep(301)
        assert (await client.availability()).available  # for all that is known
    assert ACCESS not in instance.paths


async def test_a_completion_outdoes_what_direct_access_says() -> None:
    instance = ScriptedInstance()
    instance.say(ACCESS, CREDITS)
    async with instance.client() as client:
        assert not (await client.availability()).available
        await client.complete(REQUEST)
        assert (await client.availability()).available


# Bounds.


class Rotating:
    """A source with another token each time it is asked."""

    def __init__(self) -> None:
        self.given = 0

    async def get(self) -> str:
        self.given += 1
        return f"glpat-{self.given}"

    def reject(self, token: str, /) -> None:
        """Take note."""


@pytest.mark.parametrize("direct", [DIRECT_OFF, BARE_401, grant()])
@pytest.mark.parametrize("vers", [version("17.3.0"), BARE_401])
@pytest.mark.parametrize("check", [Said(200), BARE_401, BARE_404, NO_ROUTE])
@pytest.mark.parametrize("first", [None, BARE_401])
async def test_no_look_takes_more_than_four_requests(
    first: Said | None, check: Said, vers: Said, direct: Said
) -> None:
    instance = ScriptedInstance()
    instance.say(CHECK, *([first] if first else []), check)
    instance.say(VERSION, vers)
    instance.say(ACCESS, direct)
    await look(instance, access_token=Rotating())
    assert len(instance.requests) <= 4
    assert instance.most_in_flight <= 2
    assert COMPLETIONS not in instance.paths


async def test_a_look_ends_after_ten_seconds_whatever_hangs() -> None:
    for path in (CHECK, VERSION, ACCESS, GRAPHQL):
        instance = ScriptedInstance()
        if path == GRAPHQL:
            instance.say(CHECK, NO_ROUTE)
        instance.say(path, HANG)
        started = asyncio.get_running_loop().time()
        async with instance.client() as client:
            found = await client.availability()
            took_s = asyncio.get_running_loop().time() - started
            assert took_s == pytest.approx(10.0)
            assert found.available is (path in {VERSION, ACCESS})


async def test_many_projects_wait_for_their_turn() -> None:
    instance = ScriptedInstance()
    instance.pause_s = 1.0
    async with instance.client(policy=NEVER) as client:
        found = await asyncio.gather(
            *(client.availability(f"group/{number}") for number in range(9))
        )
    assert all(one.available for one in found)
    assert {one.gitlab_version for one in found} == {"19.3.0"}
    assert instance.most_in_flight == 1


async def test_a_turn_that_does_not_come_is_not_waited_for() -> None:
    instance = scripted(HANG)
    started = asyncio.get_running_loop().time()
    async with instance.client(policy=NEVER) as client:
        found = await asyncio.gather(
            *(client.availability(f"group/{number}") for number in range(9))
        )
        assert {told(one)[0] for one in found} == {Code.TIMEOUT}
        assert asyncio.get_running_loop().time() - started <= 30


async def test_a_token_goes_to_the_instance_alone() -> None:
    instance = ScriptedInstance()
    instance.say(ACCESS, grant())
    await look(instance)
    assert all(wire.url.startswith("https://gitlab.") for wire in instance.requests)


async def test_an_oauth_token_is_renewed_within_the_look() -> None:
    tokens = iter(["new"])

    async def refresh() -> str:
        return next(tokens)

    instance = ScriptedInstance()
    instance.say(
        CHECK,
        Said(401, {"error": "invalid_token", "error_description": "Token is expired."}),
        Said(200),
    )
    token = OAuthToken("old", refresh=refresh)
    found = await look(instance, access_token=token, policy=NEVER)
    assert found.available
    sent = [wire.headers["Authorization"] for wire in instance.requests]
    assert sent == ["Bearer old", "Bearer new", "Bearer new"]
