"""GitLab and the gateway for benchmarks: a process that answers as fast as Python can.

The emulator is true to the real ones, and costs more than the clients that are measured
against each other here; so this has little but `hosts`. It runs in a process of its
own, so that the CPU of the benchmark's is the client's alone, and is told what to do,
and tells what came, by lines of JSON: `{"set": {"delay_s": 0.15}}`, `{"counts": true}`,
`{"reset": true}`. Instance and gateway have a port each, with TLS, HTTP/1.1 and
keep-alive.

    python -m tests.benchmarks.server        (waits for its lines on stdin)
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, cast

from gitlab_completions.emulator.certificates import Certificates
from tests.benchmarks.hosts import Counts, Host, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "127.0.0.1"
ROOT = Path(__file__).parents[2]
BACKLOG = 1024
"""Connections that may wait to be accepted: 500 calls may come at once."""
HOSTS = ("instance", "gateway")


async def run() -> None:
    """Serve until stdin ends."""
    loop = asyncio.get_running_loop()
    certificates = Certificates()
    settings = Settings()
    hosts = {name: Host(settings, is_instance=name == "instance") for name in HOSTS}
    listeners = {name: _listen() for name in hosts}
    urls = {name: _url(one) for name, one in listeners.items()}
    settings.gateway_url = urls["gateway"]
    serving = [
        loop.create_task(host.serve(listeners[name], certificates.server_context))
        for name, host in hosts.items()
    ]
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    _tell({**urls, "ca_pem": str(certificates.ca_pem)})
    try:
        while line := await lines.readline():
            _tell(_obey(json.loads(line), settings, hosts))
    finally:
        for task in serving:
            task.cancel()
        for one in listeners.values():
            one.close()
        certificates.close()


def _obey(
    order: dict[str, object], settings: Settings, hosts: dict[str, Host]
) -> dict[str, object]:
    for name, value in cast("dict[str, object]", order.get("set", {})).items():
        setattr(settings, name, value)
    told: dict[str, object] = {
        name: asdict(host.counts) for name, host in hosts.items()
    }
    if "reset" in order:
        for host in hosts.values():
            host.counts.reset()
    return told


def _tell(words: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def _listen() -> socket.socket:
    listener = socket.create_server((HOST, 0), backlog=BACKLOG)
    listener.setblocking(False)
    return listener


def _url(listener: socket.socket) -> str:
    return f"https://{HOST}:{listener.getsockname()[1]}"


class Served:
    """The other process, as the benchmark has it.

    Its words are short and its answers at once, so that they are waited for, even on
    an event loop.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        told = self._hear()
        self.instance_url = str(told["instance"])
        self.gateway_url = str(told["gateway"])
        self.ca_pem = Path(str(told["ca_pem"]))

    def context(self) -> ssl.SSLContext:
        """Return a TLS context that trusts the server's authority alone."""
        return ssl.create_default_context(cafile=str(self.ca_pem))

    def set(self, **settings: float | str) -> None:
        """Change some of the `Settings`."""
        self._ask({"set": settings})

    def reset(self) -> dict[str, Counts]:
        """Count anew; return what was counted until now, by host."""
        return self._counts({"reset": True})

    def counts(self) -> dict[str, Counts]:
        """Return what was counted since the last reset, by host."""
        return self._counts({"counts": True})

    def _counts(self, order: dict[str, object]) -> dict[str, Counts]:
        told = self._ask(order)
        return {name: Counts.read(told[name]) for name in HOSTS}

    def _ask(self, order: dict[str, object]) -> dict[str, object]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._hear()

    def _hear(self) -> dict[str, object]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the benchmarks' server has ended")
        return cast("dict[str, object]", json.loads(line))


@contextmanager
def served(**settings: float | str) -> Iterator[Served]:
    """Start the servers in a process of their own, and end them again.

    Args:
        **settings: Some of the `Settings`.
    """
    command = [sys.executable, "-m", "tests.benchmarks.server"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        # Leaving closes the pipes, by which the process ends, and waits for that.
        one = Served(process)
        one.set(**settings)
        yield one


if __name__ == "__main__":
    asyncio.run(run())
