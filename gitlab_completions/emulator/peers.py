"""The client's side of a connection: told when it leaves, closed in order or not."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from typing import Final

__all__ = ("LINGER_0", "PeerProtocol", "closed", "reset")

LINGER_0: Final = struct.pack("ii", 1, 0)
"""What makes a socket's close a RST."""


class PeerProtocol(asyncio.StreamReaderProtocol):
    """Tells at once when the client leaves, whoever waits for whatever."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        left: Callable[[], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(reader, loop=loop)
        self._left = left

    def eof_received(self) -> bool | None:
        """Take the end of what the client says."""
        self._left()
        return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """Take the end of the connection."""
        self._left()
        super().connection_lost(exc)


async def closed(writer: asyncio.StreamWriter) -> None:
    """Wait until `writer` is closed, after closing it if nobody did."""
    if not writer.is_closing():
        writer.transport.abort()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def reset(writer: asyncio.StreamWriter) -> None:
    """Close with a RST, the way a broken middlebox does."""
    peer: socket.socket | None = writer.get_extra_info("socket")
    if peer is not None:  # else the client has left TLS, and there is none any more
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
    writer.transport.abort()
