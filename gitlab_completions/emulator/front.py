"""A raw front before an HTTP server, where faults below HTTP happen.

It ends TLS, reads whole requests, asks the endpoint's handle what is to go wrong, and
else passes the request to the server behind and the answer's bytes back. uvicorn cannot
reset a connection, stop half-way through an answer or stop accepting; this can.

One task per connection, one connection to the server behind for each, and a listener of
its own, since the faults of a whole host act on it: `refuse` binds the port without
listening, `blackhole` shrinks the accept queue to nothing and fills it, whereupon Linux
drops every further SYN. `deaf` takes connections and leaves them alone, as a process
does that is stopped; the two faults of TLS strike at the handshake of new ones.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Final

from gitlab_completions.emulator.answers import Request
from gitlab_completions.emulator.faults import HOST_FAULTS, Endpoint, FaultKind
from gitlab_completions.emulator.front_connection import Connection, Gate
from gitlab_completions.emulator.listener import HOST, Listener

__all__ = ("Front",)

_SILENT: Final = frozenset({FaultKind.BLACKHOLE, FaultKind.DEAF})


class Front:
    """The front of one host.

    Args:
        endpoint_of: Finds the handle whose faults strike a request.
        endpoints: The handles whose `HOST_FAULTS` strike the host.
        keep_alive_s: After how many idle seconds a connection is closed.
        tls: What ends TLS; None for plain HTTP.
        untrusted_tls: What ends it while the host's certificate is not to be trusted.

    Attributes:
        connections_opened: How many connections have been accepted.
        connections_open: How many of them are open.
    """

    def __init__(
        self,
        endpoint_of: Callable[[Request], Endpoint | None],
        *,
        endpoints: tuple[Endpoint, ...],
        keep_alive_s: float,
        tls: ssl.SSLContext | None = None,
        untrusted_tls: ssl.SSLContext | None = None,
    ) -> None:
        self.keep_alive_s = keep_alive_s
        self.connections_opened: int = 0
        self._upstream: tuple[str, int] = (HOST, 0)
        self._endpoint_of = endpoint_of
        self._endpoints = endpoints
        self._tls = tls
        self._untrusted_tls = untrusted_tls
        self._gate = Gate()
        self._listener: Listener | None = None
        self._host_fault: FaultKind | None = None
        self._serving: set[asyncio.Task[None]] = set()

    @property
    def connections_open(self) -> int:
        """How many accepted connections are still open."""
        return len(self._serving)

    @property
    def port(self) -> int:
        """The port it listens on.

        Raises:
            RuntimeError: Before `start()`.
        """
        return self._started().port

    def start(self, upstream: tuple[str, int], port: int = 0) -> None:
        """Listen on `port` of the loopback address, 0 for any free one.

        Args:
            upstream: Host and port of the server behind.
            port: The port.

        Raises:
            OSError: If the port is taken.
        """
        self._upstream = upstream
        self._listener = Listener(port, self._welcome)
        for endpoint in self._endpoints:
            endpoint.watch(self._follow)

    async def aclose(self) -> None:
        """Stop listening and end every connection."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()
        await self.drop_connections()

    async def drop_connections(self) -> None:
        """End every connection, in the middle of an answer if need be."""
        serving = tuple(self._serving)
        for task in serving:
            task.cancel()
        if serving:
            await asyncio.wait(serving)

    def _follow(self) -> None:
        """Let the host follow what its endpoints' faults say."""
        faults = (endpoint.fault for endpoint in self._endpoints)
        kinds = {fault.kind for fault in faults if fault is not None}
        kind = next((kind for kind in HOST_FAULTS if kind in kinds), None)
        if self._listener is None or kind is self._host_fault:
            return
        self._host_fault = kind
        if kind is FaultKind.BLACKHOLE:
            self._listener.blackhole()
        elif kind is FaultKind.REFUSE:
            self._listener.refuse()
        else:
            self._listener.listen()
        if kind in _SILENT:
            self._gate.shut()
            return
        if kind is not None:
            for task in self._serving:
                task.cancel()
        self._gate.open()

    def _welcome(self, peer: socket.socket) -> None:
        """Serve a connection that was accepted."""
        self.connections_opened += 1
        changes = {endpoint: endpoint.changes for endpoint in self._endpoints}
        connection = Connection(
            peer,
            upstream=self._upstream,
            endpoint_of=self._endpoint_of,
            is_stale=lambda endpoint: endpoint.changes != changes.get(endpoint),
            keep_alive_s=self.keep_alive_s,
            tls=self._shown_tls(),
            gate=self._gate,
            breaks_handshake=self._host_fault is FaultKind.BROKEN_HANDSHAKE,
        )
        task = asyncio.get_running_loop().create_task(connection.serve())
        self._serving.add(task)

        def left(ended: asyncio.Task[None]) -> None:
            self._serving.discard(ended)
            # A task that is cancelled before its first step leaves the socket open.
            peer.close()

        task.add_done_callback(left)

    def _shown_tls(self) -> ssl.SSLContext | None:
        """Return what ends the TLS of a connection that is new."""
        untrusted = self._host_fault is FaultKind.UNTRUSTED
        return self._untrusted_tls if untrusted and self._tls else self._tls

    def _started(self) -> Listener:
        """Return the listener of a front that is started."""
        if self._listener is None:
            raise RuntimeError("the front has not started, or has stopped")
        return self._listener
