"""Messages on a stream: what comes whole, what is skipped, where it ends."""

from __future__ import annotations

import asyncio

import pytest

from gitlab_completions.lsp.frames import MOST_BYTES, frames


async def read(*chunks: bytes) -> list[bytes]:
    reader = asyncio.StreamReader(limit=1024)
    for chunk in chunks:
        reader.feed_data(chunk)
    reader.feed_eof()
    return [body async for body in frames(reader)]


async def test_bodies_come_in_their_order() -> None:
    given = b"Content-Length: 2\r\n\r\n{}Content-Length: 3\r\n\r\n[1]"
    assert await read(given) == [b"{}", b"[1]"]


async def test_a_body_may_come_byte_by_byte() -> None:
    given = b"Content-Length: 4\r\n\r\n{\r\n}"
    assert await read(*(given[at : at + 1] for at in range(len(given)))) == [b"{\r\n}"]


@pytest.mark.parametrize(
    "head",
    [
        b"content-length: 2\r\n\r\n",
        b"Content-Length:2\n\n",
        b"Content-Type: application/vscode-jsonrpc\r\nContent-Length: 2\r\n\r\n",
        b"Content-Length: 2\r\nContent-Type: x; charset=utf-8\r\n\r\n",
    ],
)
async def test_heads_are_read_as_clients_write_them(head: bytes) -> None:
    assert await read(head + b"{}") == [b"{}"]


@pytest.mark.parametrize(
    "noise",
    [
        b"a stray line\r\n",
        b"\r\n\r\n",
        b"Content-Length: many\r\n\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: 0\r\n\r\n",
        b"Content-Length: %d\r\n\r\n" % (MOST_BYTES + 1),
        b"Content-Length: 99999999999999999999\r\n\r\n",
        b"x" * 5000 + b"\r\n",
        b"\xff\xfe\r\n",
    ],
)
async def test_what_is_no_message_is_skipped(noise: bytes) -> None:
    assert await read(noise, b"Content-Length: 2\r\n\r\n{}") == [b"{}"]


@pytest.mark.parametrize(
    "slip",
    [
        b"Content-Type: x\r\n\r\n[9]",
        b"Content-Length: 0\r\n\r\n[9]",
        b"Content-Length: 1\r\n\r\n[9]",
        b"Content-Length: 9\r\n\r\n[9]",
        b"Content-Length: 1_0\r\n\r\n[9]",
        b"Content-Length: %d\r\n\r\n" % (MOST_BYTES + 1) + b"x" * 5000,
    ],
)
async def test_after_a_wrong_length_reading_goes_on_at_a_later_message(
    slip: bytes,
) -> None:
    good = b"Content-Length: 2\r\n\r\n{}"
    assert (await read(slip, good, good))[-1] == b"{}"


async def test_a_message_that_is_cut_short_is_left_out() -> None:
    assert await read(b"Content-Length: 9\r\n\r\n{}") == []
    assert await read(b"Content-Le") == []
