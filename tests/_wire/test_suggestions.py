from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gitlab_completions._wire.suggestions import (
    MAX_TEXT,
    NotACompletionError,
    Suggestion,
    decode_suggestion,
)
from gitlab_completions.models import Choice, Model

if TYPE_CHECKING:
    from tests._wire.conftest import LoadSample

VERTEX = Model(engine="vertex-ai", name="codestral_2508_vertex")
FIREWORKS = Model(engine="fireworks_ai", name="codestral_2508_fireworks")


@pytest.mark.parametrize(
    ("name", "texts", "model"),
    [
        ("gateway_v2/completion-2026", ["mock completion"], VERTEX),
        (
            "gateway_v2/completion-17-2",
            ["echo: n % 2"],
            Model(engine="llm-provider-mocked", name="llm-mocked"),
        ),
        ("gateway_v2/empty-2026", [], VERTEX),
        ("gateway_v2/unicode-2026", ['"é中" 😀'], VERTEX),
        ("instance/completion-v2", [" x + 1"], FIREWORKS),
        ("instance/completion-v4", ["mock completion"], FIREWORKS),
    ],
)
def test_recorded_answers(
    sample: LoadSample, name: str, texts: list[str], model: Model
) -> None:
    suggestion = decode_suggestion(sample(name).body)
    assert [choice.text for choice in suggestion.choices] == texts
    assert suggestion.model == model


def decode(**answer: object) -> Suggestion:
    return decode_suggestion(json.dumps(answer).encode())


@pytest.mark.parametrize(
    ("choices", "decoded"),
    [
        ([], ()),
        ([{}], ()),
        ([{"text": None}], ()),
        ([{"text": ""}, {"text": " \n"}], ()),
        ([{"text": "a"}], (Choice(text="a"),)),
        ([{"text": ""}, {"text": "b"}], (Choice(text="b", index=1),)),
        (
            [{"text": "a", "index": 3, "finish_reason": "stop", "new": {}}],
            (Choice(text="a", index=3, finish_reason="stop"),),
        ),
        (
            [{"text": "a", "index": "3", "finish_reason": 7}],
            (Choice(text="a"),),
        ),
        ([{"text": "a", "index": -1}], (Choice(text="a"),)),
        ([{"text": "a", "index": True}], (Choice(text="a"),)),
        ([{"text": "a", "index": 10**20}], (Choice(text="a"),)),
        ([{"text": "a", "finish_reason": "\ud800"}], (Choice(text="a"),)),
        ([{"text": "a", "finish_reason": "x" * 256}], (Choice(text="a"),)),
        ([{"text": "\0a\0b\0"}], (Choice(text="ab"),)),
        ([{"text": "\0 \0"}], ()),
        ([{"text": "\n    return"}], (Choice(text="\n    return"),)),
        ([{"text": "\ud83d\ude00\ud83d"}], (Choice(text="😀\ufffd"),)),
    ],
)
def test_choices(choices: object, decoded: tuple[Choice, ...]) -> None:
    assert decode(choices=choices) == Suggestion(choices=decoded, model=None)


@pytest.mark.parametrize(
    ("answer", "model"),
    [
        ({}, None),
        ({"model": None}, None),
        ({"model": "codestral"}, None),
        ({"model": {}}, None),
        ({"model": {"engine": None, "name": 7}}, None),
        ({"model": {"engine": "e"}}, Model(engine="e", name="")),
        ({"model": {"engine": "e", "name": "n"}}, Model(engine="e", name="n")),
        ({"metadata": {"model": {"name": "n"}}}, Model(engine="", name="n")),
        ({"metadata": []}, None),
        ({"model": {"engine": "\ud800", "name": "a\x1b[31m"}}, None),
        ({"model": {"engine": "x" * 256, "name": "n"}}, Model(engine="", name="n")),
        (
            {"model": None, "metadata": {"model": {"engine": "e", "name": "n"}}},
            Model(engine="e", name="n"),
        ),
    ],
)
def test_the_model_is_where_it_is(answer: dict[str, object], model: Model) -> None:
    assert decode(choices=[], **answer).model == model


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not a JSON object"),
        (b"s3cret", "not a JSON object"),
        (b"<html>s3cret</html>", "not a JSON object"),
        (b'{"choices":[{"text":"s3cret\xff"}]}', "not a JSON object"),
        (b'{"choices":[{"text":"s3cr', "not a JSON object"),
        (b"[" * 100_000, "not a JSON object"),
        (b'["s3cret"]', "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"{}", "no choices"),
        (b'{"response":"s3cret"}', "no choices"),
        (b'{"choices":null}', "no choices"),
        (b'{"choices":{"text":"s3cret"}}', "no choices"),
        (b'{"choices":["s3cret"]}', "a choice that is no object"),
        (b'{"choices":[null]}', "a choice that is no object"),
        (b'{"choices":[{"text":["s3cret"]}]}', "a choice whose text is no string"),
        (b'{"choices":[{"text":7}]}', "a choice whose text is no string"),
        (
            b'{"choices":[{"text":"%b"}]}' % (b"x" * (MAX_TEXT + 1)),
            "a choice too long to insert",
        ),
        (b'{"choices":[],"error":"s3cret"}', "an error with a good status"),
        (b'{"choices":[],"error":{}}', "an error with a good status"),
    ],
)
def test_what_is_no_completion(body: bytes, reason: str) -> None:
    with pytest.raises(NotACompletionError) as caught:
        decode_suggestion(body)
    assert caught.value.reason == str(caught.value) == reason
    assert caught.value.__context__ is None  # the parser's error holds the body


@pytest.mark.parametrize(
    "body",
    [
        b'{"choices":[],"created":NaN,"x":-Infinity,"y":1e999}',
        b'{"choices":[{"text":"a","index":' + b"9" * 5000 + b"}]}",
        b'{"choices":[],"error":null}',
        b'\xef\xbb\xbf{"choices":[]}',
        b'  {"choices":[]}\n',
    ],
)
def test_oddities_are_tolerated(body: bytes) -> None:
    decode_suggestion(body)
