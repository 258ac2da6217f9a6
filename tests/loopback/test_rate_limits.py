"""GitLab's limits of 60 completions and 50 grants a minute, and ours below them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from gitlab_completions import ErrorCode, Route, RouteReason, RoutingPolicy
from gitlab_completions.events import DetailsRefused, Event
from tests.loopback.scene import (
    ACCESS_TOKEN,
    AT_ONCE_S,
    client_of,
    complete,
    emulate,
    go_direct,
    refusal_of,
)

if TYPE_CHECKING:
    from gitlab_completions.emulator import Emulator

COMPLETIONS, GRANTS = 60, 50
LAST_RESORT_S = 5.0
"""Seconds between the completions that a client still asks a limited instance for."""


async def ask_for_grants(emulator: Emulator, count: int) -> None:
    """Take so many of the user's grants, as the windows of other editors do."""
    url = f"{emulator.instance_url}/api/v4/code_suggestions/direct_access"
    headers = {"authorization": f"Bearer {ACCESS_TOKEN}"}
    trust = emulator.ssl_context()
    assert trust is not None
    async with httpx.AsyncClient(verify=trust) as other:
        for _ in range(count):
            assert (await other.post(url, headers=headers)).status_code == 201


@pytest.mark.parametrize("version", ["17.1-flag-off", "19.0-online-licence"])
async def test_over_the_instances_limit_a_call_fails_at_once_and_asks_no_more(
    version: str,
) -> None:
    """Without `Retry-After` up to 17.x, with it since 18.9."""
    async with emulate(version) as emulator, client_of(emulator) as client:
        emulator.settings.completions_limit = COMPLETIONS
        for _ in range(COMPLETIONS):
            await complete(client)
        answered = await refusal_of(client)
        assert answered.code is ErrorCode.RATE_LIMITED
        assert answered.attempts[-1].status_code == 429
        assert len(emulator.instance.requests) == COMPLETIONS + 1

        held_back = await refusal_of(client)
        assert held_back.code is ErrorCode.RATE_LIMITED
        assert held_back.attempts == ()
        assert held_back.retry_after_s is not None
        assert 0 < held_back.retry_after_s <= LAST_RESORT_S
        assert len(emulator.instance.requests) == COMPLETIONS + 1


async def test_a_client_keeps_below_the_instances_limit_by_itself() -> None:
    async with (
        emulate("19.0-online-licence") as emulator,
        client_of(emulator, policy=RoutingPolicy(deadline_s=AT_ONCE_S)) as client,
    ):
        emulator.settings.completions_limit = COMPLETIONS
        for _ in range(55):
            await complete(client)
        held_back = await refusal_of(client)
        assert held_back.code is ErrorCode.RATE_LIMITED
        assert held_back.attempts == ()
        assert held_back.retry_after_s is not None
        assert held_back.retry_after_s <= 60
        assert len(emulator.instance.requests) == 55


async def test_direct_goes_on_while_the_instance_is_over_its_limit() -> None:
    async with emulate() as emulator, client_of(emulator) as client:
        emulator.settings.completions_limit = 1
        await go_direct(client)
        emulator.gateway.fail(503, times=2)
        fell_back = await complete(client)
        assert fell_back.route is Route.INDIRECT
        limited = await refusal_of(client)
        assert limited.code is ErrorCode.RATE_LIMITED
        rescued = await complete(client)
        assert (rescued.route, rescued.reason) == (Route.DIRECT, RouteReason.LAST_TRY)


@pytest.mark.parametrize("version", ["17.2", "19.3"])
async def test_over_the_limit_of_grants_completions_come_through_the_instance(
    version: str,
) -> None:
    """Without `Retry-After` in 17.2, with it in 19.3: a minute in both."""
    events: list[Event] = []
    async with (
        emulate(version) as emulator,
        client_of(emulator, observers=(events.append,)) as client,
    ):
        emulator.settings.direct_access_limit = GRANTS
        await ask_for_grants(emulator, GRANTS)
        made = [await complete(client) for _ in range(3)]
        assert {done.route for done in made} == {Route.INDIRECT}
        assert len(emulator.direct_access.requests) == GRANTS + 1
    (refused,) = [event for event in events if isinstance(event, DetailsRefused)]
    assert refused.problem.code is ErrorCode.RATE_LIMITED
    assert refused.again_in_s == pytest.approx(60, abs=1)


async def test_direct_access_says_itself_when_it_may_be_asked_again() -> None:
    events: list[Event] = []
    async with (
        emulate() as emulator,
        client_of(emulator, observers=(events.append,)) as client,
    ):
        emulator.direct_access.fail(429, headers={"retry-after": "7"})
        assert (await complete(client)).route is Route.INDIRECT
    (refused,) = [event for event in events if isinstance(event, DetailsRefused)]
    assert refused.again_in_s == pytest.approx(7, abs=1)


async def test_a_gateway_over_its_limit_rests_and_is_not_asked() -> None:
    async with emulate() as emulator, client_of(emulator) as client:
        await go_direct(client)
        asked = len(emulator.gateway.requests)
        emulator.gateway.fail(429, headers={"retry-after": "30"}, times=1)
        first, second = await complete(client), await complete(client)
        assert (first.reason, second.reason) == (
            RouteReason.FELL_BACK,
            RouteReason.CIRCUIT_OPEN,
        )
        assert len(emulator.gateway.requests) == asked + 1
        assert client.status().recheck_in_s == pytest.approx(30, abs=2)
