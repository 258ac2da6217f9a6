"""Each step to a host is tried by itself, and nothing is said to it."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from typing import TYPE_CHECKING

import pytest
import trustme

from gitlab_completions._transport import probes
from gitlab_completions._transport.engines import load
from gitlab_completions._transport.probes import Lookup, look_up, shake_hands
from gitlab_completions._transport.ways import Way
from gitlab_completions.senders import SendError
from tests._transport.loopback import loopback

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions._transport.engines import EngineName
    from tests._transport.loopback import Behaviour, Loopback, Peer

HOST = "127.0.0.1"
PASSWORD = "canary"
V4 = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
V6 = (socket.AF_INET6, socket.SOCK_STREAM, 6, "")


@pytest.fixture(scope="module")
def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext, ssl.SSLContext]:
    """Of a server, of who trusts it, and of who does not."""
    authority = trustme.CA(organization_name="Corp Root")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST).configure_cert(server)
    trusting, stranger = (ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) for _ in range(2))
    authority.configure_trust(trusting)
    return server, trusting, stranger


@pytest.fixture
def way(engine: EngineName, contexts: tuple[ssl.SSLContext, ...]) -> Callable[..., Way]:
    def make(proxy: str | None = None, *, trusts: bool = True) -> Way:
        return Way(
            proxy=proxy,
            proxy_source="",
            context=contexts[1 if trusts else 2],
            trust="",
            core=load(engine).core,
        )

    return make


async def mute(peer: Peer) -> None:
    """Say nothing, and hear nothing."""
    assert await peer.reader.read() == b""


def port_of(served: Loopback) -> int:
    return int(served.url.split(":")[2].partition("/")[0])


def left_port() -> int:
    with socket.create_server((HOST, 0)) as server:
        port: int = server.getsockname()[1]
    return port


def resolving(monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
    """Have every name stand for that."""

    async def getaddrinfo(host: str, port: int, **more: object) -> object:
        del host, port, more
        if isinstance(answer, BaseException):
            raise answer
        return answer

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)


async def test_an_address_of_each_family_is_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with loopback(mute) as served:
        port = port_of(served)
        infos = [(*V6, ("::1", port, 0, 0)), (*V4, (HOST, port)), (*V4, ("::", port))]
        resolving(monkeypatch, infos)
        found = await look_up("gitlab.example", port)
    assert found.addresses == ("::1", HOST, "::")
    assert [(one.family, one.connected) for one in found.tried] == [
        ("IPv6", False),
        ("IPv4", True),
    ]
    assert found.connects
    assert found.fault == ""


@pytest.mark.parametrize(
    ("number", "absent"),
    [
        (errno.ENETUNREACH, True),
        (errno.EADDRNOTAVAIL, True),
        (errno.ECONNREFUSED, False),
        (errno.EHOSTUNREACH, False),
    ],
)
async def test_a_family_may_be_one_that_this_machine_has_not(
    number: int, monkeypatch: pytest.MonkeyPatch, *, absent: bool
) -> None:
    async def connect(*_: object) -> None:
        raise OSError(number, "no")

    resolving(monkeypatch, [(*V6, ("2001:db8::1", 443, 0, 0))])
    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", connect)
    (tried,) = (await look_up("gitlab.example", 443)).tried
    assert (tried.connected, tried.absent) == (False, absent)


async def test_no_address_may_answer() -> None:
    found = await look_up(HOST, left_port())
    assert not found.connects
    assert [one.connected for one in found.tried] == [False]


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (socket.gaierror(socket.EAI_NONAME, "unknown"), "unknown"),
        (socket.gaierror(socket.EAI_AGAIN, "again"), "no_answer"),
        (UnicodeError("label too long"), "no_answer"),
        (TimeoutError(), "no_answer"),
    ],
)
async def test_a_name_may_stand_for_nothing(
    error: Exception, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolving(monkeypatch, error)
    found = await look_up("gitlab.example", 443)
    assert found.fault == fault
    assert found == Lookup(elapsed_s=found.elapsed_s, fault=found.fault)


async def test_an_address_that_is_silent_is_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(probes, "LAST_CONNECT_S", 0.0)
    async with loopback(mute) as served:
        found = await look_up(HOST, port_of(served))
    assert not found.connects


async def test_tls_is_agreed_on_and_nothing_is_sent(
    way: Callable[..., Way], contexts: tuple[ssl.SSLContext, ...]
) -> None:
    async with loopback(mute, tls=contexts[0]) as served:
        shake = await shake_hands(way(), HOST, port_of(served))
    assert shake.error is None
    assert shake.version.startswith("TLS")
    assert shake.issuer == "Corp Root"
    assert shake.tls_s is not None


async def test_a_stranger_is_told_who_issued_it(
    way: Callable[..., Way], contexts: tuple[ssl.SSLContext, ...]
) -> None:
    async with loopback(mute, tls=contexts[0]) as served:
        shake = await shake_hands(way(trusts=False), HOST, port_of(served))
    assert shake.error is not None
    assert (shake.error.kind, shake.issuer) == ("tls", "Corp Root")
    assert shake.tls_s is None


async def test_what_speaks_no_tls_has_no_issuer(way: Callable[..., Way]) -> None:
    async def talks(peer: Peer) -> None:
        await peer.reader.read(1)
        await peer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with loopback(talks) as served:
        shake = await shake_hands(way(), HOST, port_of(served))
    assert shake.error is not None
    assert (shake.error.kind, shake.issuer) == ("tls", "")


async def test_a_connection_that_is_cut_in_tls_is_no_matter_of_trust(
    way: Callable[..., Way],
) -> None:
    async def cuts(peer: Peer) -> None:
        await peer.reader.read(1)
        peer.reset()

    async with loopback(cuts) as served:
        shake = await shake_hands(way(), HOST, port_of(served))
    assert shake.error is not None
    assert (shake.error.kind, shake.issuer) == ("connect", "")


async def test_nobody_there_is_an_error(way: Callable[..., Way]) -> None:
    with pytest.raises(SendError, match="connect"):
        await shake_hands(way(), HOST, left_port())


def tunnelling(reply: bytes, port: int) -> Behaviour:
    """Answer the wish for a tunnel, and be one to the port."""

    async def behave(peer: Peer) -> None:
        await peer.request()
        await peer.write(reply)
        if b" 200 " not in reply:
            return
        reader, writer = await asyncio.open_connection(HOST, port)
        try:
            await asyncio.gather(_copy(peer.reader, writer), _copy(reader, peer.writer))
        finally:
            writer.transport.abort()

    return behave


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
    writer.transport.abort()


@pytest.mark.parametrize("trusts", [True, False])
async def test_a_tunnel_is_gone_through(
    way: Callable[..., Way], contexts: tuple[ssl.SSLContext, ...], *, trusts: bool
) -> None:
    async with loopback(mute, tls=contexts[0]) as served:
        port = port_of(served)
        behave = tunnelling(b"HTTP/1.1 200 Connection established\r\n\r\n", port)
        async with loopback(behave) as proxy:
            url = f"http://user:{PASSWORD}%21@{HOST}:{port_of(proxy)}"
            shake = await shake_hands(way(url, trusts=trusts), HOST, port)
    assert (shake.error is None) is trusts
    assert shake.issuer == "Corp Root"
    head = proxy.heads[0]
    assert head.startswith(f"CONNECT {HOST}:{port} HTTP/1.1\r\n".encode())
    assert b"Proxy-Authorization: Basic dXNlcjpjYW5hcnkh\r\n" in head


async def test_a_proxy_may_want_tls_itself(
    way: Callable[..., Way], contexts: tuple[ssl.SSLContext, ...]
) -> None:
    async with loopback(mute, tls=contexts[0]) as served:
        port = port_of(served)
        behave = tunnelling(b"HTTP/1.1 200 OK\r\n\r\n", port)
        async with loopback(behave, tls=contexts[0]) as proxy:
            url = f"https://{HOST}:{port_of(proxy)}"
            shake = await shake_hands(way(url), HOST, port)
    assert shake.error is None
    assert b"Proxy-Authorization" not in proxy.heads[0]


@pytest.mark.parametrize(
    ("reply", "detail"),
    [
        (b"HTTP/1.1 407 Who are you\r\n\r\n", "proxy_credentials"),
        (b"HTTP/1.1 403 No\r\n\r\n", "proxy_refused"),
        (b"HTTP/1.1 502 Cannot\r\n\r\n", "proxy_cannot_reach"),
        (b"HTTP/1.1 200", "proxy_silent"),
        (b"x" * 20_000, "proxy_silent"),
    ],
)
async def test_a_proxy_that_gives_no_tunnel_is_told(
    way: Callable[..., Way], reply: bytes, detail: str
) -> None:
    async with loopback(answering_once(reply)) as proxy:
        url = f"http://user:{PASSWORD}@{HOST}:{port_of(proxy)}"
        with pytest.raises(SendError) as caught:
            await shake_hands(way(url), "::1", 443)
    assert (caught.value.kind, caught.value.detail) == ("proxy", detail)
    assert PASSWORD not in str(caught.value)
    assert proxy.heads[0].startswith(b"CONNECT [::1]:443 ")


def answering_once(reply: bytes) -> Behaviour:
    async def behave(peer: Peer) -> None:
        await peer.request()
        await peer.write(reply)

    return behave


async def test_a_proxy_that_is_not_there_is_told(way: Callable[..., Way]) -> None:
    with pytest.raises(SendError) as caught:
        await shake_hands(way(f"http://{HOST}:{left_port()}"), HOST, 443)
    assert caught.value.detail == "proxy_unreachable"


async def test_who_leaves_leaves_no_connection(way: Callable[..., Way]) -> None:
    asked = asyncio.Event()

    async def asking(peer: Peer) -> None:
        await peer.request()
        asked.set()
        await mute(peer)

    async with loopback(asking) as proxy:
        looking = asyncio.create_task(
            shake_hands(way(f"http://{HOST}:{port_of(proxy)}"), HOST, 443)
        )
        await asked.wait()
        looking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await looking
        await proxy.peers[0].gone.wait()
