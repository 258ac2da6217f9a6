"""Clients of one user that share a store ask once, and heed what any was told."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, cast

import pytest

from gitlab_completions import (
    CompletionClient,
    CompletionRequest,
    ConfigurationError,
    Health,
    Route,
    RouteReason,
    RoutingPolicy,
)
from gitlab_completions.events import (
    CircuitTripped,
    DetailsRefreshed,
    DetailsRefused,
    Event,
)
from gitlab_completions.shared import MemoryStore, Reading
from gitlab_completions.testing import FakeGitLab

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from gitlab_completions import Completion
    from gitlab_completions.shared import DetailsStore, Release

REQUEST = CompletionRequest(file_name="f.py", content_above_cursor="def f():")
PROJECT = CompletionRequest(
    file_name="f.py", content_above_cursor="def f():", project_path="a/b"
)
POLICY = RoutingPolicy(indirect_per_minute=None)
WINDOWS = 10


@asynccontextmanager
async def windows(
    gitlab: FakeGitLab, count: int = 2, *, store: MemoryStore | None = None
) -> AsyncGenerator[list[CompletionClient], None]:
    """Give so many clients of one user, as so many editor windows have them."""
    shared = store or MemoryStore(gitlab.clock.now)
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(gitlab.client(policy=POLICY, store=shared))
            for _ in range(count)
        ]


async def all_complete(
    clients: Sequence[CompletionClient], request: CompletionRequest = REQUEST
) -> list[Completion]:
    return await asyncio.gather(*(client.complete(request) for client in clients))


def watch(client: CompletionClient) -> list[Event]:
    events: list[Event] = []
    client.observe(events.append)
    return events


async def looked(gitlab: FakeGitLab, client: CompletionClient) -> Completion:
    """Call after a second, so that the store is looked at; return the call after."""
    await asyncio.sleep(1)
    await client.complete(REQUEST)
    await gitlab.settle()
    return await client.complete(REQUEST)


async def test_ten_windows_ask_for_direct_access_once() -> None:
    gitlab = FakeGitLab()
    async with windows(gitlab, WINDOWS) as clients:
        made = await all_complete(clients)
    assert {one.route for one in made} == {Route.DIRECT}
    assert len(gitlab.direct_access.requests) == 1


async def test_a_window_that_opens_later_goes_direct_at_once() -> None:
    gitlab = FakeGitLab()
    async with windows(gitlab) as (first, second):
        await first.complete(REQUEST)
        await asyncio.sleep(1200)
        gitlab.direct_access.hang()
        events = watch(second)
        made = await second.complete(REQUEST)
        status = second.status()
    assert (made.route, made.reason) == (Route.DIRECT, RouteReason.PREFERRED)
    assert [event.shared for event in events if isinstance(event, DetailsRefreshed)]
    assert status.token_age_s == pytest.approx(1200, abs=1)
    assert status.token_expires_in_s == pytest.approx(3600 - 40 - 1200, abs=1)


async def test_ten_windows_that_are_typed_into_for_a_day_renew_once_an_hour() -> None:
    gitlab = FakeGitLab()
    async with windows(gitlab, WINDOWS) as clients:
        for _ in range(24 * 12):
            made = await all_complete(clients)
            assert {one.route for one in made} == {Route.DIRECT}
            await asyncio.sleep(300)
    assert len(gitlab.direct_access.requests) == pytest.approx(24 * 3600 / 2970, abs=1)


async def test_windows_that_find_details_expired_at_once_ask_once() -> None:
    gitlab = FakeGitLab()
    async with windows(gitlab, WINDOWS) as clients:
        await all_complete(clients)
        gitlab.clock.suspend(4000)
        made = await all_complete(clients)
        again = await all_complete(clients)
    assert {one.route for one in again} == {Route.DIRECT}
    assert {one.route for one in made} == {Route.DIRECT}
    assert len(gitlab.direct_access.requests) == 2


@pytest.mark.parametrize("lifetime_s", [5, 30, 59])
async def test_short_lived_details_are_shared_too(lifetime_s: int) -> None:
    gitlab = FakeGitLab()
    gitlab.settings.token_lifetime_s = lifetime_s
    gitlab.settings.completions_limit = 0
    async with windows(gitlab, 4) as clients:
        for _ in range(120):
            await all_complete(clients)
            await asyncio.sleep(1)
    assert len(gitlab.direct_access.requests) <= 120 / (0.8 * lifetime_s) + 1


async def test_a_refusal_is_asked_for_once_in_half_an_hour() -> None:
    gitlab = FakeGitLab()
    gitlab.settings.direct_enabled = False
    async with windows(gitlab, WINDOWS) as clients:
        for _ in range(24):
            made = await all_complete(clients)
            assert {one.route for one in made} == {Route.INDIRECT}
            await asyncio.sleep(60)
        assert len(gitlab.direct_access.requests) == 1
        assert clients[-1].status().health is Health.DEGRADED
        await asyncio.sleep(600)
        await all_complete(clients)
    assert len(gitlab.direct_access.requests) == 2


async def test_what_the_store_knew_of_a_refusal_was_no_fetch() -> None:
    gitlab = FakeGitLab()
    gitlab.settings.direct_enabled = False
    async with windows(gitlab) as (first, second):
        told = [watch(first), watch(second)]
        for window in (first, second):
            await window.complete(REQUEST)
            await gitlab.settle()
    assert len(gitlab.direct_access.requests) == 1
    [[asked], [heard]] = [
        [event for event in events if isinstance(event, DetailsRefused)]
        for events in told
    ]
    assert asked.elapsed_s is not None
    assert heard.elapsed_s is None


async def test_a_window_told_to_look_again_asks_though_others_were_refused() -> None:
    gitlab = FakeGitLab()
    gitlab.settings.direct_enabled = False
    async with windows(gitlab) as (first, second):
        await all_complete([first, second])
        gitlab.settings.direct_enabled = True
        second.reconfigure(POLICY)
        assert (await second.complete(REQUEST)).route is Route.DIRECT
        assert len(gitlab.direct_access.requests) == 2


async def test_a_failing_instance_is_asked_by_each_window() -> None:
    gitlab = FakeGitLab()
    gitlab.direct_access.fail(503, json={"message": "Token creation failed"})
    async with windows(gitlab) as clients:
        await all_complete(clients)
        await gitlab.settle()
    assert len(gitlab.direct_access.requests) == 2


async def test_a_token_that_the_gateway_refuses_is_renewed_once_for_all() -> None:
    gitlab = FakeGitLab()
    gitlab.direct_access.tampered_token(times=1)
    async with windows(gitlab, WINDOWS) as clients:
        await all_complete(clients)
        await gitlab.settle()
        made = await all_complete(clients)
    assert {one.route for one in made} == {Route.DIRECT}
    assert len(gitlab.direct_access.requests) == 2


async def test_details_of_one_project_serve_no_other() -> None:
    gitlab = FakeGitLab()
    async with windows(gitlab) as (first, second):
        await first.complete(REQUEST)
        await second.complete(PROJECT)
    assert len(gitlab.direct_access.requests) == 2


# What servers say.


async def test_a_gateways_rate_limit_rests_direct_in_all_windows() -> None:
    gitlab = FakeGitLab()
    async with windows(gitlab) as (first, second):
        await all_complete([first, second])
        gitlab.gateway.fail(429, headers={"retry-after": "90"}, times=1)
        await first.complete(REQUEST)
        events = watch(second)
        made = await looked(gitlab, second)
        rests = [event for event in events if isinstance(event, CircuitTripped)]
        asked = len(gitlab.gateway.requests)
        await second.complete(REQUEST)
    assert (made.route, made.reason) == (Route.INDIRECT, RouteReason.CIRCUIT_OPEN)
    assert [one.route for one in rests] == [Route.DIRECT]
    assert rests[0].rests_s == pytest.approx(89, abs=1)
    assert len(gitlab.gateway.requests) == asked


async def test_an_instances_rate_limit_rests_indirect_in_all_windows() -> None:
    gitlab = FakeGitLab(profile="19.0-online-licence")
    async with windows(gitlab) as (first, second):
        await all_complete([first, second])
        gitlab.instance.fail(429, headers={"retry-after": "60"}, times=1)
        with pytest.raises(Exception, match="429"):
            await first.complete(REQUEST)
        await asyncio.sleep(1)
        await second.complete(REQUEST)
        await gitlab.settle()
        assert second.status().circuits[Route.INDIRECT] == "open"


async def test_a_bar_that_the_gateway_put_holds_in_all_windows() -> None:
    gitlab = FakeGitLab()
    async with windows(gitlab) as (first, second):
        await all_complete([first, second])
        refusal = {
            "error": "insufficient_credits",
            "error_code": "USAGE_QUOTA_EXCEEDED",
        }
        gitlab.gateway.fail(402, json=refusal, times=1)
        await first.complete(REQUEST)
        events = watch(second)
        made = await looked(gitlab, second)
        again = await looked(gitlab, second)
        refused = [event for event in events if isinstance(event, DetailsRefused)]
    assert (made.route, made.reason) == (Route.INDIRECT, RouteReason.BARRED)
    assert again.route is Route.INDIRECT
    assert [one.problem.code for one in refused] == ["quota"]
    assert refused[0].again_in_s == pytest.approx(299, abs=1)


async def test_an_admin_who_switches_direct_off_is_heard_in_all_windows() -> None:
    gitlab = FakeGitLab()
    async with windows(gitlab) as (first, second):
        await all_complete([first, second])
        gitlab.settings.direct_enabled = False
        await first.complete(PROJECT)  # the first to ask
        first.reconfigure(POLICY)
        await asyncio.sleep(3000)
        await first.complete(REQUEST)
        await gitlab.settle()
        asked = len(gitlab.direct_access.requests)
        made = await looked(gitlab, second)
        assert len(gitlab.direct_access.requests) == asked
    assert made.route is Route.INDIRECT
    assert made.reason is RouteReason.BARRED


async def test_a_failing_gateway_is_each_windows_own_matter() -> None:
    gitlab = FakeGitLab()
    async with windows(gitlab) as (first, second):
        await all_complete([first, second])
        gitlab.gateway.fail(503, times=2)
        await first.complete(REQUEST)
        await first.complete(REQUEST)
        assert first.status().circuits[Route.DIRECT] != "closed"
        made = await looked(gitlab, second)
    assert made.route is Route.DIRECT


async def test_a_word_is_heard_once() -> None:
    gitlab = FakeGitLab()
    async with windows(gitlab) as (first, second):
        await all_complete([first, second])
        gitlab.gateway.fail(429, headers={"retry-after": "90"}, times=1)
        await first.complete(REQUEST)
        await looked(gitlab, second)
        gitlab.clock.suspend(10)  # a jump cuts a rest short, whoever was told of it
        made = await looked(gitlab, second)
        assert second.status().circuits[Route.DIRECT] != "open"
        assert made.text


# Stores that are of no use.


class Broken:
    """A store whose server is away."""

    async def read(self, keys: Sequence[str], /) -> Reading:
        del keys
        raise ConnectionError

    async def write(self, key: str, entry: bytes, /, *, keep_s: float) -> None:
        del key, entry, keep_s
        raise ConnectionError

    async def claim(self, key: str, /, *, lease_s: float) -> Release | None:
        del key, lease_s
        raise ConnectionError


class Forging(MemoryStore):
    """A store in which somebody else has changed what is there."""

    async def read(self, keys: Sequence[str], /) -> Reading:
        reading = await super().read(keys)
        return Reading(
            entries=tuple(
                None if each is None else each.replace(b"gateway.", b"evil.")
                for each in reading.entries
            ),
            now=reading.now,
            clock=reading.clock,
        )


async def test_a_store_that_fails_costs_nothing_but_the_sharing() -> None:
    gitlab = FakeGitLab()
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(gitlab.client(store=Broken()))
            for _ in range(2)
        ]
        made = await all_complete(clients)
    assert {one.route for one in made} == {Route.DIRECT}
    assert len(gitlab.direct_access.requests) == 2


async def test_a_forged_entry_is_not_believed() -> None:
    gitlab = FakeGitLab()
    async with windows(gitlab, store=Forging(gitlab.clock.now)) as clients:
        made = await all_complete(clients)
    assert {one.route for one in made} == {Route.DIRECT}
    assert len(gitlab.direct_access.requests) == 2


async def test_what_is_no_store_is_refused() -> None:
    store = cast("DetailsStore", object())
    with pytest.raises(ConfigurationError, match="store must have read"):
        CompletionClient("https://gitlab.example.com", "t", store=store)
