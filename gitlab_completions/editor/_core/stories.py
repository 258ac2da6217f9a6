"""What became of each suggestion, in GitLab's terms, and each of it told once.

A suggestion is asked for, and loaded or not; shown, and then taken or not. What an
editor reports may come twice, late or without what must have come before it, so the
order is kept here: what is taken, or rejected, was shown; it is one of the two, once.
One that is still on the screen when another is shown in its document was rejected.

GitLab has one id for all candidates of an answer, and tells them apart by number. An
editor needs a name for each. So each has one here, and events carry the first one's.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, TypeAlias

from cachetools import LRUCache

from gitlab_completions.editor.events import SuggestionEvent

if TYPE_CHECKING:
    from gitlab_completions.editor.events import SuggestionAction

Fields: TypeAlias = dict[str, str | int]

MOST = 512
"""Suggestions whose story may go on: an author's of an hour or more."""
MOST_DOCUMENTS = 64
"""Documents that have a suggestion on the screen: far more than there are windows."""

_KEPT: Fields = {"suggestion_source": "cache", "debounce_interval": 0}
"""What GitLab's own client says of what comes without a request."""


class Story:
    """One answer's suggestions, as far as they are told of."""

    __slots__ = ("ended", "fields", "id", "shown", "taken", "uri")

    def __init__(self, suggestion_id: str, uri: str, fields: Fields) -> None:
        self.id = suggestion_id
        self.uri = uri
        self.fields = fields
        self.shown = False
        self.taken = False
        self.ended = False


class Stories:
    """The suggestions of one session; `news` has what is not told yet."""

    def __init__(self) -> None:
        self.news: deque[SuggestionEvent] = deque()
        self._stories: LRUCache[str, Story] = LRUCache(MOST)
        self._on_screen: LRUCache[str, Story] = LRUCache(MOST_DOCUMENTS)

    def asked(self, suggestion_id: str, uri: str, fields: Fields) -> None:
        """A request is sent."""
        story = self._begin(suggestion_id, uri, fields)
        self._tell("suggestion_requested", story, of_call=True)

    def loaded(self, ids: tuple[str, ...], fields: Fields) -> None:
        """A request has brought suggestions, the first of which it was named after."""
        story = self._stories.get(ids[0])
        if story is None:
            return
        story.fields |= fields | {"options_count": len(ids)}
        for each in ids:
            self._stories[each] = story
        self._tell("suggestion_loaded", story, of_call=True)

    def not_loaded(
        self, suggestion_id: str, action: SuggestionAction, fields: Fields
    ) -> None:
        """A request has brought none."""
        story = self._stories.pop(suggestion_id, None)
        if story is not None:
            story.fields |= fields
            self._tell(action, story, of_call=True)

    def again(self, ids: tuple[str, ...], uri: str, like: str) -> None:
        """What was kept is offered anew, under ids of its own."""
        before = self._stories.get(like)
        story = self._begin(ids[0], uri, {} if before is None else before.fields)
        story.fields |= _KEPT
        story.fields.pop("accepted_option", None)
        for each in ids:
            self._stories[each] = story
        self._tell("suggestion_loaded", story)

    def join(self, ids: tuple[str, ...]) -> None:
        """What several requests brought is offered as one answer.

        Not with one that was taken in part: of the others nothing more could be told.
        """
        story = self._stories.get(ids[0])
        if story is None or story.taken:
            return
        story.fields["options_count"] = len(ids)
        for each in ids:
            self._stories[each] = story

    def from_cache(self, suggestion_id: str) -> None:
        """What an earlier request brought is offered, and was not shown before."""
        story = self._stories.get(suggestion_id)
        if story is not None and not story.shown:
            story.fields |= _KEPT

    def has_ended(self, suggestion_id: str) -> bool:
        """Tell whether nothing more can happen to a suggestion under this id."""
        story = self._stories.get(suggestion_id)
        return story is None or story.ended

    def shown(self, suggestion_id: str) -> None:
        """The editor has put a suggestion on the screen."""
        story = self._stories.get(suggestion_id)
        if story is not None and not story.ended:
            self._show(story)

    def accepted(self, suggestion_id: str, option: int, *, whole: bool) -> None:
        """The author took a suggestion, or a part of it, of which the first counts."""
        story = self._stories.get(suggestion_id)
        if story is None or story.ended:
            return
        self._show(story)
        if not story.taken:
            story.taken = True
            story.fields["accepted_option"] = option
            self._tell("suggestion_accepted", story)
        if whole:
            story.ended = True
            self._on_screen.pop(story.uri, None)

    def rejected(self, suggestion_id: str) -> None:
        """The author did not want a suggestion."""
        story = self._stories.get(suggestion_id)
        if story is None or story.ended:
            return
        self._show(story)
        self._on_screen.pop(story.uri, None)
        self._reject(story)

    def left(self, uri: str) -> None:
        """A document was closed, with what is on the screen."""
        story = self._on_screen.pop(uri, None)
        if story is not None:
            self._reject(story)

    def end(self) -> None:
        """The session is over."""
        for uri in tuple(self._on_screen):
            self.left(uri)

    def _begin(self, suggestion_id: str, uri: str, fields: Fields) -> Story:
        story = Story(suggestion_id, uri, dict(fields))
        self._stories[suggestion_id] = story
        return story

    def _show(self, story: Story) -> None:
        before = self._on_screen.get(story.uri)
        if before is not None and before is not story:
            self._reject(before)
        self._on_screen[story.uri] = story
        if not story.shown:
            story.shown = True
            self._tell("suggestion_shown", story)

    def _reject(self, story: Story) -> None:
        told = story.ended or story.taken
        story.ended = True
        if not told:
            self._tell("suggestion_rejected", story)

    def _tell(
        self, action: SuggestionAction, story: Story, *, of_call: bool = False
    ) -> None:
        self.news.append(
            SuggestionEvent(
                action=action,
                suggestion_id=story.id,
                fields=dict(story.fields),
                of_call=of_call,
            )
        )
