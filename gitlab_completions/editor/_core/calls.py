"""The calls under way, and whether what they bring may still fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._records import Record

if TYPE_CHECKING:
    from gitlab_completions.editor._core.places import Anchor, Place

MOST = 4
"""Calls of a session at once: half of what the client has on the wire at most. An
author types on along one or two; the others are out of date."""


class Call(Record):
    """One request under way.

    Args:
        number: Which.
        id: Names the suggestion that may come of it.
        place: What it was sent for, with its text, which the request has too.
        explicit: The author asked for it.
    """

    number: int
    id: str
    place: Place
    explicit: bool

    @property
    def uri(self) -> str:
        """The document."""
        return self.place.uri

    @property
    def anchor(self) -> Anchor:
        """The place without its text."""
        return self.place.anchor()

    def __repr__(self) -> str:
        return f"Call({self.number}, {self.id})"


class Calls:
    """The calls of one session."""

    __slots__ = ("_calls",)

    def __init__(self) -> None:
        self._calls: dict[int, Call] = {}

    def add(self, call: Call) -> tuple[int, ...]:
        """Take in a call; return those that are given up for it.

        Those of other documents first: the author is here now. Then the oldest, along
        which most had to be typed for it to fit.
        """
        order = sorted(self._calls.values(), key=lambda one: one.uri == call.uri)
        over = len(order) + 1 - MOST
        self._calls[call.number] = call
        return tuple(one.number for one in order[: max(0, over)])

    def end(self, number: int) -> Call | None:
        """Return a call that has ended; `None` when that was known."""
        return self._calls.pop(number, None)

    def fitting(self, place: Place, *, explicit: bool) -> tuple[Call, ...]:
        """Return those whose answers may fit a place, and serve whoever asks there."""
        return tuple(
            one
            for one in self._calls.values()
            if one.uri == place.uri
            and (one.explicit or not explicit)
            and one.anchor.typed(place) is not None
        )

    def diverged(self, place: Place) -> tuple[int, ...]:
        """Return those of the document whose answers cannot fit any more."""
        own = [one for one in self._calls.values() if one.uri == place.uri]
        return tuple(one.number for one in own if one.anchor.typed(place) is None)

    def of(self, uri: str) -> tuple[int, ...]:
        """Return those of a document."""
        return tuple(one.number for one in self._calls.values() if one.uri == uri)

    def all(self) -> tuple[int, ...]:
        """Return every one."""
        return tuple(self._calls)

    def __len__(self) -> int:
        return len(self._calls)
