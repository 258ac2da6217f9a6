"""What became of suggestions, for telemetry: GitLab's actions, names and ids.

Events go straight into an event log. Where it observes the client too, a call is told
of there already; `tracked` gives it the suggestion's id, and the rest is added::

    client = CompletionClient(url, token, observers=[log.observer()])
    session = EditorSession(client, tracked=log.tracked)
    session.observe(lambda event: event.of_call or log.add(
        event.action, unique_tracking_id=event.suggestion_id, **event.fields
    ))
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from gitlab_completions._records import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ("EditorObserver", "SuggestionAction", "SuggestionEvent")

SuggestionAction = Literal[
    "suggestion_requested",
    "suggestion_loaded",
    "suggestion_not_provided",
    "suggestion_shown",
    "suggestion_error",
    "suggestion_accepted",
    "suggestion_rejected",
    "suggestion_cancelled",
]
"""GitLab's word for what happened to a suggestion."""


class SuggestionEvent(Record):
    """One thing that happened to one suggestion.

    Args:
        action: What.
        suggestion_id: Which: `unique_tracking_id` in GitLab's terms. One of several
            candidates has that of the first; `accepted_option` tells which it was.
        fields: GitLab's further fields, by its names; sizes and codes, never text.
        of_call: It is about a request, of which the client's observers are told too.
    """

    action: SuggestionAction
    suggestion_id: str
    fields: Mapping[str, str | int]
    of_call: bool = False


class EditorObserver(Protocol):
    """Is told what happens to suggestions.

    On the session's loop, in order; be quick. What it raises is logged once.
    """

    def __call__(self, event: SuggestionEvent, /) -> object:
        """Take the event in."""
        ...
