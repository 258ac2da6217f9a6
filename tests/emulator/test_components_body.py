"""Bodies of v4 are taken within its limits, and context from new clients only."""

from __future__ import annotations

import pytest

from gitlab_completions.emulator.answers import Request
from gitlab_completions.emulator.completion_body import BodyRefusedError
from gitlab_completions.emulator.components_body import (
    heeds_context,
    read_components,
)
from gitlab_completions.emulator.profiles import Generation
from tests.emulator.calls import ABOVE, components, field

LIMIT = 100_000
ITEM = {"type": "file", "name": "a.py", "content": "x"}


def status(document: object, generation: Generation = Generation.OF_2026_08) -> int:
    try:
        read_components(document, generation, with_context=True)
    except BodyRefusedError as error:
        return error.answer.status
    return 200


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (components(), 200),
        (components(ITEM), 200),
        (components(*[ITEM] * 99), 200),
        (components(*[ITEM] * 100), 422),
        (components({**ITEM, "content": "y" * LIMIT}), 200),
        (components({**ITEM, "content": "y" * (LIMIT + 1)}), 422),
        (components({**ITEM, "name": "n" * 1025}), 422),
        (components({"type": "file", "name": "a.py"}), 422),
        (components(type="code_editor_generation"), 200),
        (components(type="code_context"), 422),
        (components(type="else"), 422),
        (components(content_above_cursor="é" * LIMIT), 200),
        (components(content_above_cursor="x" * (LIMIT + 1)), 422),
        (components(content_below_cursor="x" * (LIMIT + 1)), 422),
        (components(content_below_cursor=None), 422),
        (components(file_name="a" * 256), 422),
        (components(language_identifier="p" * 256), 422),
        (components(language_identifier=None, choices_count=None), 200),
        (components(model_provider="anthropic"), 200),
        (components(model_provider="fireworks_ai"), 422),
        (components(model_provider="vertex-ai", model_name="none"), 422),
        (components(model_provider="vertex-ai", model_name="codestral-2508"), 200),
        (components(stream="yes please"), 422),
        ({**components(), "model_metadata": None}, 200),
        ({**components(), "model_metadata": {}}, 422),
        ({**components(), "model_metadata": {"provider": "gitlab"}}, 200),
        ({"prompt_components": []}, 422),
        ({"prompt_components": {}}, 422),
        ({"prompt_components": [7]}, 422),
        ({"prompt_components": [{"type": "code_editor_completion"}]}, 422),
        ({}, 422),
        ([], 422),
        (None, 422),
    ],
)
def test_bodies_are_taken_or_refused(body: object, expected: int) -> None:
    assert status(body) == expected


def test_metadata_of_a_component_is_short() -> None:
    body = components()
    first = field(body, "prompt_components", 0)
    assert isinstance(first, dict)
    for size, expected in ((255, 200), (256, 422)):
        first["metadata"] = {"source": "s" * size, "version": None}
        assert status(body) == expected


@pytest.mark.parametrize(
    ("identifier", "engine"),
    [
        ("codestral_2508_vertex", "vertex-ai"),
        ("codestral_2508_fireworks", "fireworks_ai"),
        ("none", None),
    ],
)
def test_metadata_names_the_model(identifier: str, engine: str | None) -> None:
    metadata = {
        "provider": "gitlab",
        "identifier": identifier,
        "feature_setting": "code_completions",
    }
    body = {**components(), "model_metadata": metadata}
    if engine is None:
        assert status(body) == 422
        return
    read = read_components(body, Generation.OF_2026_08, with_context=True)
    assert read.engine is not None
    assert read.engine.engine == engine


def test_the_gateway_of_2024_07_says_what_is_wrong() -> None:
    with pytest.raises(BodyRefusedError) as caught:
        read_components(
            {"prompt_components": []}, Generation.OF_2024_07, with_context=True
        )
    assert field(caught.value.answer.json(), "detail", 0) == {
        "type": "too_short",
        "loc": ["body", "prompt_components"],
        "msg": "List should have at least 1 item after validation, not 0",
        "input": [],
        "ctx": {"field_type": "List", "min_length": 1, "actual_length": 0},
    }


def test_the_prompt_is_read() -> None:
    body = components(ITEM, {**ITEM, "content": ""}, language_identifier="python")
    read = read_components(body, Generation.OF_2026_08, with_context=True)
    assert (read.prompt.above, read.prompt.context) == (ABOVE, ("x",))
    assert (read.language, read.stream, read.prompt.generation) == (
        "python",
        False,
        False,
    )
    deaf = read_components(body, Generation.OF_2026_08, with_context=False)
    assert deaf.prompt.context == ()


@pytest.mark.parametrize(
    ("version", "heeds"),
    [
        (None, False),
        ("", False),
        ("junk", False),
        ("7", False),
        ("7.17", False),
        ("7.17.0", False),
        ("7.17.1", True),
        (" 7.17.1 ", True),
        ("v7.17.1", True),
        ("7.17.1+build.5", True),
        ("7.17.1.post1", True),
        ("7.17.1rc1", False),
        ("7.17.1-beta", False),
        ("7.17.1.dev0", False),
        ("7.18", True),
        ("7.18.0b2", True),
        ("8.0.0", True),
        ("10.0", True),
    ],
)
def test_context_is_heeded_since_7_17_1(version: str | None, *, heeds: bool) -> None:
    headers = {} if version is None else {"x-gitlab-language-server-version": version}
    request = Request(method="POST", path="/", headers=headers)
    assert heeds_context(request) is heeds
