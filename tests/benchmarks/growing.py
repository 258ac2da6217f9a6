"""What may grow without limit around a client, each with what a number of them costs.

Calls in flight, projects whose details are kept, observers, events: `MEASURES` lists
them. Each spends the CPU of one number of them on a client of its own, checks that it
was what it is called, and tells the seconds; how they grow is for `growth` to judge.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitlab_completions import (
    CompletionClient,
    CompletionRequest,
    DetailsPolicy,
    Route,
    RoutingPolicy,
)
from gitlab_completions.policy import HedgePolicy
from tests.benchmarks.at_once import AtOnce
from tests.benchmarks.stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import (
        AsyncIterator,
        Callable,
        Coroutine,
        Iterable,
        Sequence,
    )

    from gitlab_completions.events import Event

URL = "https://gitlab.example.com"
PATIENCE_S = 9.0
"""Seconds that a call waits for its turn before it would take the other route."""
LEAST_CALLS = 200
"""Calls that a measurement has at least, lest the clock's own steps show."""
IN_FLIGHT = (1, 2, 5, 10, 20, 50, 100, 200, 500)
PROJECTS = (1, 10, 100, 300, 1000, 3000, 10_000)
EVICTED = (100, 300, 1000, 3000)
OBSERVERS = (1, 3, 10, 30, 100)
EVENTS = (100, 1000, 3000, 10_000, 30_000)
SEEN_IN_A_CALL = 4
"""Events of a call that goes well: its start, its route, its attempt, its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Something of which there may be many.

    Args:
        name: What is done to a number of them.
        of_what: What they are; those of one kind are drawn together.
        numbers: How many there are.
        quick_numbers: The same for who only wants to see it run.
        spend: Does it; returns the seconds of CPU it took.
        repeats: Whether small numbers are measured several times over.
    """

    name: str
    of_what: str
    numbers: tuple[int, ...]
    quick_numbers: tuple[int, ...]
    spend: Callable[[int], Coroutine[object, object, float]]
    repeats: bool = field(default=True)


def request(project: int | None = None) -> CompletionRequest:
    """Return a small request, of a project if one is named."""
    return CompletionRequest(
        file_name="f.py",
        content_above_cursor="total = 1\ntot",
        project_path=None if project is None else f"group/project-{project}",
    )


class DetouredError(Exception):
    """A call was so late, on a machine that is busy, that it took the other route."""


@asynccontextmanager
async def client_of(
    sender: AtOnce,
    *,
    wire: int = 8,
    projects: int = 64,
    observers: Sequence[Callable[[Event], object]] = (),
) -> AsyncIterator[CompletionClient]:
    """Give a client whose budget of fetches is no limit here, warmed up."""
    details = DetailsPolicy(projects=projects, fetches_per_minute=1_000_000)
    patient = HedgePolicy(min_delay_s=PATIENCE_S, max_delay_s=PATIENCE_S)
    policy = RoutingPolicy(max_in_flight=wire, details=details, hedge=patient)
    async with CompletionClient(
        URL, "glpat-1", policy=policy, sender=sender, observers=observers
    ) as client:
        await client.warm_up()
        yield client


async def complete(client: CompletionClient, project: int | None = None) -> Route:
    """Make a call; return its route."""
    answer = await client.complete(request(project))
    return answer.route


async def complete_all(client: CompletionClient, projects: Iterable[int]) -> None:
    """Make a call of each project, one after the other; all must go direct."""
    for project in projects:
        check_direct([await complete(client, project)])


def check_direct(routes: Iterable[Route]) -> None:
    """See to it that what is measured are calls on the one route.

    Raises:
        DetouredError: When another was taken.
    """
    if any(route is not Route.DIRECT for route in routes):
        raise DetouredError


async def at_once(number: int, *, wire: int) -> float:
    """Make calls that are all in flight together, so many of them on the wire."""
    sender, watch = AtOnce(held=True), Stopwatch()
    async with client_of(sender, wire=wire) as client:
        with watch:
            async with asyncio.TaskGroup() as group:
                calls = [group.create_task(complete(client)) for _ in range(number)]
                await sender.holds(min(number, wire))
                sender.release()
    check_direct(call.result() for call in calls)
    assert sender.most_inside == min(number, wire)
    return watch.cpu_s


async def waiting_at_the_gate(number: int) -> float:
    """Make calls of which all but eight wait for their turn."""
    return await at_once(number, wire=8)


async def all_on_the_wire(number: int) -> float:
    """Make calls that are all on the wire."""
    return await at_once(number, wire=number)


async def leaving_together(number: int) -> float:
    """Make calls whose callers all leave at once, unanswered."""
    sender, watch = AtOnce(held=True), Stopwatch()
    async with client_of(sender) as client:
        with watch:
            calls = [asyncio.create_task(complete(client)) for _ in range(number)]
            await sender.holds(min(number, 8))
            for call in calls:
                call.cancel()
            await asyncio.wait(calls)
            sender.release()
            await sender.holds(0)
    assert all(call.cancelled() for call in calls)
    assert sender.most_inside == min(number, 8)
    return watch.cpu_s


async def fetching(number: int) -> float:
    """Make the first call of each project, which fetches its details."""
    sender, watch = AtOnce(), Stopwatch()
    async with client_of(sender, projects=number + 1) as client:
        with watch:
            await complete_all(client, range(number))
    assert sender.grants == number + 1
    return watch.cpu_s


async def finding(number: int) -> float:
    """Make a call of each project, whose details are all kept."""
    sender, watch = AtOnce(), Stopwatch()
    async with client_of(sender, projects=number + 1) as client:
        await complete_all(client, range(number))
        with watch:
            await complete_all(client, range(number))
    assert sender.grants == number + 1
    return watch.cpu_s


async def forgetting(number: int) -> float:
    """Make a call of each project when only the last 64 are kept."""
    sender, watch = AtOnce(), Stopwatch()
    async with client_of(sender) as client:
        await complete_all(client, range(number - 64, number))
        with watch:
            await complete_all(client, range(number))
    assert sender.grants == 1 + min(number, 64) + number
    return watch.cpu_s


async def telling(number: int) -> float:
    """Make calls that as many observers are told of."""
    told = 0

    def observe(_: Event) -> None:
        nonlocal told
        told += 1

    watch, calls = Stopwatch(), LEAST_CALLS
    async with client_of(AtOnce(), observers=[observe] * number) as client:
        await complete(client)
        before = told
        with watch:
            for _ in range(calls):
                await complete(client)
    assert told - before == SEEN_IN_A_CALL * calls * number
    return watch.cpu_s / calls


async def keeping(number: int) -> float:
    """Make calls until an observer has kept as many events."""
    kept: list[Event] = []
    watch = Stopwatch()
    async with client_of(AtOnce(), observers=[kept.append]) as client:
        await complete(client)
        kept.clear()
        with watch:
            while len(kept) < number:
                await complete(client)
    assert number <= len(kept) < number + SEEN_IN_A_CALL
    return watch.cpu_s


_CALLS = "calls in flight"
_PROJECTS = "projects"
MEASURES = (
    Measure(
        name="8 on the wire, others wait",
        of_what=_CALLS,
        numbers=IN_FLIGHT,
        quick_numbers=(1, 20),
        spend=waiting_at_the_gate,
    ),
    Measure(
        name="all on the wire",
        of_what=_CALLS,
        numbers=IN_FLIGHT,
        quick_numbers=(1, 20),
        spend=all_on_the_wire,
    ),
    Measure(
        name="all left together",
        of_what=_CALLS,
        numbers=IN_FLIGHT,
        quick_numbers=(1, 20),
        spend=leaving_together,
    ),
    Measure(
        name="details fetched",
        of_what=_PROJECTS,
        numbers=PROJECTS,
        quick_numbers=(1, 20),
        spend=fetching,
    ),
    Measure(
        name="details kept and found",
        of_what=_PROJECTS,
        numbers=PROJECTS,
        quick_numbers=(1, 20),
        spend=finding,
    ),
    Measure(
        name="64 kept, all others fetched anew",
        of_what=_PROJECTS,
        numbers=EVICTED,
        quick_numbers=(128, 256),
        spend=forgetting,
    ),
    Measure(
        name="observers told of a call",
        of_what="observers",
        numbers=OBSERVERS,
        quick_numbers=(1, 10),
        spend=telling,
        repeats=False,
    ),
    Measure(
        name="events kept by an observer",
        of_what="events",
        numbers=EVENTS,
        quick_numbers=(30, 90),
        spend=keeping,
        repeats=False,
    ),
)
