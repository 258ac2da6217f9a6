"""The two servers of the soak: processes that can be frozen, killed, started again.

What is in force at a server is kept here, so that one that comes back has the faults,
the settings and the clock that it would have had. Its port is held by a socket of ours
that never listens: while the process is dead a connect is refused, and nobody else gets
the port.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
import socket
import sys
from asyncio.subprocess import PIPE
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from gitlab_completions.emulator.keys import Keys
from gitlab_completions.emulator.listener import HOST
from tests.soak.faults import Part
from tests.soak.host import ROOT, mapping

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping
    from pathlib import Path

TOKEN_LIFETIME_S = 120
"""Short, so that tokens are renewed ahead of expiry within a soak."""
PATIENCE_S = 60.0
"""Seconds that a server may take to start, or to obey, on a busy machine."""

Asked = tuple[float, str | None]
"""When direct access was asked for, in monotonic seconds, and for which project."""


class Server:
    """One server.

    Args:
        name: What it is called.
        keys: The directory of what both servers share.
        asked: Told of each request for direct access.
    """

    def __init__(self, name: str, keys: Path, asked: Callable[[Asked], object]) -> None:
        self.name = name
        self.gateway_url: str | None = None
        self.starts = 0
        self._keys = keys
        self._asked = asked
        self._holder = _hold_a_port()
        self._settings: dict[str, object] = {"token_lifetime_s": TOKEN_LIFETIME_S}
        self._faults: dict[Part, Mapping[str, object]] = {}
        self._ids = itertools.count(1)
        self._waiting: dict[object, asyncio.Future[None]] = {}
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._up = asyncio.Event()

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"https://{HOST}:{self._holder.getsockname()[1]}"

    async def start(self) -> None:
        """Start the process, and wait until it serves."""
        self._process = process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.soak.host"),
            stdin=PIPE,
            stdout=PIPE,
            cwd=ROOT,
        )
        port = self._holder.getsockname()[1]
        of_instance = self.gateway_url is not None
        self._write(
            port=port if of_instance else 0,
            gateway_port=0 if of_instance else port,
            gateway_url=self.gateway_url,
            keys=str(self._keys),
            settings=self._settings,
            faults={part.value: wish for part, wish in self._faults.items()},
        )
        self.starts += 1
        self._reader = asyncio.create_task(self._read(process))
        async with asyncio.timeout(PATIENCE_S):
            await self._up.wait()

    async def kill(self) -> None:
        """End the process as a power cut does."""
        process = self._running()
        self._up.clear()
        process.kill()
        await self._ended(process)

    async def aclose(self) -> None:
        """End the process in order, and let go of its port."""
        self._holder.close()
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._ended(process)
        except TimeoutError:
            process.kill()
            await self._ended(process)

    def freeze(self) -> None:
        """Stop the process in its tracks."""
        self._running().send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._running().send_signal(signal.SIGCONT)

    async def fault(self, part: Part, wish: Mapping[str, object]) -> None:
        """Put a fault in force, and wait until it is."""
        self._faults[part] = wish
        await self._order(do="fault", part=part.value, wish=dict(wish))

    async def heal(self, part: Part) -> None:
        """End a fault."""
        del self._faults[part]
        await self._order(do="fault", part=part.value, wish={"fault": "heal"})

    async def settings(self, **values: object) -> None:
        """Change settings, and wait until they are changed."""
        self._settings |= values
        await self._order(do="settings", values=values)

    async def cut(self) -> None:
        """End all connections to it."""
        await self._order(do="cut")

    async def read_key(self) -> None:
        """Have it sign with the key that is there now."""
        await self._order(do="read key")

    async def _order(self, **words: object) -> None:
        """Have it done; a server that starts meanwhile knows it already."""
        await self._up.wait()
        number = next(self._ids)
        done = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._write(id=number, **words)
        async with asyncio.timeout(PATIENCE_S):
            await done

    def _write(self, **words: object) -> None:
        stdin = self._running().stdin
        if stdin is None:
            raise RuntimeError("the server has no stdin")
        stdin.write(f"{json.dumps(words)}\n".encode())

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        """Hear what the process says until it ends."""
        if process.stdout is None:
            raise RuntimeError("the server has no stdout")
        while line := await process.stdout.readline():
            with suppress(ValueError):  # a line that SIGKILL has cut
                self._hear(mapping(json.loads(line)))
        for done in self._waiting.values():
            if not done.done():
                done.set_result(None)
        self._waiting.clear()

    def _hear(self, words: Mapping[str, object]) -> None:
        if "ready" in words:
            self._up.set()
        elif "asked" in words:
            project = words["asked"]
            at = float(str(words["at"]))
            self._asked((at, None if project is None else str(project)))
        else:
            done = self._waiting.pop(words["done"], None)
            if done is not None and not done.done():
                done.set_result(None)

    async def _ended(self, process: asyncio.subprocess.Process) -> None:
        await process.wait()
        if self._reader is not None:
            await self._reader

    def _running(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise RuntimeError(f"{self.name} is not started")
        return self._process


class Servers:
    """Instance and gateway, and the keys that they share."""

    def __init__(self, directory: Path) -> None:
        self._keys = Keys(directory)
        self._keys.make()
        self.ca_pem = self._keys.ca_pem
        self.asked: list[Asked] = []
        self.gateway = Server("gateway", directory, self.asked.append)
        self.instance = Server("instance", directory, self.asked.append)
        self.instance.gateway_url = self.gateway.url

    def of(self, part: Part) -> Server:
        """Return the server that a part is on."""
        return self.gateway if part is Part.GATEWAY else self.instance

    async def renew_keys(self) -> None:
        """Put another signing key in place; the instance's tokens follow at once."""
        self._keys.renew_signing_key()
        await self.instance.read_key()


@asynccontextmanager
async def serving(directory: Path) -> AsyncGenerator[Servers, None]:
    """Start both servers, and end them again."""
    servers = Servers(directory)
    both = (servers.gateway, servers.instance)
    try:
        for server in both:
            await server.start()
        yield servers
    finally:
        for server in both:
            await server.aclose()


def _hold_a_port() -> socket.socket:
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind((HOST, 0))
    return holder
