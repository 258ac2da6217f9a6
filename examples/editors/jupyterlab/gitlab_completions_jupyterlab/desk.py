"""The page's questions and the sessions that answer them: one for each browser tab."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

from gitlab_completions import GitLabCompletionsError
from gitlab_completions.editor import (
    EditorPolicy,
    EditorSession,
    Silence,
    Suggestions,
    Trigger,
)

from .messages import problem_json, status_json, suggestion_json
from .notebooks import Notebook, place_in_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gitlab_completions import CompletionClient
    from gitlab_completions.editor import Document, Suggestion

    from .messages import Outcome, Question
    from .notebooks import Place

__all__ = ("Desk", "Unready")

MOST_TABS = 16
"""Tabs that are remembered; the one that was silent longest is forgotten first."""
MOST_GIVEN = 64
"""Suggestions of a tab whose outcome can still be told."""
DEFAULT_POLICY = EditorPolicy()


class Desk:
    """Answers questions and takes outcomes in, in one event loop.

    In a session a newer question about a document takes the older one's place. So every
    tab has its own: two authors of one notebook do not take each other's. All of them
    share the client, its connections and its minute.

    Args:
        client: Whom the sessions ask; it is not closed here.
        root: The folder that the page's paths start from.
        excluded: Says of a path whether nothing of it may be sent.
        project_path: The GitLab project that all of it belongs to, where known.
        policy: How soon, how often and where is suggested.
    """

    def __init__(
        self,
        client: CompletionClient,
        root: Path,
        *,
        excluded: Callable[[str], bool],
        project_path: str | None = None,
        policy: EditorPolicy = DEFAULT_POLICY,
    ) -> None:
        self._client = client
        self._root = root
        self._excluded = excluded
        self._project_path = project_path
        self._policy = policy
        self._tabs: OrderedDict[str, _Tab] = OrderedDict()
        self._errands: set[asyncio.Task[None]] = set()

    async def answer(self, question: Question) -> dict[str, object]:
        """Return suggestions for a place, or why there are none."""
        place = self._place(question)
        trigger = Trigger.EXPLICIT if question.explicit else Trigger.TYPING
        tab = self._tab(question.tab)
        if question.turn < tab.turn:
            return {**_overtaken(), **self.status()}
        tab.turn = question.turn
        document = replace(place.document, project_path=self._project_path)
        try:
            found = await tab.session.suggest(document, place.offset, trigger)
        except GitLabCompletionsError as error:  # a project path that is none, say
            return {**_nothing(error), **self.status()}
        return {**_told(tab, found, place), **self.status()}

    def status(self) -> dict[str, object]:
        """Return how routing stands."""
        return {"status": status_json(self._client.status(self._project_path))}

    async def warm_up(self) -> None:
        """Open connections before the first key."""
        await self._client.warm_up(self._project_path)

    def report(self, outcome: Outcome) -> None:
        """Take in what became of a suggestion; what is forgotten is passed over."""
        tab = self._tabs.get(outcome.tab)
        suggestion = tab.given.get(outcome.key) if tab else None
        if tab is None or suggestion is None:
            return
        if outcome.what == "shown":
            tab.session.shown(suggestion)
        elif outcome.what == "accepted":
            tab.session.accepted(suggestion, outcome.part)
        else:
            tab.session.rejected(suggestion)

    def closed(self, tab: str, path: str) -> None:
        """Take in that a document was closed."""
        known = self._tabs.get(tab)
        if known is not None:
            known.session.closed(self._uri(path))

    async def aclose(self) -> None:
        """Close all sessions; the client stays open."""
        while self._tabs:
            _, tab = self._tabs.popitem()
            await tab.session.aclose()
        if self._errands:
            await asyncio.wait(self._errands)

    def _tab(self, name: str) -> _Tab:
        tab = self._tabs.pop(name, None) or _Tab(self._session())
        self._tabs[name] = tab
        if len(self._tabs) > MOST_TABS:
            _, silent = self._tabs.popitem(last=False)
            task = asyncio.create_task(silent.session.aclose())
            self._errands.add(task)
            task.add_done_callback(self._errands.discard)
        return tab

    def _session(self) -> EditorSession:
        return EditorSession(
            self._client, policy=self._policy, excluded=self._is_excluded
        )

    def _is_excluded(self, document: Document) -> bool:
        """Tell of a document: a notebook by its own name, not the one that is sent."""
        return self._excluded(document.uri.partition("#")[0])

    def _uri(self, path: str) -> str:
        return (self._root / path.lstrip("/")).as_uri()

    def _place(self, question: Question) -> Place:
        uri, path = self._uri(question.path), question.path
        if question.language is None:
            text = question.cells[question.index].source
            return place_in_file(uri, path, text, question.offset)
        notebook = Notebook(
            uri=uri, path=path, cells=question.cells, language=question.language
        )
        return notebook.place(question.index, question.offset)


class _Tab:
    """One browser tab: its session, and what it was given."""

    def __init__(self, session: EditorSession) -> None:
        self.session = session
        self.turn = 0
        self.given: OrderedDict[tuple[str, int], Suggestion] = OrderedDict()

    def give(self, suggestions: tuple[Suggestion, ...]) -> None:
        """Remember suggestions, the newest text of each."""
        for each in suggestions:
            self.given.pop((each.id, each.option), None)
            self.given[each.id, each.option] = each
        while len(self.given) > MOST_GIVEN:
            self.given.popitem(last=False)


def _told(tab: _Tab, found: Suggestions, place: Place) -> dict[str, object]:
    items = [suggestion_json(each, place) for each in found.items]
    tab.give(found.items)
    return {
        "items": [each for each in items if each["text"]],
        "silence": found.silence.value if found.silence else None,
        "explanation": found.explanation,
        "problem": problem_json(found.problem),
    }


def _overtaken() -> dict[str, object]:
    """Return what the session tells a question that a newer one has overtaken."""
    found = Suggestions(silence=Silence.SUPERSEDED)
    told: dict[str, object] = {"items": [], "silence": Silence.SUPERSEDED.value}
    return {**told, "explanation": found.explanation, "problem": None}


def _nothing(error: GitLabCompletionsError) -> dict[str, object]:
    return {
        "items": [],
        "silence": Silence.FAILED.value,
        "explanation": str(error),
        "problem": problem_json(error),
    }


class Unready:
    """Stands in for a desk that cannot be had, and says why to whoever asks.

    Args:
        error: Why: what the environment lacks, say.
    """

    def __init__(self, error: GitLabCompletionsError) -> None:
        self._nothing = _nothing(error)

    async def answer(self, question: Question) -> dict[str, object]:
        """Return no suggestions, and why there are none."""
        del question
        return {**self._nothing, **self.status()}

    def status(self) -> dict[str, object]:
        """Return that nothing works, and why."""
        status = {"health": "unavailable", "route": None, "reason": None}
        text = "GitLab Duo: not set up"
        problem = self._nothing["problem"]
        return {"status": {**status, "text": text, "problem": problem}}

    async def warm_up(self) -> None:
        """Do nothing."""

    def report(self, outcome: Outcome) -> None:
        """Do nothing: nothing was suggested."""

    def closed(self, tab: str, path: str) -> None:
        """Do nothing: nothing was opened."""

    async def aclose(self) -> None:
        """Do nothing: nothing runs."""
