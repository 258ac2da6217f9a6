"""A real proxy program in a process of its own, and what it saw.

mitmproxy, in an environment of its own, since it pins what our tests want newer; the
`networks` session makes one and names its `mitmdump` in the environment. It listens on
a port that the system chose and says which, and that is when it is ready.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    Events = list[tuple[str, str]]

VARIABLE = "GITLAB_COMPLETIONS_TEST_PROXY"
"""Names the program: the path of mitmproxy's `mitmdump`."""
HOST = "127.0.0.1"
READY_S = 30.0
PATIENCE_S = 10.0
ADDON = Path(__file__).with_name("addon.py")


class ProxyProgram:
    """The program, started and stopped; a context manager.

    Args:
        program: Path of `mitmdump`.
        directory: Where it keeps its certificate authority, shared by several.
        opens_tls: Whether it inspects what is within tunnels, or passes it on.
        credentials: `user:password` that it wants, if any.
        speaks: `regular` for HTTP, `socks5` for SOCKS.
    """

    def __init__(
        self,
        program: str,
        directory: Path,
        *,
        opens_tls: bool = False,
        credentials: str | None = None,
        speaks: str = "regular",
    ) -> None:
        self.ca_pem = directory / "mitmproxy-ca-cert.pem"
        self.port = 0
        name = f"{speaks}-{opens_tls}-{credentials is not None}"
        self._orders = directory / f"{name}.json"
        self._complaints = directory / f"{name}.stderr"
        self._environment = {
            **os.environ,
            "PROXY_ORDERS": str(self._orders),
            "PROXY_OPENS_TLS": str(int(opens_tls)),
        }
        asks = [] if credentials is None else ["--proxyauth", credentials]
        self._command = [
            *(program, "-q", "--listen-host", HOST, "--listen-port", "0"),
            *("--set", f"confdir={directory}", "--set", "ssl_insecure=true"),
            *("--mode", speaks, "-s", str(ADDON), *asks),
        ]
        self._events: Events = []
        self._since = 0
        self._ended = False
        self._news = threading.Condition()
        self._process: subprocess.Popen[str] | None = None
        self._reader = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self.relay()
        with self._complaints.open("w") as complaints:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=complaints,
                text=True,
            )
        self._reader.start()
        self._wait(lambda events: events != [] or self._ended, READY_S)
        if not self._events:
            self._stop()
            raise AssertionError(f"no proxy: {self._complaints.read_text()}")
        self.port = int(self._events[0][1])
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop()

    def url(self, credentials: str = "", *, scheme: str = "http") -> str:
        """Return the proxy's URL, with `user:password@` where wanted."""
        return f"{scheme}://{credentials}{HOST}:{self.port}"

    def answer(
        self,
        status: int,
        *,
        to: str = "request",
        body: str = "",
        headers: dict[str, str] | None = None,
    ) -> None:
        """Answer requests itself, or with `to="connect"` the wish for a tunnel."""
        order = {"status": status, "body": body, "headers": headers or {}}
        self._orders.write_text(json.dumps({to: order}))

    def hang(self, *, at: str = "connect") -> None:
        """Take requests, or the wish for a tunnel, and do nothing."""
        self.answer(0, to=at)

    def relay(self) -> None:
        """Do what proxies do."""
        self._orders.write_text("{}")

    def forget(self) -> None:
        """Leave out of `tunnels` and `requests` what was seen so far."""
        with self._news:
            self._since = len(self._events)

    async def tunnels(self) -> list[int]:
        """Return the ports to which a tunnel was asked for."""
        return [int(what.rpartition(":")[2]) for what in await self._told("connect")]

    async def requests(self) -> list[str]:
        """Return the paths of the requests that it could read."""
        return await self._told("request")

    async def is_alone(self) -> bool:
        """Wait until nothing is connected; tell whether it came to that."""

        def alone(events: Events) -> bool:
            came = sum(who == "came" for who, _ in events)
            return came == sum(who == "left" for who, _ in events)

        await self._told("came")
        return await asyncio.to_thread(self._wait, alone)

    async def _told(self, event: str) -> list[str]:
        """Return what has been told of an event, up to a visit of our own."""
        start = len(self._events)
        _, writer = await asyncio.open_connection(HOST, self.port)
        visit = ("came", str(writer.get_extra_info("sockname")[1]))
        told = await asyncio.to_thread(self._wait, lambda all_: visit in all_[start:])
        writer.close()
        await writer.wait_closed()
        assert told, "the proxy program has died"
        return [what for who, what in self._events[self._since :] if who == event]

    def _wait(
        self, wanted: Callable[[Events], bool], seconds: float = PATIENCE_S
    ) -> bool:
        with self._news:
            return self._news.wait_for(lambda: wanted(self._events), seconds)

    def _read(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        for line in self._process.stdout:
            sign, _, told = line.partition(": ")
            if sign != "told":
                continue
            who, what = json.loads(told)
            with self._news:
                self._events.append((who, what))
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            self._reader.join(PATIENCE_S)
            if process.stdout is not None:
                process.stdout.close()
