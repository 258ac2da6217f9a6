"""Proxies on loopback: one refuses what it is told to refuse, another is not there."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Collection
    from types import TracebackType

_OPEN = b"HTTP/1.1 200 Connection established\r\n\r\n"
_WHO = (
    b"HTTP/1.1 407 Proxy Authentication Required\r\n"
    b'proxy-authenticate: Basic realm="office"\r\ncontent-length: 0\r\n\r\n'
)
_FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"


class Relay:
    """A proxy for CONNECT; an async context manager.

    Args:
        forbids: Ports to which it lets nobody.
        knows: The `Proxy-Authorization` that it wants; nobody's when left out.
    """

    def __init__(self, *, forbids: Collection[int] = (), knows: str = "") -> None:
        self._forbids = frozenset(forbids)
        self._knows = knows
        self._server: asyncio.Server | None = None
        self.relayed = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()

    @property
    def url(self) -> str:
        """Its URL, for an environment variable."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            target = head.split()[1]
            host, _, port = target.rpartition(":")
            refusal = self._refusal(head, int(port))
            if refusal is not None:
                writer.write(refusal)
                await writer.drain()
            else:
                self.relayed += 1
                theirs = await asyncio.open_connection(host, int(port))
                writer.write(_OPEN)
                await asyncio.gather(_pour(reader, theirs[1]), _pour(theirs[0], writer))
        writer.close()

    def _refusal(self, head: str, port: int) -> bytes | None:
        if self._knows and f"proxy-authorization: {self._knows}" not in head.lower():
            return _WHO
        return _FORBIDDEN if port in self._forbids else None


class Nobody:
    """A port that is held, and where nobody listens; an async context manager."""

    def __init__(self) -> None:
        self._socket = socket.socket()

    async def __aenter__(self) -> Self:
        self._socket.bind(("127.0.0.1", 0))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._socket.close()

    @property
    def url(self) -> str:
        """The URL of a proxy that would be there."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes until there are no more."""
    with suppress(OSError):
        while piece := await reader.read(65_536):
            writer.write(piece)
            await writer.drain()
    writer.close()
