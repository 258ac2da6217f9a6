"""Connections that have died without a word, in a sleep or awake, over TLS.

Nothing sleeps here but the client's clock. A firewall that has forgotten a connection
drops what comes on it: the kernel's acknowledgements apart, that is a front which reads
and never answers, while it serves new connections as ever.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gitlab_completions import (
    CompletionClient,
    DirectMode,
    HttpxSender,
    Route,
    RouteReason,
)
from gitlab_completions._shell.clock import SystemClock
from gitlab_completions._transport import succession
from gitlab_completions._transport.succession import SILENCE_S
from gitlab_completions.emulator.front_connection import Gate
from gitlab_completions.events import AttemptFailed, CircuitTripped, ClockJumped, Event
from gitlab_completions.policy import HEDGE_DELAY_S
from gitlab_completions.testing import VirtualClock
from tests.loopback.scene import (
    AT_ONCE_S,
    PATIENCE_S,
    POLICY,
    complete,
    emulate,
    go_direct,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from gitlab_completions import Completion
    from gitlab_completions.emulator import Emulator
    from gitlab_completions.emulator.front import Front

NIGHT_S = 8 * 3600
IDLE = 4
"""Idle connections to each host."""
TICK_S = 0.001
MOST_CALLS = 2000
"""Completions while a rest of a second goes by."""
NEVER = replace(POLICY, direct=DirectMode.NEVER)


class Scene:
    """A client with idle connections to both hosts, and what it was told."""

    def __init__(self, emulator: Emulator, client: CompletionClient) -> None:
        self.emulator = emulator
        self.client = client
        self.events: list[Event] = []
        client.observe(self.events.append)

    @property
    def fronts(self) -> dict[Route, Front]:
        return {
            Route.DIRECT: self.emulator.gateway_front,
            Route.INDIRECT: self.emulator.instance_front,
        }

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    def forget_connections(self, *routes: Route) -> None:
        """Let those of today go silent, and serve those to come."""
        for route in routes:
            front = self.fronts[route]
            front._gate.shut()
            front._gate = Gate()

    async def make_idle_connections(self) -> None:
        await go_direct(self.client)
        for policy in (POLICY, NEVER):
            self.client.reconfigure(policy)
            await asyncio.gather(*(complete(self.client) for _ in range(IDLE)))
        self.client.reconfigure(POLICY)
        assert [one.connections_open for one in self.fronts.values()] == [IDLE, IDLE]


@asynccontextmanager
async def scene(clock: VirtualClock) -> AsyncGenerator[Scene, None]:
    async with (
        emulate(direct_latency_s=0.03, indirect_latency_s=0.06) as emulator,
        aclosing(HttpxSender(verify=emulator.ca_pem)) as sender,
        CompletionClient._for_testing(
            emulator.instance_url,
            emulator.access_token,
            policy=POLICY,
            sender=sender,
            clock=clock,
            jitter=lambda: 0.5,
        ) as client,
    ):
        one = Scene(emulator, client)
        await one.make_idle_connections()
        yield one


async def until(holds: Callable[[], bool]) -> None:
    """Look often, and for `PATIENCE_S` at most, whether it has come to that."""
    for _ in range(int(PATIENCE_S / TICK_S)):
        if holds():
            return
        await asyncio.sleep(TICK_S)
    raise AssertionError("it never came to that")


async def timed(client: CompletionClient) -> tuple[Completion, float]:
    started = time.monotonic()
    done = await complete(client)
    return done, time.monotonic() - started


@pytest.fixture
def _quiet_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare a test the 15 s after which a client's connections are doubted."""
    monkeypatch.setattr(succession, "QUIET_S", 0.0)


# The machine has slept.


@pytest.mark.parametrize("slept_s", [60, NIGHT_S])
async def test_the_first_call_after_a_sleep_waits_for_no_dead_connection(
    slept_s: float,
) -> None:
    """A token that ran out meanwhile is fetched on a new connection as well."""
    clock = VirtualClock()
    async with scene(clock) as one:
        one.forget_connections(*Route)
        opened = one.emulator.gateway_front.connections_opened
        clock.suspend(slept_s)
        _, took_s = await timed(one.client)
        assert took_s < HEDGE_DELAY_S
        made = [await timed(one.client) for _ in range(5)]
        assert [done.route for done, _ in made] == [Route.DIRECT] * 5
        assert max(took_s for _, took_s in made[1:]) < AT_ONCE_S
        assert one.emulator.gateway_front.connections_opened == opened + 1
        assert len(one.of(ClockJumped)) == 1
        assert one.of(AttemptFailed) == []


async def test_eight_calls_that_were_slept_through_hold_up_none_after_it() -> None:
    clock = VirtualClock()
    async with scene(clock) as one:
        one.emulator.gateway.delay(0.5)
        arrived = len(one.emulator.gateway.requests)
        slept_through = [asyncio.create_task(complete(one.client)) for _ in range(8)]
        await until(lambda: len(one.emulator.gateway.requests) == arrived + 8)
        one.forget_connections(*Route)
        one.emulator.gateway.heal()
        clock.suspend(NIGHT_S)
        made = [await timed(one.client) for _ in range(4)]
        assert [done.route for done, _ in made[1:]] == [Route.DIRECT] * 3
        assert max(took_s for _, took_s in made) < HEDGE_DELAY_S
        await asyncio.gather(*slept_through, return_exceptions=True)
        assert one.of(CircuitTripped) == []


async def test_a_call_that_was_slept_through_goes_on_by_new_connections() -> None:
    """Six seconds of sleep leave it the time for that."""
    clock = VirtualClock()
    async with scene(clock) as one:
        one.forget_connections(*Route)
        call = asyncio.create_task(timed(one.client))
        await until(lambda: one.client.status().in_flight == 1)
        clock.suspend(6)
        done, took_s = await call
        assert done.route is Route.INDIRECT
        # It is looked after when the hedge is due: 0.9 s of being awake.
        assert took_s < HEDGE_DELAY_S + 2 * AT_ONCE_S
        assert (await timed(one.client))[0].route is Route.DIRECT
        assert one.of(CircuitTripped) == []


# It has not.


async def test_a_gateway_that_forgot_its_connections_costs_two_hedges() -> None:
    """Then it rests, and its first probe finds out that a new connection is well.

    Two silent exchanges make a client suspect, after twice the hedge delay.
    """
    async with scene(VirtualClock()) as one:
        one.forget_connections(Route.DIRECT)
        made = [await timed(one.client) for _ in range(2)]
        assert [done.reason for done, _ in made] == [RouteReason.HEDGED] * 2
        while made[-1][0].reason is not RouteReason.PREFERRED:
            made.append(await timed(one.client))
            assert len(made) < MOST_CALLS
        slow = [took_s for _, took_s in made if took_s >= HEDGE_DELAY_S]
        assert len(slow) == 2
        assert max(slow) < HEDGE_DELAY_S + 2 * AT_ONCE_S
        assert one.of(ClockJumped) == []


@pytest.mark.usefixtures("_quiet_at_once")
async def test_after_a_pause_two_hosts_that_forgot_their_connections_cost_seconds() -> (
    None
):
    """Both routes hang on dead connections, until each tries a new one beside it."""
    async with scene(VirtualClock()) as one:
        one.forget_connections(*Route)
        _, took_s = await timed(one.client)
        assert SILENCE_S < took_s < SILENCE_S + 2 * AT_ONCE_S
        made = [await timed(one.client) for _ in range(3)]
        assert [done.route for done, _ in made] == [Route.DIRECT] * 3
        assert max(took_s for _, took_s in made) < HEDGE_DELAY_S
        assert one.of(CircuitTripped) == []


@pytest.mark.usefixtures("_quiet_at_once")
async def test_an_instance_alone_that_forgot_its_connections_costs_seconds() -> None:
    async with scene(VirtualClock()) as one:
        one.client.reconfigure(NEVER)
        one.forget_connections(Route.INDIRECT)
        _, took_s = await timed(one.client)
        assert took_s < SILENCE_S + 2 * AT_ONCE_S
        _, took_s = await timed(one.client)
        assert took_s < AT_ONCE_S


async def test_an_instance_that_forgot_its_connections_costs_nobody_a_call() -> None:
    async with scene(VirtualClock()) as one:
        one.forget_connections(Route.INDIRECT)
        made = [await timed(one.client) for _ in range(4)]
        assert [done.route for done, _ in made] == [Route.DIRECT] * 4


# The machine's own clock.


async def test_the_real_clock_agrees_with_the_loops_while_the_machine_is_awake() -> (
    None
):
    loop = asyncio.get_running_loop()
    clock = SystemClock()

    def read() -> tuple[float, float, float]:
        return loop.time(), clock.now(), loop.time()

    least, began, most = read()
    await asyncio.sleep(0.05)
    now_least, now, now_most = read()
    assert now_least - most <= now - began + TICK_S
    assert now - began <= now_most - least + TICK_S
    assert not clock.jumped()


@pytest.mark.skipif(
    not hasattr(time, "CLOCK_BOOTTIME"), reason="no clock here counts suspend"
)
def test_the_real_clock_is_the_one_that_counts_suspend() -> None:
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    read = SystemClock().now()
    assert before <= read <= time.clock_gettime(time.CLOCK_BOOTTIME)
