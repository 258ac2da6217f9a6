"""GraphQL answers by release, login and scope, and 200 to what it cannot answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gitlab_completions.emulator.answers import Request
from tests.emulator.calls import NOW, TOKENS, field, make_instance

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlab_completions.emulator.answers import Answer
    from gitlab_completions.emulator.instance import Instance

FLAGS = """
query($n: [String!]!) {
  metadata { version featureFlags(names: $n) { name enabled } }
}
"""
SWITCH = "ai_duo_code_suggestions_switch"
V4 = "code_completion_v4_endpoint"


def ask(
    instance: Instance,
    query: str,
    variables: Mapping[str, object] | None = None,
    *,
    token: str | None = TOKENS.valid,
) -> Answer:
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    body = json.dumps({"query": query, "variables": variables}).encode()
    return instance.answer(
        Request(method="POST", path="/api/graphql", headers=headers, body=body), NOW
    )


def data(answer: Answer) -> object:
    assert answer.status == 200
    return field(answer.json(), "data")


def messages(answer: Answer) -> list[object]:
    assert answer.status == 200
    errors = field(answer.json(), "errors")
    assert isinstance(errors, list)
    return [field(error, "message") for error in errors]


def test_flags_are_told_by_name_and_unknown_ones_left_out() -> None:
    instance = make_instance("19.3")
    instance.flags.enable(V4)
    names = ["no_such_flag", V4, SWITCH, V4]
    assert data(ask(instance, FLAGS, {"n": names})) == {
        "metadata": {
            "version": "19.3.0-ee",
            "featureFlags": [
                {"name": V4, "enabled": True},
                {"name": SWITCH, "enabled": True},
            ],
        }
    }
    assert data(ask(instance, FLAGS, {"n": []})) == {
        "metadata": {"version": "19.3.0-ee", "featureFlags": []}
    }


def test_flags_are_evaluated_for_the_user() -> None:
    instance = make_instance("19.3")
    instance.flags.admit_actors(V4, ["User:42"])
    query = f'{{ featureFlagEnabled(name: "{V4}") }}'
    assert data(ask(instance, query)) == {"featureFlagEnabled": True}
    other = data(ask(instance, query, token=TOKENS.admin))
    assert other == {"featureFlagEnabled": False}


def test_twenty_names_are_enough() -> None:
    instance, names = make_instance("19.3"), [f"flag_{n}" for n in range(21)]
    answer = ask(instance, FLAGS, {"n": names})
    assert messages(answer) == ["names is too long (maximum is 20)"]
    assert data(answer) == {"metadata": None}
    assert data(ask(instance, FLAGS, {"n": names[:20]})) is not None


@pytest.mark.parametrize(
    ("profile", "query", "lacks"),
    [
        ("17.0", '{ featureFlagEnabled(name: "x") }', "featureFlagEnabled"),
        ("17.1", '{ featureFlagEnabled(name: "x") }', None),
        ("19.5", '{ featureFlagEnabled(name: "x") }', None),
        (
            "17.2",
            '{ metadata { featureFlags(names: ["x"]) { name } } }',
            "featureFlags",
        ),
        ("17.4", '{ metadata { featureFlags(names: ["x"]) { name } } }', None),
        ("17.0", "{ metadata { version } }", None),
        ("17.0", "{ currentUser { duoCodeSuggestionsAvailable } }", None),
        ("17.7", "{ currentUser { codeSuggestionsContexts } }", "codeSugg"),
        ("18.2", "{ currentUser { codeSuggestionsContexts } }", None),
        ("17.0", "{ currentUser { ide { codeSuggestionsEnabled } } }", None),
        ("17.0", '{ project(fullPath: "a/b") { duoFeaturesEnabled } }', None),
        ("19.5", "{ noSuchField }", "noSuchField"),
    ],
)
def test_fields_come_with_releases(profile: str, query: str, lacks: str | None) -> None:
    answer = ask(make_instance(profile), query)
    if lacks is None:
        assert data(answer) is not None
    else:
        (told,) = messages(answer)
        assert str(told).startswith(f"Field '{lacks}")
        assert "doesn't exist on type" in str(told)
        assert "'data'" not in str(answer.json())


def test_who_is_not_logged_in_hears_little() -> None:
    query = f"""{{ metadata {{ version }} currentUser {{ username }}
      project(fullPath: "a/b") {{ id }} featureFlagEnabled(name: "{SWITCH}") }}"""
    nobody = {
        "metadata": None,
        "currentUser": None,
        "project": None,
        "featureFlagEnabled": False,
    }
    assert data(ask(make_instance(), query, token=None)) == nobody


@pytest.mark.parametrize("token", [TOKENS.expired, TOKENS.revoked, "glpat-unknown"])
def test_a_bad_token_is_worse_than_none(token: str) -> None:
    answer = ask(make_instance(), "{ metadata { version } }", token=token)
    assert answer.status == 401
    assert answer.json() == {"errors": [{"message": "Invalid token"}]}


def test_scopes_decide_what_is_seen() -> None:
    query = "{ currentUser { username } metadata { version } }"
    reads = data(ask(make_instance(), query, token=TOKENS.wrong_scope))
    assert field(reads, "currentUser", "username") == "user42"
    narrow = data(ask(make_instance(), query, token=TOKENS.ai_features))
    assert narrow == {"currentUser": None, "metadata": None}


def test_availability_follows_the_switches_and_the_seat() -> None:
    query = """{ currentUser { d: duoCodeSuggestionsAvailable codeSuggestionsContexts
      ide { codeSuggestionsEnabled } } }"""
    instance = make_instance()
    yes = data(ask(instance, query))
    assert field(yes, "currentUser", "d") is True
    assert field(yes, "currentUser", "codeSuggestionsContexts") != []
    instance.flags.disable(SWITCH)
    no = {
        "d": False,
        "codeSuggestionsContexts": [],
        "ide": {"codeSuggestionsEnabled": False},
    }
    assert data(ask(instance, query)) == {"currentUser": no}
    instance.flags.forget(SWITCH)
    bot = data(ask(instance, query, token=TOKENS.project_bot))
    assert field(bot, "currentUser", "d") is False


def test_projects_are_seen_or_not_and_have_duo_or_not() -> None:
    query = "query($p: ID!) { project(fullPath: $p) { fullPath duoFeaturesEnabled } }"
    instance = make_instance()
    instance.settings.update(
        {"hidden_projects": ["team/secret"], "projects_without_duo": ["team/plain"]}
    )
    for path, enabled in (("team/app", True), ("team/plain", False)):
        assert data(ask(instance, query, {"p": path})) == {
            "project": {"fullPath": path, "duoFeaturesEnabled": enabled}
        }
    assert data(ask(instance, query, {"p": "team/secret"})) == {"project": None}


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("{", "Unexpected end"),
        ("{ metadata }", "must have selections"),
        ("{ metadata { version { x } } }", "can't be made on scalars"),
        ("{ featureFlagEnabled }", "missing required arguments: name"),
        ("{ project(path: 1, fullPath: 2) { id } }", "doesn't accept argument 'path'"),
    ],
)
def test_a_bad_query_is_told_with_status_200(query: str, told: str) -> None:
    (message,) = messages(ask(make_instance(), query))
    assert told in str(message)


def test_type_names_are_told() -> None:
    query = (
        '{ __typename metadata { __typename } project(fullPath: "a") { __typename } }'
    )
    assert data(ask(make_instance(), query)) == {
        "__typename": "Query",
        "metadata": {"__typename": "Metadata"},
        "project": {"__typename": "Project"},
    }


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"query": 7}', b"[" * 100_000])
def test_a_body_without_a_query_is_told_with_status_200(body: bytes) -> None:
    headers = {"private-token": TOKENS.valid}
    request = Request(method="POST", path="/api/graphql", headers=headers, body=body)
    assert messages(make_instance().answer(request, NOW)) == [
        "Unexpected end of document"
    ]


def test_language_servers_pass_their_gate_first() -> None:
    instance = make_instance()
    instance.settings.minimum_language_server_version = "8.0.0"
    headers = {"x-gitlab-language-server-version": "7.9.0"}
    request = Request(method="POST", path="/api/graphql", headers=headers)
    answer = instance.answer(request, NOW)
    assert answer.status == 401
    assert field(answer.json(), "error") == "restricted_language_server_client_error"


def test_only_posts_are_answered() -> None:
    request = Request(method="GET", path="/api/graphql")
    assert make_instance().answer(request, NOW).status == 404
