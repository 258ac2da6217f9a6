"""What the page says and is told, as JSON: read with suspicion, written whole."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeGuard

from gitlab_completions.editor import Part

from .notebooks import Cell, Language

if TYPE_CHECKING:
    from gitlab_completions import GitLabCompletionsError
    from gitlab_completions.editor import Suggestion
    from gitlab_completions.status import RoutingStatus

    from .notebooks import Place

__all__ = (
    "MalformedError",
    "Outcome",
    "Question",
    "closed_of",
    "outcome_of",
    "problem_json",
    "question_of",
    "status_json",
    "suggestion_json",
)

MOST_CELLS = 10_000
MOST_NAME = 1_024
"""Characters of a path or an id: more than file systems allow, and than ours have."""
OUTCOMES = ("shown", "accepted", "rejected")


class MalformedError(ValueError):
    """The page has said what it never says; the message tells what, without text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the page wants suggestions for.

    Args:
        tab: The browser's tab, which is one author.
        turn: Counts the tab's questions: a browser sends by several connections, and
            the network may turn the order round.
        path: The notebook's or the file's path, from the server's root.
        cells: The notebook's cells around the cursor; a file is one of them.
        index: Which of them has the cursor.
        offset: The cursor in it, in code points.
        language: What the kernel runs; `None` for a file.
        explicit: The author asked.
    """

    tab: str
    turn: int
    path: str = field(repr=False)
    cells: tuple[Cell, ...] = field(repr=False)
    index: int
    offset: int
    language: Language | None
    explicit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a suggestion: "shown", "accepted" or "rejected"."""

    tab: str
    key: tuple[str, int]
    what: str
    part: Part = Part.ALL


def question_of(body: bytes) -> Question:
    """Read a question.

    Raises:
        MalformedError: When it is none.
    """
    said = _fields(body)
    cells = tuple(_cell(each) for each in _list(said, "cells"))
    index, offset = _number(said, "index"), _number(said, "offset")
    if index >= len(cells) or offset > len(cells[index].source):
        raise MalformedError("the cursor is outside of the cells")
    return Question(
        tab=_name(said, "tab"),
        turn=_number(said, "turn"),
        path=_name(said, "path"),
        cells=cells,
        index=index,
        offset=offset,
        language=_language(said.get("language")),
        explicit=said.get("explicit") is True,
    )


def outcome_of(body: bytes) -> Outcome:
    """Read an outcome.

    Raises:
        MalformedError: When it is none.
    """
    said = _fields(body)
    what, part = said.get("what"), said.get("part", Part.ALL.value)
    if what not in OUTCOMES or part not in tuple(Part):
        raise MalformedError("there is no such outcome")
    key = (_name(said, "id"), _number(said, "option"))
    tab = _name(said, "tab")
    return Outcome(tab=tab, key=key, what=str(what), part=Part(str(part)))


def closed_of(body: bytes) -> tuple[str, str]:
    """Read in which tab which path was closed.

    Raises:
        MalformedError: When it says neither.
    """
    said = _fields(body)
    return _name(said, "tab"), _name(said, "path")


def suggestion_json(suggestion: Suggestion, place: Place) -> dict[str, object]:
    """Return a suggestion as the page takes it, with no text of the next cell."""
    whole = place.within_cell(suggestion.text)
    word, line = (
        part if whole.startswith(part) else whole
        for part in (suggestion.word, suggestion.line)
    )
    return {
        "id": suggestion.id,
        "option": suggestion.option,
        "text": whole,
        "word": word,
        "line": line,
    }


def problem_json(error: GitLabCompletionsError | None) -> dict[str, object] | None:
    """Return a problem as the page takes it."""
    if error is None:
        return None
    code = error.code.value
    return {"code": code, "message": error.message, "remedy": error.remedy}


def status_json(status: RoutingStatus) -> dict[str, object]:
    """Return how routing stands as the page takes it."""
    route = status.route.value if status.route else None
    return {
        "health": status.health.value,
        "route": route,
        "reason": status.reason.value,
        "text": f"GitLab Duo: {status.health.value}" + (f", {route}" if route else ""),
        "problem": problem_json(status.problem),
    }


def _fields(body: bytes) -> dict[object, object]:
    try:
        said: object = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not _is_object(said):
        raise MalformedError("what was sent is no JSON object")
    return said


def _is_object(value: object) -> TypeGuard[dict[object, object]]:
    return isinstance(value, dict)


def _list(said: dict[object, object], name: str) -> list[object]:
    value = said.get(name)
    if not isinstance(value, list) or not 0 < len(value) <= MOST_CELLS:
        raise MalformedError(f"{name} must be a list of 1 to {MOST_CELLS}")
    return value


def _name(said: dict[object, object], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or len(value) > MOST_NAME or not _is_whole(value):
        raise MalformedError(f"{name} must be a text of at most {MOST_NAME} characters")
    return value


def _is_whole(value: str) -> bool:
    """Tell whether there are no halves of characters in it, nor a NUL."""
    return not any("\ud800" <= each <= "\udfff" or each == "\0" for each in value)


def _number(said: dict[object, object], name: str) -> int:
    value = said.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise MalformedError(f"{name} must be a whole number from 0")
    return value


def _cell(value: object) -> Cell:
    if _is_object(value):
        kind, source = value.get("kind"), value.get("source")
        if kind in ("code", "markdown", "raw") and isinstance(source, str):
            return Cell(kind=str(kind), source=source)
    raise MalformedError("a cell must have a kind and a source")


def _language(value: object) -> Language | None:
    """Return the kernel's language; what is odd about it is Python's, as most are."""
    if value is None:
        return None
    said = value if _is_object(value) else {}
    name, extension = said.get("name"), said.get("extension")
    if not isinstance(name, str) or not 0 < len(name) <= MOST_NAME:
        return Language()
    if not isinstance(extension, str) or not extension.startswith("."):
        return Language(name=name)
    return Language(name=name, extension=extension[:MOST_NAME])
