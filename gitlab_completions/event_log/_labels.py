"""Checks of what a user adds to lines: it hides no field, and fits GitLab's schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitlab_completions.errors import ConfigurationError
from gitlab_completions.event_log._names import GITLAB, OWN

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNTOLD = frozenset(
    {
        "gitlab_host_name",
        "gitlab_instance_id",
        "gitlab_instance_version",
        "gitlab_global_user_id",
        "region",
    }
)
"""GitLab's names of what the library does not tell by itself, for who wants to."""
_TRACKING_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


def check_labels(labels: Mapping[str, object]) -> None:
    """Refuse labels of a client that are no strings, or are written anyway.

    Raises:
        ConfigurationError: It names the label, and not its value.
    """
    for name in labels.keys() & (GITLAB.keys() - _UNTOLD):
        raise ConfigurationError(f"the label {name} would hide a field of a line")
    check_fields(labels)


def check_fields(fields: Mapping[str, object]) -> None:
    """Refuse labels that are no strings, and what GitLab's schema would refuse.

    Raises:
        ConfigurationError: It names the field, and not its value.
    """
    for name, value in fields.items():
        known = GITLAB.get(name)
        if name in OWN:
            raise ConfigurationError(f"the label {name} would hide a field of a line")
        if known is not None and not known.takes(value):
            raise ConfigurationError(f"{name} is not as GitLab's schema wants it")
        if known is None and not isinstance(value, str):
            kind = type(value).__name__
            raise ConfigurationError(f"the label {name} must be a string, not {kind}")


def check_tracking_id(unique_tracking_id: object) -> None:
    """Refuse what is no id.

    Raises:
        ConfigurationError: It says what is right.
    """
    is_text = isinstance(unique_tracking_id, str)
    if not is_text or _TRACKING_ID.fullmatch(str(unique_tracking_id)) is None:
        raise ConfigurationError(
            "unique_tracking_id must be 1 to 64 letters, digits and dashes"
        )
