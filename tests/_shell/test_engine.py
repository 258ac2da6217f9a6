"""The parts of a client hang together."""

from __future__ import annotations

import asyncio

import pytest

from gitlab_completions._shell.engine import Engine
from gitlab_completions._shell.setup import Setup
from gitlab_completions._transport.sender import SPARE_CONNECTIONS
from gitlab_completions.errors import ClientClosedError
from gitlab_completions.events import CallFinished
from gitlab_completions.models import Route
from gitlab_completions.policy import DirectMode, RoutingPolicy
from gitlab_completions.testing import VirtualClock, wait_all_tasks_blocked
from tests._shell.parts import AGENT, REQUEST, ROOT, Diary, HeldSender

NEVER = RoutingPolicy(direct=DirectMode.NEVER)


class Plant:
    """An engine, its sender and its observer."""

    def __init__(self, policy: RoutingPolicy | None = None) -> None:
        self.sender = HeldSender()
        self.diary = Diary()
        self.clock = VirtualClock()
        self.replaced: list[Route] = []
        self.closing: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.engine = Engine(
            Setup(
                root=ROOT,
                access_token="glpat-1",
                policy=policy or RoutingPolicy(),
                sender=self.sender,
                replace=self._replace,
                observers=[self.diary],
                user_agent=AGENT,
                clock=self.clock,
                jitter=lambda: 0.5,
            )
        )

    def _replace(self, route: Route) -> bool:
        self.replaced.append(route)
        return True

    async def complete(self) -> str:
        done = await self.engine.complete(REQUEST, 10.0, self.closing)
        return done.text


async def test_a_call_fetches_details_then_goes_direct() -> None:
    plant = Plant()
    call = asyncio.create_task(plant.complete())
    (await plant.sender.next()).grant()
    (await plant.sender.next()).complete("x = 1")
    assert await call == "x = 1"
    assert plant.diary.kinds == [
        "CallStarted",
        "DetailsRefreshed",
        "RouteChosen",
        "AttemptSucceeded",
        "CallFinished",
        "StatusChanged",
    ]
    await plant.engine.aclose()


async def test_a_jump_of_the_clock_is_told_before_anything_is_sent() -> None:
    plant = Plant()
    replaced: list[list[Route]] = []
    plant.engine.bulletin.observe(lambda _: replaced.append(list(plant.replaced)))
    plant.engine.look_at_clock()
    assert plant.diary.events == []
    plant.clock.suspend(60)
    plant.engine.look_at_clock()
    plant.engine.look_at_clock()
    assert plant.diary.kinds == ["ClockJumped"]
    assert plant.replaced == list(Route)
    assert replaced == [list(Route)]  # who is told finds nothing old any more


async def test_a_policy_that_allows_fewer_exchanges_holds_from_the_next() -> None:
    plant = Plant(NEVER)
    plant.engine.reconfigure(RoutingPolicy(direct=DirectMode.NEVER, max_in_flight=1))
    calls = [asyncio.create_task(plant.complete()) for _ in range(2)]
    (await plant.sender.next()).complete()
    assert len(plant.sender.exchanges) == 1
    (await plant.sender.next()).complete()
    assert await asyncio.gather(*calls) == ["return 1", "return 1"]
    await plant.engine.aclose()


async def test_a_call_that_the_clients_end_ends_is_told_without_its_frames() -> None:
    plant = Plant(NEVER)
    call = asyncio.create_task(plant.complete())
    await wait_all_tasks_blocked()
    plant.closing.set_result(None)
    with pytest.raises(ClientClosedError):
        await call
    await plant.engine.aclose()
    finished = plant.diary.events[-1]
    assert isinstance(finished, CallFinished)
    assert isinstance(finished.error, ClientClosedError)
    assert finished.error.__traceback__ is None
    assert plant.sender.in_flight == 0


async def test_a_lifted_limit_lets_in_who_waits() -> None:
    few = RoutingPolicy(direct=DirectMode.NEVER, indirect_per_minute=1)
    plant = Plant(few)
    calls = [asyncio.create_task(plant.complete()) for _ in range(2)]
    (await plant.sender.next()).complete()
    await wait_all_tasks_blocked()
    assert len(plant.sender.exchanges) == 1
    plant.engine.reconfigure(NEVER)
    (await plant.sender.next()).complete()
    await asyncio.gather(*calls)
    assert asyncio.get_running_loop().time() == 0
    await plant.engine.aclose()


async def test_what_passes_no_gate_takes_no_completions_place_in_the_pool() -> None:
    plant = Plant()
    warm = [asyncio.create_task(plant.engine.warm_up("a/b", plant.closing))]
    (await plant.sender.next()).refuse(422)
    assert (await plant.sender.next()).wire.purpose == "warm_up"
    flag = asyncio.create_task(plant.engine.flag("a", default=True))
    warm += [
        asyncio.create_task(plant.engine.warm_up(path, plant.closing))
        for path in ("c/d", "e/f")
    ]
    await wait_all_tasks_blocked()
    first, *others = [one.wire.purpose for one in plant.sender.exchanges[1:]]
    assert (first, others) == ("warm_up", ["details"])
    assert plant.sender.in_flight == SPARE_CONNECTIONS
    plant.sender.exchanges[-1].refuse(422)
    assert (await plant.sender.next()).wire.purpose == "details"
    assert plant.sender.in_flight == SPARE_CONNECTIONS
    await plant.engine.aclose()
    await asyncio.wait({flag, *warm})
