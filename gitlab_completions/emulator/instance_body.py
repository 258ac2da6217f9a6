"""Bodies that the instance takes, completions' checked the way Grape does.

Limits and messages are those of GitLab EE 19.3, `ee/lib/api/code_suggestions.rb`;
lengths count characters.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, cast
from urllib.parse import parse_qsl

from gitlab_completions.emulator.answers import Request, as_object

__all__ = ("IndirectBody", "file_problems", "project_path_of", "read_indirect")

_KEPT: Final = 100_000
_CONTENT: Final = 400_000
_CONTEXT_SUM: Final = 500_000
_LONG: Final = 600_000
_NAME: Final = 255

_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "intent": ("completion", "generation"),
    "generation_type": ("comment", "empty_function", "small_file"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class IndirectBody:
    """What GitLab forwards: contents cut around the cursor, the rest as it came."""

    document: Mapping[str, object] = field(repr=False)
    generation: bool
    stream: bool

    @property
    def context(self) -> tuple[str, ...]:
        """The contents of the context that is left."""
        items = cast("list[object]", self.document.get("context") or [])
        contents = (str((as_object(item) or {}).get("content", "")) for item in items)
        return tuple(filter(None, contents))


def read_indirect(fields: Mapping[str, object]) -> IndirectBody:
    """Cut a checked body to what GitLab forwards to its gateway."""
    file = as_object(fields.get("current_file")) or {}
    above = str(file.get("content_above_cursor", ""))
    below = str(file.get("content_below_cursor") or "")
    document = {
        **fields,
        "current_file": {
            **file,
            "content_above_cursor": above[-_KEPT:],
            "content_below_cursor": below[:_KEPT],
        },
    }
    items = fields.get("context")
    if isinstance(items, list):
        document["context"] = _within_sum(cast("list[object]", items))
    return IndirectBody(
        document=document,
        generation=fields.get("intent") == "generation",
        stream=fields.get("stream") is True,
    )


def file_problems(fields: Mapping[str, object]) -> str:
    """Return Grape's words for what is wrong with a body, "" when nothing is."""
    found = [
        *_current_file(fields),
        *_choices(fields),
        *_texts(fields),
        *_context(fields),
    ]
    return ", ".join(found)


def _current_file(fields: Mapping[str, object]) -> list[str]:
    """Check the file around the cursor."""
    if "current_file" not in fields:
        names = ("file_name", "content_above_cursor")
        missing = [f"current_file[{name}] is missing" for name in names]
        return ["current_file is missing", *missing]
    file = as_object(fields["current_file"])
    if file is None:
        return ["current_file is invalid"]
    return [
        *_string(file, "file_name", "current_file", _NAME, required=True),
        *_string(file, "content_above_cursor", "current_file", _CONTENT, required=True),
        *_string(file, "content_below_cursor", "current_file", _CONTENT),
    ]


def _choices(fields: Mapping[str, object]) -> list[str]:
    """Check fields that have a list of values."""
    return [
        f"{name} does not have a valid value"
        for name, words in _CHOICES.items()
        if fields.get(name) is not None and fields[name] not in words
    ]


def _texts(fields: Mapping[str, object]) -> list[str]:
    """Check plain optional strings."""
    return [
        *_string(fields, "user_instruction", "", _LONG),
        *_string(fields, "project_path", "", _LONG),
    ]


def _context(fields: Mapping[str, object]) -> list[str]:
    """Check the context: an empty list is worse than none."""
    if "context" not in fields:
        return []
    items = fields["context"]
    if not isinstance(items, list):
        return ["context is invalid"]
    if not items:
        return ["context is empty"]
    return [
        problem
        for number, item in enumerate(cast("list[object]", items))
        for problem in _context_item(as_object(item), f"context[{number}]")
    ]


def _context_item(item: Mapping[str, object] | None, where: str) -> list[str]:
    """Check one item of the context."""
    if item is None:
        return [f"{where} is invalid"]
    problems: list[str] = []
    if item.get("type") not in {"file", "snippet"}:
        problems.append(f"{where}[type] does not have a valid value")
    for name, longest in (("name", _NAME), ("content", _LONG)):
        value = item.get(name)
        if isinstance(value, str) and not value.strip():
            problems.append(f"{where}[{name}] is empty")
        else:
            problems += _string(item, name, where, longest, required=True)
    return problems


def _string(
    fields: Mapping[str, object],
    name: str,
    within: str,
    longest: int,
    *,
    required: bool = False,
) -> list[str]:
    """Check that a string is there, is one, and is not too long."""
    label = f"{within}[{name}]" if within else name
    value = fields.get(name)
    if value is None:
        return [f"{label} is missing"] if required else []
    if not isinstance(value, str):
        return [f"{label} is invalid"]
    too_long = f"{label} must be less than {longest} characters"
    return [too_long] if len(value) > longest else []


def _within_sum(items: list[object]) -> list[object]:
    """Drop the items from the one on that makes the running sum too large."""
    kept: list[object] = []
    total = 0
    for item in items:
        total += len(str((as_object(item) or {}).get("content", "")))
        if total > _CONTEXT_SUM:
            break
        kept.append(item)
    return kept


def project_path_of(request: Request) -> object:
    """Read `project_path` from a JSON or a form body; unreadable bodies have none."""
    if "json" in (request.header("content-type") or ""):
        try:
            return (as_object(json.loads(request.body or b"{}")) or {}).get(
                "project_path"
            )
        except (ValueError, RecursionError):
            return None
    return dict(parse_qsl(request.body.decode("latin-1"))).get("project_path")
