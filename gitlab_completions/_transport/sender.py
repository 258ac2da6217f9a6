"""The sender that speaks HTTP, put together from the parts beside it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from functools import partial
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Self

from gitlab_completions._checks import check_count, check_switch
from gitlab_completions._frames import frameless
from gitlab_completions._transport.clients import OwnClient, Settings, UserClient
from gitlab_completions._transport.engines import DEFAULT_ENGINE, check_engine, load
from gitlab_completions._transport.exchange import begin_exchange
from gitlab_completions._transport.preparation import Preparation, import_late
from gitlab_completions._transport.proxies import Proxies
from gitlab_completions._transport.secrecy import hush_hpack, hush_socks
from gitlab_completions._transport.succession import (
    MOST_FOLLOWED,
    SILENCE_S,
    Succession,
)
from gitlab_completions._transport.trust import (
    check_cert,
    check_verify,
    make_context,
    trusted_by,
)
from gitlab_completions._transport.ways import Way
from gitlab_completions._wire.messages import SendError
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.models import Route

if TYPE_CHECKING:
    import os
    import ssl
    from collections.abc import AsyncGenerator, Mapping
    from types import TracebackType

    from gitlab_completions._transport.clients import AsyncClient, Client
    from gitlab_completions._transport.engines import EngineName
    from gitlab_completions._wire.messages import WireRequest, WireResponse

    StrPath = str | os.PathLike[str]
    Lot = tuple[Route, bool]
    """Which exchanges share a client: a route's, its streams apart."""

DEFAULT_IN_FLIGHT = 8
"""As `RoutingPolicy.max_in_flight`."""
SPARE_CONNECTIONS = 2
"""Beyond those in flight: for connection details and warm-ups, which do not queue."""
STREAMS = 4
"""Streams at a time on each route, as their gate admits. Their pool is twice that: one
that is cancelled may still be closing its connection when the next takes its place."""
STREAM_SILENCE_S = 15.0
"""Seconds without a byte that speak against the client of streams: a generation's first
word takes some, and by then TCP itself has asked whether anybody is there."""


class HttpxSender:
    """Sends by httpx or httpx2: one client per route, connections kept warm.

    Nothing is imported or opened before the first exchange. An answer over 1 MiB is
    refused, a refusal is read up to 64 KiB, redirects are not followed. Streams have
    connections of their own, may be longer, and are read no faster than who asked for
    them reads. A sender that you make is yours to close: it is an async context
    manager. It serves one event loop at a time, and another one, with new connections,
    when the first is over.

    Args:
        client: An `httpx.AsyncClient` (httpx2 works the same) to use for both routes
            instead. It is never closed or replaced, and no other argument goes with it:
            its proxies and certificates are its own, and errors tell the same of them.
            Give it `httpx.Limits(max_connections=28, keepalive_expiry=55)`: with fewer
            connections a route that hangs takes them from the other, and httpx's 5 s
            cost a handshake after each pause for thought. A call costs two fifths more
            CPU than on connections of ours: give one for what it is set up to do, and
            without HTTP/2 if you stream: by that httpx tells no server who has left.
        proxy: A proxy's URL, `http://user:password@host:port`, or one per route; `None`
            for a route means no proxy. By default the environment decides, as it is
            when a host is first spoken to. `socks5://` needs
            `pip install 'httpx[socks]'` (or `'httpx2[socks]'`).
        verify: File or directory of certificate authorities to trust besides the
            system's, or a whole `ssl.SSLContext`.
        cert: File of a client certificate, or a pair of certificate and key.
        trust_env: Whether the environment may name proxies (`HTTPS_PROXY`, `NO_PROXY`)
            and authorities (`SSL_CERT_FILE`, `SSL_CERT_DIR`).
        http2: Offer HTTP/2, but for streams: only by closing its connection is a
            server told that nobody wants the rest. It needs
            `pip install 'httpx[http2]'` (or `'httpx2[http2]'`), and costs more CPU.
        max_in_flight: Exchanges at a time on each route, as in the policy.
        engine: Which library our own connections are of. `"httpx"` is installed with
            this package, and what tools that answer in its place (respx,
            pytest-httpx) look for by default. `"httpx2"` is its continuation by
            Pydantic, where faults are mended: httpx itself has had no release since
            December 2024. It needs `pip install 'gitlab-completions[httpx2]'`, and
            takes a twentieth less CPU a call; choose it in what you deploy, or where
            httpx2 is installed anyway. Only the one that is chosen is imported.

    Raises:
        ConfigurationError: When an argument is wrong, or a file or a package is not
            there.
    """

    @frameless
    def __init__(
        self,
        client: AsyncClient | None = None,
        *,
        proxy: str | Mapping[Route, str | None] | None = None,
        verify: ssl.SSLContext | StrPath | None = None,
        cert: StrPath | tuple[StrPath, StrPath] | None = None,
        trust_env: bool = True,
        http2: bool = False,
        max_in_flight: int = DEFAULT_IN_FLIGHT,
        engine: EngineName = DEFAULT_ENGINE,
    ) -> None:
        check_count("max_in_flight", max_in_flight)
        for name, switch in (("trust_env", trust_env), ("http2", http2)):
            check_switch(name, switch)
        self.max_in_flight: int | None = None if client is not None else max_in_flight
        self._proxies = Proxies.check(proxy, trust_env=trust_env)
        self._engine: EngineName = check_engine(engine)
        self._http2 = http2
        self._connections = max_in_flight + SPARE_CONNECTIONS
        self._clients: dict[Lot, Succession[Client]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        trusted = self._trusted = check_verify(verify)
        self._trust_env = trust_env
        paths = check_cert(cert, trusted)
        given, added = _split(trusted)
        build = partial(make_context, added, paths, trust_env=trust_env)
        self._preparation = Preparation(self._engine, given, build)
        if client is not None:
            if engine != DEFAULT_ENGINE:
                raise ConfigurationError(
                    "the engine goes by the client: leave engine out"
                )
            switches = (trust_env, http2, max_in_flight)
            alone = switches == (True, False, DEFAULT_IN_FLIGHT)
            if not alone or (proxy, verify, cert) != (None, None, None):
                raise ConfigurationError(
                    "client goes alone: set proxy, verify and the rest on the client"
                )
            self._adopt(UserClient(client))
        else:
            _check_packages(self._engine, self._proxies, http2=http2)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    @asynccontextmanager
    async def exchange(
        self, request: WireRequest
    ) -> AsyncGenerator[WireResponse, None]:
        """Send a request; the answer can be read until the context ends.

        Read `chunks` to the end, or the connection is closed.

        Raises:
            SendError: When it breaks; `pool` once the sender is closed; `protocol` on
                a second event loop while the first runs.
        """
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._move_to(loop)
            if self.max_in_flight is None:
                await import_late()  # with a client of the user's nothing else is to do
        clients = self._clients.get(_lot_of(request))
        if clients is None:
            clients = await self._clients_of(request)
        if self._closed:
            raise SendError("pool")
        attempt, response = await begin_exchange(clients, request, loop.time)
        try:
            yield response
        finally:
            await attempt.aclose()

    def replace(self, route: Route) -> bool:
        """Send what comes next on this route by a new client.

        What is in flight ends on the old one, unless that is itself being followed:
        then it ends at once with `SendError("pool")`.

        Returns:
            Whether it can be done: not with a client that the user supplied.
        """
        replaced = [
            clients.retire()
            for (its_route, _), clients in self._clients.items()
            if its_route is route
        ]
        return all(replaced)

    async def way(self, route: Route, url: str) -> Way | None:
        """Tell how an exchange gets to a URL; `None` with a client that you supplied.

        Nothing is sent.

        Raises:
            SendError: `tls`, when a certificate file cannot be read.
        """
        if self.max_in_flight is None:
            return None
        context = await self._preparation.context()
        return Way(
            proxy=self._proxies.of(route)(url),
            proxy_source=self._proxies.source(route, url),
            context=context,
            trust=trusted_by(self._trusted, trust_env=self._trust_env),
            core=load(self._engine).core,
        )

    async def aclose(self) -> None:
        """Close the connections; exchanges in flight end with `SendError("pool")`."""
        self._leave_what_is_over()
        if not self._closed:
            self._closed = True
            for clients in self._clients.values():
                clients.close()
        await self._preparation.aclose()
        if self._closing:
            await asyncio.wait(self._closing)

    def _move_to(self, loop: asyncio.AbstractEventLoop) -> None:
        """Serve another loop than before, unless that is still in use."""
        self._leave_what_is_over()
        if self._loop is not None:
            raise SendError("protocol") from ConfigurationError(
                "this HttpxSender serves another event loop: make one for each client"
            )
        self._loop = loop

    def _leave_what_is_over(self) -> None:
        """Forget the connections of a loop that is over: nobody can use or close them.

        But for a client of the user's, who may know better.
        """
        if self._loop is None or not self._loop.is_closed():
            return
        self._loop = None
        self._closing.clear()
        self._preparation.start_over()
        if self.max_in_flight is not None:
            self._clients.clear()

    async def _clients_of(self, request: WireRequest) -> Succession[Client]:
        if self._closed:
            raise SendError("pool")
        context = await self._preparation.context()
        lot = route, is_streams = _lot_of(request)
        settings = Settings(
            engine=load(self._engine),
            context=context,
            proxy_for=self._proxies.of(route),
            http2=self._http2 and not is_streams,
            connections=2 * STREAMS if is_streams else self._connections,
        )
        clients: Succession[Client] = Succession(
            partial(OwnClient, settings),
            self._dispose,
            silence_s=STREAM_SILENCE_S if is_streams else SILENCE_S,
            # A stream may outlast any number of clients: none of the gate's is ended.
            most_followed=STREAMS if is_streams else MOST_FOLLOWED,
        )
        return self._clients.setdefault(lot, clients)

    def _adopt(self, client: Client) -> None:
        """Use the client for both routes and all that is sent there, for good."""
        hush_hpack()  # it may speak HTTP/2,
        hush_socks()  # and to a SOCKS proxy
        clients = Succession(lambda: client, self._dispose, lasting=True)
        self._clients = dict.fromkeys(product(Route, (False, True)), clients)

    def _dispose(self, client: Client) -> None:
        """Close a client behind whoever asked."""
        task = asyncio.get_running_loop().create_task(_close(client))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def _lot_of(request: WireRequest) -> Lot:
    return request.route, request.purpose == "stream"


async def _close(client: Client) -> None:
    with suppress(Exception):
        await client.aclose()


def _split(
    trusted: ssl.SSLContext | Path | None,
) -> tuple[ssl.SSLContext | None, Path | None]:
    """Tell a context that is given from a path that is added to one."""
    if trusted is None or isinstance(trusted, Path):
        return None, trusted
    return trusted, None


def _check_packages(engine: EngineName, proxies: Proxies, *, http2: bool) -> None:
    if engine != DEFAULT_ENGINE and find_spec(engine) is None:
        raise ConfigurationError(
            f"engine={engine!r} needs the {engine} package: "
            f"pip install 'gitlab-completions[{engine}]'"
        )
    if proxies.speak_socks and find_spec("socksio") is None:
        raise ConfigurationError(
            f"a SOCKS proxy needs the socksio package: pip install '{engine}[socks]'"
        )
    if http2 and find_spec("h2") is None:
        raise ConfigurationError(
            f"http2 needs the h2 package: pip install '{engine}[http2]'"
        )
    if http2:
        hush_hpack()
