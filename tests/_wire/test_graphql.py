from __future__ import annotations

import json

import pytest

from gitlab_completions._secrets import HostHeaders
from gitlab_completions._wire.graphql import (
    MAX_ERRORS,
    MAX_MESSAGE,
    GraphAnswer,
    decode_answer,
    query_request,
)
from gitlab_completions.models import Route

ROOT = "https://gitlab.example.com"


def decode(answer: object) -> GraphAnswer | None:
    return decode_answer(json.dumps(answer).encode())


def test_the_request() -> None:
    request = query_request(
        ROOT,
        HostHeaders(ROOT, {"Authorization": "Bearer t", "X-Request-ID": "1"}),
        query="query($n:[String!]!){ a(names:$n) }",
        variables={"n": ["b"]},
        timeout_s=5.0,
    )
    assert (request.method, request.url) == ("POST", f"{ROOT}/api/graphql")
    assert request.route is Route.INDIRECT
    assert request.purpose == "inquiry"
    assert request.timeout_s == 5.0
    assert request.headers == {"Authorization": "Bearer t", "X-Request-ID": "1"}
    assert json.loads(request.body) == {
        "query": "query($n:[String!]!){ a(names:$n) }",
        "variables": {"n": ["b"]},
    }


def test_half_a_character_is_sent_as_a_question_mark() -> None:
    request = query_request(
        ROOT,
        HostHeaders(ROOT, {}),
        query="q",
        variables={"n": "a\ud800"},
        timeout_s=5.0,
    )
    assert json.loads(request.body)["variables"] == {"n": "a?"}


def test_data_is_read() -> None:
    answer = decode({"data": {"metadata": {"version": "19.3.0"}}})
    assert answer == GraphAnswer(data={"metadata": {"version": "19.3.0"}})


@pytest.mark.parametrize("data", [None, [], "", 1])
def test_data_that_is_no_object_is_empty(data: object) -> None:
    assert decode({"data": data}) == GraphAnswer(data={})


def test_a_field_that_an_old_instance_lacks_is_told() -> None:
    message = "Field 'featureFlags' doesn't exist on type 'Metadata'"
    for words in (message, f"{message} (Did you mean `featureFlag`?)"):
        answer = decode({"errors": [{"message": words, "path": ["query"]}]})
        assert answer is not None
        assert answer.data == {}
        assert answer.lacks("featureFlags")
        assert not answer.lacks("featureFlag")
        assert not answer.lacks("metadata")


@pytest.mark.parametrize(
    "errors", [None, {}, "no", [], [None, 1, {}, {"message": 1}, {"message": ""}]]
)
def test_errors_that_are_none_say_nothing(errors: object) -> None:
    assert decode({"errors": errors}) == GraphAnswer(data={})


def test_errors_are_looked_at_within_bounds_and_not_shown() -> None:
    answer = decode({"errors": [{"message": "s3cret" * 1000}] * 1000})
    assert answer is not None
    assert len(answer.messages) == MAX_ERRORS
    assert {len(message) for message in answer.messages} == {MAX_MESSAGE}
    assert "s3cret" not in repr(answer)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"null", b"{}", b'{"message":"401 Unauthorized"}', b"\xff"],
)
def test_what_is_no_answer_of_the_endpoint_is_none(body: bytes) -> None:
    assert decode_answer(body) is None
