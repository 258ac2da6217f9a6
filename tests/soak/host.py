"""One server of the soak as a process: an emulator that is told what to do on stdin.

The instance's process grants the other one's gateway; of the gateway's process only the
gateway is used. They share nothing but the files of `keys`. Both sides write a JSON
object a line: the first one to arrive says how to start, each later one carries an `id`
that the answer repeats. The end of stdin is the end of the process, so none is left
behind when the soak dies.

    python -m tests.soak.host < commands
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gitlab_completions.emulator import AccessTokens, Emulator
from gitlab_completions.emulator.control import apply_fault
from tests.loopback.scene import ACCESS_TOKEN

if TYPE_CHECKING:
    from gitlab_completions.emulator import Endpoint, SeenRequest

DIRECT_S = 0.1
INDIRECT_S = 0.225
"""GitLab's own figure: direct saves some 125 ms."""
PIECE_BYTES, GAP_S = 4, 0.03
"""A stream takes 0.2 s, so that some are left, or broken, in their midst."""
ROOT = Path(__file__).parents[2]
"""Where `-m tests.soak.host` finds this module."""


def say(**words: object) -> None:
    """Write a line to the soak, at once: this process may be killed any moment."""
    sys.stdout.write(f"{json.dumps(words)}\n")
    sys.stdout.flush()


def mapping(thing: object) -> Mapping[str, object]:
    """Return a JSON object as what it is."""
    if not isinstance(thing, Mapping):
        raise TypeError(f"no JSON object: {thing!r}")
    return thing


class Host:
    """Does what it is told to an emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._endpoints: dict[str, Endpoint] = {
            one.name: one
            for one in (emulator.direct_access, emulator.gateway, emulator.instance)
        }
        emulator.settings.completions_limit = 0
        emulator.settings.stream_piece_bytes = PIECE_BYTES
        emulator.settings.stream_gap_s = GAP_S

    def set_up(self, order: Mapping[str, object]) -> None:
        """Start with these settings and faults."""
        self.settings(mapping(order["settings"]))
        for part, wish in mapping(order["faults"]).items():
            self.fault(part, mapping(wish))

    def settings(self, values: Mapping[str, object]) -> None:
        self._emulator.settings.update(dict(values))

    def fault(self, part: str, wish: Mapping[str, object]) -> None:
        """Set a fault; unlike over HTTP, a host's fault needs no time to end at."""
        endpoint = self._endpoints[part]
        hosts = {"blackhole": endpoint.blackhole, "refuse": endpoint.refuse}
        strike = hosts.get(str(wish["fault"]))
        if strike is None:
            apply_fault(endpoint, wish)
        else:
            strike()

    async def obey(self, order: Mapping[str, object]) -> None:
        """Carry out an order, then tell that it is done."""
        match order["do"]:
            case "fault":
                self.fault(str(order["part"]), mapping(order["wish"]))
            case "settings":
                self.settings(mapping(order["values"]))
            case "cut":
                await self._emulator.instance_front.drop_connections()
                await self._emulator.gateway_front.drop_connections()
            case "read key":
                self._emulator.read_signing_key()
            case other:
                raise ValueError(f"no such order: {other}")
        say(done=order["id"])


def tell_who_asks(seen: SeenRequest) -> None:
    """Tell of a request for direct access: when, and for which project."""
    project = mapping(seen.json()).get("project_path") if seen.body else None
    say(asked=project, at=time.monotonic())


async def listen() -> asyncio.StreamReader:
    """Return stdin as a stream."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    return reader


async def main() -> None:
    """Serve until stdin ends."""
    orders = await listen()
    first = mapping(json.loads(await orders.readline()))
    ports = [int(str(first[name])) for name in ("port", "gateway_port")]
    url = first["gateway_url"]
    emulator = Emulator(
        tls=True,
        port=ports[0],
        gateway_port=ports[1],
        direct_latency_s=DIRECT_S,
        indirect_latency_s=INDIRECT_S,
        tokens=AccessTokens(valid=ACCESS_TOKEN),
        keys=Path(str(first["keys"])),
        gateway_url=None if url is None else str(url),
    )
    async with emulator:
        host = Host(emulator)
        host.set_up(first)
        emulator.direct_access.listen(tell_who_asks)
        say(ready=emulator.instance_url, gateway=emulator.gateway_url)
        while line := await orders.readline():
            await host.obey(mapping(json.loads(line)))


if __name__ == "__main__":
    asyncio.run(main())
