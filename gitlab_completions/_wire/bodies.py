"""The parts of a request's body that the gateway and the instance share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitlab_completions._wire.limits import Fitted
    from gitlab_completions.models import ContextItem

__all__ = ("context_items", "current_file")


def current_file(fitted: Fitted) -> dict[str, object]:
    """Return the code around the cursor as JSON, its language where known."""
    file: dict[str, object] = {
        "file_name": fitted.file_name,
        "content_above_cursor": fitted.above,
        "content_below_cursor": fitted.below,  # the gateway requires it, be it empty
    }
    if fitted.language is not None:
        file["language_identifier"] = fitted.language
    return file


def context_items(items: Iterable[ContextItem]) -> list[dict[str, str]]:
    """Return the pieces of other files as JSON."""
    return [
        {"type": item.type, "name": item.name, "content": item.content}
        for item in items
    ]
