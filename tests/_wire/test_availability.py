from __future__ import annotations

import json

import pytest
from hypothesis import given, strategies as st

from gitlab_completions._secrets import HostHeaders
from gitlab_completions._wire.availability import (
    Opinion,
    check_request,
    decode_opinion,
    decode_version,
    foreign_kind,
    granted_version,
    is_no_endpoint,
    is_own_refusal,
    misses_project,
    opinion_request,
    version_numbers,
)
from gitlab_completions.models import Route

ROOT = "https://gitlab.example.com/gitlab"
HEADERS = HostHeaders(ROOT, {"Authorization": "Bearer t"})


def test_the_question_about_a_project() -> None:
    request = check_request(ROOT, HEADERS, project_path=" group/app ", timeout_s=3.0)
    assert request.method == "POST"
    assert request.url == f"{ROOT}/api/v4/code_suggestions/enabled"
    assert json.loads(request.body) == {"project_path": "group/app"}
    assert (request.route, request.purpose) == (Route.INDIRECT, "inquiry")
    assert (request.headers, request.timeout_s) == (HEADERS, 3.0)


@pytest.mark.parametrize("project_path", [None, "", "  "])
def test_the_question_about_no_project(project_path: str | None) -> None:
    request = check_request(ROOT, HEADERS, project_path=project_path, timeout_s=3.0)
    assert json.loads(request.body) == {}


def test_half_a_character_in_a_path_is_none() -> None:
    for encode in (check_request, opinion_request):
        json.loads(encode(ROOT, HEADERS, project_path="a/\ud800", timeout_s=1.0).body)


def test_the_query_for_an_opinion() -> None:
    request = opinion_request(ROOT, HEADERS, project_path="group/app", timeout_s=3.0)
    sent = json.loads(request.body)
    assert request.url == f"{ROOT}/api/graphql"
    assert sent["variables"] == {"p": "group/app"}
    assert "group/app" not in sent["query"]
    assert "duoFeaturesEnabled" in sent["query"]
    bare = opinion_request(ROOT, HEADERS, project_path=None, timeout_s=3.0)
    assert "project" not in json.loads(bare.body)["query"]


@pytest.mark.parametrize(
    ("body", "missed"),
    [
        (b'{"error":"project_path is missing"}', True),
        (b'{"error":"project_path is missing, project_path is empty"}', True),
        (b'{"error":"current_file is missing"}', False),
        (b'{"message":"400 Bad request"}', False),
        (b"<html>", False),
    ],
)
def test_a_missed_project(body: bytes, missed: bool) -> None:
    assert misses_project(body) is missed


@pytest.mark.parametrize(
    ("body", "own"),
    [
        (b'{"message":"403 Forbidden"}', True),
        (b'{"message":"403 Forbidden - Your account has been blocked."}', False),
        (b'{"error":"insufficient_scope"}', False),
        (b"no", False),
    ],
)
def test_a_refusal_of_the_project(body: bytes, own: bool) -> None:
    assert is_own_refusal(body) is own


@pytest.mark.parametrize(
    ("body", "gone"),
    [
        (b'{"error":"404 Not Found"}', True),
        (b'{"message":"404 Not Found"}', False),
        (b'{"message":"404 Project Not Found"}', False),
        (b"", False),
    ],
)
def test_a_missing_endpoint(body: bytes, gone: bool) -> None:
    assert is_no_endpoint(body) is gone


@pytest.mark.parametrize(
    ("body", "version"),
    [
        (b'{"version":"17.0.1-ee","revision":"abc"}', "17.0.1-ee"),
        (b'{"version":19.3}', None),
        (b'{"version":""}', None),
        (b'{"version":"1\\n7"}', None),
        (b'{"version":"19.3.0-pre+a.b"}', "19.3.0-pre+a.b"),
        (b'{"version":"19"}', None),
        (b'{"version":"19.3 is what you have"}', None),
        (b'{"version":"glpat-19.3"}', None),
        (b'{"version":"%s"}' % (b"1" * 51), None),
        (b"[]", None),
        (b"<html>", None),
    ],
)
def test_the_version(body: bytes, version: str | None) -> None:
    assert decode_version(body) == version


def test_a_grants_version() -> None:
    assert granted_version({"X-Gitlab-Version": "18.2.1"}) == "18.2.1"
    assert granted_version({"x-gitlab-version": "18.2.1"}) == "18.2.1"
    assert granted_version({}) is None


@pytest.mark.parametrize(
    ("version", "numbers"),
    [
        ("17.0.1-ee", (17, 0)),
        ("19.3.0-pre", (19, 3)),
        ("18.10", (18, 10)),
        ("v18.1", None),
        ("18", None),
        ("99999.1", None),
        (None, None),
    ],
)
def test_a_versions_numbers(
    version: str | None, numbers: tuple[int, int] | None
) -> None:
    assert version_numbers(version) == numbers


def opinion(data: object, *, named: bool = True) -> Opinion:
    return decode_opinion(json.dumps({"data": data}).encode(), named=named)


def test_an_opinion_on_user_and_project() -> None:
    told = opinion(
        {
            "metadata": {"version": "17.0.0"},
            "currentUser": {"duoCodeSuggestionsAvailable": False},
            "project": {"duoFeaturesEnabled": True},
        }
    )
    assert told == Opinion(
        user_may=False, project_on=True, project_seen=True, version="17.0.0"
    )


def test_a_user_that_is_not_shown_is_unknown_and_its_projects_too() -> None:
    assert opinion({"metadata": None, "currentUser": None, "project": None}) == (
        Opinion()
    )


def test_a_project_that_a_shown_user_does_not_see() -> None:
    data = {"currentUser": {"duoCodeSuggestionsAvailable": True}, "project": None}
    assert opinion(data) == Opinion(user_may=True, project_seen=False)
    assert opinion(data, named=False) == Opinion(user_may=True)


@pytest.mark.parametrize(
    "body",
    [
        b'{"errors":[{"message":"Field \'a\' doesn\'t exist on type \'Project\'"}]}',
        b'{"data":null}',
        b'{"data":{"currentUser":{"duoCodeSuggestionsAvailable":"no"},"project":7}}',
        b"<html>",
        b"",
    ],
)
def test_what_an_instance_does_not_know_is_unknown(body: bytes) -> None:
    told = decode_opinion(body, named=False)
    assert told == Opinion()


@given(st.binary(), st.booleans())
def test_no_answer_breaks_a_decoder(body: bytes, named: bool) -> None:
    decode_opinion(body, named=named)
    decode_version(body)
    assert {misses_project(body), is_own_refusal(body), is_no_endpoint(body)} <= {
        True,
        False,
    }


@pytest.mark.parametrize(
    ("token", "piece"),
    [
        ("glcbt-64_abc", "CI/CD job"),
        ("corp-glcbt-eyJabc", "CI/CD job"),
        ("gldt-abc", "deploy"),
        ("glpat-abc-glcbt", ""),
        ("glpat-abc", ""),
        ("0123456789abcdef", ""),
    ],
)
def test_what_a_token_is_by_its_prefix(token: str, piece: str) -> None:
    kind = foreign_kind(token)
    assert piece in kind
    assert bool(kind) is bool(piece)
