"""One exchange: sent, sent once more where the connection was stale, read, closed.

A connection that was idle may be dead without anybody's knowing: the request is
written, and the answer is a reset. A load balancer that restarts forgets all idle
connections at once, so the second try takes a new client and not the next dead
connection. It is safe to repeat, since nothing of an answer had come, and a completion
asked twice costs no more than inference.

Worse is a connection that a firewall has forgotten: there is no reset, and the answer
never comes. Nobody can tell it from a slow server, so the first stays open, and the
second try, on a new client as well, goes beside it. That is for a client on which
nothing has arrived for so long that its connections may have died: in between a slow
server would be asked everything twice.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from functools import partial
from typing import TYPE_CHECKING, cast

from gitlab_completions._transport import faults
from gitlab_completions._transport.bodies import MAX_ANSWER, MAX_STREAM, Body
from gitlab_completions._transport.doubt import either
from gitlab_completions._transport.progress import Progress
from gitlab_completions._transport.secrecy import can_carry, harmless
from gitlab_completions._transport.succession import SILENCE_S
from gitlab_completions._wire.messages import SendError, WireResponse

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable

    import httpx

    from gitlab_completions._transport.clients import Client
    from gitlab_completions._transport.succession import Succession
    from gitlab_completions._wire.messages import WireRequest

    Opened = tuple["Attempt", WireResponse]

SHARE_OF_PATIENCE = 0.2
"""Share of an exchange's time after which it may be sent again, if that is longer than
`SILENCE_S`: who gives a generation a minute does not expect its answer in two seconds.
"""
MOST_BEFORE_HEAD_S = 120.0
"""Seconds until the head of an answer, where the exchange has no end of its own. The
steps up to it take 65 s at most, but for a long body on a slow line."""
SUCCESS = 200
OUTSTAYED_S = 0.5
"""Seconds beyond its own after which an exchange is cancelled: httpcore waits for a
SOCKS proxy's words without an end."""


async def begin_exchange(
    clients: Succession[Client], request: WireRequest, clock: Callable[[], float]
) -> Opened:
    """Send the request; return the answer, and the attempt to be closed after it.

    Raises:
        SendError: When it breaks; so may reading the body.
    """
    if not can_carry(request.headers):
        raise SendError("protocol")  # without a cause: it would quote the value
    ends_at = clock() + request.timeout_s
    begin = partial(Attempt, clients, request, ends_at, clock)
    first = begin()
    if request.purpose == "completion" and first.is_doubtful:
        return await either(
            _opened(first, begin),
            lambda: _opened(begin(), begin) if first.is_left_silent() else None,
            patience_s=max(SILENCE_S, SHARE_OF_PATIENCE * request.timeout_s),
            discard=_close,
        )
    return await _opened(first, begin)


async def _opened(attempt: Attempt, begin: Callable[[], Attempt]) -> Opened:
    """Open the attempt, or another where its connection was an old one.

    Raises:
        SendError: When neither brings an answer.
    """
    try:
        return attempt, await attempt.open()
    except SendError as error:
        if not attempt.is_stale(error):
            raise
        attempt = begin()
        return attempt, await attempt.open()


async def _close(opened: Opened) -> None:
    attempt, _ = opened
    await attempt.aclose()


class Attempt:
    """One send on one client, until its answer is read or given up.

    Args:
        clients: The route's clients; one is taken at once.
        request: What is sent.
        ends_at: Seconds of `clock` when it must have ended.
        clock: Tells monotonic seconds.
    """

    def __init__(
        self,
        clients: Succession[Client],
        request: WireRequest,
        ends_at: float,
        clock: Callable[[], float],
    ) -> None:
        self._clients = clients
        self._request = request
        self._clock = clock
        self._progress = Progress(request, ends_at, clock)
        self._tenure = clients.admit(clock())
        self.is_doubtful = self._tenure.is_quiet(clock())
        """Whether its connection, if it is an old one, may have died unnoticed."""
        self._ticket = self._tenure.begin(clock())
        self._response: httpx.Response | None = None
        self._chunks: AsyncGenerator[bytes, None] | None = None
        self._is_whole = False

    async def open(self) -> WireResponse:
        """Send, and wait for the head of the answer.

        Raises:
            SendError: When there is none; the attempt is closed then.
        """
        try:
            response = await self._send()
            self._response = response
            self._tenure.heard(self._ticket, self._clock())
            return self._opened(response)
        except Exception as error:
            told = error if isinstance(error, SendError) else self._told(error, 0)
            await self.aclose()
            if told is error:
                raise
            if told.kind != "proxy":
                raise told from harmless(error)
        except BaseException:
            await self.aclose()
            raise
        raise told  # without its cause, which would quote the proxy

    async def _send(self) -> httpx.Response:
        """Send, within the time even where the HTTP library sets a step none."""
        try:
            most = min(self._progress.left_s(), MOST_BEFORE_HEAD_S)
            async with asyncio.timeout(most + OUTSTAYED_S):
                return await self._tenure.client.send(self._request, self._progress)
        except TimeoutError:
            # Cancelled midway: its pool may have lost a connection for good.
            self._tenure.condemn()
            raise

    def is_stale(self, error: SendError) -> bool:
        """Whether the connection was an old one that had died; its client is left."""
        if error.kind != "broken" or not self._progress.reused:
            return False
        self._clients.retire(self._tenure)
        return True

    def is_left_silent(self) -> bool:
        """Whether nothing comes on an old connection; its client is left then."""
        silent = self._tenure.is_silent(self._ticket, self._clock())
        return silent and self._progress.reused and self._clients.retire(self._tenure)

    async def aclose(self) -> None:
        """Close the answer, and with it a connection that was not read to the end."""
        response, self._response = self._response, None
        try:
            # What goes wrong while closing changes nothing any more.
            with suppress(Exception):
                if self._chunks is not None:
                    await self._chunks.aclose()
                if response is not None:
                    await response.aclose()
                if self._tenure.ousted:
                    # A pool that was closed meanwhile knows nothing of it.
                    await self._progress.close_connection()
        finally:
            # A stream's end may be anybody's leaving, at any moment.
            is_sound = self._is_whole or self._request.purpose != "stream"
            self._progress.end(is_sound=is_sound)
            if self._progress.broke_tunnel:
                self._tenure.condemn()
            self._tenure.end(self._ticket, self._clock())
            self._clients.settle(self._tenure)

    def _opened(self, response: httpx.Response) -> WireResponse:
        headers = dict(response.headers.items())
        if response.is_stream_consumed:
            # A mock's answer, whole and unpacked before it came here.
            source, encoding = response.aiter_bytes(), ""
        else:
            source, encoding = response.aiter_raw(), headers.get("content-encoding", "")
        # What is no stream is read whole, be it the answer to a stream's request.
        streams = self._request.purpose == "stream" and response.status_code == SUCCESS
        most = MAX_STREAM if streams else MAX_ANSWER
        body = Body(response.status_code, encoding, most)
        self._chunks = self._read(source, body)
        return WireResponse(
            status_code=response.status_code, headers=headers, chunks=self._chunks
        )

    async def _read(
        self, source: AsyncIterator[bytes], body: Body
    ) -> AsyncGenerator[bytes, None]:
        try:
            async with aclosing(_generator(source)) as parts:
                while (part := await self._next(parts)) is not None:
                    self._tenure.heard(self._ticket, self._clock())
                    piece = body.take(part)
                    self._progress.check_time(body.received)
                    yield piece
                    if body.is_cut:
                        return
                self._is_whole = True
        except SendError:
            raise
        except Exception as error:
            raise self._told(error, body.received) from harmless(error)

    async def _next(self, parts: AsyncGenerator[bytes, None]) -> bytes | None:
        """Return what arrives next, `None` at the end.

        httpcore times a body's reads by what was left when it began: little for an
        answer, and for a stream most of it.
        """
        if self._request.purpose != "stream":
            return await anext(parts, None)
        try:
            async with asyncio.timeout(self._progress.limit_s()):
                return await anext(parts, None)
        except TimeoutError:
            self._tenure.condemn()  # as in `_send`
            raise

    def _told(self, error: Exception, bytes_received: int) -> SendError:
        """Say what the error means, and what it says about the client."""
        if self._tenure.ousted:
            silent = self._tenure.is_silent(self._ticket, self._clock())
            return SendError("timeout" if silent else "pool", bytes_received)
        if faults.spoils_client(error):
            self._tenure.condemn()
        kind, detail = faults.meaning_of(error, at_proxy=self._progress.at_proxy)
        return SendError(kind, bytes_received, detail=detail)


def _generator(source: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Say what httpx hands out and does not declare: it can be closed."""
    return cast("AsyncGenerator[bytes, None]", source)
