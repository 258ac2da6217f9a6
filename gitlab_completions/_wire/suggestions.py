"""What a completion endpoint answered, whichever of the two shapes it used.

The gateway's v2 answers have the model at the top; its v4 answers, which GitLab.com's
instance passes on since 2026, have it in `metadata`. Both put the text in `choices`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._records import Record
from gitlab_completions._wire.characters import whole_characters
from gitlab_completions._wire.jsons import (
    MAX_VALUES,
    as_list,
    as_object,
    as_text,
    as_word,
    parse_object,
)
from gitlab_completions._wire.unusable import NotACompletionError
from gitlab_completions.models import Choice, Model

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("NotACompletionError", "Suggestion", "decode_model", "decode_suggestion")

MAX_TEXT = 256 * 1024
"""Characters to insert; the longest generations have some 50 000."""
MAX_WORD = 255
"""Characters of a model's name and of a reason to finish; they end in logs."""


class Suggestion(Record):
    """What a server suggests.

    Args:
        choices: The texts that are not blank; none means that there is nothing to
            suggest.
        model: The model that was used, where the server says.
    """

    choices: tuple[Choice, ...]
    model: Model | None


def decode_suggestion(body: bytes) -> Suggestion:
    """Read the body of an answer with status 200.

    Raises:
        NotACompletionError: When it is not a completion; the reason holds nothing of
            the body.
    """
    answer = parse_object(body)
    if answer is None:
        raise NotACompletionError("not a JSON object")
    if answer.get("error") is not None:
        raise NotACompletionError("an error with a good status")
    choices = as_list(answer.get("choices"))
    if choices is None:
        raise NotACompletionError("no choices")
    decoded = (_choice(choice, place) for place, choice in enumerate(choices))
    return Suggestion(
        choices=tuple(choice for choice in decoded if choice is not None),
        model=decode_model(answer),
    )


def _choice(value: object, place: int) -> Choice | None:
    """Read a choice; `None` when its text is blank."""
    choice = as_object(value)
    if choice is None:
        raise NotACompletionError("a choice that is no object")
    raw = choice.get("text")
    if raw is None:
        return None
    text = as_text(raw)
    if text is None:
        raise NotACompletionError("a choice whose text is no string")
    if len(text) > MAX_TEXT:
        raise NotACompletionError("a choice too long to insert")
    text = text.replace("\0", "")  # editors take it for the end of the text
    if not text.strip():
        return None
    return Choice(
        text=whole_characters(text),
        index=_index(choice.get("index"), place),
        finish_reason=as_word(choice.get("finish_reason"), most=MAX_WORD) or None,
    )


def _index(value: object, place: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        return place
    return value if 0 <= value < MAX_VALUES else place


def decode_model(answer: Mapping[str, object]) -> Model | None:
    """Return the model that an answer, or a stream's first event, names."""
    metadata = as_object(answer.get("metadata")) or {}
    model = as_object(answer.get("model")) or as_object(metadata.get("model")) or {}
    engine = as_word(model.get("engine"), most=MAX_WORD)
    name = as_word(model.get("name"), most=MAX_WORD)
    return Model(engine=engine, name=name) if engine or name else None
