from __future__ import annotations

import json

import pytest

from gitlab_completions._secrets import HostHeaders
from gitlab_completions._wire.flags import (
    MAX_NAMES,
    FlagAnswer,
    decode_each,
    decode_names,
    each_request,
    may_mean_flag_off,
    names_request,
)
from gitlab_completions._wire.messages import Answer

ROOT = "https://gitlab.example.com"
HEADERS = HostHeaders(ROOT, {"Authorization": "Bearer t"})
LACKS = "Field '{}' doesn't exist on type '{}'"


def body(answer: object) -> bytes:
    return json.dumps(answer).encode()


def test_the_question_of_newer_instances() -> None:
    request = names_request(ROOT, HEADERS, names=["a", "b"], timeout_s=5)
    sent = json.loads(request.body)
    assert request.url == f"{ROOT}/api/graphql"
    assert request.purpose == "inquiry"
    assert sent["variables"] == {"names": ["a", "b"]}
    assert (
        "metadata { version featureFlags(names: $names) { name enabled } }"
        in (sent["query"])
    )


def test_the_question_of_older_instances_has_a_field_for_each_flag() -> None:
    request = each_request(ROOT, HEADERS, names=["a", 'b") { x }'], timeout_s=5)
    sent = json.loads(request.body)
    assert sent["variables"] == {"f0": "a", "f1": 'b") { x }'}
    assert sent["query"] == (
        "query($f0: String!, $f1: String!) { metadata { version } "
        "f0: featureFlagEnabled(name: $f0) f1: featureFlagEnabled(name: $f1) }"
    )


def test_flags_are_found_by_name_and_not_by_place() -> None:
    told = [{"name": "b", "enabled": False}, {"name": "a", "enabled": True}]
    metadata = {"version": "19.3.0", "featureFlags": told}
    answer = decode_names(body({"data": {"metadata": metadata}}), ["a", "gone", "b"])
    assert answer == FlagAnswer(
        lacks_field=False,
        version="19.3.0",
        logged_in=True,
        values={"a": True, "b": False},
    )


def test_what_is_no_flag_is_left_out() -> None:
    told: list[object] = [
        *(None, 1, {}, {"name": "a"}, {"name": 1, "enabled": True}),
        {"name": "a", "enabled": "yes"},
        {"name": "b", "enabled": None},
        {"name": "not asked for", "enabled": True},
    ]
    metadata = {"version": 17, "featureFlags": told}
    answer = decode_names(body({"data": {"metadata": metadata}}), ["a", "b"])
    assert answer is not None
    assert (answer.values, answer.version) == ({}, None)


def test_a_flood_of_flags_is_not_read_to_its_end() -> None:
    told = [{"name": "b", "enabled": True}] * 1000 + [{"name": "a", "enabled": True}]
    metadata = {"version": "19.3.0", "featureFlags": told}
    answer = decode_names(body({"data": {"metadata": metadata}}), ["a"])
    assert answer is not None
    assert answer.values == {}


@pytest.mark.parametrize("metadata", [None, [], "x"])
def test_without_metadata_nobody_is_logged_in(metadata: object) -> None:
    answers = (
        decode_names(body({"data": {"metadata": metadata}}), ["a"]),
        decode_each(body({"data": {"metadata": metadata, "f0": False}}), ["a"]),
    )
    for answer in answers:
        assert answer is not None
        assert not answer.logged_in
        assert answer.version is None


def test_an_older_instances_values_are_read() -> None:
    data = {"metadata": {"version": "17.1.2"}, "f0": True, "f1": False, "f2": None}
    answer = decode_each(body({"data": data}), ["a", "b", "c"])
    assert answer == FlagAnswer(
        lacks_field=False,
        version="17.1.2",
        logged_in=True,
        values={"a": True, "b": False},
    )


def test_an_instance_that_is_too_old_says_so() -> None:
    errors = [{"message": LACKS.format("featureFlags", "Metadata")}]
    answer = decode_names(body({"errors": errors}), ["a"])
    assert answer is not None
    assert answer.lacks_field
    errors = [{"message": LACKS.format("featureFlagEnabled", "Query")}]
    answer = decode_each(body({"errors": errors}), ["a"])
    assert answer is not None
    assert answer.lacks_field


@pytest.mark.parametrize("metadata", [None, {"version": "19.3.0"}])
def test_a_query_that_failed_says_nothing_of_flags(metadata: object) -> None:
    document = {
        "data": {"metadata": metadata, "f0": None},
        "errors": [{"message": "Timeout on Metadata.featureFlags"}],
    }
    assert decode_names(body(document), ["a"]) is None
    assert decode_each(body(document), ["a"]) is None


@pytest.mark.parametrize("words", [b"<html>", b"", b"[]", b'{"message": "401"}'])
def test_what_is_no_answer_is_none(words: bytes) -> None:
    assert decode_names(words, ["a"]) is decode_each(words, ["a"]) is None


@pytest.mark.parametrize(
    ("status", "headers", "answer", "may"),
    [
        (404, {}, {"message": "404 Not Found"}, True),
        (404, {"x-gitlab-error-origin": "monolith"}, {"message": "404"}, False),
        (404, {}, {"error": "404 Not Found"}, False),
        (403, {}, {"message": "403 Forbidden"}, False),
        (404, {}, [], False),
    ],
)
def test_which_refusals_may_be_the_flags_doing(
    status: int, headers: dict[str, str], answer: object, *, may: bool
) -> None:
    said = Answer(status_code=status, headers=headers, body=body(answer))
    assert may_mean_flag_off(said) is may


def test_no_more_flags_are_asked_for_than_gitlab_takes() -> None:
    assert MAX_NAMES == 20
