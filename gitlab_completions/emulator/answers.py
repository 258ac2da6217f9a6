"""Requests and answers as plain records, shared by the servers and an in-memory fake.

`Instance` and `Gateway` map one to the other without a socket or a clock of their own,
so whatever carries the bytes (uvicorn here, a fake sender elsewhere) answers alike.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from enum import StrEnum
from itertools import chain, repeat
from types import MappingProxyType
from typing import cast

__all__ = (
    "NO_HEADERS",
    "Answer",
    "Ending",
    "Request",
    "as_object",
    "dated",
    "json_answer",
    "text_answer",
)

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a client sent.

    `headers` has lower-case names. `path` starts with a slash, still carries its
    doubled or trailing slashes, and has no query.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=lambda: NO_HEADERS)
    body: bytes = field(default=b"", repr=False)

    def header(self, name: str) -> str | None:
        """Return the header called `name` (in any case), or None."""
        return self.headers.get(name.lower())


class Ending(StrEnum):
    """How a streamed body ends, once its pieces are out."""

    WHOLE = "whole"
    """In order, as HTTP wants it."""
    BROKEN = "broken"
    """The connection is closed without the last chunk."""
    HANGING = "hanging"
    """Never: the connection stays open, and nothing more comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a host answers; `pieces` is set when the body goes out as a stream.

    Attributes:
        status: The HTTP status.
        headers: With names in lower case, but for some that a fault gives.
        body: The whole body, `pieces` joined.
        pieces: What is sent of it at a time.
        waits_s: Seconds before each of the pieces; none before those beyond its end.
        ending: How the stream ends.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=lambda: NO_HEADERS)
    body: bytes = field(default=b"", repr=False)
    pieces: tuple[bytes, ...] | None = field(default=None, repr=False)
    waits_s: tuple[float, ...] = field(default=(), repr=False)
    ending: Ending = Ending.WHOLE

    def json(self) -> object:
        """Decode the body.

        Raises:
            ValueError: If the body is not JSON.
        """
        document: object = json.loads(self.body)
        return document

    def timed_pieces(self) -> Iterator[tuple[float, bytes]]:
        """Give each piece with the seconds before it; the body, if it is no stream."""
        if self.pieces is None:
            yield 0.0, self.body
        else:
            waits = chain(self.waits_s, repeat(0.0))
            yield from zip(waits, self.pieces, strict=False)

    def with_headers(self, headers: Mapping[str, str]) -> "Answer":
        """Return a copy with `headers` on top of its own."""
        return replace(self, headers={**self.headers, **headers})

    def without_headers(self, *names: str) -> "Answer":
        """Return a copy without the headers `names`, in lower case."""
        kept = {k: v for k, v in self.headers.items() if k.lower() not in names}
        return replace(self, headers=kept)


def json_answer(
    status: int, document: object, headers: Mapping[str, str] = NO_HEADERS
) -> Answer:
    """Build an answer whose body is compact JSON, as FastAPI writes it."""
    body = json.dumps(document, ensure_ascii=True, separators=(",", ":")).encode()
    return Answer(
        status=status,
        headers={"content-type": "application/json", **headers},
        body=body,
    )


def text_answer(
    status: int, text: str, content_type: str = "text/plain; charset=utf-8"
) -> Answer:
    """Build an answer with a body of another type."""
    return Answer(
        status=status,
        headers={"content-type": content_type},
        body=text.encode("utf-8", "replace"),
    )


def dated(answer: Answer, now_unix: float) -> Answer:
    """Add the `Date` header of a host whose clock shows `now_unix` seconds."""
    return answer.with_headers({"date": formatdate(now_unix, usegmt=True)})


def as_object(value: object) -> Mapping[str, object] | None:
    """Return `value` when it is a JSON object, else None."""
    if not isinstance(value, dict):
        return None
    return cast("dict[str, object]", value)
