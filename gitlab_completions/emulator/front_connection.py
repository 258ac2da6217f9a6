"""One connection of the front: requests in, faults or the server's answers out.

Requests are read whole before anything is done about them: a fault needs to know which
endpoint they are for, and what arrived is recorded with its body. Answers are not
parsed again but passed on byte by byte as the server behind wrote them; an
`AnswerFollower` only listens for their end, which costs some 0.4 ms a request,
uvicorn's turn left out.

A client may leave at any moment. Whatever waits then for the client or for the server
behind gets an `OSError`, which ends the connection quietly, as a cancellation does;
both sockets are closed before the task ends, so that nothing outlives the front.
"""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable
from typing import Final

from gitlab_completions.emulator import messages
from gitlab_completions.emulator.answers import Answer, Request
from gitlab_completions.emulator.faults import Endpoint, Fault, FaultKind
from gitlab_completions.emulator.messages import (
    AnswerFollower,
    BadRequestError,
    Incoming,
    RequestReader,
)
from gitlab_completions.emulator.peers import LINGER_0, PeerProtocol, closed, reset

__all__ = ("Connection", "Gate")

_CHUNK: Final = 65_536
_HANDSHAKE_S: Final = 10.0
_SHUTDOWN_S: Final = 1.0
# A drip goes out some twenty times a second, whatever its rate.
_DRIP_INTERVAL_S: Final = 0.05

_Sink = Callable[[bytes], Awaitable[None]]


class Gate:
    """Holds everyone who passes while it is shut."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._event.set()

    def shut(self) -> None:
        """Hold whoever passes from now on."""
        self._event.clear()

    def open(self) -> None:
        """Let them go on."""
        self._event.set()

    async def passed(self) -> None:
        """Wait until it is open."""
        await self._event.wait()


class _GoneError(Exception):
    """This connection is over: the client left, or a fault ended it."""


class Connection:
    """A client's connection, and the one to the server behind.

    Args:
        peer: The socket that was accepted.
        upstream: Host and port of the server behind; connected to when first needed.
        endpoint_of: Finds the handle whose faults strike a request.
        is_stale: Tells whether it is older than what is wrong with an endpoint.
        keep_alive_s: After how many idle seconds it is closed.
        tls: What ends TLS; None for plain HTTP.
        gate: Shut while the whole host is silent.
        breaks_handshake: Whether it is reset as soon as the client has spoken.
    """

    def __init__(
        self,
        peer: socket.socket,
        *,
        upstream: tuple[str, int],
        endpoint_of: Callable[[Request], Endpoint | None],
        is_stale: Callable[[Endpoint], bool],
        keep_alive_s: float,
        tls: ssl.SSLContext | None,
        gate: Gate,
        breaks_handshake: bool = False,
    ) -> None:
        self._peer = peer
        self._address = upstream
        self._endpoint_of = endpoint_of
        self._is_stale = is_stale
        self._keep_alive_s = keep_alive_s
        self._tls = tls
        self._gate = gate
        self._breaks_handshake = breaks_handshake
        self._upstream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._following: AnswerFollower | None = None
        self._client_left = False

    async def serve(self) -> None:
        """Answer requests until either side closes; never raises by itself."""
        with contextlib.suppress(OSError, TimeoutError, _GoneError):
            await self._gate.passed()
            if self._breaks_handshake:
                await self._break_handshake()
            reader, writer = await self._streams()
            try:
                await self._requests(reader, writer)
            finally:
                await self._end(writer)

    async def _break_handshake(self) -> None:
        """Reset the connection when the first bytes of the client have come.

        Raises:
            _GoneError: Always.
        """
        await asyncio.get_running_loop().sock_recv(self._peer, 1)
        self._peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
        self._peer.close()
        raise _GoneError

    async def _streams(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Take over the socket, with a TLS handshake if there is one to do."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(loop=loop)
        protocol = PeerProtocol(reader, self._leave, loop)
        self._peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport, _ = await loop.connect_accepted_socket(
            lambda: protocol,
            self._peer,
            ssl=self._tls,
            ssl_handshake_timeout=_HANDSHAKE_S if self._tls else None,
            ssl_shutdown_timeout=_SHUTDOWN_S if self._tls else None,
        )
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)

    def _leave(self) -> None:
        """Let the server behind stop when the client of a stream has left.

        Between two pieces nothing would be written that could tell.
        """
        self._client_left = True
        following = self._following
        if following is not None and following.streaming and self._upstream is not None:
            self._upstream[1].transport.abort()

    async def _requests(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer one request after the other."""
        requests = RequestReader()
        while True:
            try:
                incoming = await self._next(requests, reader, writer)
            except BadRequestError as error:
                writer.write(messages.encode_answer(error.answer, close=True))
                incoming = None
            if incoming is None:
                # Queued bytes still go out; then the connection ends in order.
                await writer.drain()
                writer.close()
                return
            await self._respond(incoming, reader, writer)
            if not incoming.keep_alive:
                writer.close()
                return

    async def _next(
        self,
        requests: RequestReader,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> Incoming | None:
        """Read the next request; None when there is none, or none in time."""
        while True:
            incoming = requests.next()
            if incoming is not None:
                return incoming
            if requests.owes_continue():
                writer.write(messages.CONTINUE)
            try:
                async with asyncio.timeout(self._keep_alive_s):
                    data = await reader.read(_CHUNK)
            except TimeoutError:
                data = b""
            await self._gate.passed()
            if not data:
                return None
            requests.feed(data)

    async def _respond(
        self,
        incoming: Incoming,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Answer a request, or do what its fault says."""
        endpoint = self._endpoint_of(incoming.request)
        if endpoint is None:
            await self._relay(incoming, writer)
            return
        fault = endpoint.arrive(incoming.request)
        if endpoint.wait_s > 0:
            await asyncio.sleep(endpoint.wait_s)
        await self._gate.passed()
        if fault is None:
            await self._relay(incoming, writer)
        else:
            await self._strike(endpoint, fault, incoming, reader, writer)

    async def _strike(
        self,
        endpoint: Endpoint,
        fault: Fault,
        incoming: Incoming,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """Do what `fault` says.

        Raises:
            _GoneError: If that ends the connection.
            OSError: If the client is gone.
        """
        match fault.kind:
            case _ if fault.answer is not None or fault.spoils:
                own = fault.answer or await self._own_answer(incoming)
                close = not incoming.keep_alive
                writer.write(messages.encode_answer(fault.spoil(own), close=close))
                await writer.drain()
            case FaultKind.DRIP:
                await self._exchange(incoming, self._dripper(writer, fault.bytes_per_s))
            case FaultKind.STALE if not self._is_stale(endpoint):
                await self._relay(incoming, writer)
            case kind if fault.breaks:
                await self._break_off(kind, incoming, reader, writer)
                raise _GoneError
            case _:
                await self._relay(incoming, writer)

    async def _break_off(
        self,
        kind: FaultKind,
        incoming: Incoming,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        """End the connection in the way of that fault."""
        match kind:
            case FaultKind.HANG:
                while await reader.read(_CHUNK):
                    pass
            case FaultKind.HALF_ANSWER:
                await self._halve(incoming, writer)
            case FaultKind.RESET_MIDWAY:
                await self._halve(incoming, writer)
                reset(writer)
            case FaultKind.CUT_CHUNKS:
                own = await self._own_answer(incoming)
                writer.write(messages.encode_cut_chunks(own))
                writer.close()  # in order: nothing but the missing chunk tells
            case _:
                reset(writer)

    async def _halve(self, incoming: Incoming, writer: asyncio.StreamWriter) -> None:
        """Pass on the first half of the answer of the server behind."""
        parts: list[bytes] = []
        await self._exchange(incoming, _collector(parts))
        data = b"".join(parts)
        writer.write(data[: len(data) // 2])
        await writer.drain()

    async def _relay(self, incoming: Incoming, writer: asyncio.StreamWriter) -> None:
        """Pass the answer of the server behind on as it comes."""

        async def pass_on(part: bytes) -> None:
            await self._gate.passed()
            writer.write(part)
            await writer.drain()

        try:
            await self._exchange(incoming, pass_on)
        except ConnectionError:
            writer.close()  # in order: what has arrived of a broken stream goes out
            raise

    def _dripper(self, writer: asyncio.StreamWriter, bytes_per_s: float) -> _Sink:
        """Return a sink that writes at `bytes_per_s` bytes a second."""
        step = max(1, int(bytes_per_s * _DRIP_INTERVAL_S))

        async def drip(part: bytes) -> None:
            for at in range(0, len(part), step):
                piece = part[at : at + step]
                await self._gate.passed()
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(len(piece) / bytes_per_s)

        return drip

    async def _own_answer(self, incoming: Incoming) -> Answer:
        """Return the answer of the server behind."""
        return (await self._exchange(incoming, _collector([]))).answer()

    async def _exchange(self, incoming: Incoming, sink: _Sink) -> AnswerFollower:
        """Put `incoming` to the server behind; pour its answer into `sink`."""
        if self._upstream is None:
            self._upstream = await asyncio.open_connection(*self._address)
        reader, writer = self._upstream
        self._following = follower = AnswerFollower()
        scheme = "http" if self._tls is None else "https"
        writer.write(follower.ask(incoming, scheme=scheme))
        await writer.drain()
        try:
            while not follower.done:
                data = await reader.read(_CHUNK)
                follower.feed(data)
                await sink(data)
                if follower.streaming and self._client_left:
                    raise _GoneError
        finally:
            self._following = None
            if follower.streaming and not follower.done and self._client_left:
                self._abandoned(incoming)
        return follower

    def _abandoned(self, incoming: Incoming) -> None:
        """Count a stream that its client did not see to the end."""
        endpoint = self._endpoint_of(incoming.request)
        if endpoint is not None:
            endpoint.abandoned_streams += 1

    async def _end(self, writer: asyncio.StreamWriter) -> None:
        """Close what is open; at once, unless an orderly close is under way."""
        writers = [writer] if self._upstream is None else [writer, self._upstream[1]]
        try:
            for each in writers:
                await closed(each)
        finally:
            # Only after a cancellation there is anything left to abort.
            for each in writers:
                each.transport.abort()


def _collector(parts: list[bytes]) -> _Sink:
    """Return a sink that keeps what is poured into it."""

    async def collect(part: bytes) -> None:
        parts.append(part)

    return collect
