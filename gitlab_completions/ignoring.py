"""Which files are never sent."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

__all__ = ("IgnoreList",)


@runtime_checkable
class IgnoreList(Protocol):
    """Says of a file whether it must stay on this machine."""

    def excludes(self, path: str, /) -> bool:
        """Tell whether nothing of the file may be sent."""
        ...
