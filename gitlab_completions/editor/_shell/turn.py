"""Runs the flow of one keystroke: command in, outcome out."""

from __future__ import annotations

import asyncio
import dataclasses
import math
from typing import TYPE_CHECKING

from gitlab_completions.editor._core.commands import (
    Command,
    GiveUp,
    Outcome,
    Prepare,
    Send,
    Verdict,
    Wait,
)
from gitlab_completions.models import Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions.client import CompletionClient
    from gitlab_completions.editor._core.commands import Ending, Quiet
    from gitlab_completions.editor._core.desk import Desk
    from gitlab_completions.editor._core.flow import Flow
    from gitlab_completions.editor._core.places import Place
    from gitlab_completions.editor._shell.context import Gatherer
    from gitlab_completions.editor._shell.dispatch import Context, Dispatch
    from gitlab_completions.editor.models import Document
    from gitlab_completions.models import CompletionRequest


class Turn:
    """One keystroke under way, until a newer one of its document comes.

    Args:
        client: Tells how routing stands.
        desk: What the session knows.
        dispatch: Runs its calls.
        gatherer: Asks for context.
        document: What is edited.
        place: Where.
        request: What a call would send, without context.
        tell: Tells the observers what is new.
    """

    def __init__(
        self,
        *,
        client: CompletionClient,
        desk: Desk,
        dispatch: Dispatch,
        gatherer: Gatherer,
        document: Document,
        place: Place,
        request: CompletionRequest,
        tell: Callable[[], None],
    ) -> None:
        self.place = place
        self._client = client
        self._desk = desk
        self._dispatch = dispatch
        self._gatherer = gatherer
        self._document = document
        self._request = request
        self._tell = tell
        self._context: Context = None
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[Quiet] = self._loop.create_future()

    def end(self, why: Quiet) -> None:
        """Let nobody wait any longer."""
        if not self._over.done():
            self._over.set_result(why)

    async def run(self, flow: Flow) -> Verdict:
        """Run the flow to its verdict, or return why the turn was ended before.

        Raises:
            asyncio.CancelledError: When the caller leaves; calls go on.
        """
        try:
            command = next(flow)
            while not self._over.done():
                outcome = await self._perform(command)
                self._look()
                self._tell()
                if not self._over.done():
                    command = flow.send(outcome)
        except StopIteration as end:
            verdict: Verdict = end.value
            return verdict
        finally:
            flow.close()
            self._tell()
            if self._context is not None:
                self._context.cancel()
        return self._over.result()

    def _look(self) -> None:
        """See by which route a request would go, and how full the minute is."""
        status = self._client.status(self._request.project_path)
        indirect = status.route is Route.INDIRECT
        self._desk.minute.hear(status.indirect_used, indirect=indirect)

    async def _perform(self, command: Command) -> Outcome:
        if isinstance(command, Wait):
            return await self._wait(command)
        if isinstance(command, GiveUp):
            self._dispatch.give_up(command.calls)
        elif isinstance(command, Prepare):
            self._context = self._gatherer.start(self._document)
            if command.warms:
                self._dispatch.warm_up(self._request.project_path)
        else:
            self._send(command)
        return Outcome(at=self._loop.time())

    def _send(self, command: Send) -> None:
        self._dispatch.give_up(command.gives_up)
        request, context = self._request, self._context
        if command.choices is not None:
            request = dataclasses.replace(request, choices_count=command.choices)
        self._context = None  # it is the call's now
        self._dispatch.start(command.call, request, context)

    async def _wait(self, command: Wait) -> Outcome:
        """Wait without cancelling anything, until the turn is over at most."""
        futures = [self._dispatch.ending(number) for number in command.calls]
        endings = [future for future in futures if future is not None]
        span_s = command.until - self._loop.time()
        waited: list[asyncio.Future[Ending] | asyncio.Future[Quiet]]
        waited = [*endings, self._over]
        await asyncio.wait(
            waited,
            timeout=None if math.isinf(span_s) else max(0.0, span_s),
            return_when=asyncio.FIRST_COMPLETED,
        )
        ended = tuple(future.result() for future in endings if future.done())
        return Outcome(at=self._loop.time(), endings=ended)
