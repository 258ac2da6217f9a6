"""What a completion looks like on the wire: v2 or v4."""

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

from gitlab_completions.emulator.completion_body import CompletionBody
from gitlab_completions.emulator.vendor_models import Engine

__all__ = ("Completion", "extension_of", "language_of", "v2_document", "v4_document")

# Names as the gateway gives them, recorded for py, ts and go; lower case only.
_LANGUAGES: Final = {
    ".c": "c",
    ".cpp": "cpp",
    ".go": "go",
    ".java": "java",
    ".js": "js",
    ".kt": "kotlin",
    ".php": "php",
    ".py": "python",
    ".rb": "ruby",
    ".rs": "rust",
    ".ts": "ts",
}
_CHARS_PER_TOKEN: Final = 4
_REGION: Final = "us-central1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A model's post-processed words and what is told about them.

    Attributes:
        text: The words; "" for no suggestion.
        engine: The model that is named.
        language: The gateway's name for the file's language, "" if it has none.
        prompt_chars: The size of the file around the cursor in characters.
        context_chars: The size of the context in characters.
        created_unix: When it was made, in Unix seconds.
        flags: Names of the enabled feature flags.
    """

    text: str = field(repr=False)
    engine: Engine
    language: str
    prompt_chars: int
    context_chars: int
    created_unix: int
    flags: tuple[str, ...] = ()


def extension_of(file_name: str) -> str:
    """Return the extension with its dot, "" if there is none."""
    return PurePosixPath(file_name.replace("\\", "/")).suffix


def language_of(body: CompletionBody) -> str:
    """Return the gateway's name for the language of the file, "" if it knows none."""
    known = _LANGUAGES.get(extension_of(body.prompt.file_name), "")
    named = body.language or ""
    return known or (named if named in _LANGUAGES.values() else "")


def v2_document(said: Completion, *, old: bool) -> dict[str, object]:
    """Return the JSON body of `/v2/completions`; `old` is the shape of 2024-07."""
    model: dict[str, object] = _model(said)
    document: dict[str, object] = {
        "id": "id",
        "model": model,
        "experiments": [],
        "object": "text_completion",
        "created": said.created_unix,
        "choices": _choices(said),
    }
    if old:
        return {
            **document,
            "experiments": [{"name": "exp_truncate_suffix", "variant": 0}],
        }
    model["tokens_consumption_metadata"] = _tokens(said)
    model["region"] = _REGION
    document["metadata"] = {"enabled_feature_flags": list(said.flags)}
    return document


def v4_document(said: Completion) -> dict[str, object]:
    """Return the JSON body of `/v4/code/suggestions`."""
    return {
        "choices": _choices(said),
        "model": _model(said),
        "metadata": {
            "model": _model(said),
            "timestamp": said.created_unix,
            "enabled_feature_flags": list(said.flags),
            "region": None,
        },
    }


def _choices(said: Completion) -> list[dict[str, object]]:
    """Return one choice, or none for an empty text."""
    if not said.text:
        return []
    return [{"text": said.text, "index": 0, "finish_reason": "length"}]


def _model(said: Completion) -> dict[str, object]:
    """Return the model as every shape names it."""
    return {
        "engine": said.engine.engine,
        "name": said.engine.name,
        "lang": said.language,
    }


def _tokens(said: Completion) -> dict[str, object] | None:
    """Return rough token counts, None when nothing is suggested."""
    if not said.text:
        return None
    context = said.context_chars // _CHARS_PER_TOKEN
    return {
        "input_tokens": said.prompt_chars // _CHARS_PER_TOKEN,
        "output_tokens": len(said.text) // _CHARS_PER_TOKEN,
        "max_output_tokens_used": False,
        "context_tokens_sent": context,
        "context_tokens_used": context,
    }
