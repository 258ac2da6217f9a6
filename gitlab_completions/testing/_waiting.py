"""Which tasks of a loop wait, and at which lines."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LINKS = ("cr_await", "gi_yieldfrom", "ag_await")
_FRAMES = ("cr_frame", "gi_frame", "ag_frame")
_ASYNCIO = str(Path(asyncio.__file__).parent)


def describe_waiting(loop: asyncio.AbstractEventLoop) -> str:
    """Return one line for the deadlock, and one for each waiting task of `loop`."""
    tasks = sorted(asyncio.all_tasks(loop), key=lambda task: task.get_name())
    head = "every task waits and no timer is left, so nothing can wake any of them"
    return "\n".join([head, *map(_describe, tasks)])


def _describe(task: asyncio.Task[object]) -> str:
    coroutine = task.get_coro()
    name = getattr(coroutine, "__qualname__", type(coroutine).__name__)
    # Everything waits inside asyncio in the end; what called it there is telling.
    outside = [place for place in _places(coroutine) if not place.startswith(_ASYNCIO)]
    place = outside[-1] if outside else "an unknown line"
    return f"  {task.get_name()} ({name}) waits at {place}"


def _places(awaited: object) -> Iterator[str]:
    """Give the lines at which `awaited` and what it awaits stand, outermost first."""
    while awaited is not None:
        frame = _first(awaited, _FRAMES)
        if isinstance(frame, FrameType):
            code = frame.f_code
            yield f"{code.co_filename}:{frame.f_lineno}, in {code.co_name}"
        awaited = _first(awaited, _LINKS)


def _first(owner: object, names: tuple[str, ...]) -> object:
    return next((getattr(owner, name) for name in names if hasattr(owner, name)), None)
