"""Where an exception was raised, for a log: its words may hold an author's source."""

from __future__ import annotations

import traceback
from pathlib import Path

__all__ = ("raised_at",)


def raised_at(error: BaseException) -> str:
    """Return an exception's kind and where it was raised; not its words."""
    frames = traceback.extract_tb(error.__traceback__, limit=-1)
    where = "".join(f" at {Path(one.filename).name}:{one.lineno}" for one in frames)
    return f"{type(error).__name__}{where}"
