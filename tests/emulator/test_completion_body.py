"""The old gateway tells what is wrong with a body, item by item."""

from __future__ import annotations

import pytest

from gitlab_completions.emulator.completion_body import (
    BodyRefusedError,
    read_body,
    refused,
)
from gitlab_completions.emulator.profiles import Generation
from tests.emulator.calls import OLD, completion_body, direct, field, make_gateway

TAG = {
    "type": "union_tag_invalid",
    "loc": ["body"],
    "msg": "Input tag '3' found using 'prompt_version' does not match any of the "
    "expected tags: 1, 2",
}


@pytest.mark.parametrize(
    ("raw", "kind", "loc"),
    [
        (b"", "missing", ["body"]),
        (b"{}", "union_tag_not_found", ["body"]),
        (b"[]", "model_attributes_type", ["body"]),
        (b'{"prompt_version": 1}', "missing", ["body", 1, "current_file"]),
        # A trailing comma would be told one place earlier from Python 3.13 on.
        (b'{"prompt_version": 1, x}', "json_invalid", ["body", 22]),
    ],
)
def test_the_first_problem_of_a_body(raw: bytes, kind: str, loc: list[object]) -> None:
    detail = field(direct(make_gateway(OLD), raw=raw).json(), "detail", 0)
    assert field(detail, "type") == kind
    assert field(detail, "loc") == loc


def test_a_wrong_version_names_the_right_ones() -> None:
    answer = direct(make_gateway(OLD), completion_body(prompt_version=3))
    detail = field(answer.json(), "detail", 0)
    assert isinstance(detail, dict)
    assert {name: detail[name] for name in TAG} == TAG


def test_version_2_needs_its_prompt() -> None:
    answer = direct(make_gateway(OLD), completion_body(prompt_version=2))
    assert field(answer.json(), "detail", 0, "loc") == ["body", 2, "prompt"]


def test_an_unsupported_model_is_named() -> None:
    body = completion_body(model_provider="vertex-ai", model_name="codestral-2508")
    detail = field(direct(make_gateway(OLD), body).json(), "detail", 0)
    assert field(detail, "msg") == (
        "Value error, model codestral-2508 is not supported by use case code "
        "completions and provider vertex-ai"
    )


def test_an_unknown_provider_gets_the_known_ones() -> None:
    body = completion_body(model_provider="fireworks_ai", model_name="x")
    detail = field(direct(make_gateway(OLD), body).json(), "detail", 0)
    assert (
        field(detail, "msg") == "Input should be 'anthropic', 'vertex-ai' or 'litellm'"
    )


def test_the_new_gateway_tells_nothing() -> None:
    answer = refused(Generation.OF_2026_08).answer
    assert answer.json() == {"detail": "Validation error"}
    with pytest.raises(BodyRefusedError):
        read_body({}, Generation.OF_2026_08)


def test_a_good_body_is_read() -> None:
    item = {"type": "file", "name": "n", "content": "c"}
    body = read_body(
        completion_body(stream=True, context=[item]), Generation.OF_2026_08
    )
    assert body.stream
    assert body.prompt.context == ("c",)
    assert body.prompt.file_name == "test.py"
    assert body.engine is not None
    assert body.engine.name == "codestral_2508_vertex"
