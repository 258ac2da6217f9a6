"""One client per route, replaced when it is in doubt, closed when it is done with."""

from __future__ import annotations

import asyncio
import gc
import logging
import ssl
import traceback
from importlib import import_module
from typing import TYPE_CHECKING

import httpx
import httpx2
import pytest
import trustme

from gitlab_completions._transport import sender as module
from gitlab_completions._transport.succession import SILENCE_S
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.models import Route
from gitlab_completions.senders import HttpxSender, SendError
from tests._transport.loopback import (
    NO_AUTHORITIES,
    SOURCE,
    TOKEN,
    answer,
    answering,
    closing,
    fetch,
    loopback,
    silent,
    wire,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

    from gitlab_completions._transport.engines import EngineName
    from tests._transport.loopback import Peer

pytestmark = pytest.mark.real_time

GOOD = answer()


async def begun(sender: HttpxSender, url: str) -> asyncio.Task[tuple[int, bytes]]:
    """Start an exchange that will not be answered by itself."""
    task = asyncio.create_task(fetch(sender, wire(url)))
    await asyncio.sleep(0)
    return task


# Replacement.


async def test_what_comes_next_goes_out_on_a_new_client(engine: EngineName) -> None:
    sender = HttpxSender(engine=engine)
    async with loopback(answering(GOOD)) as server, closing(sender):
        await fetch(sender, wire(server.url))
        assert sender.replace(Route.DIRECT)
        assert sender.replace(Route.INDIRECT)
        await server.peers[0].gone.wait()
        await fetch(sender, wire(server.url))
    assert server.connections == 2


async def test_what_is_in_flight_ends_on_the_old_client(engine: EngineName) -> None:
    answers = asyncio.Event()

    async def late(peer: Peer) -> None:
        await peer.request()
        await answers.wait()
        await peer.write(GOOD)
        await peer.reader.read()

    sender = HttpxSender(engine=engine)
    async with loopback(late, answering(GOOD)) as server, closing(sender):
        old = await begun(sender, server.url)
        await server.requested()
        assert sender.replace(Route.DIRECT)
        assert (await fetch(sender, wire(server.url)))[0] == 200
        answers.set()
        assert (await old)[0] == 200
        await fetch(sender, wire(server.url))
    assert server.connections == 2


async def test_a_third_client_ends_what_is_on_the_first(engine: EngineName) -> None:
    sender = HttpxSender(engine=engine)
    async with loopback(silent, silent, answering(GOOD)) as server, closing(sender):
        tasks = []
        for number in (1, 2):
            tasks.append(await begun(sender, server.url))
            await server.requested(number)
            sender.replace(Route.DIRECT)
        with pytest.raises(SendError) as caught:
            await tasks[0]
        assert caught.value.kind == "pool"
        assert (await fetch(sender, wire(server.url)))[0] == 200
        assert not tasks[1].done()
        tasks[1].cancel()
        await asyncio.wait(tasks)


async def test_two_silent_exchanges_bring_a_new_client(
    engine: EngineName, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    real = loop.time
    late_s = 0.0
    sender = HttpxSender(engine=engine)
    async with loopback(silent, silent, answering(GOOD)) as server, closing(sender):
        tasks = [await begun(sender, server.url) for _ in range(2)]
        await server.requested(2)
        monkeypatch.setattr(loop, "time", lambda: real() + late_s)
        late_s = SILENCE_S
        (clients,) = sender._clients.values()
        old = clients._current
        assert (await fetch(sender, wire(server.url)))[0] == 200
        monkeypatch.undo()
        assert clients._current is not old
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def test_a_protocol_error_brings_a_new_client(engine: EngineName) -> None:
    async def no_http(peer: Peer) -> None:
        await peer.request()
        await peer.write(b"garbage\r\n\r\n")

    sender = HttpxSender(engine=engine)
    async with loopback(no_http, answering(GOOD)) as server, closing(sender):
        with pytest.raises(SendError):
            await fetch(sender, wire(server.url))
        (clients,) = sender._clients.values()
        old = clients._current
        await fetch(sender, wire(server.url))
        assert clients._current is not old


async def test_a_full_pool_is_told_and_left(engine: EngineName) -> None:
    sender = HttpxSender(max_in_flight=1, engine=engine)
    async with loopback(*[silent] * 3, answering(GOOD)) as server, closing(sender):
        tasks = [await begun(sender, server.url) for _ in range(3)]
        await server.requested(3)
        with pytest.raises(SendError) as caught:
            await fetch(sender, wire(server.url))
        assert caught.value.kind == "pool"
        assert (await fetch(sender, wire(server.url)))[0] == 200
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


@pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
async def test_a_users_client_is_neither_replaced_nor_closed(
    library: ModuleType,
) -> None:
    async with (
        loopback(answering(GOOD)) as server,
        library.AsyncClient(verify=NO_AUTHORITIES) as client,
    ):
        sender = HttpxSender(client)
        await fetch(sender, wire(server.url))
        assert not sender.replace(Route.DIRECT)
        await fetch(sender, wire(server.url, route=Route.INDIRECT))
        await sender.aclose()
        assert not client.is_closed
    assert server.connections == 1


async def test_a_users_client_that_is_closed_is_a_send_error() -> None:
    for library in (httpx, httpx2):
        client = library.AsyncClient(verify=NO_AUTHORITIES)
        await client.aclose()
        with pytest.raises(SendError) as caught:
            await fetch(HttpxSender(client), wire("http://gateway.example/"))
        assert caught.value.kind == "protocol"
        assert isinstance(caught.value.__cause__, RuntimeError)


# Event loops.


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
async def test_a_sender_serves_another_loop_when_its_own_is_over(
    engine: EngineName,
) -> None:
    sender = HttpxSender(engine=engine)
    async with loopback(answering(GOOD)) as server:
        for _ in range(3):
            request = wire(server.url)
            status, _ = await asyncio.to_thread(asyncio.run, fetch(sender, request))
            assert status == 200
        assert server.connections == 3
        await asyncio.to_thread(asyncio.run, sender.aclose())
        del sender
        gc.collect()  # the connections of loops that are over, which asyncio laments


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
async def test_a_users_client_is_the_users_on_another_loop_too(
    engine: EngineName,
) -> None:
    client = httpx.AsyncClient(verify=NO_AUTHORITIES)
    sender = HttpxSender(client)
    async with loopback(answering(GOOD)) as server:
        await asyncio.to_thread(asyncio.run, fetch(sender, wire(server.url)))
        await asyncio.to_thread(asyncio.run, sender.aclose())
        assert not client.is_closed
        del sender, client
        gc.collect()


async def test_a_sender_serves_no_two_loops_at_once(engine: EngineName) -> None:
    async with (
        loopback(answering(GOOD)) as server,
        HttpxSender(engine=engine) as sender,
    ):
        await fetch(sender, wire(server.url))
        other = asyncio.to_thread(asyncio.run, fetch(sender, wire(server.url)))
        with pytest.raises(SendError) as caught:
            await other
        assert "make one for each" in str(caught.value.__cause__)
        await fetch(sender, wire(server.url))
    assert server.connections == 1


# Closing.


async def test_a_sender_is_closed_at_the_end_of_its_context(engine: EngineName) -> None:
    async with (
        loopback(answering(GOOD)) as server,
        HttpxSender(engine=engine) as sender,
    ):
        await fetch(sender, wire(server.url))
    with pytest.raises(SendError):
        await fetch(sender, wire(server.url))


async def test_a_closed_sender_sends_nothing(engine: EngineName) -> None:
    async with loopback(answering(GOOD)) as server:
        used, unused = HttpxSender(engine=engine), HttpxSender(engine=engine)
        await fetch(used, wire(server.url))
        for sender in (used, unused):
            await sender.aclose()
            await sender.aclose()
            with pytest.raises(SendError) as caught:
                await fetch(sender, wire(server.url))
            assert caught.value.kind == "pool"
    assert server.connections == 1


async def test_closing_ends_what_is_in_flight(engine: EngineName) -> None:
    sender = HttpxSender(engine=engine)
    async with loopback(silent) as server:
        task = await begun(sender, server.url)
        await server.requested()
        await sender.aclose()
        with pytest.raises(SendError) as caught:
            await task
    assert caught.value.kind == "pool"


async def test_a_silent_exchange_that_a_third_client_ends_has_timed_out(
    engine: EngineName, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SILENCE_S", 0.0)
    sender = HttpxSender(engine=engine)
    async with loopback(silent) as server:
        task = await begun(sender, server.url)
        await server.requested()
        sender.replace(Route.DIRECT)
        follower = await begun(sender, server.url)
        await server.requested(2)
        sender.replace(Route.DIRECT)
        with pytest.raises(SendError) as caught:
            await task
        assert caught.value.kind == "timeout"
        await sender.aclose()
        await asyncio.wait({follower})
        follower.exception()


async def test_closing_while_preparing(engine: EngineName) -> None:
    sender = HttpxSender(engine=engine)
    task = await begun(sender, "http://gateway.example/")
    await sender.aclose()
    with pytest.raises(SendError) as caught:
        await task
    assert caught.value.kind == "pool"


# TLS.


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(ca: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(path)
    return path


@pytest.fixture
def server_tls(ca: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    ca.configure_trust(context)
    return context


async def test_an_unknown_authority_is_tls(
    engine: EngineName, server_tls: ssl.SSLContext
) -> None:
    sender = HttpxSender(engine=engine)
    async with loopback(answering(GOOD), tls=server_tls) as server, closing(sender):
        with pytest.raises(SendError) as caught:
            await fetch(sender, wire(server.url))
    assert caught.value.kind == "tls"


async def test_no_tls_at_all_is_tls(engine: EngineName) -> None:
    async def plain(peer: Peer) -> None:
        await peer.write(GOOD)
        await peer.reader.read()

    sender = HttpxSender(engine=engine)
    async with loopback(plain) as server, closing(sender):
        with pytest.raises(SendError) as caught:
            await fetch(sender, wire(server.url.replace("http:", "https:")))
    assert caught.value.kind == "tls"


async def test_an_added_authority_is_trusted_and_its_connection_kept(
    engine: EngineName, ca_file: Path, server_tls: ssl.SSLContext
) -> None:
    sender = HttpxSender(verify=ca_file, engine=engine)
    async with loopback(answering(GOOD), tls=server_tls) as server, closing(sender):
        for _ in range(2):
            assert (await fetch(sender, wire(server.url)))[0] == 200
    assert server.connections == 1


async def test_a_client_certificate_is_shown(
    engine: EngineName,
    ca: trustme.CA,
    ca_file: Path,
    server_tls: ssl.SSLContext,
    tmp_path: Path,
) -> None:
    server_tls.verify_mode = ssl.CERT_REQUIRED
    own = tmp_path / "own.pem"
    ca.issue_cert("author@example.com").private_key_and_cert_chain_pem.write_to_path(
        own
    )
    with_it, without = (
        HttpxSender(verify=ca_file, cert=own, engine=engine),
        HttpxSender(verify=ca_file, engine=engine),
    )
    async with (
        loopback(answering(GOOD), tls=server_tls) as server,
        closing(with_it, without),
    ):
        assert (await fetch(with_it, wire(server.url)))[0] == 200
        with pytest.raises(SendError) as caught:
            await fetch(without, wire(server.url))
    # The server resets, and whether its alert arrives before that is chance.
    assert caught.value.kind in {"tls", "broken"}


def forget(path: Path) -> None:
    path.unlink()


async def test_authorities_that_vanish_before_the_first_exchange_are_tls(
    engine: EngineName, ca_file: Path
) -> None:
    sender = HttpxSender(verify=ca_file, engine=engine)
    forget(ca_file)
    async with closing(sender):
        with pytest.raises(SendError) as caught:
            await fetch(sender, wire("https://gateway.example/"))
    assert caught.value.kind == "tls"


async def test_a_handshake_that_hangs_is_connect(engine: EngineName) -> None:
    async def mute(peer: Peer) -> None:
        await peer.reader.read()

    sender = HttpxSender(engine=engine)
    async with loopback(mute) as server, closing(sender):
        url = server.url.replace("http:", "https:")
        with pytest.raises(SendError) as caught:
            await fetch(sender, wire(url, timeout_s=0.05))
    assert caught.value.kind == "connect"


async def test_silence_within_tls_is_a_timeout(
    engine: EngineName, ca_file: Path, server_tls: ssl.SSLContext
) -> None:
    sender = HttpxSender(verify=ca_file, engine=engine)
    async with loopback(silent, tls=server_tls) as server, closing(sender):
        with pytest.raises(SendError) as caught:
            await fetch(sender, wire(server.url, timeout_s=0.2))
    assert caught.value.kind == "timeout"


async def test_a_stale_connection_within_tls_is_tried_once_more(
    engine: EngineName, ca_file: Path, server_tls: ssl.SSLContext
) -> None:
    async def once(peer: Peer) -> None:
        await peer.request()
        await peer.write(GOOD)
        await peer.request()
        peer.reset()

    sender = HttpxSender(verify=ca_file, engine=engine)
    async with (
        loopback(once, answering(GOOD), tls=server_tls) as server,
        closing(sender),
    ):
        for _ in range(2):
            assert (await fetch(sender, wire(server.url)))[0] == 200
    assert server.connections == 2


# Proxies.


async def test_a_proxy_that_refuses_is_proxy(engine: EngineName) -> None:
    async with loopback(answering(answer(status=407))) as proxy:
        sender = HttpxSender(proxy=proxy.url.rpartition("/v2")[0], engine=engine)
        async with closing(sender):
            with pytest.raises(SendError) as caught:
                await fetch(sender, wire("https://gateway.example/"))
    assert (caught.value.kind, caught.value.detail) == ("proxy", "proxy_credentials")
    assert proxy.heads[0].startswith(b"CONNECT gateway.example:443")
    assert TOKEN.encode() not in proxy.heads[0]


async def test_a_proxy_may_be_an_ipv6_address(engine: EngineName) -> None:
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(GOOD)
        writer.close()

    try:
        server = await asyncio.start_server(serve, "::1", 0)
    except OSError:
        pytest.skip("this machine has no IPv6 on loopback")
    port = server.sockets[0].getsockname()[1]
    sender = HttpxSender(proxy=f"http://[::1]:{port}", engine=engine)
    async with server, closing(sender):
        assert await fetch(sender, wire("http://gitlab.example/")) == (200, b"{}")
    assert heads[0].startswith(b"POST http://gitlab.example/ HTTP/1.1")


async def test_the_words_of_a_proxy_are_nobodys(engine: EngineName) -> None:
    rude = b"HTTP/1.1 407 not with canary-password\r\ncontent-length: 0\r\n\r\n"
    async with loopback(answering(rude)) as proxy:
        at = proxy.url.rpartition("/v2")[0].replace("://", "://user:canary-password@")
        sender = HttpxSender(proxy=at, engine=engine)
        async with closing(sender):
            with pytest.raises(SendError) as caught:
                await fetch(sender, wire("https://gateway.example/"))
    assert caught.value.detail == "proxy_credentials"
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert b"Proxy-Authorization: Basic " in proxy.heads[0]


async def test_a_failed_handshake_in_a_tunnel_costs_the_pool_no_connection(
    engine: EngineName, server_tls: ssl.SSLContext
) -> None:
    """httpcore keeps such a connection among the busy ones, for good."""

    async def tunnel(peer: Peer) -> None:
        await peer.request()
        await peer.write(b"HTTP/1.1 200 Yes\r\n\r\n")
        await peer.writer.start_tls(server_tls)

    kinds: list[str] = []
    async with loopback(tunnel) as proxy:
        sender = HttpxSender(
            proxy=proxy.url.rpartition("/v2")[0], max_in_flight=1, engine=engine
        )
        async with closing(sender):
            for _ in range(5):
                with pytest.raises(SendError) as caught:
                    await fetch(sender, wire("https://gateway.example/"))
                kinds.append(f"{caught.value.kind} {caught.value.detail}")
    assert kinds == ["tls untrusted"] * 5


async def test_a_proxy_that_takes_its_time_is_a_connection_that_does(
    engine: EngineName,
) -> None:
    async with loopback(silent) as proxy:
        sender = HttpxSender(proxy=proxy.url.rpartition("/v2")[0], engine=engine)
        async with closing(sender):
            with pytest.raises(SendError) as caught:
                await fetch(sender, wire("https://gateway.example/", timeout_s=0.2))
    assert (caught.value.kind, caught.value.detail) == ("proxy", "proxy_silent")


async def test_the_environments_proxy_and_its_exceptions(
    engine: EngineName, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        loopback(answering(answer(b"proxy"))) as proxy,
        loopback(answering(answer(b"server"))) as server,
    ):
        monkeypatch.setenv("HTTP_PROXY", proxy.url.rpartition("/v2")[0])
        sender, other = (
            HttpxSender(engine=engine),
            HttpxSender(proxy={Route.DIRECT: None}, engine=engine),
        )
        async with closing(sender, other):
            assert await fetch(sender, wire(server.url)) == (200, b"proxy")
            assert await fetch(other, wire(server.url)) == (200, b"server")
            monkeypatch.setenv("NO_PROXY", "127.0.0.1")
            sender.replace(Route.DIRECT)
            assert await fetch(sender, wire(server.url)) == (200, b"server")


# Secrets.


@pytest.mark.parametrize("body", [GOOD, b"garbage\r\n\r\n", b""])
@pytest.mark.parametrize("theirs", [False, True])
async def test_no_secret_is_logged_or_raised(
    engine: EngineName, theirs: bool, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def once(peer: Peer) -> None:
        await peer.request()
        await peer.write(body)

    said = ""
    client = import_module(engine).AsyncClient(verify=NO_AUTHORITIES)
    sender = HttpxSender(client) if theirs else HttpxSender(engine=engine)
    with caplog.at_level(logging.DEBUG):
        async with client, loopback(once) as server, closing(sender):
            try:
                await fetch(sender, wire(server.url))
            except SendError as error:
                said = "".join(traceback.format_exception(error)) + repr(error)
    core = "httpcore2." if engine == "httpx2" else "httpcore."
    assert any(record.name.startswith(core) for record in caplog.records)
    for text in (said, caplog.text):
        assert TOKEN not in text
        assert SOURCE.decode() not in text


@pytest.mark.parametrize("ending", ["\n", "é", " ", "\0"])
async def test_a_header_that_cannot_be_sent_is_not_quoted(
    engine: EngineName, ending: str, caplog: pytest.LogCaptureFixture
) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}{ending}"}
    sender = HttpxSender(engine=engine)
    with caplog.at_level(logging.DEBUG):
        async with loopback(answering(GOOD)) as server, closing(sender):
            with pytest.raises(SendError) as caught:
                await fetch(sender, wire(server.url, headers=headers))
    assert caught.value.kind == "protocol"
    said = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert TOKEN not in said
    assert not server.heads


# The constructor.


async def test_a_client_goes_alone() -> None:
    async with httpx.AsyncClient(verify=NO_AUTHORITIES) as client:
        for fields in (
            {"proxy": "http://proxy.example:1"},
            {"verify": ssl.create_default_context()},
            {"trust_env": False},
            {"http2": True},
            {"max_in_flight": 4},
        ):
            with pytest.raises(ConfigurationError, match="client goes alone"):
                HttpxSender(client, **fields)
        # The client has no such argument: one does not set it there.
        with pytest.raises(ConfigurationError, match="leave engine out"):
            HttpxSender(client, engine="httpx2")


def without(package: str) -> Callable[[str], str | None]:
    """Find every package but one."""
    return lambda name: None if name == package else name


def test_http2_needs_its_package(
    engine: EngineName, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "find_spec", without("h2"))
    with pytest.raises(ConfigurationError, match=rf"pip install '{engine}\[http2\]'"):
        HttpxSender(http2=True, engine=engine)
    monkeypatch.setattr(module, "find_spec", lambda name: name)
    HttpxSender(http2=True, engine=engine)


def test_a_socks_proxy_needs_its_package(
    engine: EngineName, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "find_spec", without("socksio"))
    proxy = {Route.DIRECT: "socks5://proxy.example:1080"}
    with pytest.raises(ConfigurationError, match=rf"pip install '{engine}\[socks\]'"):
        HttpxSender(proxy=proxy, engine=engine)
    monkeypatch.setattr(module, "find_spec", lambda name: name)
    HttpxSender(proxy=proxy, engine=engine)


def test_an_engine_needs_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", without("httpx2"))
    HttpxSender()
    with pytest.raises(
        ConfigurationError, match=r"pip install 'gitlab-completions\[httpx2\]'"
    ):
        HttpxSender(engine="httpx2")


def test_at_least_one_exchange_must_be_possible() -> None:
    with pytest.raises(ConfigurationError, match="max_in_flight"):
        HttpxSender(max_in_flight=0)
