"""Access tokens are refused in GitLab's own shapes."""

from __future__ import annotations

import pytest

from gitlab_completions.emulator.access_tokens import (
    COMPLETION_SCOPES,
    AccessTokens,
    TokenState,
    credential_of,
    credential_refusal,
    is_anonymous,
    make_access_token,
)
from gitlab_completions.emulator.answers import Answer, Request
from tests.emulator.calls import TOKENS, field


def refusal(headers: dict[str, str]) -> Answer | None:
    request = Request(method="POST", path="/", headers=headers)
    found = credential_of(request, TOKENS.credentials())
    return credential_refusal(found, COMPLETION_SCOPES)


def test_tokens_look_like_gitlab_s_and_are_random() -> None:
    assert make_access_token().startswith("glpat-")
    assert len(make_access_token()) == len("glpat-") + 20
    assert AccessTokens().valid != AccessTokens().valid
    assert "glpat" not in repr(AccessTokens())


@pytest.mark.parametrize(
    "headers",
    [
        {"private-token": TOKENS.valid},
        {"authorization": f"Bearer {TOKENS.valid}"},
        {"authorization": f"bearer {TOKENS.valid}"},
        {"private-token": TOKENS.ai_features},
        {"authorization": f"Bearer {TOKENS.ai_features}"},
        {"authorization": f"Bearer {TOKENS.oauth}"},
        {"private-token": TOKENS.project_bot},
        {"authorization": f"Bearer {TOKENS.project_bot}"},
    ],
)
def test_a_good_token_passes_in_both_headers(headers: dict[str, str]) -> None:
    assert refusal(headers) is None


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"private-token": "other"},
        {"authorization": TOKENS.valid},
        {"private-token": TOKENS.oauth},
        {"private-token": TOKENS.job},
        {"job-token": TOKENS.job},
    ],
)
def test_no_or_unknown_credentials(headers: dict[str, str]) -> None:
    answer = refusal(headers)
    assert answer is not None
    assert answer.status == 401
    assert answer.json() == {"message": "401 Unauthorized"}
    assert "www-authenticate" not in answer.headers


@pytest.mark.parametrize(
    ("token", "words"), [(TOKENS.expired, "expired"), (TOKENS.revoked, "revoked")]
)
def test_an_ended_token_is_challenged(token: str, words: str) -> None:
    answer = refusal({"private-token": token})
    assert answer is not None
    assert answer.status == 401
    assert field(answer.json(), "error") == "invalid_token"
    assert words in str(field(answer.json(), "error_description"))
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_a_scope_can_be_missing() -> None:
    answer = refusal({"private-token": TOKENS.wrong_scope})
    assert answer is not None
    assert answer.status == 403
    assert field(answer.json(), "error") == "insufficient_scope"
    assert refusal({"private-token": TOKENS.admin}) is None
    credential = TOKENS.credentials()[TOKENS.admin]
    only_reads = credential.in_state(TokenState.WRONG_SCOPE)
    assert credential_refusal(only_reads, frozenset({"read_api"})) is None
    assert credential_refusal(only_reads, None) is None


def test_nobody_is_who_brings_no_token() -> None:
    assert is_anonymous(Request(method="GET", path="/", headers={"x-a": "1"}))
    for name in ("private-token", "authorization", "job-token"):
        assert not is_anonymous(Request(method="GET", path="/", headers={name: "x"}))
