"""Only GitLab's own language server meets the gate, and only an old one."""

from __future__ import annotations

import pytest

from gitlab_completions.emulator.answers import Request
from gitlab_completions.emulator.language_server_gate import gate_refusal, version_of
from tests.emulator.calls import TOKENS, ask, field, make_instance

AGENT = {"user-agent": "gitlab-language-server:7.9.0 (VSCode)"}


def refused(headers: dict[str, str], minimum: str = "7.17.1") -> bool:
    request = Request(method="POST", path="/", headers=headers)
    return gate_refusal(request, minimum) is not None


@pytest.mark.parametrize(
    ("headers", "let_in"),
    [
        ({}, True),
        ({"user-agent": "gitlab-completions/1.0"}, True),
        ({"x-gitlab-language-server-version": "7.17.1"}, True),
        ({"x-gitlab-language-server-version": "7.17.0"}, False),
        ({"x-gitlab-language-server-version": "7.16.9-beta"}, False),
        ({"x-gitlab-language-server-version": "new"}, True),
        ({**AGENT, "x-gitlab-language-server-version": "8.0.0"}, True),
        (AGENT, False),
        ({"user-agent": "code-completions-language-server-experiment"}, False),
    ],
)
def test_a_request_is_let_in(headers: dict[str, str], *, let_in: bool) -> None:
    assert refused(headers) is not let_in
    assert not refused(headers, "")


def test_versions_have_three_numbers() -> None:
    assert version_of("7.17.1") == (7, 17, 1)
    assert version_of("7.17.1+build") == (7, 17, 1)
    assert version_of("7.17") is None


def test_the_gate_is_before_the_credentials_since_18_1() -> None:
    headers = {"private-token": TOKENS.expired, **AGENT}
    for profile, error in (
        ("17.7", "invalid_token"),
        ("19.3", "restricted_language_server_client_error"),
    ):
        instance = make_instance(profile)
        instance.settings.minimum_language_server_version = "8.0.0"
        answer = ask(instance, "/code_suggestions/direct_access", headers=headers)
        assert answer.status == 401
        assert field(answer.json(), "error") == error
