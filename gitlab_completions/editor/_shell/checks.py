"""Checks of what an editor passes in, each with an error that names what is right."""

from __future__ import annotations

from gitlab_completions.editor.models import Document, Part, Suggestion, Trigger
from gitlab_completions.editor.policy import EditorPolicy
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
    if not isinstance(trigger, Trigger):
        raise ConfigurationError("trigger must be Trigger.TYPING or .EXPLICIT")
