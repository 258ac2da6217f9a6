"""Admins set flags over REST, and they are evaluated as they were set."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.emulator.calls import TOKENS, ask, field, make_instance

if TYPE_CHECKING:
    from gitlab_completions.emulator.answers import Answer
    from gitlab_completions.emulator.instance import Instance

V4 = "code_completion_v4_endpoint"
JSON = {"private-token": TOKENS.admin, "content-type": "application/json"}
FORM = {**JSON, "content-type": "application/x-www-form-urlencoded"}


def admin(
    instance: Instance, path: str = "", body: object = None, *, method: str = "GET"
) -> Answer:
    return ask(instance, f"/features{path}", body, method=method, headers=JSON)


def put(instance: Instance, **body: object) -> Answer:
    return admin(instance, f"/{V4}", body, method="POST")


@pytest.mark.parametrize(
    ("token", "status"),
    [
        (TOKENS.admin, 200),
        (TOKENS.valid, 403),
        (TOKENS.ai_features, 403),
        ("glpat-unknown", 401),
    ],
)
def test_only_admins_are_let_in(token: str, status: int) -> None:
    headers = {"private-token": token}
    answer = ask(make_instance(), "/features", method="GET", headers=headers)
    assert answer.status == status


def test_only_flags_that_were_set_are_listed() -> None:
    instance = make_instance("19.1")
    assert admin(instance).json() == []
    assert put(instance, value=True).status == 201
    (listed,) = [admin(instance).json()]
    assert field(listed, 0, "name") == V4
    assert field(listed, 0, "state") == "on"
    assert field(listed, 0, "gates") == [{"key": "boolean", "value": True}]
    assert field(listed, 0, "definition", "default_enabled") is False


@pytest.mark.parametrize(
    ("body", "state", "gates"),
    [
        ({"value": "true"}, "on", []),
        ({"value": False}, "off", []),
        ({"value": "30"}, "conditional", [("percentage_of_time", 30.0)]),
        (
            {"value": 12.5, "key": "percentage_of_actors"},
            "conditional",
            [("percentage_of_actors", 12.5)],
        ),
        (
            {"value": True, "user": "user42, user1", "project": "a/b", "group": "a"},
            "conditional",
            [("actors", ["Group:3", "Project:7", "User:1", "User:42"])],
        ),
        (
            {"value": "opt_out", "user": "user42"},
            "conditional",
            [("actors", ["User:42:opt_out"])],
        ),
        (
            {"value": True, "feature_group": "gitlab_team_members"},
            "conditional",
            [("groups", ["gitlab_team_members"])],
        ),
        ({"value": False, "feature_group": "gitlab_team_members"}, "off", []),
        ({"value": 100, "key": "percentage_of_actors"}, "on", []),
        ({"value": 0, "key": "percentage_of_time"}, "off", []),
    ],
)
def test_gates_are_as_they_were_set(
    body: dict[str, object], state: str, gates: list[tuple[str, object]]
) -> None:
    answer = put(make_instance("19.1"), **body)
    assert answer.status == 201
    assert field(answer.json(), "state") == state
    _, *rest = [field(answer.json(), "gates", n) for n in range(1 + len(gates))]
    assert rest == [{"key": key, "value": value} for key, value in gates]


def test_users_come_and_go() -> None:
    instance = make_instance("19.1")
    put(instance, value=True, user="user42")
    assert instance.flags.is_on(V4, "User:42")
    put(instance, value="opt_out", user="user42")
    assert not instance.flags.is_on(V4, "User:42")
    put(instance, value="remove_opt_out", user="user42")
    assert instance.flags.is_on(V4, "User:42")
    put(instance, value=False, user="user42")
    assert not instance.flags.is_on(V4, "User:42")


def test_a_form_does_as_well() -> None:
    instance = make_instance("19.1")
    raw = b"value=true&user=user42"
    answer = ask(instance, f"/features/{V4}", raw=raw, headers=FORM)
    assert answer.status == 201
    assert instance.flags.is_on(V4, "User:42")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "value is missing"),
        ({"value": 5, "key": "percentage"}, "Cannot set"),
        ({"value": "much"}, "400 Bad request - Cannot set "),
        ({"value": "-5"}, "Cannot set"),
        ({"value": "TRUE"}, 'to "TRUE"'),
        ({"value": "much", "key": "percentage_of_actors"}, "Not a percentage"),
        ({"value": 5, "key": "percentage_of_time", "user": "user42"}, "key, user are"),
        ({"value": 5, "user": "user42"}, 'to "5" for @user42'),
        ({"value": "remove_opt_out", "user": "user42"}, "No opt-out exists"),
        ({"value": True, "user": "nobody"}, "400 Bad request - nobody is not found!"),
    ],
)
def test_bad_parameters_are_refused(body: dict[str, object], told: str) -> None:
    answer = put(make_instance("19.1"), **body)
    assert answer.status == 400
    assert told in str(answer.json())


def test_a_flag_that_nothing_asks_for_can_be_set() -> None:
    body: dict[str, object] = {"value": True}
    answer = admin(make_instance("19.1"), "/demo_flag", body, method="POST")
    assert answer.status == 201
    assert field(answer.json(), "definition") is None


def test_a_percentage_above_the_whole_is_more_than_gitlab_expects() -> None:
    answer = put(make_instance("19.1"), value=101)
    assert (answer.status, answer.json()) == (
        500,
        {"message": "500 Internal Server Error"},
    )


def test_who_opted_out_must_come_back_first() -> None:
    instance = make_instance("19.1")
    put(instance, value="opt_out", user="user42")
    answer = put(instance, value=True, user="user42")
    assert answer.status == 400
    assert "Opt-out exists for @user42" in str(answer.json())


def test_what_is_on_for_all_is_not_put_on_for_a_share() -> None:
    instance = make_instance("19.1")
    share: dict[str, object] = {"value": 50, "key": "percentage_of_actors"}
    put(instance, value=True)
    refused = put(instance, **share)
    assert refused.status == 400
    assert "Cannot enable percentage of actors" in str(refused.json())
    put(instance, value=False)
    assert put(instance, **share).status == 201


def test_a_flag_can_be_forgotten() -> None:
    instance = make_instance("19.5")
    assert admin(instance, f"/{V4}", method="DELETE").status == 204
    assert admin(instance).json() == []
    assert not instance.flags.is_on(V4, None)


def test_definitions_are_listed() -> None:
    answer = admin(make_instance("17.0"), "/definitions")
    names = {field(answer.json(), 0, "name"), field(answer.json(), 1, "name")}
    assert "code_suggestions_direct_completions" in names


@pytest.mark.parametrize(
    ("path", "method"), [("", "POST"), ("/x", "GET"), ("/x", "PUT"), ("", "DELETE")]
)
def test_other_methods_are_not_allowed(path: str, method: str) -> None:
    assert admin(make_instance(), path, method=method).status == 405


@pytest.mark.parametrize("raw", [b"{", b"[]"])
def test_a_body_that_is_no_object_sets_nothing(raw: bytes) -> None:
    answer = ask(make_instance(), f"/features/{V4}", raw=raw, headers=JSON)
    assert answer.status == 400
