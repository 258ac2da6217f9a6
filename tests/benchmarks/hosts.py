"""The instance and the gateway of the benchmarks: as fast as plain Python can answer.

They know three answers, have them ready as bytes, and read no more of a request than
its target and its length. What runs them, and tells them what to do, is in `server`.
"""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Self, cast

from gitlab_completions.testing import completion_json, grant_json

if TYPE_CHECKING:
    import socket
    import ssl

ANSWER = "".join(
    f"    total += values[{index}] * weights[{index}]\n" for index in range(6)
)
"""A completion of some lines: its answer has 600 bytes, as most have."""

SHUTDOWN_S = 0.05
"""Seconds that a client gets to say goodbye too; asyncio's 30 would keep a connection
half open that nginx has long closed."""


@dataclass(slots=True, kw_only=True)
class Settings:
    """How the servers behave.

    Args:
        delay_s: Seconds from a whole completion request to its answer.
        details_delay_s: The same for connection details.
        keep_alive_s: Seconds after which an idle connection is closed; 75 is nginx's.
        token_lifetime_s: Seconds that a token lives.
        gateway_url: What grants name; a proxy's URL when it stands before the gateway.
        indirect_extra_s: Seconds that the instance takes longer than the gateway.
    """

    delay_s: float = 0.0
    details_delay_s: float = 0.0
    keep_alive_s: float = 75.0
    token_lifetime_s: int = 3600
    gateway_url: str = ""
    indirect_extra_s: float = 0.0


@dataclass(slots=True, kw_only=True)
class Counts:
    """What came to one host.

    Args:
        connections: TCP connections accepted.
        handshakes: Those on which TLS was agreed.
        open: Those that are open now.
        started: Completion requests that came whole.
        finished: Those that were answered.
        aborted: Those whose connection ended before.
        details: Requests for connection details.
        warm_ups: Other requests.
    """

    connections: int = 0
    handshakes: int = 0
    open: int = 0
    started: int = 0
    finished: int = 0
    aborted: int = 0
    details: int = 0
    warm_ups: int = 0

    @classmethod
    def read(cls, told: object) -> Self:
        """Read what the other process has told."""
        found = cast("dict[str, int]", told)
        return cls(**{field.name: found[field.name] for field in fields(cls)})

    def reset(self) -> None:
        """Count from the start, but for what is open."""
        for field in fields(self):
            if field.name != "open":
                setattr(self, field.name, 0)


class Host:
    """One of the two servers.

    Args:
        settings: How it behaves; they may change at any time.
        is_instance: Whether it is the instance, which takes `indirect_extra_s` longer.
    """

    def __init__(self, settings: Settings, *, is_instance: bool) -> None:
        self.settings = settings
        self.is_instance = is_instance
        self.counts = Counts()
        self.completion = _answer(200, completion_json(ANSWER))
        self.nothing = _answer(200, {"version": "19.3.0-ee"})
        self._granted_until = 0.0
        self._granted_for: tuple[str, int] | None = None
        self._grant = b""

    def grant(self) -> bytes:
        """Return a grant; one serves for a second, as minting it takes long."""
        wanted = self.settings.gateway_url, self.settings.token_lifetime_s
        now = time.monotonic()
        if now >= self._granted_until or wanted != self._granted_for:
            url, lifetime_s = wanted
            self._grant = _answer(201, grant_json(url, lifetime_s=lifetime_s))
            self._granted_until, self._granted_for = now + 1.0, wanted
        return self._grant

    def delay_s(self) -> float:
        """Return the seconds until a completion is answered."""
        extra_s = self.settings.indirect_extra_s if self.is_instance else 0.0
        return self.settings.delay_s + extra_s

    async def serve(self, listener: socket.socket, context: ssl.SSLContext) -> None:
        """Accept connections for ever; what fails there is the client's."""
        loop = asyncio.get_running_loop()
        greeting: set[asyncio.Task[None]] = set()
        while True:
            peer, _ = await loop.sock_accept(listener)
            self.counts.connections += 1
            task = loop.create_task(self._greet(peer, context))
            greeting.add(task)
            task.add_done_callback(greeting.discard)

    async def _greet(self, peer: socket.socket, context: ssl.SSLContext) -> None:
        loop = asyncio.get_running_loop()
        with suppress(OSError, ConnectionError):
            await loop.connect_accepted_socket(
                lambda: Connection(self),
                peer,
                ssl=context,
                ssl_shutdown_timeout=SHUTDOWN_S,
            )


class Connection(asyncio.Protocol):
    """One client's connection: requests one after the other."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._data = bytearray()
        self._length = 0  # of the request that is coming; 0 while its head is
        self._pending: asyncio.TimerHandle | None = None
        self._idle: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._host.counts.handshakes += 1
        self._host.counts.open += 1

    def connection_lost(self, error: Exception | None) -> None:
        self._host.counts.open -= 1
        self._stop_resting()
        if self._pending is not None:
            self._pending.cancel()
            self._host.counts.aborted += 1

    def data_received(self, data: bytes) -> None:
        self._stop_resting()
        self._data += data
        if not self._length:
            end = self._data.find(b"\r\n\r\n")
            if end < 0:
                return
            self._length = end + 4 + _content_length(self._data[:end])
        if len(self._data) < self._length:
            return
        target = bytes(self._data[: self._data.find(b"\r\n")]).split(b" ")[1]
        del self._data[: self._length]
        self._length = 0
        self._take(target)

    def _take(self, target: bytes) -> None:
        host, settings = self._host, self._host.settings
        if target.endswith(b"/completions"):
            host.counts.started += 1
            delay_s = host.delay_s()
            if not delay_s:
                self._finish()
            else:
                self._pending = self._loop.call_later(delay_s, self._finish)
        elif target.endswith(b"/direct_access"):
            host.counts.details += 1
            self._loop.call_later(settings.details_delay_s, self._write, host.grant())
        else:
            host.counts.warm_ups += 1
            self._write(host.nothing)

    def _finish(self) -> None:
        self._pending = None
        self._host.counts.finished += 1
        self._write(self._host.completion)

    def _write(self, answer: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(answer)
            self._rest()

    def _rest(self) -> None:
        """Close the connection when nothing comes for too long."""
        if self._transport is not None:
            wait_s = self._host.settings.keep_alive_s
            self._idle = self._loop.call_later(wait_s, self._transport.close)

    def _stop_resting(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None


def _content_length(head: bytearray) -> int:
    _, found, rest = bytes(head).lower().partition(b"content-length:")
    return int(rest.partition(b"\r\n")[0]) if found else 0


def _answer(status: int, document: object) -> bytes:
    body = json.dumps(document, separators=(",", ":")).encode()
    head = (
        f"HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nX-Gitlab-Version: 19.3.0\r\n"
        "X-Request-Id: 01JD0BENCH\r\n\r\n"
    )
    return head.encode() + body
