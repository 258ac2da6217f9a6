"""What GitLab says of a token is read as far as it can be, and no further."""

from __future__ import annotations

import json

import pytest

from gitlab_completions._secrets import HostHeaders
from gitlab_completions._wire.introspection import (
    TokenFacts,
    TokenForm,
    decode_token_facts,
    form_of,
    oauth_token_request,
    personal_token_request,
)

ROOT = "https://gitlab.example.com/gitlab"
HEADERS = HostHeaders(ROOT, {"Authorization": "Bearer canary"})
JUNE = 1_780_272_000.0
"""The first of June 2026, in Unix seconds."""


def decode(answer: object, form: TokenForm = "personal") -> TokenFacts | None:
    return decode_token_facts(json.dumps(answer).encode(), form=form)


@pytest.mark.parametrize(
    ("token", "form"),
    [
        ("glpat-Vj2fgDnzq3", "personal"),
        ("corp-glpat-Vj2fgDnzq3", "personal"),
        ("0123456789abcdef" * 4, "oauth"),
        ("gloat-1234", "oauth"),
        ("Vj2fgDnzq3", "unknown"),
        ("0123456789abcdef" * 5, "unknown"),
    ],
)
def test_a_token_is_known_by_its_looks(token: str, form: TokenForm) -> None:
    assert form_of(token) == form


def test_each_form_has_a_question_of_its_own() -> None:
    personal = personal_token_request(ROOT, HEADERS, timeout_s=3.0)
    oauth = oauth_token_request(ROOT, HEADERS, timeout_s=3.0)
    assert (personal.method, oauth.method) == ("GET", "GET")
    assert personal.url == f"{ROOT}/api/v4/personal_access_tokens/self"
    assert oauth.url == f"{ROOT}/oauth/token/info"
    assert (personal.purpose, personal.timeout_s) == ("inquiry", 3.0)


def test_a_personal_token_has_scopes_and_a_last_day() -> None:
    told = {"scopes": ["read_user", "api"], "expires_at": "2026-06-01", "name": "mine"}
    assert decode(told) == TokenFacts(
        form="personal", scopes=("api", "read_user"), ends_at=JUNE
    )


def test_a_moment_counts_as_its_day() -> None:
    facts = decode({"expires_at": "2026-06-01T12:00:00.000Z"})
    assert facts is not None
    assert facts.ends_at == JUNE


def test_a_token_may_have_no_last_day() -> None:
    facts = decode({"scopes": ["api"], "expires_at": None})
    assert facts is not None
    assert facts.ends_at is None


def test_an_oauth_token_has_words_for_scopes_and_a_life() -> None:
    facts = decode({"scope": "api read_user", "expires_in": 7200}, "oauth")
    assert facts == TokenFacts(
        form="oauth", scopes=("api", "read_user"), lives_s=7200.0
    )


def test_what_is_no_word_is_no_scope() -> None:
    facts = decode({"scopes": ["api", 7, None, "x" * 100, "two\nlines"]})
    assert facts is not None
    assert facts.scopes == ("api",)


@pytest.mark.parametrize(
    "answer", [[], {}, {"scopes": 7}, {"expires_at": "2026-13-01"}, {"expires_at": ""}]
)
def test_an_answer_may_tell_nothing_of_a_token(answer: object) -> None:
    assert decode(answer) is None
