"""The parts that are made of nothing but a client's setup."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gitlab_completions._core.budget import InstanceBudget
from gitlab_completions._core.circuit import CircuitState
from gitlab_completions._core.permit import Transition
from gitlab_completions._records import replace
from gitlab_completions._shell.access_token import TokenDesk
from gitlab_completions._shell.gate import Ticket
from gitlab_completions._shell.setup import STREAMS, Setup
from gitlab_completions._shell.spare import SpareConnections
from gitlab_completions.models import Route
from gitlab_completions.policy import RoutingPolicy
from gitlab_completions.shared import MemoryStore
from gitlab_completions.testing import VirtualClock
from tests._shell.parts import AGENT, ROOT, HeldSender

if TYPE_CHECKING:
    from collections.abc import Callable


def setup(replace: Callable[[Route], bool] = lambda _: True) -> Setup:
    return Setup(
        root=ROOT,
        access_token="glpat-canary",
        policy=RoutingPolicy(max_in_flight=1),
        sender=HeldSender(),
        replace=replace,
        observers=(),
        user_agent=AGENT,
        clock=VirtualClock(),
        jitter=lambda: 0.5,
    )


def desk() -> TokenDesk:
    return TokenDesk("glpat-canary", lambda: None)


def test_it_does_not_show_the_access_token() -> None:
    assert repr(setup()) == f"Setup(root='{ROOT}')"


def test_only_direct_is_sent_back_to_rest_by_a_probe_that_answers_late() -> None:
    circuits = setup().circuits()
    assert set(circuits) == set(Route)
    tripped = set()
    for route, circuit in circuits.items():
        while circuit.state(0.0) is CircuitState.CLOSED:
            circuit.admit(0.0).fail(0.0)
        probe = circuit.admit(100.0)
        if probe.succeed(103.0) is Transition.TRIPPED:
            tripped.add(route)
    assert tripped == {Route.DIRECT}


async def test_only_the_instances_gate_keeps_to_its_budget() -> None:
    budget = InstanceBudget(60)
    gates = setup().gates(budget)
    for route in Route:
        assert await gates[route].enter(Ticket(last_resort=False))
    assert budget.used(0.0) == 1


async def test_a_gate_has_the_client_of_its_own_route_replaced() -> None:
    replaced: list[Route] = []

    def note(route: Route) -> bool:
        replaced.append(route)
        return True

    for gate in setup(note).gates(InstanceBudget(60)).values():
        left = Ticket(last_resort=False)
        await gate.enter(left)
        left.detached = True
        await gate.enter(Ticket(last_resort=True))
    assert replaced == list(Route)


@pytest.mark.parametrize("allowed", [False, True])
def test_what_asks_for_direct_access_allows_plain_http_as_the_policy_does(
    allowed: bool,
) -> None:
    policy = RoutingPolicy(allow_plain_http=allowed)
    fetcher = replace(setup(), policy=policy).fetcher(desk())
    assert fetcher.allow_plain_http is allowed


def test_fetches_and_inquiries_share_the_spare_connections() -> None:
    spare = SpareConnections()
    fetcher = setup().fetcher(desk(), spare)
    inquirer = setup().inquirer(desk(), spare)
    assert fetcher.spare is inquirer.spare is spare
    assert inquirer.root == ROOT


def test_without_a_store_there_is_none_to_look_in() -> None:
    one = setup()
    assert one.shared_fetcher(one.fetcher(desk())) is None


def test_with_a_store_it_is_looked_in_before_the_instance_is_asked() -> None:
    one = replace(setup(), store=MemoryStore())
    fetcher = one.fetcher(desk())
    shared = one.shared_fetcher(fetcher)
    assert shared is not None
    assert shared.fetcher is fetcher


async def test_streams_have_gates_of_their_own_that_keep_to_the_same_budget() -> None:
    budget = InstanceBudget(60)
    gates = setup().stream_gates(budget)
    for route in Route:
        for _ in range(STREAMS):
            assert await gates[route].enter(Ticket(last_resort=False))
        assert gates[route].in_flight == 4
        waits = Ticket(last_resort=False)
        assert gates[route].withdraw(waits)
    assert budget.used(0.0) == 4


async def test_nothing_is_replaced_for_a_stream_that_waits() -> None:
    replaced: list[Route] = []

    def note(route: Route) -> bool:
        replaced.append(route)
        return True

    gate = setup(note).stream_gates(InstanceBudget(60))[Route.DIRECT]
    left = [Ticket(last_resort=False) for _ in range(STREAMS)]
    for ticket in left:
        await gate.enter(ticket)
        ticket.detached = True
    waiting = asyncio.create_task(gate.enter(Ticket(last_resort=True)))
    await asyncio.sleep(10)
    assert replaced == []
    gate.leave(left[0])
    assert await waiting
