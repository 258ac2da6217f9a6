"""A listener takes connections, refuses them, or swallows them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from typing import TYPE_CHECKING

import pytest

from gitlab_completions.emulator.listener import HOST, Listener, tcp_socket

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def listening(welcomed: list[socket.socket]) -> Iterator[Listener]:
    listener = Listener(0, welcomed.append)
    try:
        yield listener
    finally:
        listener.close()
        for peer in welcomed:
            peer.close()


async def connect(listener: Listener, timeout_s: float = 2.0) -> None:
    async with asyncio.timeout(timeout_s):
        _, writer = await asyncio.open_connection(HOST, listener.port)
    writer.close()
    await writer.wait_closed()


async def test_connections_are_welcomed() -> None:
    welcomed: list[socket.socket] = []
    with listening(welcomed) as listener:
        await connect(listener)
        assert len(welcomed) == 1


async def test_a_refusal_keeps_the_port() -> None:
    welcomed: list[socket.socket] = []
    with listening(welcomed) as listener:
        listener.refuse()
        with pytest.raises(ConnectionRefusedError):
            await connect(listener)
        listener.listen()
        with pytest.raises(OSError, match="in use"):
            Listener(listener.port, welcomed.append)
        await connect(listener)
        assert len(welcomed) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux drops the SYN")
async def test_a_blackhole_can_be_entered_and_left_again_and_again() -> None:
    welcomed: list[socket.socket] = []
    with listening(welcomed) as listener:
        for round_number in range(1, 4):
            listener.blackhole()
            with pytest.raises(TimeoutError):
                await connect(listener, 0.05)
            listener.listen()
            await connect(listener)
            assert len(welcomed) == round_number


async def test_a_closed_listener_frees_its_port() -> None:
    with listening([]) as listener:
        port = listener.port
    with listening([]) as other:
        assert other.port > 0
    Listener(port, lambda peer: peer.close()).close()


def test_sockets_name_their_protocol() -> None:
    with tcp_socket() as made:
        assert made.proto == socket.IPPROTO_TCP
