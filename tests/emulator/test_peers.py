"""A client that leaves is noticed at once, and a reset is one."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl

import pytest
import trustme

from gitlab_completions.emulator.peers import PeerProtocol, closed, reset


async def accepted(
    left: list[str],
) -> tuple[socket.socket, asyncio.StreamReader, asyncio.StreamWriter]:
    """Return a client's socket, and the streams of who serves it."""
    loop = asyncio.get_running_loop()
    client, served = socket.socketpair()
    client.setblocking(False)
    reader = asyncio.StreamReader(loop=loop)
    protocol = PeerProtocol(reader, lambda: left.append("left"), loop)
    transport, _ = await loop.connect_accepted_socket(lambda: protocol, served)
    return client, reader, asyncio.StreamWriter(transport, protocol, reader, loop)


async def test_a_client_that_leaves_is_told_of_at_once() -> None:
    left: list[str] = []
    client, reader, writer = await accepted(left)
    assert left == []
    client.close()
    assert await reader.read() == b""
    assert left
    await closed(writer)
    assert writer.is_closing()
    await closed(writer)


async def test_a_reset_ends_the_connection() -> None:
    listening = await asyncio.start_server(lambda _, writer: reset(writer), "127.0.0.1")
    async with listening:
        host, port = listening.sockets[0].getsockname()
        reader, writer = await asyncio.open_connection(host, port)
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()


async def test_a_client_that_has_left_a_tls_connection_cannot_be_reset() -> None:
    authority = trustme.CA()
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(ours)
    theirs = ssl.create_default_context()
    authority.configure_trust(theirs)
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await reader.read()
        await closed(writer)
        reset(writer)
        ended.set_result(None)

    listening = await asyncio.start_server(serve, "127.0.0.1", ssl=ours)
    async with listening:
        host, port = listening.sockets[0].getsockname()
        _, writer = await asyncio.open_connection(host, port, ssl=theirs)
        writer.transport.abort()
        async with asyncio.timeout(5):
            await ended
