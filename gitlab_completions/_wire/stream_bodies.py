"""The kinds of bodies that a streamed completion comes in, each as pieces of text.

The gateway's v2 sends the bare text, whatever its `Content-Type` says; its v4 sends
events; what is older than streaming answers as if it had not been asked to stream.
"""

from __future__ import annotations

from codecs import getincrementaldecoder
from typing import TYPE_CHECKING, Protocol

from gitlab_completions._wire.event_stream import BOM, EventStream
from gitlab_completions._wire.jsons import as_list, as_object, as_text, parse_object
from gitlab_completions._wire.refusals import looks_like_html
from gitlab_completions._wire.suggestions import (
    MAX_TEXT,
    decode_model,
    decode_suggestion,
)
from gitlab_completions._wire.unusable import (
    NotACompletionError,
    StreamCutError,
    WebPageError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitlab_completions.models import Model

__all__ = ("Body", "EventsBody", "GuardedBody", "WholeBody")

MAX_ANSWER = 1024 * 1024
"""Bytes of a whole answer."""
MAX_REFUSAL = 64 * 1024
"""Bytes of a text that begins as a refusal does; none of either is longer."""

_WEB_PAGE = (b"<!doctype", b"<html")
_EVENTS = (b"event:stream_start",)
_JSON = (
    *(b'{"error":', b'{"detail":', b'{"message":', b'{"error_code":'),
    *(b'{"choices":', b'{"id":"id"'),
)
_OPENINGS = (*_WEB_PAGE, *_EVENTS, *_JSON)
"""What a text never begins with, and what it rarely does; the blanks are left out."""
_LONGEST = max(map(len, _OPENINGS))
_BLANKS = b" \t\r\n\v\f"
_BEFORE = BOM + _BLANKS


class Body(Protocol):
    """A body while it arrives."""

    @property
    def model(self) -> Model | None:
        """The model, as far as it is known."""
        ...

    @property
    def has_ended(self) -> bool:
        """Whether it says of itself that nothing follows."""
        ...

    def feed(self, data: bytes) -> Iterator[str]:
        """Yield the text that the data brings; it must be asked for all of it.

        Raises:
            NotACompletionError: When it is not of its kind, or too long.
        """
        ...

    def finish(self) -> Iterator[str]:
        """Yield what is left, now that nothing follows.

        Raises:
            NotACompletionError: When it is not of its kind.
            StreamCutError: When something should have followed.
        """
        ...


class EventsBody:
    """Events: one with the model, many with text, and one that ends the stream.

    Events of other names are none of ours. What only tells of the model may be
    anything; what brings text must be as it should, or a part would be missing.
    """

    def __init__(self) -> None:
        self._events = EventStream()
        self.model: Model | None = None
        self.has_ended = False

    def feed(self, data: bytes) -> Iterator[str]:
        """Yield the text of each event."""
        if self.has_ended:
            return
        for event in self._events.feed(data):
            match event.name:
                case b"stream_start":
                    self.model = decode_model(parse_object(event.data) or {})
                case b"content_chunk":
                    yield _content(event.data)
                case b"stream_end":
                    self.has_ended = True
                    return
                case _:
                    pass

    def finish(self) -> Iterator[str]:
        """Make sure that the last event has come."""
        if not self.has_ended:
            raise StreamCutError("no stream_end")
        yield from ()


class WholeBody:
    """A whole completion, as servers answer that do not know `stream`."""

    has_ended = False

    def __init__(self) -> None:
        self._body = bytearray()
        self.model: Model | None = None

    def feed(self, data: bytes) -> Iterator[str]:
        """Keep the data; JSON means nothing until it is whole."""
        if len(self._body) + len(data) > MAX_ANSWER:
            raise NotACompletionError("an answer too long to read")
        self._body += data
        yield from ()

    def finish(self) -> Iterator[str]:
        """Yield the text of the first choice."""
        body = bytes(self._body)
        self._body.clear()  # parsing takes memory enough
        if looks_like_html(body, {}):
            raise WebPageError
        suggestion = decode_suggestion(body)
        self.model = suggestion.model
        for choice in suggestion.choices[:1]:
            yield choice.text


class TextBody:
    """The text itself, in UTF-8."""

    model = None
    has_ended = False

    def __init__(self) -> None:
        self._decoder = getincrementaldecoder("utf-8")()

    def feed(self, data: bytes) -> Iterator[str]:
        """Yield the characters that are whole."""
        text = self._decode(data)
        if text is None:
            raise NotACompletionError("not UTF-8")
        yield text

    def finish(self) -> Iterator[str]:
        """Make sure that no character is cut: the only sign of its own that it was."""
        if self._decoder.getstate()[0]:
            raise StreamCutError("half a character")
        yield from ()

    def _decode(self, data: bytes) -> str | None:
        """Decode; what Python raises is let go here, for it has the data in it."""
        try:
            return self._decoder.decode(data)
        except UnicodeDecodeError:
            return None


class DoubtfulBody:
    """A text that begins as JSON of GitLab's does, and so may be a refusal.

    It may as well be what the author wants: `{"error": "Not found"}), 404`. It is held
    back until it is whole, and refused if all of it is one JSON object. An author who
    wanted just that misses one suggestion; a file never gets a server's error.
    """

    model = None
    has_ended = False

    def __init__(self) -> None:
        self._body = bytearray()

    def feed(self, data: bytes) -> Iterator[str]:
        """Keep the data."""
        if len(self._body) + len(data) > MAX_REFUSAL:
            raise NotACompletionError("JSON instead of text")
        self._body += data
        yield from ()

    def finish(self) -> Iterator[str]:
        """Yield the text, if it is one."""
        body = bytes(self._body)
        if parse_object(body) is not None:
            raise NotACompletionError("JSON instead of text")
        text = TextBody()
        yield from text.feed(body)
        yield from text.finish()


class GuardedBody:
    """What is said to be text: nothing of it gets out until its beginning is known.

    Any server in between can answer 200 with a page or a refusal, or lose the header
    that tells events from text. A text passes with its first character that is neither
    blank nor the beginning of such.
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self._start = b""
        self._body: Body | None = None

    @property
    def model(self) -> Model | None:
        """The model, should these be events."""
        return None if self._body is None else self._body.model

    @property
    def has_ended(self) -> bool:
        """Whether these are events, and the last one has come."""
        return self._body is not None and self._body.has_ended

    def feed(self, data: bytes) -> Iterator[str]:
        """Yield the text, from when it is known to be one."""
        if self._body is None:
            data = self._look_at(data)
        if self._body is not None:
            yield from self._body.feed(data)

    def finish(self) -> Iterator[str]:
        """Yield the rest: a text that is too short to be anything else."""
        if self._body is None:
            self._body = TextBody()
            yield from self._body.feed(self._release())
        yield from self._body.finish()

    def _look_at(self, data: bytes) -> bytes:
        """Look at more of the beginning; return what is known to be the body's."""
        self._held += data
        start = (self._start + data).lstrip(_BEFORE)
        if not start.startswith(b"<"):  # or `< html` would be a page
            start = start.translate(None, _BLANKS)
        self._start = start[:_LONGEST].lower()
        if _is_undecided(self._start):
            if len(self._held) > MAX_TEXT:
                raise NotACompletionError("a text too long to insert")
            return b""
        self._body = _body_that_starts(self._start)
        return self._release()

    def _release(self) -> bytes:
        held = bytes(self._held).removeprefix(BOM)
        self._held.clear()
        return held


def _is_undecided(start: bytes) -> bool:
    """Tell whether what follows may still make the beginning one of the known."""
    return any(
        len(start) < len(opening) and opening.startswith(start) for opening in _OPENINGS
    )


def _body_that_starts(start: bytes) -> Body:
    if start.startswith(_WEB_PAGE):
        raise WebPageError
    if start.startswith(_EVENTS):
        return EventsBody()
    return DoubtfulBody() if start.startswith(_JSON) else TextBody()


def _content(data: bytes) -> str:
    """Return the text that an event brings."""
    answer = parse_object(data)
    if answer is None:
        raise NotACompletionError("an event that is no JSON object")
    if answer.get("error") is not None:
        raise NotACompletionError("an error in an event")
    choices = as_list(answer.get("choices"))
    if choices is None:
        raise NotACompletionError("an event without choices")
    return "".join(map(_delta, choices))


def _delta(value: object) -> str:
    """Return the text of an event's choice, unless it is not of the first one."""
    choice = as_object(value)
    if choice is None:
        raise NotACompletionError("a choice that is no object")
    if choice.get("index", 0) != 0 or choice.get("delta") is None:
        return ""
    delta = as_object(choice["delta"])
    if delta is None:
        raise NotACompletionError("a delta that is no object")
    content = delta.get("content")
    text = "" if content is None else as_text(content)
    if text is None:
        raise NotACompletionError("a content that is no string")
    return text
