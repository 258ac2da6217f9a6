"""Servers that mean harm: what they can have us hold, and where they can send us.

Client and server share this process, so the memory measured is that of both.
"""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib
from importlib import import_module
from typing import TYPE_CHECKING

import httpx
import pytest

from gitlab_completions._transport.bodies import MAX_ANSWER, MAX_ERROR
from gitlab_completions.senders import HttpxSender, SendError
from tests._transport.loopback import (
    NO_AUTHORITIES,
    answer,
    answering,
    closing,
    fetch,
    loopback,
    wire,
)
from tests.loopback.witness import crash_reports

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitlab_completions._transport.engines import EngineName
    from gitlab_completions.senders import WireRequest
    from tests._transport.loopback import Behaviour, Peer

pytestmark = pytest.mark.real_time

MOST_MEMORY = 5 * 1024 * 1024
"""Bytes: an answer of 1 MiB, its parts and their sum, and buffers of both sides."""
LONG_S = 1.0
PIECE = b"x" * 65_536
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"
ZEROS = b"\0" * (64 * 1024 * 1024)


def packed(body: bytes, encoding: bytes, status: int = 200) -> bytes:
    return answer(body, status=status, extra=b"content-encoding: " + encoding + b"\r\n")


GZIP = gzip.compress(ZEROS)
DEFLATE = zlib.compress(ZEROS)
del ZEROS
ENDLESS: dict[str, tuple[bytes, bytes]] = {
    "body": (HEAD + b"content-length: 99999999999\r\n\r\n", PIECE),
    "body_to_the_end": (HEAD + b"\r\n", PIECE),
    "chunks": (CHUNKED, b"10000\r\n" + PIECE + b"\r\n"),
    "chunk_extension": (CHUNKED + b"1;", PIECE),
    "chunk_extensions": (CHUNKED, b"1;a=" + PIECE + b"\r\nx\r\n"),
    "chunk_size": (CHUNKED, b"0" * 65_536),
    "trailer": (CHUNKED + b"0\r\nx-a: ", PIECE),
    "trailers": (CHUNKED + b"0\r\n", b"x-a: b\r\n" * 8_192),
    "status_line": (b"HTTP/1.1 200 ", PIECE),
    "header": (HEAD + b"x-a: ", PIECE),
    "header_name": (HEAD, PIECE),
    "headers": (HEAD, b"x-a: b\r\n" * 8_192),
    "early_hints": (b"", b"HTTP/1.1 103 Early\r\nlink: b\r\n\r\n" * 2_000),
    "no_http": (b"", PIECE),
    "refusal": (b"HTTP/1.1 500 No\r\ncontent-length: 99999999999\r\n\r\n", PIECE),
    "gzip": (HEAD + b"content-encoding: gzip\r\n\r\n" + GZIP[:60_000], PIECE),
}


def endless(head: bytes, piece: bytes) -> Behaviour:
    """Answer with the head, and then with the piece, until the client has left."""

    async def behave(peer: Peer) -> None:
        await peer.request()
        await peer.write(head)
        for _ in range(4_000):  # 256 MiB
            await peer.write(piece)

    return behave


async def outcome(sender: HttpxSender, behaviour: Behaviour) -> str | int:
    """Return a status, or what broke; and see that it took little memory."""
    async with loopback(behaviour) as server:
        await fetch_once(sender)
        tracemalloc.start()
        try:
            return await outcome_of(sender, wire(server.url, timeout_s=LONG_S))
        finally:
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert peak < MOST_MEMORY


async def outcome_of(sender: HttpxSender, request: WireRequest) -> str | int:
    try:
        # The race and the fetcher end what does not keep its time: httpcore reads on
        # while one head after another comes.
        async with asyncio.timeout(2 * LONG_S):
            status, body = await fetch(sender, request)
    except SendError as error:
        return error.kind if error.bytes_received <= 2 * MAX_ANSWER else "too much"
    except TimeoutError:
        return "timeout"
    assert len(body) <= (MAX_ERROR if status >= 400 else MAX_ANSWER)
    return status


async def fetch_once(sender: HttpxSender) -> None:
    """Have all imported and made that a first exchange needs."""
    async with loopback(answering(answer())) as server:
        await fetch(sender, wire(server.url))


@pytest.mark.parametrize("what", ENDLESS)
async def test_an_answer_without_an_end_is_given_up(
    any_sender: HttpxSender, what: str
) -> None:
    said = await outcome(any_sender, endless(*ENDLESS[what]))
    assert said in ({500} if what == "refusal" else {"protocol", "timeout"})


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize(("body", "name"), [(GZIP, b"gzip"), (DEFLATE, b"deflate")])
async def test_a_bomb_is_inflated_no_further_than_its_limit(
    any_sender: HttpxSender, body: bytes, name: bytes, status: int
) -> None:
    said = await outcome(any_sender, answering(packed(body, name, status)))
    assert said == (500 if status == 500 else "protocol")


async def test_a_bomb_in_a_bomb_is_not_understood(any_sender: HttpxSender) -> None:
    twice = packed(gzip.compress(GZIP), b"gzip, gzip")
    assert await outcome(any_sender, answering(twice)) == "protocol"


async def test_members_after_the_first_are_not_inflated(
    any_sender: HttpxSender,
) -> None:
    async with loopback(answering(packed(gzip.compress(b"{}") * 9, b"gzip"))) as server:
        assert await fetch(any_sender, wire(server.url)) == (200, b"{}")


ECHOES: Iterable[bytes] = [
    # What is in the place of a header, of a name, of the status, of a chunk's size.
    b"HTTP/1.1 200 OK\r\n%b\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n%b: x\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nx: y\r\n %b \0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ntransfer-encoding: %b\r\n\r\n",
    b"HTTP/1.1 200 OK\r\ncontent-length: %b\r\n\r\n",
    b"HTTP/1.1 %b\r\n\r\n",
    b"%b\r\n\r\n",
    CHUNKED + b"%b\r\n",
]
CANARY = b"canary (5812)"


@pytest.mark.parametrize("echo", ECHOES)
async def test_an_answer_that_is_not_http_is_not_quoted(
    any_sender: HttpxSender, echo: bytes
) -> None:
    async with loopback(answering(echo % CANARY)) as server:
        with pytest.raises(SendError) as caught:
            await fetch(any_sender, wire(server.url, timeout_s=LONG_S))
    cause = caught.value.__cause__
    assert cause is not None  # what kind of thing happened is still to be seen
    assert "Protocol" in type(cause).__name__
    for said in crash_reports(cause):
        assert CANARY.decode() not in said
        assert "canary-" not in said


REDIRECTS = (301, 302, 303, 307, 308)


@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize("theirs", [False, True])
async def test_a_redirect_brings_nobody_else_anything(
    engine: EngineName, theirs: bool, status: int
) -> None:
    async with loopback(answering(answer())) as other:
        location = f"location: {other.url}\r\n".encode()
        cookie = b"set-cookie: a=b; Domain=127.0.0.1\r\n"
        moved = answer(status=status, extra=location + cookie)
        async with loopback(answering(moved)) as server:
            if not theirs:
                sender = HttpxSender(engine=engine)
                async with closing(sender):
                    said = await fetch(sender, wire(server.url))
            else:
                make = import_module(engine).AsyncClient
                async with make(verify=NO_AUTHORITIES, follow_redirects=True) as client:
                    said = await fetch(HttpxSender(client), wire(server.url))
            assert said == (status, b"{}")
            assert len(server.heads) == 1
        assert other.connections == 0


async def test_a_users_authentication_does_not_replace_the_token() -> None:
    async with loopback(answering(answer())) as server:
        async with httpx.AsyncClient(
            verify=NO_AUTHORITIES, auth=("user", "password")
        ) as client:
            await fetch(HttpxSender(client), wire(server.url))
        lines = server.heads[0].lower().split(b"\r\n")
    authorizations = [line for line in lines if line.startswith(b"authorization:")]
    assert [line.split()[1] for line in authorizations] == [b"bearer"]
