"""A streamed completion's body, read while it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._wire.headers import is_json
from gitlab_completions._wire.pieces import Pieces
from gitlab_completions._wire.refusals import looks_like_html
from gitlab_completions._wire.stream_bodies import EventsBody, GuardedBody, WholeBody
from gitlab_completions._wire.unusable import (
    NotACompletionError,
    StreamCutError,
    WebPageError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gitlab_completions._wire.stream_bodies import Body
    from gitlab_completions.models import Model

__all__ = ("NotACompletionError", "StreamCutError", "StreamDecoder", "WebPageError")

_TEXTS = frozenset({"text/event-stream", "text/plain"})


class StreamDecoder:
    """Makes text of a body; what it holds is bounded, whatever the server sends.

    Args:
        headers: The answer's header pairs; names in lower case.
        crlf: The file ends its lines with CRLF, and so shall the text.

    Raises:
        NotACompletionError: When the answer says that it is no text, `WebPageError`
            when that it is HTML.
    """

    def __init__(self, headers: Mapping[str, str], *, crlf: bool = False) -> None:
        self._body: Body = _body_of(headers)
        self._pieces = Pieces(crlf=crlf)
        self._begun = False
        self._failure: NotACompletionError | None = None

    @property
    def model(self) -> Model | None:
        """The model, where the server says: at the start, or with a whole answer."""
        return self._body.model

    @property
    def has_ended(self) -> bool:
        """Whether no more text follows, by the server or for its fault: `finish` it."""
        return self._body.has_ended or self._failure is not None

    def feed(self, data: bytes) -> list[str]:
        """Return the pieces of text that are complete by now, none of them empty.

        Raises:
            NotACompletionError: When this is no completion, `WebPageError` when it is
                HTML; the reason holds nothing of it.
        """
        return self._fit(self._body.feed(data))

    def finish(self) -> list[str]:
        """Return the last pieces, now that the body has ended.

        Raises:
            NotACompletionError: When it was no completion.
            StreamCutError: When it ended before the text did.
        """
        if self._failure is not None:
            raise self._failure
        pieces = self._fit(self._body.finish())
        rest = self._pieces.rest()
        return [*pieces, rest] if rest else pieces

    def _fit(self, texts: Iterable[str]) -> list[str]:
        """Take the pieces; what is wrong behind them is told after they are given.

        Not so with the first ones: nothing of that answer has been given yet, and
        another one may be had.
        """
        pieces: list[str] = []
        try:
            for text in texts:
                if piece := self._pieces.take(text):
                    pieces.append(piece)  # noqa: PERF401 - some may come before a raise
        except NotACompletionError as error:
            if not self._begun:
                raise
            self._failure = error
        self._begun = self._begun or bool(pieces)
        return pieces


def _body_of(headers: Mapping[str, str]) -> Body:
    """Tell the kind: `text/event-stream` does not mean events."""
    if headers.get("x-streaming-format", "").strip().lower() == "sse":
        return EventsBody()
    if is_json(headers):
        return WholeBody()
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in _TEXTS:
        return GuardedBody()
    if looks_like_html(b"", headers):
        raise WebPageError
    raise NotACompletionError("neither text nor JSON")
