"""What one view's author types, and what is suggested there.

All of it runs in the thread in which Sublime calls what ends in `_async`, one thing
after the other, and nothing waits: a call is submitted, and its callback, in the
client's thread, only asks for the next turn. What fits at the cursor, what is left
after typing along, and where nothing is wanted, is the library's to say.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import sublime

from gitlab_completions import CompletionRequest, GitLabCompletionsError
from gitlab_completions.editor import (
    Document,
    Silence,
    Source,
    Suggestion,
    Suggestions,
    Trigger,
)
from gitlab_completions.editor.fitting import auto_closed, fitted, left_of
from gitlab_completions.editor.wanted import unwanted

from .connection import policy, setting
from .drawing import phantoms_of

if TYPE_CHECKING:
    from concurrent.futures import Future

    from gitlab_completions import Completion

    from .connection import Connection

KEY = "gitlab_completions"
WAIT_MS = 150
"""Milliseconds without a key before anything is asked: a usual typist's gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an author is in one state of a text."""

    text: str = field(repr=False)
    at: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ghost:
    """What is shown in grey, good for one state of the text."""

    text: str = field(repr=False)
    at: int
    count: int


class Author:
    """What one view's author types, and what is suggested there."""

    def __init__(self, view: sublime.View, connection: Connection) -> None:
        self.view = view
        self.ghost: Ghost | None = None
        self.last = Suggestions()
        self._connection = connection
        self._phantoms = sublime.PhantomSet(view, KEY)
        self._seen: tuple[int, int] | None = None
        self._pending: Future[Completion] | None = None
        self._origin: tuple[Place, str] | None = None

    # What happens.

    def edited(self) -> None:
        """Show what is left of a suggestion, or ask for one when the author pauses."""
        self._supersede()
        here = self._place()
        self._seen = None if here is None else (here.at, here.count)
        rest = self._left(here) if here is not None else ""
        self._draw(here, rest)
        if here is None or rest:
            return
        ask = partial(self.ask, Trigger.TYPING, self._seen)
        sublime.set_timeout_async(ask, WAIT_MS)

    def moved(self) -> None:
        """Show nothing where nothing was asked for; edits are told by themselves."""
        at = self._cursor()
        if self._seen is None or self._seen == (at, self.view.change_count()):
            return
        if self._seen[1] == self.view.change_count():
            self.dismiss()

    def dismiss(self) -> None:
        """Show nothing, and do not show it again."""
        self._supersede()
        self._origin = None
        self._draw(None, "")

    def ask(self, trigger: Trigger, where: tuple[int, int] | None = None) -> None:
        """Ask for a suggestion where the author is, or if they are still there."""
        here = self._place() if self.view.is_valid() else None
        if here is None or where not in {None, (here.at, here.count)}:
            return
        self._supersede()
        self._seen = (here.at, here.count)
        document = self._document(here)
        try:
            silence = unwanted(document, here.at, policy(), trigger)
            if silence is not None:
                self.last = Suggestions(silence=silence)
                return
            self._pending = self._connection.open().submit(
                request_of(document, here.at)
            )
        except GitLabCompletionsError as error:
            self._fail(error)
            return
        self._pending.add_done_callback(
            lambda done: sublime.set_timeout_async(partial(self._answered, done, here))
        )

    def standing(self) -> None:
        """Say in the status bar how things stand."""
        self.view.set_status(KEY, self._connection.standing)

    def shown(self) -> Ghost | None:
        """Return what is shown where the author is now; in any thread."""
        ghost, now = self.ghost, (self._cursor(), self.view.change_count())
        return ghost if ghost is not None and (ghost.at, ghost.count) == now else None

    # What comes of it.

    def _answered(self, done: Future[Completion], asked: Place) -> None:
        if done is not self._pending:
            return  # superseded
        self._pending = None
        try:
            completion = done.result()
        except GitLabCompletionsError as error:
            self._fail(error)
            return
        text = fitted(completion.text, asked.text, asked.at)
        if not text:
            had = Silence.DOES_NOT_FIT if completion.text else Silence.NOTHING_OFFERED
            self.last = Suggestions(silence=had)
            return
        suggestion = Suggestion(
            id=str(uuid4()), text=text, source=Source.NETWORK, completion=completion
        )
        self.last = Suggestions(items=(suggestion,))
        self._origin = (asked, text)
        here = self._place()
        self._draw(here, self._left(here) if here is not None else "")

    def _fail(self, error: GitLabCompletionsError) -> None:
        self.last = Suggestions(silence=Silence.FAILED, problem=error)
        self.view.set_status(KEY, f"GitLab: {error}")

    def _supersede(self) -> None:
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.cancel()

    def _left(self, here: Place) -> str:
        """Return what is left of the suggestion that the author types along."""
        if self._origin is None:
            return ""
        origin, suggestion = self._origin
        begins = here.text[: origin.at] == origin.text[: origin.at]
        if here.at < origin.at or not begins:
            return ""
        typed = here.text[origin.at : here.at]
        rest = left_of(suggestion, typed)
        if rest is None or not rest.strip():
            return ""
        for closed in auto_closed(typed, here.text, here.at):
            if here.text[here.at + closed :] == origin.text[origin.at :]:
                return fitted(rest, here.text, here.at) if closed else rest
        return ""

    # What the view has, and shows.

    def _cursor(self) -> int | None:
        selection = self.view.sel()
        one = len(selection) == 1 and selection[0].empty()
        return selection[0].b if one else None

    def _place(self) -> Place | None:
        """Return where the author is; nowhere, with several cursors or a selection.

        Nor in panels and in what others write: what is searched for, say, or typed as a
        password, is not GitLab's business.
        """
        count, at = self.view.change_count(), self._cursor()
        if at is None or self.view.element() is not None or self.view.is_read_only():
            return None
        text = self.view.substr(sublime.Region(0, self.view.size()))
        if self.view.change_count() != count:
            return None  # edited meanwhile, in the other thread, which will be told
        return Place(text=text, at=at, count=count)

    def _document(self, here: Place) -> Document:
        syntax = self.view.syntax()
        project = self.view.settings().get(f"{KEY}.project_path")
        project = project or setting("project_path", "")
        return Document(
            uri=f"view:{self.view.id()}",
            text=here.text,
            language=syntax.scope.split(".")[-1] if syntax is not None else None,
            project_path=str(project) or None,
            file_name=name_of(self.view),
        )

    def _draw(self, here: Place | None, text: str) -> None:
        if here is None or not text or here.count != self.view.change_count():
            self.ghost = None
            self._phantoms.update([])
            return
        self.ghost = Ghost(text=text, at=here.at, count=here.count)
        self._phantoms.update(phantoms_of(self.view, here.at, text))


def request_of(document: Document, at: int) -> CompletionRequest:
    return CompletionRequest.at_cursor(
        document.text,
        at,
        file_name=document.file_name or "untitled",
        language=document.language,
        project_path=document.project_path,
    )


def name_of(view: sublime.View) -> str | None:
    """Return the file's name within its folder: where it lies is nobody's business."""
    name, window = view.file_name(), view.window()
    if name is None:
        return None
    for folder in window.folders() if window is not None else ():
        if Path(name).is_relative_to(folder):
            return Path(name).relative_to(folder).as_posix()
    return Path(name).name
