"""One attempt's way from the bytes of a stream to its reader.

What a stream teaches it teaches at its start: the first bytes tell that the route is
not silent, the first piece that it works. How long the rest takes is the model's doing.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from gitlab_completions._shell.traffic import Traffic
from gitlab_completions._wire.messages import SendError
from gitlab_completions._wire.streams import StreamDecoder
from gitlab_completions._wire.suggestions import Suggestion
from gitlab_completions.models import Choice

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from gitlab_completions._shell.handover import Handover
    from gitlab_completions._wire.messages import WireResponse
    from gitlab_completions.models import Model

SILENCE_S = 55.0
"""Seconds without a byte that end a stream: GitLab's own limit for its upstream. Our
sender keeps it; here a moment later, for senders that do not."""
OVERTIME_S = 1.0
"""The moment, in seconds."""
READ_OUT_S = 0.25
"""Seconds for the end of the body once the text has ended: it comes with it, or not."""


class Pour:
    """Decodes what comes, and hands it over.

    Args:
        handover: Where the pieces go.
        crlf: Whether the file ends its lines with CRLF, and so shall the text.
        begin: Called when the first piece has come.
        fall_silent: Called when nothing has come for too long.
        traffic: Counts the bytes.

    Attributes:
        news: Done when the first piece has come, or none comes any more.
        over: Done when no more pieces come, whatever the sender still does.
        heard: Whether any byte of a good answer has come.
        begun: Whether a piece has come.
        is_shut: Whether what still comes is unwanted.
    """

    def __init__(
        self,
        handover: Handover,
        *,
        crlf: bool,
        begin: Callable[[], None],
        fall_silent: Callable[[], None],
        traffic: Traffic | None = None,
    ) -> None:
        self._handover = handover
        self._crlf = crlf
        self._begin = begin
        self._fall_silent = fall_silent
        self._traffic = traffic or Traffic()
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self.news: asyncio.Future[None] = self._loop.create_future()
        self.over: asyncio.Future[None] = self._loop.create_future()
        self.model: Model | None = None
        self.heard = False
        self.begun = False
        self.is_shut = False

    async def drain(self, response: WireResponse) -> Suggestion:
        """Hand over an answer's text while it comes; return all of it.

        Raises:
            NotACompletionError: When it is none.
            StreamCutError: When it ends in its midst.
            SendError: When it breaks.
        """
        decoder = StreamDecoder(response.headers, crlf=self._crlf)
        async for data in response.chunks:
            self.heard = True
            self._traffic.received += len(data)
            self._give(decoder.feed(data), decoder.model)
            if decoder.has_ended:
                await _read_out(response.chunks)
                break
            await self._wait_for_room()
        self._give(decoder.finish(), decoder.model)
        text = self._handover.everything
        choices = (Choice(text=text),) if text.strip() else ()
        return Suggestion(choices=choices, model=decoder.model)

    def _give(self, pieces: Sequence[str], model: Model | None) -> None:
        """Hand pieces over."""
        if self.is_shut:  # by a sender that takes no notice of being cancelled
            raise SendError("broken")
        self.model = model
        if pieces and not self.begun:
            self.begun = True
            self._begin()
        self._handover.put(pieces)
        if self.begun:
            self.tell()

    async def _wait_for_room(self) -> None:
        """Read on when there is room; till then the server is not the silent one."""
        self.rest()
        await self._handover.room()
        self.expect()

    def expect(self) -> None:
        """Wait for bytes from now on, for so long."""
        self.rest()
        self._timer = self._loop.call_later(SILENCE_S + OVERTIME_S, self._fall_silent)

    def rest(self) -> None:
        """Wait for no bytes."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def shut(self) -> None:
        """Take no more, whatever comes, and tell who waits for it."""
        self.is_shut = True
        self.rest()
        self.tell()
        if not self.over.done():
            self.over.set_result(None)

    def tell(self) -> None:
        """Tell who waits for the first piece that it has come, or never will."""
        if not self.news.done():
            self.news.set_result(None)


async def _read_out(chunks: AsyncIterator[bytes]) -> None:
    """Read to the end of the body, so that its connection can be used again."""
    with suppress(SendError, TimeoutError):
        async with asyncio.timeout(READ_OUT_S):
            async for _ in chunks:
                pass
