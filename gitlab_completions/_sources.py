"""Asks what a user gave to supply something: a function, plain or async.

A plain one may block, be it for ever, so it has a thread of its own. In the event
loop's executor a few that hang would hold every thread, those too in which names are
resolved, and the program could not end before they do.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions._errands import Errands

T = TypeVar("T")


async def ask(supply: Callable[[], object]) -> object:
    """Return what it gives; a plain function, which may block, runs in a thread."""
    if inspect.iscoroutinefunction(supply):
        answer: object = supply()
    else:
        answer = await in_thread(supply)
    return await answer if inspect.isawaitable(answer) else answer


async def in_thread(work: Callable[[], T]) -> T:
    """Return what a plain function gives that runs in a thread of its own."""
    run = contextvars.copy_context().run
    return await asyncio.get_running_loop().run_in_executor(errands(), run, work)


@functools.cache
def errands() -> Errands:
    """Return what gives each piece of blocking work a thread, awaited by no exit."""
    # Threads are imported only by those who need some: it takes a millisecond.
    from gitlab_completions._errands import Errands  # noqa: PLC0415

    return Errands()
