"""The way to a host is looked at as its sender would go it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import TYPE_CHECKING

import httpx
import pytest
import trustme

from gitlab_completions import HttpxSender, Route
from gitlab_completions._doctor import roads
from gitlab_completions.testing import FakeGitLab
from tests._transport.loopback import NO_AUTHORITIES, closing, loopback

if TYPE_CHECKING:
    from pathlib import Path

    from gitlab_completions._doctor.chart import Road
    from gitlab_completions.senders import Sender
    from tests._transport.loopback import Peer


pytestmark = pytest.mark.real_time


async def mute(peer: Peer) -> None:
    assert await peer.reader.read() == b""


async def look(url: str, **settings: object) -> Road:
    sender = HttpxSender(verify=NO_AUTHORITIES, **settings)  # type: ignore[arg-type]
    async with closing(sender):
        return await roads.look(sender, Route.DIRECT, url)


def left_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


async def test_a_certificate_that_is_not_trusted_is_seen() -> None:
    authority = trustme.CA(organization_name="Corp Root")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with loopback(mute, tls=context) as served:
        road = await look(served.url)
    assert road.lookup is not None
    assert road.lookup.connects
    assert road.handshake is not None
    assert road.handshake.issuer == "Corp Root"
    assert road.connect_s is None


async def test_plain_http_has_no_handshake() -> None:
    async with loopback(mute) as served:
        road = await look(served.url)
    assert not road.is_tls
    assert road.lookup is not None
    assert road.handshake is None


async def test_where_nothing_connects_no_handshake_is_tried() -> None:
    road = await look(f"https://127.0.0.1:{left_port()}/gitlab")
    assert road.lookup is not None
    assert not road.lookup.connects
    assert (road.handshake, road.error) == (None, None)


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_behind_a_proxy_no_name_is_looked_up(scheme: str) -> None:
    proxy = f"{scheme}://user:canary@127.0.0.1:{left_port()}"
    road = await look("https://gitlab.invalid", proxy=proxy)
    assert (road.lookup, road.handshake) == (None, None)
    assert (road.error is not None) is (scheme == "http")


async def test_a_file_that_is_gone_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    sender = HttpxSender()
    async with closing(sender):
        road = await roads.look(sender, Route.DIRECT, "https://gitlab.invalid")
    assert road.error is not None
    assert road.error.detail == "certificate_file"


async def test_what_cannot_be_looked_into_is_not() -> None:
    async with httpx.AsyncClient(verify=NO_AUTHORITIES) as client:
        senders: tuple[Sender, ...] = (HttpxSender(client), FakeGitLab())
        for sender in senders:
            road = await roads.look(sender, Route.DIRECT, "https://gitlab.invalid/x")
            assert (road.host, road.port) == ("gitlab.invalid", 443)
            assert (road.way, road.lookup, road.handshake) == (None, None, None)


async def test_a_look_ends_in_time_with_what_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(roads, "ROAD_S", 0.0)
    monkeypatch.setattr(roads, "look_up", never)
    road = await look("https://gitlab.invalid")
    assert road.way is not None
    assert (road.lookup, road.handshake, road.error) == (None, None, None)
