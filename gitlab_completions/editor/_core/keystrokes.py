"""What one request for suggestions says: where, why, and whether it is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._records import Record
from gitlab_completions.editor.models import Trigger

if TYPE_CHECKING:
    from gitlab_completions.editor._core.places import Place
    from gitlab_completions.editor.models import Silence


class Keystroke(Record):
    """One request for suggestions.

    Args:
        place: Where.
        trigger: Why.
        unwanted: Why nothing is wanted there; `None` when something is.
        generates: A comment asks for code, which is no completion.
        language: The document's.
    """

    place: Place
    trigger: Trigger
    unwanted: Silence | None = None
    generates: bool = False
    language: str | None = None

    @property
    def explicit(self) -> bool:
        """Whether the author asked."""
        return self.trigger is Trigger.EXPLICIT
