"""Runs inside the proxy program: tells what it sees, does what the test wrote down.

Each event is a line of JSON on standard output. What a test wants done with a request
is in a file, read for every one: nothing needs to be told to this process, or awaited.
It imports nothing of the program, so that its types can be checked without it.
"""

from __future__ import annotations

import asyncio
import json
import os
from importlib import import_module
from pathlib import Path
from typing import Protocol, TypedDict

ORDERS = Path(os.environ["PROXY_ORDERS"])
SIGN = "told: "
"""What our lines begin with: the program has things to say, too."""
FOREVER = asyncio.Event()
OPENS_TLS = os.environ["PROXY_OPENS_TLS"] == "1"


class Order(TypedDict):
    """What to answer; the status 0 is to say nothing at all."""

    status: int
    body: str
    headers: dict[str, str]


class Client(Protocol):
    id: str
    peername: tuple[str, int]


class Request(Protocol):
    host: str
    port: int
    path: str


class Flow(Protocol):
    client_conn: Client
    request: Request
    response: object


class Server(Protocol):
    address: tuple[str, int] | None


class Context(Protocol):
    server: Server


class Hello(Protocol):
    context: Context
    ignore_connection: bool


class ProxyServer(Protocol):
    def listen_addrs(self) -> list[tuple[str, int]]: ...


class Addons(Protocol):
    def get(self, name: str) -> ProxyServer: ...


class Master(Protocol):
    addons: Addons


class Loader(Protocol):
    master: Master


class Telling:
    """The hooks, named as the program wants them."""

    def load(self, loader: Loader) -> None:
        self.master = loader.master

    def running(self) -> None:
        port = self.master.addons.get("proxyserver").listen_addrs()[0][1]
        tell("running", str(port))

    def client_connected(self, client: Client) -> None:
        tell("came", str(client.peername[1]))

    def client_disconnected(self, client: Client) -> None:
        tell("left", str(client.peername[1]))

    async def http_connect(self, flow: Flow) -> None:
        tell("connect", f"{flow.request.host}:{flow.request.port}")
        await obey(flow, "connect")

    async def request(self, flow: Flow) -> None:
        tell("request", flow.request.path)
        await obey(flow, "request")

    def tls_clienthello(self, hello: Hello) -> None:
        # Before a tunnel there is no server yet: that TLS is with the proxy itself.
        in_tunnel = hello.context.server.address is not None
        hello.ignore_connection = in_tunnel and not OPENS_TLS


def tell(event: str, what: str) -> None:
    print(SIGN + json.dumps([event, what]), flush=True)  # noqa: T201


async def obey(flow: Flow, about: str) -> None:
    order = orders().get(about)
    if order is None:
        return
    if not order["status"]:
        await FOREVER.wait()
    response = import_module("mitmproxy.http").Response
    flow.response = response.make(
        order["status"], order["body"].encode(), order["headers"]
    )


def orders() -> dict[str, Order]:
    found: dict[str, Order] = json.loads(ORDERS.read_text())
    return found


addons = [Telling()]
