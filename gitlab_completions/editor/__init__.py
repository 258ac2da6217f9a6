"""The keystroke logic of an editor: when to ask, what still fits, what to show."""

from gitlab_completions.editor.events import EditorObserver, SuggestionEvent
from gitlab_completions.editor.models import (
    Document,
    Part,
    Position,
    PositionEncoding,
    Silence,
    Source,
    Suggestion,
    Suggestions,
    Trigger,
)
from gitlab_completions.editor.policy import EditorPolicy
from gitlab_completions.editor.recording import Recorder
from gitlab_completions.editor.session import EditorSession

__all__ = (
    "Document",
    "EditorObserver",
    "EditorPolicy",
    "EditorSession",
    "Part",
    "Position",
    "PositionEncoding",
    "Recorder",
    "Silence",
    "Source",
    "Suggestion",
    "SuggestionEvent",
    "Suggestions",
    "Trigger",
)
