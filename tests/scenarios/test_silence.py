"""A gateway that goes silent, or slow, while an author types.

Every call is superseded by the next, long before any timeout: what is learnt of the
gateway is learnt from what nobody waited for.
"""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from gitlab_completions import (
    CompletionClient,
    CompletionRequest,
    DeadlineExceededError,
    Route,
    RouteReason,
)
from gitlab_completions.events import CircuitRecovered, CircuitTripped
from gitlab_completions.policy import HedgePolicy
from gitlab_completions.testing import FakeGitLab

REQUEST = CompletionRequest(file_name="a.py", content_above_cursor="total = ")
DIRECT_S, INDIRECT_S = 0.25, 0.375
KEYSTROKE_S = 0.6


class Typist:
    """An author whose every keystroke supersedes the call before."""

    def __init__(self) -> None:
        self.gitlab = FakeGitLab("return x")
        self.gitlab.gateway.delay(DIRECT_S)
        self.gitlab.instance.delay(INDIRECT_S)
        self.events: list[object] = []

    async def types(
        self, client: CompletionClient, keystrokes: int, pause_s: float = KEYSTROKE_S
    ) -> list[Route | None]:
        """Return by which route each keystroke was answered in time, if it was."""
        answered: list[Route | None] = []
        for _ in range(keystrokes):
            call = asyncio.create_task(client.complete(REQUEST))
            await asyncio.wait({call}, timeout=pause_s)
            answered.append(call.result().route if call.done() else None)
            if call.cancel():
                await asyncio.wait({call})
            else:
                await asyncio.sleep(pause_s / 2)
        return answered

    def told(self, kind: type) -> list[object]:
        return [event for event in self.events if isinstance(event, kind)]


async def test_an_author_who_types_is_answered_again_after_a_few_keystrokes() -> None:
    typist = Typist()
    async with typist.gitlab.client() as client:
        client.observe(typist.events.append)
        await client.warm_up()
        assert set(await typist.types(client, 5)) == {Route.DIRECT}
        typist.gitlab.gateway.hang()
        answered = await typist.types(client, 30)
        assert answered.count(None) <= 3
        assert answered[3:] == [Route.INDIRECT] * 27
        assert client.status().reason is RouteReason.CIRCUIT_OPEN
        (first, *_) = typist.told(CircuitTripped)
        assert isinstance(first, CircuitTripped)
        assert first.cause == "lateness"
        typist.gitlab.gateway.heal()
        await asyncio.sleep(30)
        assert (await typist.types(client, 9))[-1] is Route.DIRECT
        assert typist.told(CircuitRecovered)


async def test_a_silent_gateway_costs_those_who_wait_the_hedge_delay_twice() -> None:
    typist = Typist()
    policy = HedgePolicy()
    async with typist.gitlab.client() as client:
        await client.warm_up()
        typist.gitlab.gateway.hang()
        took_s = [(await client.complete(REQUEST)).elapsed_s for _ in range(20)]
        slow = [span_s for span_s in took_s if span_s > 1.1 * INDIRECT_S]
        assert len(slow) <= 2
        assert max(took_s) < policy.max_delay_s + 1.1 * INDIRECT_S


async def test_a_gateway_that_is_slow_all_day_is_not_the_first_choice() -> None:
    """Too quick to be late, too slow to be preferred."""
    typist = Typist()
    typist.gitlab.instance.delay(0.2)
    async with typist.gitlab.client() as client:
        client.observe(typist.events.append)
        await client.warm_up()
        for _ in range(10):  # so that indirect is known: the gateway fails now and then
            typist.gitlab.gateway.fail(503, times=1)
            await client.complete(REQUEST)
            await asyncio.sleep(20)
            await client.complete(REQUEST)
            await client.complete(REQUEST)
        typist.gitlab.gateway.delay(0.39)
        routes = Counter[Route]()
        for _ in range(100):
            routes[(await client.complete(REQUEST)).route] += 1
            await asyncio.sleep(2)
        assert routes[Route.INDIRECT] > 60
        causes = {one.cause for one in typist.told(CircuitTripped)}  # type: ignore[attr-defined]
        assert "slower" in causes
        typist.gitlab.gateway.delay(0.1)
        last = [(await client.complete(REQUEST)).route for _ in range(100)][-1]
        assert last is Route.DIRECT


async def test_a_late_gateway_serves_who_is_refused_by_the_instance() -> None:
    typist = Typist()
    async with typist.gitlab.client() as client:
        await client.warm_up()
        await client.complete(REQUEST)
        typist.gitlab.instance.fail(403, json={"message": "403 Forbidden"})
        typist.gitlab.gateway.delay(1.2)
        await typist.types(client, 2, 0.7)
        assert client.status().reason is RouteReason.CIRCUIT_OPEN
        for _ in range(20):
            assert (await client.complete(REQUEST)).route is Route.DIRECT


async def test_a_late_gateway_serves_who_would_wait_for_the_instances_next_slot() -> (
    None
):
    typist = Typist()
    typist.gitlab.gateway.delay(1.4)
    async with typist.gitlab.client() as client:
        await client.warm_up()
        calls = [
            asyncio.create_task(_later(client, 0.7 * number)) for number in range(200)
        ]
        took_s = await asyncio.gather(*calls)
    assert max(took_s) < 2.5


async def _later(client: CompletionClient, after_s: float) -> float:
    await asyncio.sleep(after_s)
    return (await client.complete(REQUEST)).elapsed_s


async def test_a_short_deadline_is_no_fault_of_a_route() -> None:
    typist = Typist()
    typist.gitlab.gateway.delay(0.62)
    typist.gitlab.instance.delay(0.6)
    async with typist.gitlab.client() as client:
        client.observe(typist.events.append)
        await client.warm_up()
        for _ in range(20):
            await client.complete(REQUEST, deadline_s=1.0)
            await asyncio.sleep(2)
    assert typist.told(CircuitTripped) == []


@pytest.mark.parametrize("deadline_s", [0.5, 0.8])
async def test_a_silent_gateway_is_noticed_by_who_has_little_time(
    deadline_s: float,
) -> None:
    typist = Typist()
    typist.gitlab.instance.delay(0.3)
    answered = 0
    async with typist.gitlab.client() as client:
        await client.warm_up()
        for _ in range(5):
            await client.complete(REQUEST)
        typist.gitlab.gateway.hang()
        for _ in range(40):
            try:
                await client.complete(REQUEST, deadline_s=deadline_s)
                answered += 1
            except DeadlineExceededError:
                await asyncio.sleep(0.3)
    assert answered >= 36


async def test_callers_that_leave_on_waking_are_no_loss() -> None:
    typist = Typist()
    async with typist.gitlab.client() as client:
        client.observe(typist.events.append)
        await client.warm_up()
        calls = [asyncio.create_task(client.complete(REQUEST)) for _ in range(3)]
        await asyncio.sleep(0.1)
        typist.gitlab.clock.suspend(600)
        for call in calls:
            call.cancel()
        await asyncio.wait(calls)
        assert typist.told(CircuitTripped) == []
        assert (await client.complete(REQUEST)).route is Route.DIRECT


async def test_when_both_routes_are_slow_nothing_is_sent_twice_for_it() -> None:
    typist = Typist()
    typist.gitlab.gateway.delay(1.5)
    typist.gitlab.instance.delay(1.6)
    async with typist.gitlab.client() as client:
        await client.warm_up()
        calls = 100
        for _ in range(calls):
            await client.complete(REQUEST)
            await asyncio.sleep(1)
        sent = len(typist.gitlab.gateway.requests) + len(
            typist.gitlab.instance.requests
        )
        assert sent <= 1.05 * calls + 5
