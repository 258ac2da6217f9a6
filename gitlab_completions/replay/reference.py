"""The reference client's keystroke logic: that of GitLab's own language server.

Its pipeline in its order: cache, a debounce of 250 ms, its gates, the request, and the
cache again. What it is told is what our session is told, and it asks the same GitLab by
a client of ours, without hedges, so that the two differ in when they ask and in what
they keep, and in nothing else. Left out in its favour are that its connections are not
warm, and that it parses and gathers context after the debounce.

Left out too is its circuit, which calls that are cancelled trip: for minutes all goes
through the instance then, later, but nothing is sent twice. Measured, its median wait
would be 100 to 150 ms longer with it, and its requests for each suggestion that is
taken a tenth fewer for the bursty author and the one who hunts, and far more for the
steady one, who gets only half as many.

A newer keystroke cancels the older one's request. In 2025 it goes on all the same, and
its answer is kept. In 2026 it ends; but one that was under way directly is then sent
once more, through the instance, where nothing ends it, and that answer is kept.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from gitlab_completions.errors import GitLabCompletionsError
from gitlab_completions.models import CompletionRequest
from gitlab_completions.replay.pipelines import Offer
from gitlab_completions.replay.reference_cache import ReferenceCache

if TYPE_CHECKING:
    from gitlab_completions.client import CompletionClient
    from gitlab_completions.editor import Document

__all__ = ("ReferencePipeline",)

_DEBOUNCE_S = 0.25
_LEAST_CONTENT = 10
_END_OF_LINE = re.compile(r"""^[\s)\]}>"'`]*[:{;,]?\s*$""")
"""What may stand behind the cursor: closers, quotes, and one of four separators."""


class ReferencePipeline:
    """The reference client's keystroke logic, for one document.

    Args:
        client: Sends requests.
        fallback: Sends what was cancelled once more, as in 2026; `None` where that does
            not happen: on the indirect route, and in 2025.
        cancels: Whether cancelling ends a request, as in 2026.

    Attributes:
        repeated: Requests that were sent once more because they were cancelled.
    """

    def __init__(
        self,
        client: CompletionClient,
        fallback: CompletionClient | None,
        *,
        cancels: bool = True,
    ) -> None:
        self._client = client
        self._fallback = fallback
        self._cancels = cancels
        self._cache = ReferenceCache(asyncio.get_running_loop().time)
        self._newest: asyncio.Task[Offer | None] | None = None
        self._sent: set[asyncio.Task[str]] = set()
        self.repeated: int = 0

    async def suggest(
        self, document: Document, offset: int, *, explicit: bool
    ) -> Offer | None:
        """Return a suggestion; `None` when there is none or a newer call came."""
        if self._newest is not None:
            self._newest.cancel()
        above, below = document.text[:offset], document.text[offset:]
        if not explicit:
            found = self._cache.find(above, below)
            if found:
                self._newest = None
                return Offer(text=found)
        call = asyncio.create_task(self._ask(document, above, below, explicit=explicit))
        self._newest = call
        await asyncio.wait({call})
        return None if call.cancelled() else call.result()

    def shown(self, offer: Offer) -> None:
        """Take no note: it shows nothing again or less for it."""

    def accepted(self, offer: Offer) -> None:
        """Take no note."""

    async def aclose(self) -> None:
        """Give up what is under way."""
        if self._newest is not None:
            self._newest.cancel()
            await asyncio.wait({self._newest})
        for task in self._sent:
            task.cancel()
        await asyncio.gather(*self._sent, return_exceptions=True)

    async def _ask(
        self, document: Document, above: str, below: str, *, explicit: bool
    ) -> Offer | None:
        if not explicit:
            await asyncio.sleep(_DEBOUNCE_S)
        rest_of_line = below.partition("\n")[0]
        if len(above) + len(below) < _LEAST_CONTENT or not _END_OF_LINE.match(
            rest_of_line
        ):
            return None
        request = CompletionRequest(
            file_name=document.file_name or "file",
            content_above_cursor=above,
            content_below_cursor=below,
        )
        call = self._send(self._client, request)
        try:
            await asyncio.wait({call})
        except asyncio.CancelledError:
            if self._cancels:
                call.cancel()
            if self._cancels and self._fallback is not None:
                self.repeated += 1
                self._send(self._fallback, request)
            raise
        answer = call.result()
        return Offer(text=answer) if answer.strip() else None

    def _send(
        self, client: CompletionClient, request: CompletionRequest
    ) -> asyncio.Task[str]:
        task = asyncio.create_task(self._complete(client, request))
        self._sent.add(task)
        task.add_done_callback(self._sent.discard)
        return task

    async def _complete(
        self, client: CompletionClient, request: CompletionRequest
    ) -> str:
        """Ask, and keep the answer; an error is no answer."""
        answer = ""
        with suppress(GitLabCompletionsError):
            answer = (await client.complete(request)).text
            above, below = request.content_above_cursor, request.content_below_cursor
            self._cache.put(above, below, answer)
        return answer
