"""What the demo plays, over TLS: direct goes and comes back, without a restart."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitlab_completions import (
    CircuitPolicy,
    CompletionClient,
    Health,
    Route,
    RouteReason,
)
from gitlab_completions.events import (
    CircuitProbed,
    CircuitRecovered,
    CircuitTripped,
    DetailsRefused,
    Event,
)
from tests.loopback.scene import POLICY, client_of, complete, emulate, go_direct

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlab_completions import Completion

IN_TIME_S = 1.5
QUICK_POLICY = replace(
    POLICY, direct_timeout_s=1.0, circuit=CircuitPolicy(cool_down_s=0.3)
)
"""Gives direct up soon after the hedge delay, and not after five seconds."""
MOST_CALLS = 200


async def until(
    client: CompletionClient, enough: Callable[[Completion], bool]
) -> list[Completion]:
    """Complete again and again, until it is enough; every call is answered."""
    made: list[Completion] = []
    while not made or not enough(made[-1]):
        made.append(await complete(client))
        assert len(made) < MOST_CALLS
    return made


def is_direct(done: Completion) -> bool:
    return (done.route, done.reason) == (Route.DIRECT, RouteReason.PREFERRED)


def is_indirect(done: Completion) -> bool:
    return done.route is Route.INDIRECT


async def test_direct_goes_and_comes_back_without_anybody_being_restarted() -> None:
    events: list[Event] = []
    emulator = emulate(direct_latency_s=0.02, indirect_latency_s=0.05)
    # A token lives for an hour; here it lives for a second, so that it runs out.
    emulator.settings.token_lifetime_s = 1
    async with (
        emulator,
        client_of(emulator, policy=QUICK_POLICY, observers=(events.append,)) as client,
    ):
        await go_direct(client)

        # A token that is held stays good: the refusal of its renewal tells the client.
        emulator.settings.direct_enabled = False
        switched_off = await until(
            client, lambda done: done.reason is RouteReason.BARRED
        )
        assert is_indirect(switched_off[-1])
        refused = [event for event in events if isinstance(event, DetailsRefused)]
        assert [event.problem.status_code for event in refused] == [403]
        assert client.status().health is Health.DEGRADED

        # By itself it would look again within half an hour.
        emulator.settings.direct_enabled = True
        emulator.settings.token_lifetime_s = 3600
        client.reconfigure(QUICK_POLICY)
        await until(client, is_direct)

        emulator.gateway.hang()
        hanging = [await complete(client)]
        assert is_indirect(hanging[0])
        assert hanging[0].reason is RouteReason.HEDGED
        hanging += await until(
            client, lambda done: done.reason is RouteReason.CIRCUIT_OPEN
        )
        assert all(is_indirect(done) for done in hanging)
        assert max(done.elapsed_s for done in hanging) < IN_TIME_S

        emulator.gateway.heal()
        recovered = await until(client, is_direct)
        assert max(done.elapsed_s for done in recovered) < IN_TIME_S
        assert client.status().health is Health.READY
    assert_two_probes_close_the_circuit(events)


def assert_two_probes_close_the_circuit(events: list[Event]) -> None:
    of_circuits = (CircuitTripped, CircuitProbed, CircuitRecovered)
    story = [type(event) for event in events if isinstance(event, of_circuits)]
    assert story[0] is CircuitTripped
    assert story[-3:] == [CircuitProbed, CircuitProbed, CircuitRecovered]
    assert story.count(CircuitRecovered) == 1
