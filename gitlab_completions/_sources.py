"""Asks what a user gave to supply something: a function, plain or async."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


async def ask(supply: Callable[[], object]) -> object:
    """Return what it gives; a plain function, which may block, runs in a thread."""
    if inspect.iscoroutinefunction(supply):
        answer: object = supply()
    else:
        answer = await asyncio.to_thread(supply)
    return await answer if inspect.isawaitable(answer) else answer
