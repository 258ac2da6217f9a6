"""Our client sends what it is given; the user's adds what it was set to."""

from __future__ import annotations

import dataclasses
import socket
import ssl
import sys
from functools import partial
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import httpx
import httpx2
import pytest

from gitlab_completions._transport.clients import (
    OwnClient,
    Prepared,
    Settings,
    UserClient,
    headers_of,
    make_transport,
    socket_options,
)
from gitlab_completions._transport.engines import load
from gitlab_completions._transport.lanes import Lanes
from gitlab_completions._transport.progress import Progress
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.senders import SendError
from tests._transport.loopback import TOKEN, answer, answering, loopback, wire

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    from gitlab_completions._transport.engines import EngineName

pytestmark = pytest.mark.real_time


@runtime_checkable
class Streamlike(Protocol):
    def get_extra_info(self, info: str) -> socket.socket: ...


def settings(
    engine: EngineName, proxy: str | None = None, *, http2: bool = False
) -> Settings:
    return Settings(
        engine=load(engine),
        context=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        proxy_for=lambda _url: proxy,
        http2=http2,
        connections=10,
    )


def progress() -> Progress:
    return Progress(wire("http://x"), 5.0, lambda: 0.0)


async def test_our_client_sends_our_headers_and_no_others(engine: EngineName) -> None:
    async with loopback(answering(answer())) as server:
        client = OwnClient(settings(engine))
        response = await client.send(wire(server.url), progress())
        await response.aread()
        await client.aclose()
    assert type(response).__module__.partition(".")[0] == engine
    lines = server.heads[0].decode().lower().strip().split("\r\n")
    assert lines[0] == "post /v2/code/completions http/1.1"
    assert sorted(line.partition(":")[0] for line in lines[1:]) == [
        "accept-encoding",
        "authorization",
        "content-length",
        "host",
        "user-agent",
    ]


async def test_sockets_are_kept_alive_and_connections_too(engine: EngineName) -> None:
    async with loopback(answering(answer())) as server:
        client = OwnClient(settings(engine))
        for _ in range(3):
            sent = progress()
            response = await client.send(wire(server.url), sent)
            raw = response.extensions["network_stream"].get_extra_info("socket")
            assert raw.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            await response.aread()
            sent.end()
        await client.aclose()
    assert server.connections == 1


async def test_prepared_urls_are_few(engine: EngineName) -> None:
    async with loopback(answering(answer())) as server:
        client = OwnClient(settings(engine))
        for number in range(70):
            request = wire(f"{server.url}?{number}")
            sent = progress()
            await (await client.send(request, sent)).aread()
            sent.end()
        await client.aclose()
    assert len(client._prepared) < 10
    assert server.connections == 1


async def test_a_plain_request_goes_to_the_proxy(engine: EngineName) -> None:
    async with loopback(answering(answer())) as proxy:
        origin = proxy.url.rpartition("/v2")[0]
        client = OwnClient(settings(engine, origin))
        await (await client.send(wire("http://gitlab.example/a"), progress())).aread()
        await client.aclose()
    assert proxy.heads[0].startswith(b"POST http://gitlab.example/a HTTP/1.1")


@pytest.mark.parametrize(
    "proxy",
    [
        "ftp://user:canary@proxy.example",
        "http://proxy.example:canary",
        "http://user:canary/word@proxy.example:3128",
        "http://user:12/canary@proxy.example:3128",
        "http://canary@pro xy:x",
        "http://user:canary@a\x01b.example",  # urllib takes it, httpx does not
    ],
)
def test_an_unusable_proxy_is_told_as_one_and_not_shown(
    engine: EngineName, proxy: str
) -> None:
    with pytest.raises(SendError) as caught:
        make_transport(settings(engine), proxy)
    assert (caught.value.kind, caught.value.detail) == ("proxy", "proxy_url")
    # The HTTP library quotes what it took for a port: a piece of the password.
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_a_socks_proxy_needs_its_package(
    engine: EngineName, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    with pytest.raises(SendError) as caught:
        make_transport(settings(engine), "socks5://proxy.example:1080")
    assert (caught.value.kind, caught.value.detail) == ("proxy", "proxy_package")


@pytest.mark.parametrize("scheme", ["https", "HTTPS"])
async def test_a_proxy_that_speaks_tls_is_checked_like_a_server(
    engine: EngineName, scheme: str
) -> None:
    with_ours = settings(engine)
    transport = make_transport(with_ours, f"{scheme}://proxy.example:443")
    assert vars(transport._pool)["_proxy_ssl_context"] is with_ours.context
    await transport.aclose()


async def test_a_connection_to_a_proxy_finds_out_when_it_is_dead(
    engine: EngineName,
) -> None:
    # httpcore hands its socket options to none that goes through a proxy.
    kept: list[int] = []

    class Watching(Progress):
        async def trace(self, event: str, info: Mapping[str, object]) -> None:
            await super().trace(event, info)
            if event == "connection.connect_tcp.complete":
                stream = info["return_value"]
                assert isinstance(stream, Streamlike)
                sock = stream.get_extra_info("socket")
                kept.append(sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE))

    async with loopback(answering(answer())) as proxy:
        client = OwnClient(settings(engine, proxy.url.rpartition("/v2")[0]))
        watching = Watching(wire("http://x"), 5.0, lambda: 0.0)
        await (await client.send(wire("http://gitlab.example/a"), watching)).aread()
        await client.aclose()
    assert kept == [1]


def test_every_option_is_one_this_system_has() -> None:
    with socket.socket() as sock:
        for option in socket_options():
            sock.setsockopt(*option)
    names = {name for _, name, _ in socket_options()}
    assert socket.SO_KEEPALIVE in names


def test_a_wish_for_compression_is_respected() -> None:
    request = wire("http://x", headers={"Accept-Encoding": "gzip"})
    assert [v for n, v in headers_of(request) if n.lower() == "accept-encoding"] == [
        "gzip"
    ]


@pytest.mark.parametrize("module", [httpx, httpx2], ids=["httpx", "httpx2"])
async def test_a_users_client_keeps_its_settings_but_not_its_credentials(
    module: ModuleType,
) -> None:
    async with (
        loopback(answering(answer())) as server,
        module.AsyncClient(headers={"X-Corp": "1"}, auth=("user", "other")) as client,
    ):
        used = UserClient(client)
        await (await used.send(wire(server.url), progress())).aread()
        await used.aclose()
        assert not client.is_closed
    assert b"X-Corp: 1" in server.heads[0]
    assert f"Authorization: Bearer {TOKEN}".encode() in server.heads[0]
    assert b"User-Agent: ours/1" in server.heads[0]


def test_a_prepared_request_is_the_same_as_one_made_anew(engine: EngineName) -> None:
    url = "https://gateway.example/v2/completions"
    http = load(engine).http
    prepared = Prepared(http, url, Lanes(http.AsyncHTTPTransport, 1))
    first = wire(url, headers={"X-Request-ID": "1", "Authorization": TOKEN})
    change = partial(dataclasses.replace, first)
    chunked = {"Transfer-Encoding": "chunked"}
    for sent in (
        first,
        change(body=b"longer than the first"),
        change(headers={**first.headers, "X-Request-ID": "2"}),
        change(headers={"X-Request-ID": "3", "Authorization": "another"}),
        change(headers={"Authorization": "another"}),
        change(headers={"X-Request-ID": "4", **chunked}),
        change(headers={"X-Request-ID": "5", **chunked}),
        change(method="PUT"),
        change(method="GET", body=b""),
        change(method="GET", body=b""),
        first,
    ):
        message = prepared.message(sent)
        anew = http.Request(
            sent.method, url, headers=headers_of(sent), content=sent.body
        )
        assert message.headers.raw == anew.headers.raw
        assert (message.method, message.url) == (anew.method, anew.url)
        assert message.read() == anew.read()


@pytest.mark.parametrize("module", [httpx, httpx2], ids=["httpx", "httpx2"])
@pytest.mark.parametrize("wrong", ["Client", "Headers"])
def test_nothing_else_is_a_client(module: ModuleType, wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="AsyncClient of httpx or httpx2"):
        UserClient(getattr(module, wrong)())


def test_connections_are_kept_for_55_seconds_and_none_is_closed_for_being_idle(
    engine: EngineName,
) -> None:
    # httpx's 5 s costs a handshake after each pause, and its pool closes what is above
    # the smaller limit although it is the larger one that is in use.
    for http2, connections in ((False, 1), (True, 10)):
        pool = make_transport(settings(engine, http2=http2), None)._pool
        assert pool._keepalive_expiry == 55.0
        assert pool._max_keepalive_connections == pool._max_connections == connections
