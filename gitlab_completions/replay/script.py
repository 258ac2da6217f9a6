"""What an author does, keystroke by keystroke, and what it thereby means to write.

A script is how a document was and every edit since, each with the time before it, be it
a recording or made up. Pure: `Meaning` looks ahead in it, which is what tells whether a
suggestion agrees with the author, who might then take it and need not type it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._records import Record

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ("Meaning", "Script", "State", "Stroke", "after", "states")

_FURTHEST = 400
"""Strokes that are looked ahead: some ten lines."""


class Stroke(Record):
    """One edit, or only a request for suggestions.

    Args:
        gap_s: Seconds since the stroke before it.
        offset: Where the text changes, in code points.
        removed: So many code points go there.
        inserted: And this comes.
        cursor: Where the cursor is then; by default behind what came.
        explicit: Whether the author asks for suggestions.
    """

    gap_s: float
    offset: int
    removed: int = 0
    inserted: str = ""
    cursor: int | None = None
    explicit: bool = False

    @property
    def ends_at(self) -> int:
        """Where the cursor is afterwards."""
        return self.offset + len(self.inserted) if self.cursor is None else self.cursor

    @property
    def asks(self) -> bool:
        """Whether an editor asks for suggestions after it."""
        return self.explicit or bool(self.removed or self.inserted)

    def __repr__(self) -> str:
        return (
            f"Stroke(gap_s={self.gap_s:g}, offset={self.offset}, "
            f"removed={self.removed}, inserted=<{len(self.inserted)} characters>)"
        )


class Script(Record):
    """One author at one document.

    Args:
        name: What people call it.
        text: The document at first.
        strokes: What happens to it.
        language: The editor's identifier of its language.
        reading_s: Median seconds from seeing a suggestion to taking it.
        seed: Makes what is random in playing it.
    """

    name: str
    text: str
    strokes: tuple[Stroke, ...]
    language: str | None = None
    reading_s: float = 0.4
    seed: int = 0

    def __repr__(self) -> str:
        return (
            f"Script(name={self.name!r}, text=<{len(self.text)} characters>, "
            f"strokes=<{len(self.strokes)}>)"
        )


class State(Record):
    """How the document is at one moment.

    Args:
        text: All of it.
        cursor: Where the cursor is, in code points.
    """

    text: str
    cursor: int

    @property
    def above(self) -> str:
        """The text up to the cursor."""
        return self.text[: self.cursor]

    @property
    def below(self) -> str:
        """The text behind it."""
        return self.text[self.cursor :]


def after(text: str, stroke: Stroke) -> State:
    """Return what a stroke makes of a text; what it names beyond the end is not there.

    A recording may have been cut, so its offsets are only believed as far as they go.
    """
    start = min(stroke.offset, len(text))
    made = text[:start] + stroke.inserted + text[start + stroke.removed :]
    return State(text=made, cursor=min(stroke.ends_at, len(made)))


def states(script: Script) -> Iterator[State]:
    """Give the state after each stroke, if nothing is ever taken."""
    text = script.text
    for stroke in script.strokes:
        state = after(text, stroke)
        text = state.text
        yield state


class Meaning:
    """What an author means to write at the cursor.

    Args:
        script: What it does.
    """

    def __init__(self, script: Script) -> None:
        self._strokes = script.strokes

    def steps(
        self, at: int, cursor: int, *, comes_back: bool
    ) -> Iterator[tuple[int, str]]:
        """Give what will have been written at the cursor, stroke by stroke.

        It ends where the author takes back more than that.

        Args:
            at: The number of the last stroke that was done; -1 for none.
            cursor: Where the cursor is.
            comes_back: Go on to what is written there later, when the author has done
                something elsewhere; else it ends with that.
        """
        written = ""
        for number in range(at + 1, min(at + 1 + _FURTHEST, len(self._strokes))):
            stroke = self._strokes[number]
            start = stroke.offset - cursor
            end = start + stroke.removed
            is_above = start < 0 and (end < 0 or not stroke.removed)
            is_below = start > len(written)
            if (is_above or is_below) and comes_back:
                if is_above:
                    cursor += len(stroke.inserted) - stroke.removed
                continue
            if start < 0 or end > len(written):
                return
            written = written[:start] + stroke.inserted + written[end:]
            yield number, written

    def text(self, at: int, cursor: int) -> str:
        """Return what will have been written at the cursor in the end."""
        written = ""
        for _, written in self.steps(at, cursor, comes_back=True):  # noqa: B007
            pass  # the last one counts
        return written

    def reached_by(self, text: str, at: int, cursor: int) -> int | None:
        """Return the last stroke after which just `text` will have been written.

        `None` where that never happens: the author means something else.
        """
        reached = None
        for number, written in self.steps(at, cursor, comes_back=False):
            if written == text:
                reached = number
        return reached
