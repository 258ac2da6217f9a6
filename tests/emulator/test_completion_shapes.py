"""Completions have the shapes that were recorded."""

from __future__ import annotations

from gitlab_completions.emulator.completion_shapes import (
    Completion,
    extension_of,
    v2_document,
    v4_document,
)
from gitlab_completions.emulator.vendor_models import Engine

ENGINE = Engine(engine="vertex-ai", name="codestral_2508_vertex")
SAID = Completion(
    text="x + 1",
    engine=ENGINE,
    language="python",
    prompt_chars=40,
    context_chars=12,
    created_unix=9,
    flags=("a", "b"),
)
CHOICES = [{"text": "x + 1", "index": 0, "finish_reason": "length"}]
MODEL = {"engine": "vertex-ai", "name": "codestral_2508_vertex", "lang": "python"}


def test_the_new_v2_document() -> None:
    assert v2_document(SAID, old=False) == {
        "id": "id",
        "model": {
            **MODEL,
            "tokens_consumption_metadata": {
                "input_tokens": 10,
                "output_tokens": 1,
                "max_output_tokens_used": False,
                "context_tokens_sent": 3,
                "context_tokens_used": 3,
            },
            "region": "us-central1",
        },
        "experiments": [],
        "object": "text_completion",
        "created": 9,
        "choices": CHOICES,
        "metadata": {"enabled_feature_flags": ["a", "b"]},
    }


def test_the_old_v2_document() -> None:
    assert v2_document(SAID, old=True) == {
        "id": "id",
        "model": MODEL,
        "experiments": [{"name": "exp_truncate_suffix", "variant": 0}],
        "object": "text_completion",
        "created": 9,
        "choices": CHOICES,
    }


def test_the_v4_document() -> None:
    assert v4_document(SAID) == {
        "choices": CHOICES,
        "model": MODEL,
        "metadata": {
            "model": MODEL,
            "timestamp": 9,
            "enabled_feature_flags": ["a", "b"],
            "region": None,
        },
    }


def test_extensions() -> None:
    assert extension_of("a/b.py") == ".py"
    assert extension_of("C:\\x\\a.go") == ".go"
    assert extension_of(".gitignore") == ""
