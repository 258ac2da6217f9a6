"""What takes secrets out of the text before it leaves the machine."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

__all__ = ("Redactor",)


@runtime_checkable
class Redactor(Protocol):
    """Takes secrets out of a text; called in a worker thread."""

    def redact(self, text: str, /) -> str:
        """Return the text, each secret replaced by as many other characters."""
        ...
