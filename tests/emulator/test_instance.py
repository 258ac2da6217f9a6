"""The instance answers as the GitLab version of its profile does."""

from __future__ import annotations

import pytest

from gitlab_completions.emulator.answers import Answer, Request
from gitlab_completions.emulator.grants import Identity
from gitlab_completions.emulator.profiles import PROFILES
from gitlab_completions.emulator.settings import Quota
from gitlab_completions.emulator.tokens import AUDIENCE, TokenRefusedError
from tests.emulator.calls import (
    NOW,
    TOKENS,
    ask,
    completion_body,
    direct,
    field,
    make_instance,
)

DIRECT = "/code_suggestions/direct_access"
COMPLETIONS = "/code_suggestions/completions"
ORIGIN = "x-gitlab-error-origin"
DISABLED = "403 Forbidden - Direct connections are disabled"
NO_MODEL = "No Code Completion model provided"
SAAS = "19.3-gitlab.com"
NOT_YET = "Code Completion direct access is not yet available"


@pytest.mark.parametrize(
    ("profile", "status", "message"),
    [
        ("17.0", 201, None),
        ("17.1-flag-off", 404, "404 Not Found"),
        ("17.1", 201, None),
        ("17.2", 201, None),
        ("17.4", 201, None),
        ("17.7", 201, None),
        ("18.2", 201, None),
        ("18.3", 201, None),
        ("18.9", 201, None),
        ("19.0", 201, None),
        ("19.0-online-licence", 403, DISABLED),
        ("19.1", 400, NO_MODEL),
        ("19.2", 400, NO_MODEL),
        ("19.3", 201, None),
        ("19.3-gitlab.com", 201, None),
        ("19.3-flag-off", 400, NOT_YET),
        ("19.5", 201, None),
        ("self-hosted", 201, None),
        ("self-hosted-model", 201, None),
    ],
)
def test_a_profile_grants_or_not(
    profile: str, status: int, message: str | None
) -> None:
    answer = ask(make_instance(profile), DIRECT)
    assert answer.status == status
    assert ORIGIN not in answer.headers
    if message is not None:
        assert field(answer.json(), "message") == message


@pytest.mark.parametrize(
    "profile", [name for name, profile in PROFILES.items() if not profile.refusal]
)
def test_what_is_granted_opens_the_gateway(profile: str) -> None:
    instance = make_instance(profile)
    grant = ask(instance, DIRECT).json()
    headers = field(grant, "headers")
    assert isinstance(headers, dict)
    sent = {str(name).lower(): str(value) for name, value in headers.items()}
    sent |= {
        "authorization": f"Bearer {field(grant, 'token')}",
        "content-type": "application/json",
        "x-gitlab-authentication-type": "oidc",
    }
    assert direct(instance.gateway, headers=sent).status == 200


def test_every_profile_completes_indirectly() -> None:
    for profile in PROFILES:
        answer = ask(make_instance(profile), COMPLETIONS, completion_body())
        assert answer.status == 200
        assert field(answer.json(), "choices", 0, "text") == "mock completion"


def test_the_grant_follows_the_version() -> None:
    new, old = ask(make_instance("19.3"), DIRECT), ask(make_instance("17.2"), DIRECT)
    assert field(new.json(), "base_url") == "https://gateway.test/ai"
    assert field(old.json(), "base_url") == "https://gateway.test/ai/"
    assert field(new.json(), "expires_at") == NOW + 3600
    assert field(new.json(), "model_details", "model_name") == "codestral-2508"
    with pytest.raises(KeyError):
        field(old.json(), "model_details")
    with pytest.raises(KeyError):
        field(ask(make_instance("17.1"), DIRECT).json(), "expires_at")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"private-token": TOKENS.valid}, 201),
        ({"authorization": f"Bearer {TOKENS.valid}"}, 201),
        ({"authorization": f"Basic {TOKENS.valid}"}, 401),
        ({"private-token": "glpat-unknown"}, 401),
        ({"private-token": TOKENS.expired}, 401),
        ({"private-token": TOKENS.wrong_scope}, 403),
    ],
)
def test_access_tokens_are_checked(headers: dict[str, str], status: int) -> None:
    assert ask(make_instance(), DIRECT, headers=headers).status == status


@pytest.mark.parametrize(
    ("setting", "value", "status", "origin"),
    [
        ("code_suggestions_enabled", False, 404, "monolith"),
        ("has_seat", False, 401, "monolith"),
        ("direct_enabled", False, 403, None),
        ("missing_default_duo_group", True, 422, None),
        ("quota", Quota.EXCEEDED, 402, None),
        ("quota", Quota.NOT_ENTITLED, 403, None),
    ],
)
def test_settings_bar_direct_access(
    setting: str, value: object, status: int, origin: str | None
) -> None:
    instance = make_instance()
    setattr(instance.settings, setting, value)
    answer = ask(instance, DIRECT)
    assert answer.status == status
    assert answer.headers.get(ORIGIN) == origin


def test_old_versions_have_no_origin_header() -> None:
    instance = make_instance("17.2")
    instance.settings.code_suggestions_enabled = False
    assert ORIGIN not in ask(instance, DIRECT).headers


def test_a_refused_token_keeps_its_status_since_18_9() -> None:
    instance = make_instance()
    instance.settings.quota = Quota.EXCEEDED
    assert ask(instance, DIRECT).json() == {
        "message": "Token creation failed",
        "error_description": "Consumer does not have sufficient credits for this "
        "request",
        "error_code": "USAGE_QUOTA_EXCEEDED",
        "error": "insufficient_credits",
    }


def test_a_refused_token_was_503_before() -> None:
    instance = make_instance("18.2")
    instance.settings.quota = Quota.EXCEEDED
    answer = ask(instance, DIRECT)
    assert (answer.status, answer.json()) == (503, {"message": "Token creation failed"})


def test_a_completion_can_be_switched_off() -> None:
    instance = make_instance()
    instance.settings.code_suggestions_enabled = False
    answer = ask(instance, COMPLETIONS, raw=b"{")
    assert (answer.status, answer.headers[ORIGIN]) == (404, "monolith")


def test_a_project_path_makes_up_for_the_default_group() -> None:
    instance = make_instance()
    instance.settings.missing_default_duo_group = True
    answer = ask(instance, DIRECT, {"project_path": "team/app"})
    assert answer.status == 201
    assert field(answer.json(), "headers", "x-gitlab-project-id") == "7"
    form = {
        "private-token": TOKENS.valid,
        "content-type": "application/x-www-form-urlencoded",
    }
    raw = b"project_path=team%2Fapp"
    assert ask(instance, DIRECT, raw=raw, headers=form).status == 201
    assert ask(instance, DIRECT, {"project_path": 7}).status == 400
    assert ask(instance, DIRECT, raw=b"{").status == 422
    assert ask(instance, COMPLETIONS, completion_body()).status == 422


@pytest.mark.parametrize(
    ("profile", "retry_after"), [("17.2", None), ("18.9", "60"), ("19.3", "60")]
)
def test_direct_access_is_limited_to_50_a_minute(
    profile: str, retry_after: str | None
) -> None:
    instance = make_instance(profile)
    answers = [ask(instance, DIRECT).status for _ in range(50)]
    limited = ask(instance, DIRECT)
    assert answers == [201] * 50
    assert limited.status == 429
    assert limited.headers.get("retry-after") == retry_after
    assert isinstance(field(limited.json(), "message"), dict)
    assert ask(instance, DIRECT, now=NOW + 60).status == 201


def test_a_disabled_instance_never_limits() -> None:
    instance = make_instance()
    instance.settings.direct_enabled = False
    assert {ask(instance, DIRECT).status for _ in range(60)} == {403}


def test_the_limit_of_completions_can_be_set() -> None:
    instance = make_instance()
    instance.settings.completions_limit = 1
    assert ask(instance, COMPLETIONS, completion_body()).status == 200
    limited = ask(instance, COMPLETIONS, completion_body())
    assert limited.status == 429
    assert limited.headers[ORIGIN] == "monolith"
    instance.settings.completions_limit = 0
    assert ask(instance, COMPLETIONS, completion_body()).status == 200


@pytest.mark.parametrize("raw", [b"{", b"[]", b"\xff", b"[" * 100_000])
def test_a_completion_needs_json(raw: bytes) -> None:
    assert ask(make_instance(), COMPLETIONS, raw=raw).status == 400


def test_problems_of_a_body_are_listed() -> None:
    answer = ask(make_instance(), COMPLETIONS, {"context": []})
    assert answer.status == 400
    error = field(answer.json(), "error")
    assert str(error).startswith("current_file is missing, ")
    assert str(error).endswith("context is empty")


@pytest.mark.parametrize("flaw", ["expired_token", "tampered_token"])
def test_flawed_tokens_look_fine_and_do_not_open_the_gateway(flaw: str) -> None:
    instance = make_instance()
    getattr(instance.direct_access, flaw)(times=1)
    grant = ask(instance, DIRECT).json()
    assert field(grant, "expires_at") == NOW + 3600
    verify = instance.gateway.authority.verify
    with pytest.raises(TokenRefusedError):
        verify(str(field(grant, "token")), audience=AUDIENCE, now_unix=NOW)
    good = field(ask(instance, DIRECT).json(), "token")
    assert verify(str(good), audience=AUDIENCE, now_unix=NOW)


def test_clocks_of_the_two_hosts_are_apart() -> None:
    instance = make_instance()
    instance.settings.instance_clock_offset_s = 120.0
    instance.settings.gateway_clock_offset_s = -120.0
    answer = ask(instance, DIRECT)
    assert answer.headers["date"] == "Fri, 15 Jan 2027 08:02:00 GMT"
    assert field(answer.json(), "expires_at") == NOW - 120 + 3600


def test_a_relative_root_is_part_of_every_path() -> None:
    instance = make_instance(root="/gitlab/")
    assert ask(instance, DIRECT).status == 201
    bare = Request(method="POST", path=f"/api/v4{DIRECT}")
    assert instance.answer(bare, NOW).status == 404
    assert instance.endpoint_of(bare) is None
    rooted = Request(method="POST", path=f"/gitlab/api/v4{DIRECT}")
    assert instance.endpoint_of(rooted) is instance.direct_access


def answer_of(method: str, path: str) -> Answer:
    request = Request(method=method, path=path, headers={"private-token": TOKENS.valid})
    return make_instance().answer(request, NOW)


def test_other_paths() -> None:
    version = answer_of("GET", "/api/v4/version")
    assert field(version.json(), "version") == "19.3.0-ee"
    assert answer_of("GET", "/-/health").body == b"GitLab OK"
    assert answer_of("GET", "/api/v4/no/such").status == 404
    assert answer_of("GET", f"/api/v4{DIRECT}").status == 405
    assert len(answer_of("GET", "/-/health").headers["x-request-id"]) == 32


def test_the_token_claims_the_identity() -> None:
    instance = make_instance()
    token = field(ask(instance, DIRECT).json(), "token")
    claims = instance.gateway.authority.verify(
        str(token), audience=AUDIENCE, now_unix=NOW
    )
    assert claims["sub"] == Identity().global_user_id
    assert claims["exp"] == NOW + 3600
    assert claims["scopes"] == ["complete_code", "ai_gateway_model_provider_proxy"]


def test_the_bot_of_a_project_has_no_seat() -> None:
    headers = {"private-token": TOKENS.project_bot}
    answer = ask(make_instance(), DIRECT, headers=headers)
    assert (answer.status, answer.headers[ORIGIN]) == (401, "monolith")


@pytest.mark.parametrize("profile", ["17.0", "17.1"])
def test_direct_access_hung_on_a_flag_for_each_user(profile: str) -> None:
    flag = "code_suggestions_direct_completions"
    instance = make_instance(profile)
    instance.flags.disable(flag)
    assert ask(instance, DIRECT).status == 404
    instance.flags.admit_actors(flag, ["User:42"])
    assert ask(instance, DIRECT).status == 201
    admin = {"private-token": TOKENS.admin}
    assert ask(instance, DIRECT, headers=admin).status == 404


def test_direct_access_of_19_3_hangs_on_a_flag() -> None:
    instance = make_instance("19.3-flag-off")
    assert field(ask(instance, DIRECT).json(), "message") == NOT_YET
    instance.flags.enable("code_suggestions_direct_access_cloud_connected")
    assert ask(instance, DIRECT).status == 201


def test_a_gateway_of_one_s_own_hangs_on_no_flag() -> None:
    instance = make_instance("self-hosted")
    assert not instance.flags.is_on(
        "code_suggestions_direct_access_cloud_connected", "User:42"
    )
    assert ask(instance, DIRECT).status == 201


@pytest.mark.parametrize(("profile", "status"), [("17.4", 201), ("17.7", 403)])
def test_an_incident_sends_everybody_the_other_way(profile: str, status: int) -> None:
    instance = make_instance(profile)
    if "incident_fail_over_completion_provider" in instance.flags.definitions:
        instance.flags.enable("incident_fail_over_completion_provider")
    assert ask(instance, DIRECT).status == status


@pytest.mark.parametrize(
    ("profile", "status", "provider"),
    [
        ("17.7", 201, "fireworks_ai"),
        ("18.2", 403, None),
        ("18.9", 403, None),
        ("19.0", 201, "gitlab"),
        ("19.5", 201, "gitlab"),
    ],
)
def test_a_pinned_model_bars_direct_access_or_is_granted(
    profile: str, status: int, provider: str | None
) -> None:
    instance = make_instance(profile)
    instance.settings.pinned_model = "codestral_2508_vertex"
    grant = ask(instance, DIRECT)
    assert grant.status == status
    if provider is not None:
        assert field(grant.json(), "model_details", "model_provider") == provider
    if profile == "19.5":
        metadata = field(grant.json(), "model_metadata")
        assert field(metadata, "identifier") == "codestral_2508_vertex"


def test_the_operators_switch_is_a_flag() -> None:
    instance = make_instance()
    instance.flags.disable("ai_duo_code_suggestions_switch")
    for path in (DIRECT, COMPLETIONS):
        answer = ask(instance, path, completion_body())
        assert (answer.status, answer.headers[ORIGIN]) == (404, "monolith")


@pytest.mark.parametrize(("profile", "status"), [("19.3", 201), (SAAS, 403)])
def test_gitlab_com_wants_a_paid_namespace(profile: str, status: int) -> None:
    instance = make_instance(profile)
    instance.settings.has_paid_namespace = False
    assert ask(instance, DIRECT).status == status
    assert ask(instance, COMPLETIONS, completion_body()).status == 200


def test_gitlab_com_is_saas() -> None:
    headers = field(ask(make_instance(SAAS), DIRECT).json(), "headers")
    assert field(headers, "x-gitlab-realm") == "saas"
    assert field(headers, "x-gitlab-deployment-type") == ".com"
    assert field(headers, "x-gitlab-saas-namespace-ids") == ""


def test_17_0_grants_the_instance_s_token_and_no_end() -> None:
    instance = make_instance("17.0")
    grant = ask(instance, DIRECT).json()
    assert field(grant, "expires_at") is None
    claims = instance.gateway.authority.verify(
        str(field(grant, "token")), audience=AUDIENCE, now_unix=NOW
    )
    assert claims["sub"] == ""


def test_a_cookie_is_set_and_whoever_returns_it_is_counted() -> None:
    instance = make_instance()
    assert "set-cookie" not in ask(instance, DIRECT).headers
    instance.settings.canary_cookie = True
    cookie = ask(instance, DIRECT).headers["set-cookie"].partition(";")[0]
    assert instance.cookies_returned == 0
    ask(instance, DIRECT, headers={"cookie": cookie})
    assert instance.cookies_returned == 1


def test_other_questions_have_a_handle_of_their_own() -> None:
    instance = make_instance()
    for path in ("/api/v4/version", "/api/graphql", "/oauth/token/info"):
        request = Request(method="GET", path=path)
        assert instance.endpoint_of(request) is instance.inquiries
    assert instance.endpoint_of(Request(method="GET", path="/-/health")) is None
