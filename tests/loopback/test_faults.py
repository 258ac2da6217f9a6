"""Every version, every endpoint, every fault: a completion whenever there is a way.

The emulators of all versions stand side by side, and a fault strikes all of them at
once, so that what hangs hangs together. In each cell two clients call: one that had
gone its way before the fault came, and one that starts into it and calls twice.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from gitlab_completions import DetailsPolicy, ErrorCode, Route, RoutingPolicy
from gitlab_completions.emulator import PROFILES, Emulator, Endpoint
from tests.loopback.scene import (
    POLICY,
    SOURCE,
    client_of,
    complete,
    emulate,
    grants_direct_access,
    outcome_of,
    told,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from gitlab_completions import Completion, CompletionClient, GitLabCompletionsError
    from tests.loopback.witness import Witness

    Outcome = Completion | GitLabCompletionsError

pytestmark = pytest.mark.asyncio(loop_scope="module")

VERSIONS = (
    "17.1-flag-off",
    "17.1",
    "17.2",
    "18.9",
    "19.0-online-licence",
    "19.1",
    "19.3",
    "19.5",
    "self-hosted",
)
SHORT_S = 0.2
IN_TIME_S = 4.0
"""Seconds that no call may exceed, whatever hangs and however busy the machine is.

Less than the timeouts of what is not at fault, and than any deadline that is not short.
"""

MESSAGES = {
    400: "400 Bad Request",
    401: "401 Unauthorized",
    403: "403 Forbidden",
    404: "404 Not Found",
    422: "422 Unprocessable Entity",
    429: "Try again later.",
    500: "500 Internal Server Error",
    503: "Token creation failed",
}
SLOW = {"hang", "drip", "blackhole"}
WHOLE_HOST = {"blackhole", "refuse"}
TOKEN_FLAWS = {"expired_token", "tampered_token"}
STRIKES: dict[str, Callable[[Endpoint], None]] = {
    "hang": Endpoint.hang,
    "drip": partial(Endpoint.drip, bytes_per_s=20),
    "blackhole": Endpoint.blackhole,
    "refuse": Endpoint.refuse,
    "reset": Endpoint.reset,
    "half_answer": Endpoint.half_answer,
    "html": Endpoint.html,
    "expired_token": Endpoint.expired_token,
    "tampered_token": Endpoint.tampered_token,
}
FAULTS = (*map(str, MESSAGES), *STRIKES)
CELLS = [
    (name, fault)
    for name in ("direct_access", "gateway", "instance")
    for fault in FAULTS
    if name == "direct_access" or fault not in TOKEN_FLAWS
]

CODES = {
    "400": {ErrorCode.REQUEST},
    "401": {ErrorCode.TOKEN_INVALID},
    "403": {ErrorCode.FORBIDDEN},
    "404": {ErrorCode.SWITCHED_OFF},
    "422": {ErrorCode.REQUEST},
    "429": {ErrorCode.RATE_LIMITED},
    "500": {ErrorCode.SERVER},
    "503": {ErrorCode.SERVER},
    "hang": {ErrorCode.TIMEOUT},
    "drip": {ErrorCode.TIMEOUT},
    "blackhole": {ErrorCode.TIMEOUT, ErrorCode.OFFLINE},
    "refuse": {ErrorCode.OFFLINE},
    "reset": {ErrorCode.OFFLINE},
    "half_answer": {ErrorCode.OFFLINE, ErrorCode.MALFORMED},
    "html": {ErrorCode.CAPTIVE_PORTAL},
}
"""What the caller is told who has only the instance, and finds it at fault."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def emulators() -> AsyncGenerator[dict[str, Emulator], None]:
    async with AsyncExitStack() as stack:
        started = {}
        for name in VERSIONS:
            started[name] = await stack.enter_async_context(emulate(name))
        yield started


def endpoint_of(emulator: Emulator, name: str) -> Endpoint:
    handles = {
        "direct_access": emulator.direct_access,
        "gateway": emulator.gateway,
        "instance": emulator.instance,
    }
    return handles[name]


def strike(endpoint: Endpoint, fault: str) -> None:
    """Put a fault in force; a refusal's body repeats the source, as old ones do."""
    if fault in STRIKES:
        STRIKES[fault](endpoint)
        return
    key = "detail" if endpoint.name == "gateway" else "message"
    status = int(fault)
    endpoint.fail(status, json={key: MESSAGES[status], "input": SOURCE})


def policy_for(name: str, fault: str) -> RoutingPolicy:
    """Return a policy that has little patience where the fault is, else plenty."""
    host = name != "gateway" and fault == "blackhole"
    slow = fault in SLOW
    return RoutingPolicy(
        indirect_per_minute=None,
        deadline_s=0.7 if host else 10.0,
        direct_timeout_s=SHORT_S if slow and name == "gateway" else 5.0,
        indirect_timeout_s=SHORT_S if (slow and name == "instance") or host else 5.0,
        details=DetailsPolicy(
            first_wait_s=0.25 if host or (slow and name == "direct_access") else 5.0
        ),
    )


def expected(emulator: Emulator, name: str, fault: str, *, warm: bool) -> set[object]:
    """Return what a call may end with: a route, or the code of an error."""
    direct = grants_direct_access(emulator.profile)
    if name == "gateway":
        return {Route.INDIRECT}
    if fault in WHOLE_HOST:
        return {Route.DIRECT} if direct and warm else set(CODES[fault])
    if name == "direct_access":
        return {Route.DIRECT if direct and warm else Route.INDIRECT}
    return {Route.DIRECT} if direct else set(CODES[fault])


async def play(
    emulator: Emulator, name: str, fault: str, witness: Witness
) -> list[tuple[str, set[object], Outcome, float]]:
    """Let two clients meet the fault; return what was expected and what came."""
    endpoint = endpoint_of(emulator, name)
    policy = policy_for(name, fault)
    made = partial(client_of, emulator, observers=(witness.note,))
    async with made(policy=POLICY) as warm, made(policy=policy) as cold:
        witness.look_at(await complete(warm))
        # Only now: a healthy call must not meet a short timeout on a busy machine.
        warm.reconfigure(policy)
        strike(endpoint, fault)
        try:
            was_warm = expected(emulator, name, fault, warm=True)
            was_cold = expected(emulator, name, fault, warm=False)
            return [
                ("warm", was_warm, *await timed(warm, witness)),
                ("first", was_cold, *await timed(cold, witness)),
                ("second", was_cold, *await timed(cold, witness)),
            ]
        finally:
            endpoint.heal()


async def timed(client: CompletionClient, witness: Witness) -> tuple[Outcome, float]:
    clock = asyncio.get_running_loop().time
    started = clock()
    outcome = await outcome_of(client)
    elapsed_s = clock() - started
    for thing in (outcome, getattr(outcome, "attempts", ()), client, client.status()):
        witness.look_at(thing)
    return outcome, elapsed_s


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_healthy_version_completes_by_its_best_route(
    emulators: dict[str, Emulator], version: str
) -> None:
    direct = grants_direct_access(PROFILES[version])
    best = Route.DIRECT if direct else Route.INDIRECT
    policy = policy_for("none", "none")
    async with client_of(emulators[version], policy=policy) as client:
        first, warm = await complete(client), await complete(client)
    assert (first.route, warm.route) == (best, best)
    assert len(first.attempts) == len(warm.attempts) == 1


@pytest.mark.parametrize(("name", "fault"), CELLS)
async def test_a_fault_costs_no_version_a_completion_that_a_route_can_give(
    emulators: dict[str, Emulator], witness: Witness, name: str, fault: str
) -> None:
    played = await asyncio.gather(
        *(play(emulator, name, fault, witness) for emulator in emulators.values())
    )
    wrong = [
        (version, call, told(outcome), elapsed_s)
        for version, calls in zip(emulators, played, strict=True)
        for call, right, outcome, elapsed_s in calls
        if told(outcome) not in right or elapsed_s > IN_TIME_S
    ]
    assert wrong == []


async def test_the_witness_has_heard_all_who_could_have_told_a_secret(
    emulators: dict[str, Emulator], witness: Witness
) -> None:
    emulator = emulators["19.3"]
    async with client_of(emulator, observers=(witness.note,)) as client:
        emulator.gateway.fail(503, times=1)
        witness.look_at(await complete(client))
        emulator.gateway.fail(503, times=1)
        emulator.instance.fail(503, times=1)
        witness.look_at(await outcome_of(client))
    loggers = {
        "asyncio",
        "gitlab_completions",
        "httpcore.connection",
        "httpcore.http11",
    }
    events = {"RouteChosen", "AttemptFailed", "FellBack", "DetailsRefreshed"}
    others = {"Completion", "AllRoutesFailedError"}
    assert loggers | events | others <= witness.heard
