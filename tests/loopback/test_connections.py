"""Connections that die while they are idle cost nobody a completion, nor a route."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gitlab_completions import Route
from gitlab_completions.events import AttemptFailed, Event
from tests.loopback.scene import (
    PATIENT,
    all_closed,
    client_of,
    closing_idle_after,
    complete,
    emulate,
    go_direct,
)

if TYPE_CHECKING:
    from gitlab_completions import Completion, CompletionClient

AT_ONCE = 8


def assert_nothing_was_lost(
    client: CompletionClient, events: list[Event], *made: Completion
) -> None:
    assert [done.route for done in made] == [Route.DIRECT] * len(made)
    assert [len(done.attempts) for done in made] == [1] * len(made)
    assert not [event for event in events if isinstance(event, AttemptFailed)]
    assert client.status().circuits[Route.DIRECT] == "closed"


async def test_a_connection_that_the_gateway_closed_while_idle_is_replaced() -> None:
    events: list[Event] = []
    async with (
        emulate(closing_idle_after(0.2)) as emulator,
        client_of(emulator, policy=PATIENT, observers=(events.append,)) as client,
    ):
        await go_direct(client)
        assert await all_closed(emulator.gateway_front)
        done = await complete(client)
        assert_nothing_was_lost(client, events, done)


async def test_a_gateway_that_restarts_costs_no_call_its_route() -> None:
    events: list[Event] = []
    async with (
        emulate("self-hosted", direct_latency_s=0.05) as emulator,
        client_of(emulator, policy=PATIENT, observers=(events.append,)) as client,
    ):
        await go_direct(client)
        await asyncio.gather(*(complete(client) for _ in range(AT_ONCE)))
        assert emulator.gateway_front.connections_open == AT_ONCE
        await emulator.restart_gateway()
        made = await asyncio.gather(*(complete(client) for _ in range(AT_ONCE)))
        assert_nothing_was_lost(client, events, *made)


async def test_a_request_that_a_dead_connection_swallowed_is_sent_once_more() -> None:
    events: list[Event] = []
    async with (
        emulate("self-hosted") as emulator,
        client_of(emulator, policy=PATIENT, observers=(events.append,)) as client,
    ):
        await go_direct(client)
        arrived = len(emulator.gateway.requests)
        opened = emulator.gateway_front.connections_opened
        # The request goes out on the warm connection, and a reset comes back.
        emulator.gateway.reset(times=1)
        done = await complete(client)
        assert_nothing_was_lost(client, events, done)
        assert len(emulator.gateway.requests) == arrived + 2
        assert emulator.gateway_front.connections_opened == opened + 1


async def test_a_second_reset_is_the_gateways_own_and_the_call_falls_back() -> None:
    events: list[Event] = []
    async with (
        emulate("self-hosted") as emulator,
        client_of(emulator, policy=PATIENT, observers=(events.append,)) as client,
    ):
        await go_direct(client)
        arrived = len(emulator.gateway.requests)
        emulator.gateway.reset(times=2)
        done = await complete(client)
        assert done.route is Route.INDIRECT
        assert len(emulator.gateway.requests) == arrived + 2
        failed = [event for event in events if isinstance(event, AttemptFailed)]
        assert [event.route for event in failed] == [Route.DIRECT]


@pytest.mark.parametrize("sign", ["the connection ends", "a request is lost"])
async def test_an_instance_that_restarts_costs_no_completion(sign: str) -> None:
    async with (
        emulate("19.0-online-licence") as emulator,
        client_of(emulator, policy=PATIENT) as client,
    ):
        await complete(client)
        if sign == "a request is lost":
            emulator.instance.reset(times=1)
        else:
            await emulator.instance_front.drop_connections()
        done = await complete(client)
        assert done.route is Route.INDIRECT
        assert len(done.attempts) == 1
