"""Both routes through every kind of proxy, by argument and by environment."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import httpx
import httpx2
import pytest

from gitlab_completions import HttpxSender, Route, RouteReason
from tests.loopback.scene import REQUEST, complete, emulate
from tests.networks.scene import IN_URL, assert_works, bundle, client_by

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from gitlab_completions._transport.engines import EngineName
    from gitlab_completions.emulator import Emulator
    from tests.networks.scene import Office

ENGINES = ["httpx", "httpx2"]
LIBRARIES = pytest.mark.parametrize("library", [httpx, httpx2], ids=ENGINES)


def ports(emulator: Emulator) -> set[int]:
    return {emulator.instance_front.port, emulator.gateway_front.port}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", ["http", "https", "with credentials"])
async def test_both_routes_go_through_a_proxy_that_is_given(
    office: Office,
    tmp_path: Path,
    engine: EngineName,
    kind: str,
) -> None:
    program = office.guard if kind == "with credentials" else office.relay
    url = program.url(IN_URL if program is office.guard else "")
    if kind == "https":
        url = program.url(scheme="https")
    async with emulate() as emulator:
        trusted = bundle(tmp_path, emulator.ca_pem, program.ca_pem)
        await assert_works(
            HttpxSender(proxy=url, verify=trusted, engine=engine), emulator
        )
        assert set(await program.tunnels()) == ports(emulator)
    assert await program.requests() == []  # TLS stays closed to it


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
async def test_both_routes_go_through_the_environments_proxy(
    office: Office, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, office.guard.url(IN_URL))
    async with emulate() as emulator:
        monkeypatch.setenv("SSL_CERT_FILE", str(emulator.ca_pem))
        await assert_works(HttpxSender(), emulator)
        assert set(await office.guard.tunnels()) == ports(emulator)


async def test_an_argument_is_stronger_than_the_environment(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", office.guard.url(IN_URL))
    monkeypatch.setenv("NO_PROXY", "*")
    async with emulate() as emulator:
        sender = HttpxSender(proxy=office.relay.url(), verify=emulator.ca_pem)
        await assert_works(sender, emulator)
        assert set(await office.relay.tunnels()) == ports(emulator)
        assert await office.guard.tunnels() == []
        await assert_works(
            HttpxSender(trust_env=False, verify=emulator.ca_pem), emulator
        )
    assert await office.guard.tunnels() == []


@pytest.mark.parametrize("excepted", ["gateway", "instance", "all", "network"])
async def test_no_proxy_leaves_out_what_it_names(
    office: Office, monkeypatch: pytest.MonkeyPatch, excepted: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", office.relay.url())
    async with emulate() as emulator:
        gateway, instance = emulator.gateway_front.port, emulator.instance_front.port
        names, left = {
            "gateway": (f"127.0.0.1:{gateway}", {instance}),
            "instance": (f"gitlab.example, 127.0.0.1:{instance}", {gateway}),
            "all": ("*", set[int]()),
            "network": ("10.0.0.0/8,127.0.0.0/8", set[int]()),
        }[excepted]
        monkeypatch.setenv("NO_PROXY", names)
        await assert_works(HttpxSender(verify=emulator.ca_pem), emulator)
        assert set(await office.relay.tunnels()) == left


@pytest.mark.parametrize("proxied", Route)
async def test_one_route_alone_goes_through_the_proxy(
    office: Office, monkeypatch: pytest.MonkeyPatch, proxied: Route
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", office.guard.url())
    proxy = {route: office.relay.url() if route is proxied else None for route in Route}
    async with emulate() as emulator:
        await assert_works(HttpxSender(proxy=proxy, verify=emulator.ca_pem), emulator)
        front = emulator.gateway_front
        if proxied is Route.INDIRECT:
            front = emulator.instance_front
        assert set(await office.relay.tunnels()) == {front.port}
    assert await office.guard.tunnels() == []


@pytest.mark.parametrize("kind", ["http", "https"])
async def test_twenty_calls_share_one_tunnel_a_route(
    office: Office, tmp_path: Path, kind: str
) -> None:
    async with emulate() as emulator:
        trusted = bundle(tmp_path, emulator.ca_pem, office.relay.ca_pem)
        sender = HttpxSender(proxy=office.relay.url(scheme=kind), verify=trusted)
        await assert_works(sender, emulator, calls=20)
        assert sorted(await office.relay.tunnels()) == sorted(ports(emulator))
        assert emulator.gateway_front.connections_opened == 1
        assert emulator.instance_front.connections_opened == 1
    assert await office.relay.is_alone()


async def test_cancelled_calls_leave_no_tunnel_behind(office: Office) -> None:
    async with emulate(direct_latency_s=0.05) as emulator:
        sender = HttpxSender(proxy=office.relay.url(), verify=emulator.ca_pem)
        async with aclosing(sender), client_by(sender, emulator.instance_url) as client:
            await client.warm_up()
            for _ in range(12):
                call = asyncio.create_task(client.complete(REQUEST))
                await asyncio.wait([call], timeout=0.01)  # on the wire by then, or not
                call.cancel()
                await asyncio.wait([call])
            done = await complete(client)
            assert (done.route, done.reason) == (Route.DIRECT, RouteReason.PREFERRED)
            # As many as were on the wire at once: a cancelled exchange ends by itself.
            assert len(await office.relay.tunnels()) <= 1 + 8
        assert await office.relay.is_alone()


async def test_calls_at_once_share_as_many_tunnels_as_exchanges_are_allowed(
    office: Office,
) -> None:
    async with emulate(direct_latency_s=0.02) as emulator:
        sender = HttpxSender(proxy=office.relay.url(), verify=emulator.ca_pem)
        async with (
            aclosing(sender),
            client_by(sender, emulator.instance_url) as client,
        ):
            await client.warm_up()
            for _ in range(2):
                await asyncio.gather(*(complete(client) for _ in range(20)))
            tunnels = await office.relay.tunnels()
            assert tunnels.count(emulator.gateway_front.port) <= 8 + 2
        assert await office.relay.is_alone()


@pytest.mark.parametrize("broken", Route)
async def test_the_route_whose_proxy_is_sound_serves_when_the_others_breaks(
    office: Office, broken: Route
) -> None:
    sound = next(route for route in Route if route is not broken)
    proxy = {broken: office.relay.url(), sound: office.guard.url(IN_URL)}
    async with emulate("self-hosted") as emulator:
        sender = HttpxSender(proxy=proxy, verify=emulator.ca_pem)
        async with (
            aclosing(sender),
            client_by(sender, emulator.instance_url) as client,
        ):
            await client.warm_up()
            assert (await complete(client)).route is Route.DIRECT
            office.relay.answer(503, to="connect")
            await emulator.gateway_front.drop_connections()
            await emulator.instance_front.drop_connections()
            for _ in range(3):
                assert (await complete(client)).route is sound


async def test_a_tunnel_that_the_proxy_closed_while_idle_costs_no_call(
    office: Office,
) -> None:
    async with emulate("self-hosted") as emulator:
        sender = HttpxSender(proxy=office.relay.url(), verify=emulator.ca_pem)
        async with aclosing(sender), client_by(sender, emulator.instance_url) as client:
            await client.warm_up()
            assert (await complete(client)).route is Route.DIRECT
            await emulator.restart_gateway()  # the proxy passes the end on
            done = await complete(client)
            assert (done.route, len(done.attempts)) == (Route.DIRECT, 1)


@LIBRARIES
async def test_a_client_of_the_users_goes_by_its_own_proxy(
    office: Office, library: ModuleType
) -> None:
    async with emulate() as emulator:
        theirs = library.AsyncClient(
            proxy=office.guard.url(IN_URL), verify=emulator.ssl_context()
        )
        async with theirs:
            await assert_works(HttpxSender(theirs), emulator, calls=3)
            assert set(await office.guard.tunnels()) == ports(emulator)
