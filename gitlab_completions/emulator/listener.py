"""A listening socket that can also refuse, or swallow, whoever wants to connect."""

import asyncio
import socket
from collections.abc import Callable, Collection
from typing import Final

__all__ = ("HOST", "Listener", "tcp_socket")

HOST: Final = "127.0.0.1"
_BACKLOG: Final = 128
# Linux queues one connection more than the backlog says, and others may be waiting.
_FILLERS: Final = 4


def tcp_socket() -> socket.socket:
    """Return a socket that names its protocol.

    asyncio sets TCP_NODELAY only on such ones, and what they accept inherits it;
    without, Nagle and delayed acknowledgements cost 40 ms a request.
    """
    return socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)


class Listener:
    """A socket on the loopback address; every connection goes to `welcome`.

    It reads the queue in a callback of the running loop, not in a task: cancelling a
    pending accept may lose a connection. Windows' proactor loop has no such callbacks.

    Raises:
        OSError: If the port is taken.
    """

    def __init__(self, port: int, welcome: Callable[[socket.socket], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._welcome = welcome
        self._socket = _bound(port)
        self.port: int = self._socket.getsockname()[1]
        self._fillers: list[socket.socket] = []
        self.listen()

    def listen(self) -> None:
        """Take connections, as at first."""
        self._socket.listen(_BACKLOG)
        own = {filler.getsockname()[1] for filler in self._fillers}
        self._take(own)
        self._drop_fillers()
        self._loop.add_reader(self._socket, self._take)

    def refuse(self) -> None:
        """Hold the port without listening on it: connects fail at once."""
        self.close()
        self._socket = _bound(self.port)

    def blackhole(self) -> None:
        """Let connects hang: the accept queue is full of our own connections.

        Linux then drops every SYN; elsewhere connects may succeed or be refused.
        """
        self._loop.remove_reader(self._socket)
        self._socket.listen(0)
        for _ in range(_FILLERS):
            filler = tcp_socket()
            filler.setblocking(False)
            filler.connect_ex((HOST, self.port))
            self._fillers.append(filler)

    def close(self) -> None:
        """Close everything."""
        self._drop_fillers()
        self._loop.remove_reader(self._socket)
        self._socket.close()

    def _take(self, own: Collection[int] = ()) -> None:
        """Empty the queue; connections from `own` ports are our own fillers."""
        while True:
            try:
                peer, address = self._socket.accept()
            except ConnectionError:
                continue
            except BlockingIOError:
                return
            if address[1] in own:
                peer.close()
            else:
                peer.setblocking(False)
                self._welcome(peer)

    def _drop_fillers(self) -> None:
        """Close our own connections to ourselves."""
        for filler in self._fillers:
            filler.close()
        self._fillers.clear()


def _bound(port: int) -> socket.socket:
    """Return a socket that holds `port` without listening.

    Raises:
        OSError: If the port is taken.
    """
    bound = tcp_socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setblocking(False)
    try:
        bound.bind((HOST, port))
    except OSError:
        bound.close()
        raise
    return bound
