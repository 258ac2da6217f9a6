"""The body of `POST /v2/completions`: decoded, checked and turned into a prompt.

Limits are those of the AI Gateway's `ai_gateway/api/v2/code/typing.py`, unchanged from
2024-06 to 2026-08; lengths count code points.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, cast

from gitlab_completions.emulator.answers import Answer, Request, as_object, json_answer
from gitlab_completions.emulator.model import Prompt
from gitlab_completions.emulator.profiles import Generation
from gitlab_completions.emulator.validation import (
    Check,
    Problem,
    array,
    boolean,
    check_object,
    one_of,
    optional,
    text,
    whole_number,
)
from gitlab_completions.emulator.vendor_models import (
    PROVIDERS,
    Engine,
    UnsupportedModelError,
    choose_engine,
)

__all__ = ("BodyRefusedError", "CompletionBody", "decode", "read_body", "refused")

_FILE: Final[Mapping[str, Check]] = {
    "file_name": text(255, stripped=True),
    "content_above_cursor": text(100_000),
    "content_below_cursor": text(100_000),
}
_CONTEXT_ITEM: Final[Mapping[str, Check]] = {
    "type": text(1024),
    "name": text(1024),
    "content": text(500_000),
}
_COUNTS: Final[Mapping[str, Check]] = {
    "requests": whole_number,
    "accepts": whole_number,
    "errors": whole_number,
}
_LABELS: Final[Mapping[str, Check]] = {
    "model_engine": optional(text(50)),
    "model_name": optional(text(50)),
    "lang": optional(text(50)),
}


# The prompt version that brings a prompt of its own; 2026-08 does without it.
_WITH_PROMPT: Final = 2


class BodyRefusedError(Exception):
    """The body cannot be served; `answer` says how the gateway puts it."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionBody:
    """A body that passed.

    Attributes:
        prompt: What the model sees.
        language: The language that the client named, if it named one.
        stream: Whether it wants the text as it comes.
        engine: The model; None where the gateway fails with 500.
    """

    prompt: Prompt = field(repr=False)
    language: str | None
    stream: bool
    engine: Engine | None


def decode(request: Request, generation: Generation) -> object:
    """Decode the JSON of `request`, which must say that it is JSON.

    The gateway of 2024-07 also took a body without a content type.

    Raises:
        BodyRefusedError: With 400 for bytes that are no text, else with 422.
    """
    kind = request.header("content-type")
    if not request.body:
        raise _missing(generation)
    if kind is None and generation is Generation.OF_2024_07:
        kind = "application/json"
    if not _is_json(kind or ""):
        shown = request.body.decode("utf-8", "replace")
        raise refused(
            generation, *check_object(shown, ("body",), required={}, allowed={})
        )
    try:
        document: object = json.loads(request.body)
    except json.JSONDecodeError as error:
        raise refused(generation, _bad_json(error)) from error
    except (UnicodeDecodeError, RecursionError) as error:
        detail = {"detail": "There was an error parsing the body"}
        raise BodyRefusedError(json_answer(400, detail)) from error
    if document is None:
        raise _missing(generation)
    return document


def refused(generation: Generation, *problems: Problem) -> BodyRefusedError:
    """Return the 422 of `generation` for `problems`."""
    if generation is Generation.OF_2026_08:
        return BodyRefusedError(json_answer(422, {"detail": "Validation error"}))
    if any(problem.type == "string_unicode" for problem in problems):
        # It cannot write the surrogate it means to echo.
        return BodyRefusedError(Answer(status=500))
    items = [problem.document() for problem in problems]
    return BodyRefusedError(json_answer(422, {"detail": items}))


def read_body(document: object, generation: Generation) -> CompletionBody:
    """Check a decoded body and read what matters.

    Raises:
        BodyRefusedError: With 422 (or 500, generation 2024-07) for a body it refuses.
    """
    version = _prompt_version(document, generation)
    loc = ("body", version)
    required: dict[str, Check] = {"current_file": _current_file}
    if version == _WITH_PROMPT and generation is Generation.OF_2024_07:
        required["prompt"] = text(400_000)
    problems = check_object(
        document, loc, required=required, allowed=_allowed(generation)
    )
    if problems:
        raise refused(generation, *problems)
    fields = as_object(document) or {}
    return CompletionBody(
        prompt=_prompt(fields),
        language=_string(_file(fields).get("language_identifier")),
        stream=bool(fields.get("stream")),
        engine=_engine(fields, generation),
    )


def _is_json(content_type: str) -> bool:
    """Say whether FastAPI decodes a body of that content type."""
    kind = content_type.split(";", maxsplit=1)[0].strip().lower()
    return kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )


def _missing(generation: Generation) -> BodyRefusedError:
    """Return the 422 of no body at all."""
    problem = Problem(type="missing", loc=("body",), msg="Field required", input=None)
    return refused(generation, problem)


def _bad_json(error: json.JSONDecodeError) -> Problem:
    """Return the problem of a body that cannot be decoded."""
    return Problem(
        type="json_invalid",
        loc=("body", error.pos),
        msg="JSON decode error",
        input={},
        ctx={"error": error.msg},
    )


def _prompt_version(document: object, generation: Generation) -> int:
    """Return the version that chooses the schema.

    Raises:
        BodyRefusedError: If the body is no object or has no version it knows.
    """
    fields = as_object(document)
    if fields is None:
        problems = check_object(document, ("body",), required={}, allowed={})
        raise refused(generation, *problems)
    if "prompt_version" not in fields:
        raise refused(generation, _no_tag(document))
    tag = fields["prompt_version"]
    old = generation is Generation.OF_2024_07
    tags = (1, 2) if old else (1, 2, 3)
    # 1.0 passes on 2026-08 only (recorded).
    numeric = isinstance(tag, int) or (isinstance(tag, float) and not old)
    if isinstance(tag, bool) or not numeric or tag not in tags:
        raise refused(generation, _bad_tag(document, tag, tags))
    return int(cast("float", tag))


def _no_tag(document: object) -> Problem:
    """Return the problem of a body without a version."""
    return Problem(
        type="union_tag_not_found",
        loc=("body",),
        msg="Unable to extract tag using discriminator 'prompt_version'",
        input=document,
        ctx={"discriminator": "'prompt_version'"},
    )


def _bad_tag(document: object, tag: object, tags: tuple[int, ...]) -> Problem:
    """Return the problem of a version that is none of `tags`."""
    expected = ", ".join(map(str, tags))
    return Problem(
        type="union_tag_invalid",
        loc=("body",),
        msg=f"Input tag '{tag}' found using 'prompt_version' does not match any of "
        f"the expected tags: {expected}",
        input=document,
        ctx={
            "discriminator": "'prompt_version'",
            "tag": str(tag),
            "expected_tags": expected,
        },
    )


def _current_file(value: object, loc: tuple[str | int, ...]) -> list[Problem]:
    """Check the file around the cursor."""
    allowed = {"language_identifier": optional(text(255))}
    return check_object(value, loc, required=_FILE, allowed=allowed)


def _allowed(generation: Generation) -> dict[str, Check]:
    """Return the checks of the fields that may be left out."""
    return {
        "project_path": optional(text(255)),
        "project_id": optional(whole_number),
        "model_provider": one_of(*PROVIDERS[generation]),
        "model_name": optional(text(50)),
        "model_endpoint": optional(text(255)),
        "model_api_key": optional(text(2000)),
        "telemetry": array(10, required=_COUNTS, allowed=_LABELS),
        "stream": optional(boolean),
        "choices_count": optional(whole_number),
        "context": array(100, required=_CONTEXT_ITEM, allowed={}),
    }


def _file(fields: Mapping[str, object]) -> Mapping[str, object]:
    """Return the file around the cursor, empty if there is none."""
    return as_object(fields.get("current_file")) or {}


def _string(value: object) -> str | None:
    """Return `value` when it is a string, else None."""
    return value if isinstance(value, str) else None


def _prompt(fields: Mapping[str, object]) -> Prompt:
    """Return what the model sees of a checked body."""
    file = _file(fields)
    items = cast("list[object]", fields.get("context", []))
    contents = [(as_object(item) or {}).get("content") for item in items]
    return Prompt(
        above=_string(file.get("content_above_cursor")) or "",
        below=_string(file.get("content_below_cursor")) or "",
        context=tuple(filter(None, map(_string, contents))),
        file_name=(_string(file.get("file_name")) or "").strip(),
    )


def _engine(fields: Mapping[str, object], generation: Generation) -> Engine | None:
    """Choose the model for a checked body.

    Raises:
        BodyRefusedError: If the provider does not have the model.
    """
    provider = _string(fields.get("model_provider"))
    name = _string(fields.get("model_name"))
    old = generation is Generation.OF_2024_07
    if old and ("choices_count" in fields and fields["choices_count"] is None):
        return None
    try:
        return choose_engine(generation, provider, name)
    except UnsupportedModelError as error:
        problem = Problem(
            type="value_error",
            loc=("body", 1, "model_name"),
            msg=f"Value error, model {name} is not supported by use case code "
            f"completions and provider {provider}",
            input=name,
            ctx={"error": {}},
        )
        raise refused(generation, problem) from error
