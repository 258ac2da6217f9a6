"""The body of v3 and v4: components, the code around the cursor first.

Limits are those of the AI Gateway's `ai_gateway/api/v4/code/typing.py` of 2026-08;
lengths count code points.
"""

import re
from collections.abc import Mapping
from typing import Final, cast

from gitlab_completions.emulator.answers import Request, as_object
from gitlab_completions.emulator.completion_body import CompletionBody, refused
from gitlab_completions.emulator.model import Prompt
from gitlab_completions.emulator.profiles import Generation
from gitlab_completions.emulator.validation import (
    Check,
    Location,
    Problem,
    boolean,
    check_object,
    one_of,
    optional,
    text,
    whole_number,
)
from gitlab_completions.emulator.vendor_models import (
    DEFAULT_OF_COMPONENTS,
    Engine,
    UnsupportedModelError,
    choose_engine,
)

__all__ = ("heeds_context", "read_components")

_COMPLETION: Final = "code_editor_completion"
_GENERATION: Final = "code_editor_generation"
_CONTEXT: Final = "code_context"
_MOST: Final = 100

_EDITOR: Final[Mapping[str, Check]] = {
    "file_name": text(255, stripped=True),
    "content_above_cursor": text(100_000),
    "content_below_cursor": text(100_000),
}
_EDITOR_MAY: Final[Mapping[str, Check]] = {
    "language_identifier": optional(text(255)),
    "model_provider": one_of("vertex-ai", "anthropic", "amazon_q"),
    "model_name": optional(text(50)),
    "stream": optional(boolean),
    "choices_count": optional(whole_number),
}
_CONTEXT_ITEM: Final[Mapping[str, Check]] = {
    "type": text(1024),
    "name": text(1024),
    "content": text(100_000),
}
_SOURCE: Final[Mapping[str, Check]] = {
    "source": optional(text(255)),
    "version": optional(text(255)),
}

# PEP 440, as far as versions of GitLab's language server go: what stands behind the
# numbers makes it an earlier one, unless it is a build or a later release of its own.
_VERSION: Final = re.compile(r"v?(\d+(?:\.\d+)*)(?:[-_.]?([a-z]+)[-_.]?\d*)?(?:\+.*)?")
_LATER: Final = frozenset({None, "post", "rev", "r"})
_CONTEXT_SINCE: Final = (7, 17, 1)


def heeds_context(request: Request) -> bool:
    """Say whether v4 looks at context: since version 7.17.1 of the language server.

    A version that is missing or unreadable is none.
    """
    told = (request.header("x-gitlab-language-server-version") or "").strip().lower()
    found = _VERSION.fullmatch(told)
    if found is None:
        return False
    numbers = tuple(int(number) for number in found.group(1).split("."))
    if numbers == _CONTEXT_SINCE:
        return found.group(2) in _LATER
    return numbers > _CONTEXT_SINCE


def read_components(
    document: object, generation: Generation, *, with_context: bool
) -> CompletionBody:
    """Check a decoded body and read what matters.

    Args:
        document: The body.
        generation: Decides how it is refused.
        with_context: Whether context is looked at.

    Raises:
        BodyRefusedError: With 422.
    """
    problems = check_object(
        document,
        ("body",),
        required={"prompt_components": _components},
        allowed={"model_metadata": optional(_metadata)},
    )
    if problems:
        raise refused(generation, *problems)
    fields = as_object(document) or {}
    components = cast("list[object]", fields["prompt_components"])
    first, *others = (as_object(component) or {} for component in components)
    payload = as_object(first.get("payload")) or {}
    contents = (
        str((as_object(other.get("payload")) or {}).get("content", ""))
        for other in others
    )
    language = payload.get("language_identifier")
    return CompletionBody(
        prompt=Prompt(
            above=str(payload.get("content_above_cursor", "")),
            below=str(payload.get("content_below_cursor", "")),
            context=tuple(filter(None, contents)) if with_context else (),
            file_name=str(payload.get("file_name", "")).strip(),
            generation=first.get("type") == _GENERATION,
        ),
        language=language if isinstance(language, str) else None,
        stream=bool(payload.get("stream")),
        engine=_engine(payload, as_object(fields.get("model_metadata")), generation),
    )


def _components(value: object, loc: Location) -> list[Problem]:
    """Check the components: code to complete first, context behind it."""
    if not isinstance(value, list):
        return [_problem("list_type", loc, "Input should be a valid list", value)]
    items = cast("list[object]", value)
    if not 1 <= len(items) <= _MOST:
        return [_number_problem(items, loc)]
    first, *others = items
    return [
        *_component(first, (*loc, 0), (_COMPLETION, _GENERATION)),
        *(
            problem
            for number, other in enumerate(others, 1)
            for problem in _component(other, (*loc, number), (_CONTEXT,))
        ),
    ]


def _component(value: object, loc: Location, types: tuple[str, ...]) -> list[Problem]:
    """Check one component, which must be of one of `types`."""
    kind = (as_object(value) or {}).get("type")
    if as_object(value) is not None and kind not in types:
        told = f"Input should be {' or '.join(map(repr, types))}"
        return [_problem("literal_error", (*loc, "type"), told, kind)]
    required, allowed = (
        (_CONTEXT_ITEM, {}) if kind == _CONTEXT else (_EDITOR, _EDITOR_MAY)
    )

    def payload(found: object, where: Location) -> list[Problem]:
        return check_object(found, where, required=required, allowed=allowed)

    def source(found: object, where: Location) -> list[Problem]:
        return check_object(found, where, required={}, allowed=_SOURCE)

    return check_object(
        value,
        loc,
        required={"payload": payload},
        allowed={"metadata": optional(source)},
    )


def _metadata(value: object, loc: Location) -> list[Problem]:
    """Check what names the model in the new way."""
    names = {"identifier": optional(text(255))}
    return check_object(value, loc, required={"provider": text(255)}, allowed=names)


def _engine(
    payload: Mapping[str, object],
    metadata: Mapping[str, object] | None,
    generation: Generation,
) -> Engine:
    """Choose the model for a checked body.

    Raises:
        BodyRefusedError: If the provider does not have the model.
    """
    if metadata is not None:
        provider, name = metadata.get("provider"), metadata.get("identifier")
    else:
        provider, name = payload.get("model_provider"), payload.get("model_name")
    if not isinstance(provider, str) or not isinstance(name, str):
        return DEFAULT_OF_COMPONENTS
    try:
        return choose_engine(generation, provider, name) or DEFAULT_OF_COMPONENTS
    except UnsupportedModelError as error:
        told = f"Value error, model {name} is not supported by provider {provider}"
        problem = _problem("value_error", ("body", "model_name"), told, name)
        raise refused(generation, problem) from error


def _number_problem(items: list[object], loc: Location) -> Problem:
    """Return the problem of no component, or of too many."""
    few = not items
    limit = "at least 1 item" if few else f"at most {_MOST} items"
    return Problem(
        type="too_short" if few else "too_long",
        loc=loc,
        msg=f"List should have {limit} after validation, not {len(items)}",
        input=items,
        ctx={
            "field_type": "List",
            **({"min_length": 1} if few else {"max_length": _MOST}),
            "actual_length": len(items),
        },
    )


def _problem(kind: str, loc: Location, told: str, value: object) -> Problem:
    """Return a problem without numbers."""
    return Problem(type=kind, loc=loc, msg=told, input=value)
