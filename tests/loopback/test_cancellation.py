"""Callers who leave, twice, at any moment: nothing is broken and nothing is left.

An author who types supersedes most calls, and an editor may cancel a task that is
being cancelled already: that costs httpx's own pool a slot for good.
"""

from __future__ import annotations

import asyncio
import gc
import random
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import httpx2
import pytest

from gitlab_completions import CompletionClient, HttpxSender, Route
from tests.loopback.scene import (
    AT_ONCE_S,
    PATIENT,
    REQUEST,
    all_closed,
    client_of,
    complete,
    emulate,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gitlab_completions import Completion
    from gitlab_completions.emulator import Emulator

    MakeSender = Callable[[Emulator, AsyncExitStack], Awaitable[HttpxSender | None]]

CALLS = 400
AT_A_TIME = 25
LATENCY_S = 0.03
LATEST_S = 0.09
"""Seconds after which all callers have left: some with their completion."""
CONNECTIONS = 8


async def ours(_emulator: Emulator, _stack: AsyncExitStack) -> None:
    """Let the client make its sender itself, and close it."""


async def ours_on_httpx2(emulator: Emulator, stack: AsyncExitStack) -> HttpxSender:
    sender = HttpxSender(verify=emulator.ca_pem, engine="httpx2")
    return await stack.enter_async_context(sender)


async def of_httpx(emulator: Emulator, stack: AsyncExitStack) -> HttpxSender:
    limits = httpx.Limits(
        max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS
    )
    trust = emulator.ssl_context()
    assert trust is not None
    client = httpx.AsyncClient(verify=trust, limits=limits)
    await stack.enter_async_context(client)
    return HttpxSender(client)


async def of_httpx2(emulator: Emulator, stack: AsyncExitStack) -> HttpxSender:
    limits = httpx2.Limits(
        max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS
    )
    trust = emulator.ssl_context()
    assert trust is not None
    client = httpx2.AsyncClient(verify=trust, limits=limits)
    await stack.enter_async_context(client)
    return HttpxSender(client)


async def leave_twice(client: CompletionClient, after_s: float) -> Completion | None:
    """Call, and be cancelled after a while and again a turn of the loop later."""
    loop = asyncio.get_running_loop()
    call = loop.create_task(client.complete(REQUEST))

    def leave() -> None:
        call.cancel()
        loop.call_soon(call.cancel)

    timer = loop.call_later(after_s, leave)
    await asyncio.wait({call})
    timer.cancel()
    return None if call.cancelled() else call.result()


async def type_and_leave(client: CompletionClient, chance: random.Random) -> int:
    """Make all the calls, so many at a time; return how many were answered."""
    answered = 0
    for _ in range(CALLS // AT_A_TIME):
        calls = [
            leave_twice(client, chance.uniform(0.0, LATEST_S)) for _ in range(AT_A_TIME)
        ]
        answered += sum(done is not None for done in await asyncio.gather(*calls))
    return answered


def serves(task: asyncio.Task[object]) -> bool:
    """Tell whether a task is one of the emulator's, which stays until the end."""
    code = getattr(task.get_coro(), "cr_code", None)
    file = Path(code.co_filename) if code is not None else Path()
    return not {"emulator", "uvicorn"}.isdisjoint(file.parts)


@pytest.mark.parametrize(
    ("version", "route", "make_sender"),
    [
        ("19.3", Route.DIRECT, ours),
        ("19.3", Route.DIRECT, ours_on_httpx2),
        ("19.3", Route.DIRECT, of_httpx),
        ("19.3", Route.DIRECT, of_httpx2),
        ("19.0-online-licence", Route.INDIRECT, ours),
    ],
)
async def test_calls_cancelled_twice_leave_everything_sound(
    version: str,
    route: Route,
    make_sender: MakeSender,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    emulator = emulate(
        version, direct_latency_s=LATENCY_S, indirect_latency_s=LATENCY_S
    )
    async with emulator:
        monkeypatch.setenv("SSL_CERT_FILE", str(emulator.ca_pem))
        fronts = emulator.gateway_front, emulator.instance_front
        async with AsyncExitStack() as stack:
            sender = await make_sender(emulator, stack)
            bystanders = asyncio.all_tasks()
            client = CompletionClient(
                emulator.instance_url,
                emulator.access_token,
                policy=PATIENT,
                sender=sender,
            )
            async with client:
                # Else the request for details may open a ninth beside eight calls.
                await client.warm_up()
                answered = await type_and_leave(client, random.Random(400))
                next_one = await complete(client)
            left = [
                task for task in asyncio.all_tasks() - bystanders if not serves(task)
            ]
        asked = len(emulator.gateway.requests) + len(emulator.instance.requests)
        # Some left while they were on the wire, and some before.
        assert answered < asked - 1 < CALLS
        assert next_one.route is route
        assert next_one.elapsed_s < AT_ONCE_S
        assert len(next_one.attempts) == 1
        assert max(front.connections_opened for front in fronts) <= CONNECTIONS
        assert await all_closed(*fronts)
        assert left == []
    gc.collect()  # what was not closed warns now, and a warning is an error


async def test_callers_who_leave_before_there_are_details_end_no_fetch() -> None:
    async with emulate() as emulator, client_of(emulator) as client:
        emulator.direct_access.delay(0.1)
        chance = random.Random(20)
        leaving = [leave_twice(client, chance.uniform(0.0, 0.05)) for _ in range(20)]
        assert await asyncio.gather(*leaving) == [None] * 20
        done = await complete(client)
        assert done.route is Route.DIRECT
        assert len(emulator.direct_access.requests) == 1
        assert emulator.instance.requests == []
