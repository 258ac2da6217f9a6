"""What an editor holds: where the author is, and what is suggested there, or why not.

Values only, below everything else in the package. Records are frozen and keyword-only,
and a `repr` shows sizes, never the author's source.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from gitlab_completions._records import Record
from gitlab_completions.editor.parts import next_line, next_word

if TYPE_CHECKING:
    from gitlab_completions.errors import GitLabCompletionsError
    from gitlab_completions.models import Completion

__all__ = (
    "Document",
    "Part",
    "Position",
    "PositionEncoding",
    "Silence",
    "Source",
    "Suggestion",
    "Suggestions",
    "Trigger",
)

PositionEncoding = Literal["utf-8", "utf-16", "utf-32"]
"""In what a `Position.character` counts; "utf-32" is code points."""


class Trigger(StrEnum):
    """Why suggestions are asked for."""

    TYPING = "typing"
    """The author typed: it may wait for the author's rhythm."""
    EXPLICIT = "explicit"
    """The author asked: at once, and for several candidates."""


class Position(Record):
    """A place in a document, as the Language Server Protocol counts.

    Args:
        line: From 0.
        character: From 0, in units of the session's position encoding.
    """

    line: int
    character: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document as it is at one moment.

    Args:
        uri: Names it for as long as it is open; its last part is the file's name.
        text: All of it.
        language: The editor's identifier of its language, such as "python".
        project_path: The GitLab project it belongs to, such as "group/project".
        file_name: The name that the model sees; from the URI when not given.
    """

    uri: str = field(repr=False)
    text: str = field(repr=False)
    language: str | None = None
    project_path: str | None = field(default=None, repr=False)
    file_name: str | None = field(default=None, repr=False)


class Part(StrEnum):
    """How much of a suggestion the author took."""

    ALL = "all"
    WORD = "word"
    LINE = "line"


class Source(StrEnum):
    """Where a suggestion came from."""

    NETWORK = "network"
    """A request that this keystroke sent."""
    IN_FLIGHT = "in_flight"
    """A request that an earlier keystroke had sent, and that still fits."""
    CACHE = "cache"
    """An answer that was kept."""
    TYPED_THROUGH = "typed_through"
    """What is left of the suggestion that is shown, along which the author types."""


class Silence(StrEnum):
    """Why there is no suggestion; `Suggestions.explanation` says it to people."""

    SUPERSEDED = "superseded"
    """The author typed on, so a newer call answers."""
    MID_WORD = "mid_word"
    TEXT_AFTER_CURSOR = "text_after_cursor"
    """The rest of the line is more than brackets, quotes and separators."""
    TOO_SHORT = "too_short"
    """The document says too little for a suggestion that would be more than a guess."""
    FILE_EXCLUDED = "file_excluded"
    LANGUAGE_OFF = "language_off"
    SWITCHED_OFF = "switched_off"
    """The session's policy switches all suggestions off."""
    ON_REQUEST_ONLY = "on_request_only"
    """The session's policy switches off what comes by itself."""
    NOTHING_OFFERED = "nothing_offered"
    """GitLab had nothing to suggest here."""
    DOES_NOT_FIT = "does_not_fit"
    """What came fits the text around the cursor no longer, or adds nothing to it."""
    SAVED_FOR_LATER = "saved_for_later"
    """The instance's requests of this minute are nearly used up."""
    REJECTED = "rejected"
    """What GitLab suggests here was rejected here before."""
    GIVEN_UP = "given_up"
    """Its document was closed, or other documents had more to ask for at once."""
    FAILED = "failed"
    """No route gave an answer; the problem says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Text to insert at the cursor, nothing else changes; it fits what is there.

    Args:
        id: Its own; stays the same while the author types along it. Events name all
            candidates of an answer by the first one's, as GitLab does.
        text: What to insert, with the document's own line ends.
        source: Where it came from.
        completion: The answer that it is (part of): route, model, attempts, times.
        option: Which of several candidates, from 1.
    """

    id: str
    text: str = field(repr=False)
    source: Source
    completion: Completion | None = field(default=None, repr=False)
    option: int = 1

    @property
    def word(self) -> str:
        """What accepting the next word inserts: a beginning of the text."""
        return next_word(self.text)

    @property
    def line(self) -> str:
        """What accepting the next line inserts: a beginning of the text."""
        return next_line(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestions:
    """What one `suggest` brought.

    Args:
        items: The candidates, the best first; empty when there is silence.
        silence: Why there is none; `None` when there are.
        problem: The error behind `Silence.FAILED` (and, of a file that the client's
            own ignore list names, behind `FILE_EXCLUDED`).
        waited_s: Seconds of debounce in it.
        elapsed_s: Seconds since it was asked for.
    """

    items: tuple[Suggestion, ...] = ()
    silence: Silence | None = None
    problem: GitLabCompletionsError | None = None
    waited_s: float = 0.0
    elapsed_s: float = 0.0

    @property
    def explanation(self) -> str:
        """One line for people: why there is nothing, and what to do; or from where."""
        if self.silence is None:
            return self._origin()
        if self.problem is not None:
            return f"{_PROBLEMS.get(self.silence, '')}{self.problem}"
        return _SILENCES[self.silence]

    def _origin(self) -> str:
        if not self.items:
            return "nothing has been asked for yet"
        first = self.items[0]
        parts = [_SOURCES[first.source]]
        if first.completion is not None:
            parts.append(_answer(first.completion))
        if len(self.items) > 1:
            parts.append(f"{len(self.items)} candidates")
        return "; ".join(parts)


def _answer(completion: Completion) -> str:
    """Say by which route an answer came, from which model, and how long it took."""
    words = f"the {completion.route.value} route answered"
    if completion.model is not None and completion.model.name:
        words += f" with {completion.model.name}"
    return f"{words} in {completion.elapsed_s:.1f} s"


_ON_REQUEST = "ask for one to get one here"
_SILENCES = {
    Silence.SUPERSEDED: "the author typed on, and a newer request answers",
    Silence.MID_WORD: f"the cursor is within a word; {_ON_REQUEST}",
    Silence.TEXT_AFTER_CURSOR: (
        f"more than brackets and separators follows on the line; {_ON_REQUEST}"
    ),
    Silence.TOO_SHORT: f"the document is too short to tell what comes; {_ON_REQUEST}",
    Silence.FILE_EXCLUDED: "nothing of this file may be sent: an ignore list names it",
    Silence.LANGUAGE_OFF: (
        "suggestions are switched off for this language; take it from languages_off"
    ),
    Silence.SWITCHED_OFF: "suggestions are switched off; set enabled to get them",
    Silence.ON_REQUEST_ONLY: (
        "suggestions come on request only; set automatic to get them while typing"
    ),
    Silence.NOTHING_OFFERED: "GitLab has nothing to suggest here",
    Silence.DOES_NOT_FIT: (
        "GitLab's suggestion adds nothing to the text around the cursor, or fits it no "
        "longer"
    ),
    Silence.SAVED_FOR_LATER: (
        "the requests that GitLab allows in a minute are nearly used up; wait a few "
        f"seconds, or {_ON_REQUEST}"
    ),
    Silence.REJECTED: (f"what GitLab suggests here was rejected before; {_ON_REQUEST}"),
    Silence.GIVEN_UP: (
        "the request was given up: its document was closed, or others asked for more "
        "at once; ask again"
    ),
    Silence.FAILED: "no route gave an answer; ask for its status to learn why",
}
_PROBLEMS = {Silence.FILE_EXCLUDED: "nothing of this file may be sent: "}
"""What goes before a problem that does not say it by itself."""
_SOURCES = {
    Source.NETWORK: "asked GitLab for it",
    Source.IN_FLIGHT: "an answer to an earlier keystroke that still fits",
    Source.CACHE: "an answer that was kept",
    Source.TYPED_THROUGH: "what is left of the suggestion that was shown",
}
