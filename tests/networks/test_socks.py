"""SOCKS proxies, which need a package that httpx does not bring."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import aclosing
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from gitlab_completions import ErrorCode, HttpxSender, Route
from gitlab_completions.senders import SendError
from tests._transport.loopback import fetch, loopback, wire
from tests.loopback.scene import emulate
from tests.networks.proxy_program import VARIABLE
from tests.networks.scene import IN_URL, assert_works, instance_told, told

if TYPE_CHECKING:
    from gitlab_completions._transport.engines import EngineName
    from tests._transport.loopback import Peer
    from tests.networks.scene import Eavesdropper, Office

ENGINES = pytest.mark.parametrize("engine", ["httpx", "httpx2"])


@pytest.fixture
def _socksio() -> None:
    if find_spec("socksio") is None:
        assert VARIABLE not in os.environ, "the session has not installed socksio"
        pytest.skip("needs socksio: nox -s networks")


@ENGINES
@pytest.mark.usefixtures("_socksio")
async def test_both_routes_go_through_a_socks_proxy(
    office: Office, engine: EngineName
) -> None:
    url = office.socks.url(IN_URL, scheme="socks5")
    async with emulate() as emulator:
        sender = HttpxSender(proxy=url, verify=emulator.ca_pem, engine=engine)
        await assert_works(sender, emulator, calls=3)
        assert emulator.gateway_front.connections_opened == 1
    assert await office.socks.is_alone()


@pytest.mark.usefixtures("_socksio")
async def test_a_socks_proxy_that_wants_other_credentials(
    office: Office, eavesdropper: Eavesdropper
) -> None:
    url = office.socks.url("jo:canary@", scheme="socks5")
    async with emulate() as emulator:

        def make(route: Route) -> HttpxSender:
            proxy = {**dict.fromkeys(Route), route: url}
            return HttpxSender(proxy=proxy, verify=emulator.ca_pem)

        answers = await told(make, lambda _: emulator.instance_url, eavesdropper)
        answers.assert_all(
            ErrorCode.PROXY, "the proxy wants credentials", "user:password@"
        )


@pytest.mark.usefixtures("_socksio")
async def test_a_socks_proxy_that_says_nothing_is_not_waited_for_without_an_end() -> (
    None
):
    async def mute(peer: Peer) -> None:
        await peer.reader.read()

    async with loopback(mute) as proxy:
        url = proxy.url.replace("http:", "socks5:").rpartition("/v2")[0]
        sender = HttpxSender(proxy=url)
        async with aclosing(sender), asyncio.timeout(5):
            with pytest.raises(SendError) as caught:
                await fetch(sender, wire("https://gateway.example/", timeout_s=0.2))
    assert (caught.value.kind, caught.value.detail) == ("proxy", "proxy_silent")


async def test_the_environments_socks_proxy_without_its_package(
    eavesdropper: Eavesdropper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    monkeypatch.setenv("ALL_PROXY", "socks5://jo:canary@127.0.0.1:1080")
    async with emulate() as emulator:
        sender = HttpxSender(verify=emulator.ca_pem)
        answers = await instance_told(sender, emulator.instance_url, eavesdropper)
    for error in answers:
        assert error.code is ErrorCode.PROXY
        assert "SOCKS" in error.message
        assert "pip install 'httpx[socks]'" in (error.remedy or "")
        assert "canary" not in f"{error!r} {vars(error)}"
