"""Ghost text from GitLab Duo in Sublime Text, on `SyncCompletionClient`.

Here is what Sublime calls. The thread that draws, in which key bindings and commands
run, reads `Author.shown` alone: a record that is replaced, never changed. Everything
else happens in the other one, see author.py.
"""

from __future__ import annotations

from functools import partial

import sublime
import sublime_plugin

from gitlab_completions import GitLabCompletionsError
from gitlab_completions.editor import Source, Suggestion, Trigger

from .author import KEY, Author
from .connection import SETTINGS, Connection

authors: dict[int, Author] = {}
"""Of the views in which something has been typed, by their ids."""


def show_standing() -> None:
    for author in list(authors.values()):
        author.standing()


connection = Connection(show_standing)


def author_of(view: sublime.View) -> Author:
    if view.id() not in authors:
        authors[view.id()] = Author(view, connection)
        authors[view.id()].standing()
    return authors[view.id()]


class GitlabCompletionsListener(sublime_plugin.EventListener):
    """Hears what authors do."""

    def on_modified_async(self, view: sublime.View) -> None:
        """Follow an edit."""
        author_of(view).edited()

    def on_selection_modified_async(self, view: sublime.View) -> None:
        """Follow the cursor."""
        author_of(view).moved()

    def on_close(self, view: sublime.View) -> None:
        """Forget the view, and what it waits for."""
        author = authors.pop(view.id(), None)
        if author is not None:
            sublime.set_timeout_async(author.dismiss)

    def on_query_context(
        self,
        view: sublime.View,
        key: str,
        operator: int,
        operand: object,
        match_all: bool,
    ) -> bool | None:
        """Tell key bindings whether there is something to accept."""
        del match_all
        if key != f"{KEY}.ghost":
            return None
        author = authors.get(view.id())
        shown = author is not None and author.shown() is not None
        return (shown == operand) is (operator == sublime.QueryOperator.EQUAL)


class GitlabCompletionsAcceptCommand(sublime_plugin.TextCommand):
    """Inserts what is shown, or its next word or line."""

    def run(self, edit: sublime.Edit, part: str = "all") -> None:
        """Insert all, or the next `"word"` or `"line"`."""
        ghost = author_of(self.view).shown()
        if ghost is None:
            return
        whole = Suggestion(id="", text=ghost.text, source=Source.NETWORK)
        parts = {"word": whole.word, "line": whole.line}
        self.view.insert(edit, ghost.at, parts.get(part, whole.text))


class GitlabCompletionsRejectCommand(sublime_plugin.TextCommand):
    """Shows nothing any more."""

    def run(self, edit: sublime.Edit) -> None:
        """Hide it."""
        del edit
        sublime.set_timeout_async(author_of(self.view).dismiss)


class GitlabCompletionsSuggestCommand(sublime_plugin.TextCommand):
    """Asks for a suggestion, wherever the cursor is."""

    def run(self, edit: sublime.Edit) -> None:
        """Ask at the cursor."""
        del edit
        ask = partial(author_of(self.view).ask, Trigger.EXPLICIT)
        sublime.set_timeout_async(ask)


class GitlabCompletionsExplainCommand(sublime_plugin.TextCommand):
    """Says where the last suggestion came from, or why there was none."""

    def run(self, edit: sublime.Edit) -> None:
        """Say it in the status bar."""
        del edit
        window = self.view.window()
        if window is not None:
            window.status_message(author_of(self.view).last.explanation)


def make_ready() -> None:
    """Connect before the first key; what is wrong is told when it matters."""
    try:
        connection.open().warm_up()
    except GitLabCompletionsError as error:
        sublime.status_message(f"GitLab: {error}")


def start_anew() -> None:
    connection.close()
    make_ready()


def plugin_loaded() -> None:
    settings = sublime.load_settings(SETTINGS)
    settings.add_on_change(KEY, lambda: sublime.set_timeout_async(start_anew))
    sublime.set_timeout_async(make_ready)


def plugin_unloaded() -> None:
    sublime.load_settings(SETTINGS).clear_on_change(KEY)
    for author in authors.values():
        author.dismiss()
    authors.clear()
    connection.close()
