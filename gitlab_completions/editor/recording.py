"""Writes down how an author types, for `gitlab-completions replay`; on request only.

A session is told of, edit by edit, in lines of JSON: when, where, what went and came,
and what became of suggestions. Paths, projects and suggestions' texts are never in it.
What the author wrote is, either as it is or with its words replaced (see `disguise`),
which is what happens unless the caller says otherwise.

A thread of its own compares texts and writes, so that no event loop waits for either.
Each line is in the file before the next one is made: a crash costs the last lines, and
tears one at most, which readers skip. Where there are more keystrokes than the thread
can write, some go missing, and the next one's edit includes theirs.
"""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections import OrderedDict, deque
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gitlab_completions._checks import check_count
from gitlab_completions.editor.disguise import Disguise, is_of_word
from gitlab_completions.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self, TypeAlias

    from gitlab_completions.editor.models import Document, Part, Suggestion, Trigger

    StrPath = str | os.PathLike[str]
    Line: TypeAlias = dict[str, object]

__all__ = ("Recorder",)

FORMAT = 1
"""The recordings' version, in their first line."""
_MAX_BYTES = 32 * 1024 * 1024
"""Bytes of a recording: some 300 000 keystrokes."""
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)
_PRIVATE = 0o600
_MOST_WAITING = 1024
"""Keystrokes that wait to be written: minutes of typing, while a disk hangs."""
_MOST_WAITING_CHARACTERS = 16 * 1024 * 1024
"""Characters of theirs: each holds a document's whole text, in up to 4 bytes each."""
_MOST_DOCUMENTS = 64
"""Documents that the next edit is compared to, and suggestions that have a number."""
_LONGEST_WORD = 1024
"""Characters of a word on each side of an edit that are written anew with it. What is
longer was never typed: a keystroke in a megabyte of base64 would take seconds."""
_CLOSE_S = 5.0
"""Seconds that closing waits for a disk."""


class Recorder:
    """Writes down one session, into a new file for its user's eyes only.

    An `EditorSession` calls what is here; who makes it closes it::

        with Recorder("typing.jsonl") as recorder:
            async with EditorSession(client, recorder=recorder) as session:
                ...

    Nothing here waits or raises once it is made: `problem` says why nothing is written
    any more, and `lost` how many keystrokes were left out while a disk hung; the next
    one that is written has what they changed.

    Args:
        path: The file, which must not be there yet; it is made with the first line.
        content: "hashed" replaces the words of what is written by random ones, under
            a key that is never stored; "kept" leaves all as it is, secrets included.
        max_bytes: Bytes after which no more is written.

    Raises:
        ConfigurationError: When an argument is wrong.
    """

    def __init__(
        self,
        path: StrPath,
        *,
        content: Literal["hashed", "kept"] = "hashed",
        max_bytes: int = _MAX_BYTES,
    ) -> None:
        if content not in {"hashed", "kept"}:
            raise ConfigurationError('content must be "hashed" or "kept"')
        check_count("max_bytes", max_bytes)
        self._path = Path(path)
        self._scribe = _Scribe(content)
        self._room = max_bytes
        self._entries: deque[tuple[int, Callable[[], list[Line]]]] = deque()
        self._news = threading.Event()
        self._is_closing = False
        self._descriptor: int | None = None
        self._thread: threading.Thread | None = None
        self.problem: str | None = None
        self.lost: int = 0

    def asked(
        self, document: Document, offset: int, trigger: Trigger, now: float
    ) -> None:
        """Write down that suggestions were asked for: how the document is by now.

        Args:
            document: It, as it is now.
            offset: Where the cursor is, in code points.
            trigger: Why.
            now: When, in seconds of the session's clock.
        """
        entry = partial(self._scribe.asked, document, offset, trigger, now)
        self._put(entry, characters=len(document.text))

    def shown(self, suggestion: Suggestion, now: float) -> None:
        """Write down that a suggestion is on the screen."""
        self._put(partial(self._scribe.became, "shown", suggestion, now))

    def accepted(self, suggestion: Suggestion, part: Part, now: float) -> None:
        """Write down that the author took (a part of) a suggestion."""
        self._put(partial(self._scribe.became, "accepted", suggestion, now, part))

    def rejected(self, suggestion: Suggestion, now: float) -> None:
        """Write down that a suggestion was rejected."""
        self._put(partial(self._scribe.became, "rejected", suggestion, now))

    def closed(self, uri: str, now: float) -> None:
        """Write down that a document was closed."""
        self._put(partial(self._scribe.closed, uri, now))

    def close(self) -> None:
        """Write what is there, and no more; idempotent.

        It waits 5 s at most for a disk that hangs, so where an event loop goes on
        running: `await asyncio.to_thread(recorder.close)`.
        """
        self._is_closing = True
        self._news.set()
        if self._thread is not None:
            self._thread.join(_CLOSE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Recorder(problem={self.problem!r})"

    def _put(self, entry: Callable[[], list[Line]], *, characters: int = 0) -> None:
        """Leave something to be written; with too much there, the oldest goes."""
        if self._is_closing or self.problem is not None:
            return
        self._make_room(characters)
        self._entries.append((characters, entry))
        if self._thread is None:
            self._start()
        self._news.set()

    def _make_room(self, characters: int) -> None:
        """Let go of the oldest until there is room for so much more."""
        waiting = tuple(self._entries)
        held = sum(size for size, _ in waiting) + characters
        for number, (size, _) in enumerate(waiting):
            few = len(waiting) - number < _MOST_WAITING
            if few and held <= _MOST_WAITING_CHARACTERS:
                break
            with suppress(IndexError):  # it has just been written
                self._entries.popleft()
                self.lost += 1
            held -= size

    def _start(self) -> None:
        thread = threading.Thread(
            target=self._run, name="gitlab_completions.recording", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:
            self.problem = "the recording has no thread: there are too many"
        else:
            self._thread = thread

    # In the thread.

    def _run(self) -> None:
        try:
            while not self._is_closing and self.problem is None:
                self._news.wait()
                self._news.clear()
                self._write()
            self._write()
        except Exception as error:  # a session must not hear of it
            self.problem = f"the recording ended by a defect: {type(error).__name__}"
        finally:
            self._entries.clear()
            if self._descriptor is not None:
                os.close(self._descriptor)

    def _write(self) -> None:
        while self._entries and self.problem is None:
            _, entry = self._entries.popleft()
            for line in entry():
                self._append(json.dumps(line, separators=(",", ":")).encode() + b"\n")

    def _append(self, line: bytes) -> None:
        if len(line) > self._room:
            self.problem = "the recording has reached its size"
        if self.problem is not None:
            return
        try:
            if self._descriptor is None:
                self._descriptor = os.open(self._path, _FLAGS, _PRIVATE)
            done = 0
            while done < len(line):
                done += os.write(self._descriptor, line[done:])
        except OSError as error:
            why = error.strerror or type(error).__name__
            self.problem = f"the recording cannot be written: {why}"
        self._room -= len(line)


class _Scribe:
    """Makes lines of what happens, and knows how documents were.

    Args:
        content: As a recorder's.
    """

    def __init__(self, content: Literal["hashed", "kept"]) -> None:
        # The key lives as long as the recorder: what it hid stays hidden.
        disguise = Disguise(secrets.token_bytes(32))
        self._words = disguise.of if content == "hashed" else str
        self._head: list[Line] = [{"recording": FORMAT, "content": content}]
        self._texts: OrderedDict[str, tuple[int, str]] = OrderedDict()
        self._suggestions: OrderedDict[str, int] = OrderedDict()
        self._documents = 0
        self._numbers = 0

    def asked(
        self, document: Document, offset: int, trigger: Trigger, now: float
    ) -> list[Line]:
        """Return the lines of one request for suggestions."""
        lines = self._begun()
        number, before = self._texts.pop(document.uri, (0, ""))
        if not number:
            self._documents = number = self._documents + 1
            before = document.text
            what = {"at": _rounded(now), "what": "opened", "document": number}
            text = self._words(before)
            lines.append({**what, "language": document.language, "text": text})
        self._texts[document.uri] = (number, document.text)
        if len(self._texts) > _MOST_DOCUMENTS:
            self._texts.popitem(last=False)
        what = {"at": _rounded(now), "what": "asked", "document": number}
        edit = self._edit(before, document.text, len(document.text) - offset)
        lines.append({**what, "edit": edit, "cursor": offset, "trigger": trigger.value})
        return lines

    def became(
        self, what: str, suggestion: Suggestion, now: float, part: Part | None = None
    ) -> list[Line]:
        """Return the line of what became of a suggestion: its number and its size."""
        number = self._suggestions.pop(suggestion.id, None)
        if number is None:
            self._numbers = number = self._numbers + 1
        self._suggestions[suggestion.id] = number
        if len(self._suggestions) > _MOST_DOCUMENTS:
            self._suggestions.popitem(last=False)
        line: Line = {"at": _rounded(now), "what": what, "suggestion": number}
        line["length"] = len(suggestion.text)
        if part is not None:
            line["part"] = part.value
        return [*self._begun(), line]

    def closed(self, uri: str, now: float) -> list[Line]:
        """Return the line of a document that was closed, if it was ever told of."""
        number, _ = self._texts.pop(uri, (0, ""))
        if not number:
            return []
        return [{"at": _rounded(now), "what": "closed", "document": number}]

    def _begun(self) -> list[Line]:
        head, self._head = self._head, []
        return head

    def _edit(self, before: str, after: str, after_cursor: int) -> list[object] | None:
        """Return offset, characters that went, and what came; `None` for no edit."""
        if before == after:
            return None
        start, end = _ends_alike(before, after, after_cursor)
        # Words are replaced as wholes, and what that leaves alike is no part of it.
        furthest = max(0, start - _LONGEST_WORD), max(0, end - _LONGEST_WORD)
        while start > furthest[0] and is_of_word(before[start - 1]):
            start -= 1
        while end > furthest[1] and is_of_word(before[-end]):
            end -= 1
        old = self._words(before[start : len(before) - end])
        new = self._words(after[start : len(after) - end])
        first, last = _ends_alike(old, new, max(0, after_cursor - end))
        return [start + first, len(old) - first - last, new[first : len(new) - last]]


def _ends_alike(one: str, other: str, after_cursor: int) -> tuple[int, int]:
    """Return how many characters two texts begin with, and end with, alike.

    Typing an `a` beside an `a` could have put it on either side: it was put before the
    cursor, so the `after_cursor` characters behind that are compared first.
    """

    def end_up_to(most: int) -> int:
        return _alike(most, lambda n: one[len(one) - n :] == other[len(other) - n :])

    most = min(len(one), len(other))
    end = end_up_to(min(most, after_cursor))
    start = _alike(most - end, lambda size: one[:size] == other[:size])
    return start, end_up_to(most - start)


def _alike(most: int, are_alike: Callable[[int], bool]) -> int:
    """Return the largest size up to `most` at which two texts are alike.

    By halves: comparing slices is a hundred times quicker than characters in Python.
    """
    least = 0
    while least < most:
        middle = (least + most + 1) // 2
        if are_alike(middle):
            least = middle
        else:
            most = middle - 1
    return least


def _rounded(seconds: float) -> float:
    return round(seconds, 4)
