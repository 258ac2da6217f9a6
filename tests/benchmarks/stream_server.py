"""An instance that streams, in a process of its own: each piece says when it was sent.

A piece's text is the time in nanoseconds at which the server gave it to its socket, by
the monotonic clock, which the system has one of for all its processes. Whoever gets a
piece reads the clock, and knows what it took.

    python -m tests.benchmarks.stream_server        (until stdin ends)
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gitlab_completions.emulator.certificates import Certificates
from tests.benchmarks.hosts import SHUTDOWN_S
from tests.benchmarks.server import HOST, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECES = 10
"""Pieces of a stream."""
GAP_S = 0.004
"""Seconds before each, so that it comes alone; models give some 100 a second."""
RAW, EVENTS = "raw", "sse"
"""What the path of a URL begins with: whether the text comes bare or in events."""

_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    b"transfer-encoding: chunked\r\n"
)
_SSE = b"x-streaming-format: sse\r\n"
_START = {"metadata": {"model": {"engine": "agent", "name": "demo"}, "timestamp": 1}}


async def run() -> None:
    """Serve until stdin ends."""
    certificates = Certificates()
    server = await asyncio.start_server(
        _serve,
        HOST,
        0,
        ssl=certificates.server_context,
        ssl_shutdown_timeout=SHUTDOWN_S,
    )
    port = server.sockets[0].getsockname()[1]
    told = {"url": f"https://{HOST}:{port}", "ca_pem": str(certificates.ca_pem)}
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    try:
        await asyncio.to_thread(sys.stdin.read)
    finally:
        server.close()
        certificates.close()


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, asyncio.IncompleteReadError):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            _, _, rest = head.partition(b"content-length:")
            await reader.readexactly(int(rest.partition(b"\r\n")[0] or 0))
            await _stream(writer, is_events=b" /sse/" in head)
    writer.close()


async def _stream(writer: asyncio.StreamWriter, *, is_events: bool) -> None:
    """Answer with a stream; its head goes with the first piece, as GitLab's does."""
    before = _HEAD + (_SSE if is_events else b"") + b"\r\n"
    if is_events:
        before += _chunk(_event("stream_start", _START))
    for _ in range(PIECES):
        await asyncio.sleep(GAP_S)
        writer.write(before + _piece(is_events=is_events))
        before = b""
    end = _chunk(_event("stream_end", None)) if is_events else b""
    writer.write(end + b"0\r\n\r\n")
    await writer.drain()


def _piece(*, is_events: bool) -> bytes:
    text = f"{time.monotonic_ns()} "
    if not is_events:
        return _chunk(text.encode())
    choices = [{"delta": {"content": text}, "index": 0}]
    return _chunk(_event("content_chunk", {"choices": choices}))


def _event(name: str, data: object) -> bytes:
    return f"event: {name}\r\ndata: {json.dumps(data)}\r\n\r\n".encode()


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class Streaming:
    """The other process, as the benchmark has it.

    Args:
        url: Its URL; `raw` or `sse` comes next in the path.
        ca_pem: The authority of its certificate.
    """

    def __init__(self, url: str, ca_pem: Path) -> None:
        self.url = url
        self.ca_pem = ca_pem


@contextmanager
def streaming() -> Iterator[Streaming]:
    """Start the server in a process of its own, and end it again."""
    command = [sys.executable, "-m", "tests.benchmarks.stream_server"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        yield Streaming(told["url"], Path(told["ca_pem"]))


if __name__ == "__main__":
    asyncio.run(run())
