"""Shows that something is being written when it takes long, and lets a person stop it.

A completion comes before anybody would read a progress bar; a generation takes many
seconds. So the bar comes late, and only where the client can show one.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeAlias, TypeVar
from uuid import uuid4

from gitlab_completions.lsp.conversation import RefusedError
from gitlab_completions.lsp.reading import at

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from gitlab_completions.lsp.conversation import Conversation

__all__ = ("LATE_S", "Bars", "Token")

T = TypeVar("T")

Token: TypeAlias = str | int
"""Names a bar."""
LATE_S = 0.5
"""Seconds after which a bar is shown: what takes less is over before it is read."""


class Bars:
    """The progress bars that the client shows for this server.

    Args:
        conversation: With the client.
    """

    def __init__(self, conversation: Conversation) -> None:
        self.can_make = False
        self._conversation = conversation
        self._shown: dict[Token, asyncio.Task[object]] = {}

    async def while_doing(
        self, work: Coroutine[object, object, T], *, message: str, token: object
    ) -> T:
        """Do some work; whoever waits for long sees that it is done, and can stop it.

        Args:
            work: What is done.
            message: What that is, for people.
            token: The client's name for the bar, where it has given one.

        Raises:
            asyncio.CancelledError: When the bar was used to stop it.
        """
        task = asyncio.ensure_future(work)
        name = token if isinstance(token, str | int) else None
        bar = asyncio.create_task(self._show(task, message, name))
        try:
            return await task
        finally:
            task.cancel()
            bar.cancel()

    def stop(self, params: object) -> None:
        """Stop what a bar stands for: a person has asked for it."""
        token = at(params).get("token")
        task = self._shown.get(token) if isinstance(token, str | int) else None
        if task is not None:
            task.cancel()

    async def _show(
        self, task: asyncio.Task[T], message: str, token: Token | None
    ) -> None:
        await asyncio.wait({task}, timeout=LATE_S)
        if task.done():
            return
        token = await self._made() if token is None else token
        if token is None or task.done() or token in self._shown:
            return  # a client that names two bars alike has one of them
        self._shown[token] = task
        began = {"kind": "begin", "title": "GitLab Duo", "message": message}
        self._tell(token, {**began, "cancellable": True})
        try:
            await asyncio.wait({task})
        finally:
            del self._shown[token]
            self._tell(token, {"kind": "end"})

    async def _made(self) -> Token | None:
        """Have the client make a bar; `None` when it does not."""
        if not self.can_make:
            return None
        token = str(uuid4())
        wish = {"token": token}
        try:
            await self._conversation.ask("window/workDoneProgress/create", wish)
        except RefusedError:
            return None
        return token

    def _tell(self, token: Token, value: dict[str, object]) -> None:
        self._conversation.notify("$/progress", {"token": token, "value": value})
