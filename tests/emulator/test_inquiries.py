"""What the instance tells of itself, of a token and of a project."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gitlab_completions.emulator.access_tokens import Credential, TokenKind
from gitlab_completions.emulator.answers import Request
from gitlab_completions.emulator.profiles import PROFILES
from tests.emulator.calls import NOW, TOKENS, ask, field, make_instance

ENABLED = "/code_suggestions/enabled"
DETAILS = "/code_suggestions/connection_details"
SELF = "/personal_access_tokens/self"


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}", "content-type": "application/json"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"project_path": "team/app"}, 200),
        ({"project_path": "team/plain"}, 403),
        ({"project_path": "team/secret"}, 404),
        ({"project_path": ""}, 404),
        ({}, 400),
        ({"project_path": 7}, 400),
    ],
)
def test_a_project_has_duo_or_not(body: dict[str, object], status: int) -> None:
    instance = make_instance()
    instance.settings.hidden_projects = ("team/secret",)
    instance.settings.projects_without_duo = ("team/plain",)
    assert ask(instance, ENABLED, body).status == status


def test_a_project_is_not_looked_at_where_all_is_off() -> None:
    instance = make_instance()
    instance.settings.code_suggestions_enabled = False
    answer = ask(instance, ENABLED, {"project_path": "team/app"})
    assert (answer.status, answer.headers["x-gitlab-error-origin"]) == (404, "monolith")


def test_details_of_the_connection_come_with_18_3_and_are_limited() -> None:
    assert ask(make_instance("18.2"), DETAILS).status == 404
    instance = make_instance("18.3")
    answer = ask(instance, DETAILS)
    assert answer.status == 201
    assert field(answer.json(), "instance_version") == "18.3.0-ee"
    assert field(answer.json(), "saas_duo_pro_namespace_ids") == []
    assert [ask(instance, DETAILS).status for _ in range(10)] == [201] * 9 + [429]
    saas = ask(make_instance("19.3-gitlab.com"), DETAILS)
    assert field(saas.json(), "realm") == "saas"


@pytest.mark.parametrize(
    ("token", "status", "scopes"),
    [
        (TOKENS.valid, 200, ["api"]),
        (TOKENS.wrong_scope, 200, ["read_api"]),
        (TOKENS.ai_features, 200, ["ai_features"]),
        (TOKENS.expired, 401, None),
        (TOKENS.oauth, 400, None),
        (TOKENS.job, 401, None),
    ],
)
def test_a_token_describes_itself(
    token: str, status: int, scopes: list[str] | None
) -> None:
    answer = ask(make_instance(), SELF, method="GET", headers=bearer(token))
    assert answer.status == status
    if scopes is not None:
        assert field(answer.json(), "scopes") == scopes


@pytest.mark.parametrize(
    ("token", "status"),
    [(TOKENS.oauth, 200), (TOKENS.valid, 401), (TOKENS.expired, 401), ("none", 401)],
)
def test_doorkeeper_knows_oauth_tokens_only(token: str, status: int) -> None:
    request = Request(method="GET", path="/oauth/token/info", headers=bearer(token))
    answer = make_instance().answer(request, NOW)
    assert answer.status == status
    if status == 200:
        assert field(answer.json(), "scope") == ["api"]


@pytest.mark.parametrize(
    ("left_s", "date"), [(None, None), (86_400.0, "2027-01-16"), (60.0, "2027-01-15")]
)
def test_a_token_tells_its_last_day(left_s: float | None, date: str | None) -> None:
    instance = make_instance()
    instance.credentials[TOKENS.valid] = Credential(good_for_s=left_s)
    answer = ask(instance, SELF, method="GET", headers=bearer(TOKENS.valid))
    assert field(answer.json(), "expires_at") == date


@pytest.mark.parametrize("left_s", [None, 60.0])
def test_an_oauth_token_tells_its_last_second(left_s: float | None) -> None:
    instance = make_instance()
    credential = Credential(kind=TokenKind.OAUTH, good_for_s=left_s)
    instance.credentials[TOKENS.oauth] = credential
    headers = bearer(TOKENS.oauth)
    request = Request(method="GET", path="/oauth/token/info", headers=headers)
    answer = instance.answer(request, NOW)
    assert field(answer.json(), "expires_in") == left_s


@pytest.mark.parametrize(
    ("version", "there"),
    [
        ("16.7.9-ee", set[str]()),
        ("16.8.0-ee", {"completions", "enabled"}),
        ("17.0.0-ee", {"completions", "enabled", "direct_access"}),
    ],
)
def test_an_old_gitlab_has_no_such_endpoint(version: str, there: set[str]) -> None:
    instance = make_instance(replace(PROFILES["17.0"], version=version))
    for name in ("completions", "enabled", "direct_access", "connection_details"):
        answer = ask(instance, f"/code_suggestions/{name}", {"project_path": "a/b"})
        gone = (answer.status, answer.json()) == (404, {"error": "404 Not Found"})
        assert gone is (name not in there)


@pytest.mark.parametrize(
    ("token", "status"), [(TOKENS.wrong_scope, 200), (TOKENS.ai_features, 200)]
)
def test_the_version_is_told_to_whoever_reads(token: str, status: int) -> None:
    answer = ask(make_instance(), "/version", method="GET", headers=bearer(token))
    assert answer.status == status
