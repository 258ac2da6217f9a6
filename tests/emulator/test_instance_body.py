"""Grape's checks, and what GitLab cuts off."""

from __future__ import annotations

import pytest

from gitlab_completions.emulator.instance_body import file_problems, read_indirect
from tests.emulator.calls import completion_body, field, file_body, without

ITEM = {"type": "file", "name": "a.py", "content": "x"}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (completion_body(), ""),
        (
            {},
            (
                "current_file is missing, current_file[file_name] is missing, "
                "current_file[content_above_cursor] is missing"
            ),
        ),
        (completion_body(current_file=7), "current_file is invalid"),
        (
            file_body(file_name="a" * 256),
            "current_file[file_name] must be less than 255 characters",
        ),
        (file_body(file_name="a" * 255), ""),
        (file_body(file_name=None), "current_file[file_name] is missing"),
        (file_body(file_name=7), "current_file[file_name] is invalid"),
        (file_body(content_above_cursor="x" * 400_000), ""),
        (
            file_body(content_above_cursor="x" * 400_001),
            "current_file[content_above_cursor] must be less than 400000 characters",
        ),
        (file_body(content_below_cursor=None), ""),
        (completion_body(intent="completion"), ""),
        (completion_body(intent="x"), "intent does not have a valid value"),
        (
            completion_body(generation_type="x"),
            "generation_type does not have a valid value",
        ),
        (
            completion_body(user_instruction="x" * 600_001),
            "user_instruction must be less than 600000 characters",
        ),
        (completion_body(project_path=7), "project_path is invalid"),
        (completion_body(context=[]), "context is empty"),
        (completion_body(context={}), "context is invalid"),
        (completion_body(context=["x"]), "context[0] is invalid"),
        (completion_body(context=[ITEM, {**ITEM, "type": "snippet"}]), ""),
        (
            completion_body(context=[{**ITEM, "type": "x"}]),
            "context[0][type] does not have a valid value",
        ),
        (
            completion_body(context=[ITEM, {**ITEM, "name": " "}]),
            "context[1][name] is empty",
        ),
        (
            completion_body(context=[without(ITEM, "content")]),
            "context[0][content] is missing",
        ),
        (
            completion_body(context=[{**ITEM, "content": "x" * 600_001}]),
            "context[0][content] must be less than 600000 characters",
        ),
    ],
)
def test_problems_are_worded_as_grape_words_them(
    body: dict[str, object], problem: str
) -> None:
    assert file_problems(body) == problem


def test_contents_are_cut_around_the_cursor() -> None:
    above, below = "a" * 200_000 + "|", "|" + "b" * 200_000
    body = read_indirect(
        file_body(content_above_cursor=above, content_below_cursor=below)
    )
    assert (
        field(body.document, "current_file", "content_above_cursor")
        == (above[-100_000:])
    )
    assert (
        field(body.document, "current_file", "content_below_cursor")
        == (below[:100_000])
    )


def test_context_is_dropped_from_the_sum_of_500_000_on() -> None:
    items = [{**ITEM, "content": "x" * 250_000}] * 3
    body = read_indirect(completion_body(context=items))
    assert body.document["context"] == items[:2]


def test_intent_and_stream_are_read() -> None:
    body = read_indirect(completion_body(intent="generation", stream=True))
    assert (body.generation, body.stream) == (True, True)
    body = read_indirect(completion_body())
    assert (body.generation, body.stream) == (False, False)
