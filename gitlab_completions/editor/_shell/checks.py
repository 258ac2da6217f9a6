"""Checks of what an editor passes in, each with an error that names what is right."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import cast

from gitlab_completions.editor.models import Document, Part, Suggestion, Trigger
from gitlab_completions.editor.policy import EditorPolicy
from gitlab_completions.editor.recording import Recorder
from gitlab_completions.errors import ConfigurationError


def check_policy(policy: object) -> None:
    """Refuse what is no policy.

    Raises:
        ConfigurationError: When it is none.
    """
    if not isinstance(policy, EditorPolicy):
        kind = type(policy).__name__
        raise ConfigurationError(f"policy must be an EditorPolicy, not {kind}")


def check_callable(name: str, value: object) -> None:
    """Refuse what cannot be called.

    Raises:
        ConfigurationError: When it cannot.
    """
    if not callable(value):
        kind = type(value).__name__
        raise ConfigurationError(f"{name} must be a function, not {kind}")


def check_optional(name: str, value: object) -> None:
    """Refuse what can neither be called nor is left out.

    Raises:
        ConfigurationError: When it is neither.
    """
    if value is not None:
        check_callable(name, value)


def check_observers(observers: object) -> None:
    """Refuse what are no observers.

    Raises:
        ConfigurationError: It says which.
    """
    if not isinstance(observers, Sequence):
        kind = type(observers).__name__
        raise ConfigurationError(f"observers must be a sequence, not {kind}")
    for observer in cast("Sequence[object]", observers):
        check_observer(observer)


def check_observer(observer: object) -> None:
    """Refuse what cannot be told of events.

    Raises:
        ConfigurationError: When it cannot.
    """
    check_callable("an observer", observer)
    if inspect.iscoroutinefunction(observer):
        raise ConfigurationError(
            "an observer must be a plain function: events do not wait for it"
        )


def check_recorder(recorder: object) -> None:
    """Refuse what is no recorder, and not left out.

    Raises:
        ConfigurationError: When it is neither.
    """
    if recorder is not None and not isinstance(recorder, Recorder):
        kind = type(recorder).__name__
        raise ConfigurationError(f"recorder must be a Recorder, not {kind}")


def check_suggestion(suggestion: object) -> None:
    """Refuse what is no suggestion.

    Raises:
        ConfigurationError: When it is none.
    """
    if not isinstance(suggestion, Suggestion):
        kind = type(suggestion).__name__
        raise ConfigurationError(f"suggestion must be a Suggestion, not {kind}")


def check_part(part: object) -> None:
    """Refuse what is no part of a suggestion.

    Raises:
        ConfigurationError: When it is none.
    """
    if not isinstance(part, Part):
        raise ConfigurationError("part must be Part.ALL, .WORD or .LINE")


def check_question(document: object, trigger: object) -> None:
    """Refuse what is no document, or no reason to ask.

    Raises:
        ConfigurationError: It says which.
    """
    if not isinstance(document, Document):
        kind = type(document).__name__
        raise ConfigurationError(f"document must be a Document, not {kind}")
    for name in ("uri", "text"):
        if not isinstance(getattr(document, name), str):
            raise ConfigurationError(f"a document's {name} must be a string")
    for name in ("language", "project_path", "file_name"):
        if not isinstance(getattr(document, name), str | None):
            raise ConfigurationError(f"a document's {name} must be a string, or None")
    if not isinstance(trigger, Trigger):
        raise ConfigurationError("trigger must be Trigger.TYPING or .EXPLICIT")
