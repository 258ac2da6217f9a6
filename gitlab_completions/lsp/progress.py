"""Shows that something is being written when it takes long, and lets a person stop it.

A completion comes before anybody would read a progress bar; a generation takes many
seconds. So the bar comes late, and only where the client can show one.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

from lsprotocol import types

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from pygls.lsp.server import LanguageServer

__all__ = ("LATE_S", "with_progress")

T = TypeVar("T")

LATE_S = 0.5
"""Seconds after which a bar is shown: what takes less is over before it is read."""


async def with_progress(
    ls: LanguageServer,
    work: Coroutine[object, object, T],
    *,
    message: str,
    token: types.ProgressToken | None,
    late_s: float = LATE_S,
) -> T:
    """Do some work; whoever waits for long sees that it is done, and can stop it.

    Args:
        ls: The server.
        work: What is done.
        message: What is done, for people.
        token: The client's name for the bar, where the client made one.
        late_s: Seconds until the bar is shown.

    Raises:
        asyncio.CancelledError: When the bar was used to stop it.
    """
    task = asyncio.ensure_future(work)
    bar = asyncio.create_task(_bar(ls, task, message, token, late_s))
    try:
        return await task
    finally:
        task.cancel()
        bar.cancel()


async def _bar(
    ls: LanguageServer,
    task: asyncio.Task[T],
    message: str,
    token: types.ProgressToken | None,
    late_s: float,
) -> None:
    await asyncio.wait({task}, timeout=late_s)
    if task.done():
        return
    progress = ls.work_done_progress
    if token is None:
        if not _can_show(ls.client_capabilities):
            return
        token = str(uuid4())
        await progress.create_async(token)
    began = types.WorkDoneProgressBegin(
        title="GitLab Duo", message=message, cancellable=True
    )
    progress.begin(token, began)
    stop = progress.tokens[token]
    stop.add_done_callback(lambda stopped: stopped.cancelled() and task.cancel())
    try:
        await asyncio.wait({task})
    finally:
        progress.tokens.pop(token, None)
        progress.end(token, types.WorkDoneProgressEnd())


def _can_show(client: types.ClientCapabilities) -> bool:
    return client.window is not None and bool(client.window.work_done_progress)
