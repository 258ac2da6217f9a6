"""TCP and TLS on plain asyncio, for the connections in the HTTP library's pool.

httpcore takes any network backend. Its own goes through anyio, whose cancel scopes and
checkpoints serve trio as well, and whose TLS is a second state machine in Python: a
quarter of a call's CPU, for nothing that a library on asyncio needs. The pool, the
protocols, proxies and tracing stay httpcore's, and so do the exceptions: those of
httpcore, or of httpcore2, whichever has the pool.
"""

from __future__ import annotations

import asyncio
import select
import ssl
import sys
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, NoReturn, cast

from gitlab_completions._transport.addresses import connect

if TYPE_CHECKING:
    import socket
    from collections.abc import Generator, Iterable

    import httpcore
    import httpx

    from gitlab_completions._transport.engines import Core

MOST_UNREAD = 64 * 1024
"""Bytes that may wait to be read before the server has to: what httpcore reads at once.
"""
SMALL = 4096
"""Bytes that wait for what is written next in the same round of the loop: a request's
head and its body then leave as one packet and one record of TLS. 4096: a head with its
token and some granted headers is shorter, and what is longer need not wait for more.
"""
LONG = 64 * 1024
"""Bytes that a new connection's socket may not take at once, as it does shorter bodies;
what is longer leaves in two parts (22 us more). 64 KiB: above nearly every completion's
body, and far below the 512 KiB that asyncio would keep of one.
"""
RECORD = 16 * 1024
"""Bytes that a record of TLS holds (RFC 8446, section 5.1)."""


class AsyncioBackend:
    """Opens connections on the running event loop: an `AsyncNetworkBackend`.

    Args:
        core: Whose pool asks.
    """

    def __init__(self, core: Core) -> None:
        self._core = core

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> AsyncioStream:
        """Connect to a host, whichever of its addresses answers first.

        Raises:
            httpcore.ConnectTimeout: When none does in time.
            httpcore.ConnectError: When none does at all.
        """
        make = partial(AsyncioStream, self._core)
        options = cast("Iterable[tuple[int, int, int]]", socket_options or ())
        with _told_as(self._core.ConnectTimeout, self._core.ConnectError):
            async with asyncio.timeout(timeout):
                _, stream = await connect(make, host, port, local_address)
            try:
                for option in options:
                    stream.socket.setsockopt(*option)
            except BaseException:
                await stream.aclose()
                raise
        return stream


class AsyncioStream(asyncio.Protocol):
    """One connection, of TCP or of TLS above another, and what has arrived on it.

    An `AsyncNetworkStream` of httpcore's, and an asyncio protocol.

    Args:
        core: Whose pool asks.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self._transport: asyncio.Transport
        self._unread = bytearray()
        self._unsent = bytearray()
        self._departure: asyncio.TimerHandle | None = None
        self._is_over = False
        self._error: Exception | None = None
        self._is_jammed = False
        self._waiting: list[asyncio.Future[None]] = []

    # What the HTTP library asks.

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what arrives next; nothing when the connection has ended.

        Raises:
            httpcore.ReadTimeout: When nothing arrives in time.
            httpcore.ReadError: When the connection is broken.
        """
        self._flush()
        if not self._unread and not self._is_over:
            with _told_as(self._core.ReadTimeout, self._core.ReadError):
                async with asyncio.timeout(timeout):
                    while not self._unread and not self._is_over:
                        await self._news()
        if not self._unread and self._error is not None:
            self._fail(self._core.ReadError)
        data = bytes(self._unread[:max_bytes])
        del self._unread[:max_bytes]
        if len(self._unread) < MOST_UNREAD:
            self._transport.resume_reading()
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send, and wait while too much of it has yet to leave.

        Raises:
            httpcore.WriteTimeout: When it does not leave in time.
            httpcore.WriteError: When the connection is broken.
        """
        if not self._unsent:
            # A timer and not `call_soon`: that could not be taken back, and would cost
            # each request a round of the loop in which nothing is left to be done.
            departure = asyncio.get_running_loop().call_later(0.0, self._flush)
            self._departure = departure
        self._unsent += buffer
        if len(self._unsent) >= SMALL:
            self._flush()
        if self._is_jammed:
            with _told_as(self._core.WriteTimeout, self._core.WriteError):
                async with asyncio.timeout(timeout):
                    while self._is_jammed and not self._is_over:
                        await self._news()
        if self._is_over:
            self._fail(self._core.WriteError)

    def _fail(self, kind: type[Exception]) -> NoReturn:
        """Raise what the HTTP library calls it, with what broke the connection.

        That is the context too: httpcore's pool takes the cause from an exception.
        """
        told = kind()
        told.__cause__ = told.__context__ = self._error
        raise told

    def _flush(self) -> None:
        if self._departure is not None:
            self._departure.cancel()
            self._departure = None
        if self._unsent and not self._is_over:
            if len(self._unsent) > LONG:
                # asyncio's TLS hands on what it is given though the socket takes no
                # more of it, and stops, so that who writes waits, before what follows.
                self._transport.write(self._unsent[:-RECORD])
                del self._unsent[:-RECORD]
            self._transport.write(self._unsent)
        self._unsent = bytearray()

    async def aclose(self) -> None:
        """Close at once, without a farewell that the server would have to answer."""
        self._transport.abort()
        await asyncio.sleep(0)  # noqa: TID251 - the loop closes it in its next round

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> AsyncioStream:
        """Return a connection that speaks TLS on this one.

        Raises:
            httpcore.ConnectTimeout: When the handshake takes too long.
            httpcore.ConnectError: When it fails; an `ssl.SSLError` may be its cause.
        """
        try:
            with _told_as(self._core.ConnectTimeout, self._core.ConnectError):
                async with asyncio.timeout(timeout):
                    return await self._shake_hands(ssl_context, server_hostname)
        except BaseException:
            await self.aclose()
            raise

    async def _shake_hands(
        self, context: ssl.SSLContext, host: str | None
    ) -> AsyncioStream:
        if self._is_over or self._transport.is_closing():
            # asyncio would wait for the news of it, which has been told already.
            raise self._error or ConnectionResetError("closed before the handshake")
        stream = AsyncioStream(self._core)
        above = await asyncio.get_running_loop().start_tls(
            self._transport, stream, context, server_hostname=host
        )
        if above is None:
            raise ConnectionResetError("closed right after the handshake")
        stream.connection_made(above)
        return stream

    @property
    def socket(self) -> socket.socket:
        """The socket below."""
        below: socket.socket = self._transport.get_extra_info("socket")
        return below

    def get_extra_info(self, info: str) -> object:
        """Return what is known of the connection, by httpcore's names."""
        if info == "is_readable":
            return self._is_readable()
        names = {"client_addr": "sockname", "server_addr": "peername"}
        return self._transport.get_extra_info(names.get(info, info))

    def _is_readable(self) -> bool:
        """Tell whether an idle connection has ended, or has what nobody asked for.

        The kernel knows first: when the loop was held up, or slept with the machine, a
        request may come before the news.
        """
        if self._unread or self._is_over or self._transport.is_closing():
            return True
        return _has_input(self.socket.fileno())

    async def _news(self) -> None:
        """Wait for the loop to tell something; on HTTP/2 two may wait at a time."""
        news: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(news)
        await news

    # What the event loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        # Who writes waits as soon as the socket takes no more, lest the write timeout
        # have nothing to time. Not 0: TLS pauses at that mark, not above it.
        self._transport.set_write_buffer_limits(1, 0)

    def data_received(self, data: bytes) -> None:
        self._unread += data
        if len(self._unread) >= MOST_UNREAD:
            self._transport.pause_reading()
        self._tell()

    def eof_received(self) -> None:
        self._is_over = True
        self._tell()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_over = True
        # Many servers end TLS without saying so; HTTP knows whether all has come.
        self._error = None if isinstance(exc, ssl.SSLEOFError) else exc
        self._tell()

    def pause_writing(self) -> None:
        self._is_jammed = True

    def resume_writing(self) -> None:
        self._is_jammed = False
        self._tell()

    def _tell(self) -> None:
        waiting, self._waiting = self._waiting, []
        for news in waiting:
            if not news.done():
                news.set_result(None)


def _has_input(number: int) -> bool:
    if sys.platform == "win32":
        return bool(select.select([number], [], [], 0)[0])
    poll = select.poll()  # `select` refuses numbers over 1023
    poll.register(number, select.POLLIN)
    return bool(poll.poll(0))


def use_asyncio(transport: httpx.AsyncHTTPTransport, core: Core) -> None:
    """Have a transport that has sent nothing yet connect by `AsyncioBackend`.

    httpx does not pass on httpcore's public `network_backend`. A release whose pool is
    not where it has been since 0.18 goes on by anyio.
    """
    pool = getattr(transport, "_pool", None)
    if isinstance(pool, core.AsyncConnectionPool):
        vars(pool)["_network_backend"] = AsyncioBackend(core)


@contextmanager
def _told_as(late: type[Exception], broken: type[Exception]) -> Generator[None]:
    """Turn what asyncio raises into the HTTP library's exceptions."""
    try:
        yield
    except TimeoutError as error:
        raise late from error
    except (OSError, UnicodeError) as error:  # the latter: no name of a host at all
        raise broken from error
