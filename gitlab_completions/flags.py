"""Feature flags: whether a feature is switched on, who said so, and why."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from gitlab_completions._records import Record

__all__ = ("Flag", "FlagSource")


class Flag(Record):
    """A flag's value, and why it is that.

    Args:
        name: GitLab's name of it.
        enabled: Whether the feature is on.
        reason: Why, in a word: who said so, or why nobody could.
    """

    name: str
    enabled: bool
    reason: str


@runtime_checkable
class FlagSource(Protocol):
    """Tells whether a feature is switched on."""

    async def evaluate(self, name: str, /, *, default: bool) -> Flag:
        """Return the flag's value, or the default with the reason for it."""
        ...
