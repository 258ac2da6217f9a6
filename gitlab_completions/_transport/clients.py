"""The HTTP library behind one small interface: a client of our own, or the user's.

Ours sends by httpx's transports, without `httpx.AsyncClient` above them: that layer
costs a fifth of a request's CPU for cookies, redirects and authentication, none of
which may happen here, and it fails on an answer whose `Location` is no URL. Tools that
answer in httpx's place (respx, pytest-httpx) work below it and see our requests. Below
these the connections are on plain asyncio: see network.py. Which library it is, httpx
or httpx2, is told by an `Engine`; types are httpx's.
"""

from __future__ import annotations

import asyncio
import inspect
import socket
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Protocol, cast

from gitlab_completions._records import Record
from gitlab_completions._transport.lanes import KEEP_ALIVE_S, Lanes
from gitlab_completions._transport.network import use_asyncio
from gitlab_completions._transport.proxies import is_proxy_url
from gitlab_completions._transport.secrecy import hush_socks
from gitlab_completions._wire.messages import SendError
from gitlab_completions.errors import ConfigurationError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    import httpx

    from gitlab_completions._transport.engines import Engine, Http
    from gitlab_completions._transport.progress import Progress
    from gitlab_completions._wire.messages import SendErrorDetail, WireRequest

_MOST_URLS = 64
"""Prepared URLs; a client sees a handful, so what is over is some server's whim."""

REQUEST_ID = "X-Request-ID"
CONTENT_LENGTH = "Content-Length"
"""The headers that are others in each request."""
_DEFAULT_PORTS = {"http": 80, "https": 443}

_SOCKET_OPTIONS = (
    # A connection that died while the machine slept, or that a firewall forgot, is
    # found dead after 15 + 3 x 5 s of silence, before an author types again.
    ("SOL_SOCKET", "SO_KEEPALIVE", 1),
    ("IPPROTO_TCP", "TCP_KEEPIDLE", 15),
    ("IPPROTO_TCP", "TCP_KEEPALIVE", 15),  # macOS's name for the idle time
    ("IPPROTO_TCP", "TCP_KEEPINTVL", 5),
    ("IPPROTO_TCP", "TCP_KEEPCNT", 3),
    ("IPPROTO_TCP", "TCP_USER_TIMEOUT", 10_000),  # ms, for what was sent unanswered
)


class AsyncClient(Protocol):
    """An `AsyncClient` of httpx or httpx2, as far as they are one to type checkers."""

    @property
    def is_closed(self) -> bool:
        """Whether it can be used no more."""
        ...

    async def aclose(self) -> None:
        """Close its connections."""
        ...


class Client(Protocol):
    """What an exchange needs of an HTTP library."""

    async def send(self, request: WireRequest, progress: Progress) -> httpx.Response:
        """Send the request; return the answer, its body still to be read."""
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...


class Settings(Record):
    """What a client of our own is made with.

    Args:
        engine: The HTTP library.
        context: For every TLS connection.
        proxy_for: Tells the proxy for a URL.
        http2: Whether HTTP/2 is offered.
        connections: How many may be in use at a time.
    """

    engine: Engine
    context: ssl.SSLContext
    proxy_for: Callable[[str], str | None]
    http2: bool
    connections: int


class OwnClient:
    """A client for one route, with pools of connections for each proxy in use."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._options = socket_options()
        self._lanes: dict[str | None, Lanes] = {}
        self._prepared: dict[str, Prepared] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def send(self, request: WireRequest, progress: Progress) -> httpx.Response:
        """Send the request on a transport, with its own headers and no others."""
        prepared = self._prepare(request.url)
        message = prepared.message(request)
        message.extensions = _extensions(progress, prepared.url)
        progress.proxy_options = self._options
        lanes, now = prepared.lanes, asyncio.get_running_loop().time()
        lane = lanes.take(now)
        progress.on_end = partial(self._free, lanes, lane)
        surplus = lanes.surplus(now)
        if surplus is not None:
            await surplus.aclose()
        return await lane.handle_async_request(message)

    async def aclose(self) -> None:
        """Close the pools."""
        for lanes in self._lanes.values():
            await lanes.aclose()
        if self._closing:
            await asyncio.wait(self._closing)

    def _free(
        self,
        lanes: Lanes,
        lane: httpx.AsyncHTTPTransport,
        is_sound: bool,
    ) -> None:
        """Take a lane back; behind whoever left it, close one that is not sound."""
        if not lanes.give_back(lane, is_sound=is_sound):
            task = asyncio.get_running_loop().create_task(_close(lane))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    def _prepare(self, text: str) -> Prepared:
        known = self._prepared.get(text)
        if known is None:
            lanes = self._lanes_by(self._settings.proxy_for(text))
            known = Prepared(self._settings.engine.http, text, lanes)
            if len(self._prepared) >= _MOST_URLS:
                self._prepared.clear()
            self._prepared[text] = known
        return known

    def _lanes_by(self, proxy: str | None) -> Lanes:
        if proxy not in self._lanes:
            make = partial(make_transport, self._settings, proxy)
            # All requests share one connection of HTTP/2.
            most = 1 if self._settings.http2 else self._settings.connections
            self._lanes[proxy] = Lanes(make, most)
        return self._lanes[proxy]


class Prepared:
    """What all requests to a URL have in common, so that it is made once.

    Their headers too, for as long as these are the same but for the request's name:
    making them takes httpx longer than all else about a request.

    Args:
        http: The HTTP library.
        url: The URL.
        lanes: What sends there.
    """

    def __init__(self, http: Http, url: str, lanes: Lanes) -> None:
        self._http = http
        self.url = http.URL(url)
        self.lanes = lanes
        self._common: list[tuple[str, str]] = []
        self._headers: httpx.Headers | None = None

    def message(self, request: WireRequest) -> httpx.Request:
        """Return the request as the transport takes it."""
        http = self._http
        method, body, pairs = request.method, request.body, headers_of(request)
        request_id = request.headers.get(REQUEST_ID)
        common = [("", method), *(pair for pair in pairs if pair[0] != REQUEST_ID)]
        if self._headers is None or request_id is None or common != self._common:
            made = http.Request(method, self.url, headers=pairs, content=body)
            self._common = common
            # Else it has no body, or is sent in chunks.
            self._headers = made.headers if CONTENT_LENGTH in made.headers else None
            return made
        headers = self._headers  # which each request copies
        headers[REQUEST_ID] = request_id
        headers[CONTENT_LENGTH] = str(len(body))
        stream = http.ByteStream(body)
        return http.Request(method, self.url, headers=headers, stream=stream)


class UserClient:
    """A client that the user supplied: asked politely, never closed.

    Its own headers, hooks and proxies serve; its authentication and its redirects do
    not, since they would send a token where it does not belong.

    Args:
        client: An `httpx.AsyncClient`, or one of httpx2.

    Raises:
        ConfigurationError: When it is anything else.
    """

    def __init__(self, client: AsyncClient) -> None:
        if not inspect.iscoroutinefunction(getattr(client, "send", None)):
            raise ConfigurationError(
                "client must be an AsyncClient of httpx or httpx2, "
                f"not {type(client).__name__}"
            )
        self._client = cast("httpx.AsyncClient", client)

    async def send(self, request: WireRequest, progress: Progress) -> httpx.Response:
        """Send the request with the client's defaults for what it leaves open."""
        message = self._client.build_request(
            request.method,
            request.url,
            headers=headers_of(request),
            content=request.body,
        )
        message.extensions.update(_extensions(progress, message.url))
        return await self._client.send(
            message, stream=True, auth=None, follow_redirects=False
        )

    async def aclose(self) -> None:
        """Leave the client open: it is the user's."""


def make_transport(settings: Settings, proxy: str | None) -> httpx.AsyncHTTPTransport:
    """Make a pool of connections, a small one unless requests share them.

    Raises:
        SendError: `proxy`, when its URL, or the package that speaks its protocol,
            cannot be used; without a cause, which would quote the URL.
    """
    http, core = settings.engine.http, settings.engine.core
    if proxy is not None and not is_proxy_url(proxy):
        raise SendError("proxy", detail="proxy_url")
    fault: SendErrorDetail
    connections = settings.connections if settings.http2 else 1
    scheme = (proxy or "").partition(":")[0].lower()
    if scheme.startswith("socks"):
        hush_socks()
    try:
        through = proxy and http.Proxy(
            proxy,
            # Without it a proxy that speaks TLS is checked against other authorities.
            ssl_context=settings.context if scheme == "https" else None,
        )
        transport = http.AsyncHTTPTransport(
            verify=settings.context,
            http2=settings.http2,
            limits=http.Limits(
                max_connections=connections,
                # Equal: httpcore counts busy connections too when it looks for
                # surplus idle ones, and would close good ones.
                max_keepalive_connections=connections,
                keepalive_expiry=KEEP_ALIVE_S,
            ),
            proxy=through or None,
            socket_options=socket_options(),
        )
    except (http.InvalidURL, ValueError):  # what urllib takes, and httpx does not
        fault = "proxy_url"
    except ImportError:
        fault = "proxy_package"
    else:
        use_asyncio(transport, core)
        return transport
    raise SendError("proxy", detail=fault)


async def _close(lane: httpx.AsyncHTTPTransport) -> None:
    with suppress(Exception):
        await lane.aclose()


def socket_options() -> list[tuple[int, int, int]]:
    """Return the TCP options that this platform has."""
    return [
        (getattr(socket, level), getattr(socket, name), value)
        for level, name, value in _SOCKET_OPTIONS
        if hasattr(socket, name)
    ]


def headers_of(request: WireRequest) -> list[tuple[str, str]]:
    """Return the request's headers, and a wish for an answer that is not compressed.

    2 KiB gain nothing by compression, and what is not compressed cannot explode.
    """
    pairs = list(request.headers.items())
    if "accept-encoding" not in map(str.lower, request.headers):
        pairs.append(("accept-encoding", "identity"))
    return pairs


def _extensions(progress: Progress, url: httpx.URL) -> dict[str, object]:
    # As httpcore compares hosts: in ASCII, and never without a port.
    port = url.port or _DEFAULT_PORTS.get(url.scheme, 0)
    progress.aim = url.raw_host.decode("ascii"), port
    return {"timeout": progress.timeouts, "trace": progress.trace}
