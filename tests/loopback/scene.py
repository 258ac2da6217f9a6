"""A request worth keeping secret, an emulator that speaks TLS, clients that trust it.

Waits here end with what they wait for, and fail after `PATIENCE_S` at most.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from gitlab_completions import (
    AllRoutesFailedError,
    CompletionClient,
    CompletionRequest,
    ErrorCode,
    GitLabCompletionsError,
    HedgePolicy,
    HttpxSender,
    Route,
    RouteReason,
    RoutingPolicy,
)
from gitlab_completions.emulator import PROFILES, AccessTokens, Emulator
from gitlab_completions.emulator.model import continue_line

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from gitlab_completions import Completion, Observer
    from gitlab_completions.emulator import Profile
    from gitlab_completions.emulator.front import Front
    from gitlab_completions.emulator.model import Model

ACCESS_TOKEN = "glpat-canary-5711"
SOURCE = "secret_source_7319"
TEXT = f"{SOURCE}(r):"
"""What the emulator's model answers to `REQUEST`."""
REQUEST = CompletionRequest(
    file_name="secret_file.py",
    content_above_cursor=f"def area_{SOURCE}(r):\n    return r\n\n\ndef area_",
    content_below_cursor="\n    pass\n",
)
POLICY = RoutingPolicy(indirect_per_minute=None)
"""Without the client's own limit on the instance, which a test would soon reach."""
PATIENT = replace(POLICY, hedge=HedgePolicy(min_delay_s=9.0, max_delay_s=9.0))
"""For what is not about speed: a busy machine makes no route late."""
PATIENCE_S = 5.0
AT_ONCE_S = 0.5
"""Seconds that a call may take which waits for nothing, on a machine that is busy."""


def emulate(
    profile: str | Profile = "19.3",
    *,
    direct_latency_s: float = 0.0,
    indirect_latency_s: float = 0.0,
    model: Model = continue_line,
) -> Emulator:
    """Return an emulator that speaks TLS and counts no requests a minute."""
    emulator = Emulator(
        profile,
        tls=True,
        direct_latency_s=direct_latency_s,
        indirect_latency_s=indirect_latency_s,
        tokens=AccessTokens(valid=ACCESS_TOKEN),
        model=model,
    )
    emulator.settings.direct_access_limit = emulator.settings.completions_limit = 0
    return emulator


def grants_direct_access(profile: Profile) -> bool:
    return profile.refusal is None


def closing_idle_after(seconds: float) -> Profile:
    """Return the self-hosted profile, whose gateway closes idle connections sooner."""
    return replace(PROFILES["self-hosted"], gateway_keep_alive_s=seconds)


@asynccontextmanager
async def client_of(
    emulator: Emulator,
    *,
    policy: RoutingPolicy = POLICY,
    observers: Sequence[Observer] = (),
) -> AsyncGenerator[CompletionClient, None]:
    """Give a client that trusts the emulator; both it and its sender are closed."""
    async with (
        aclosing(HttpxSender(verify=emulator.ca_pem)) as sender,
        CompletionClient(
            emulator.instance_url,
            emulator.access_token,
            policy=policy,
            sender=sender,
            observers=observers,
        ) as client,
    ):
        yield client


async def complete(client: CompletionClient) -> Completion:
    """Return a completion of `REQUEST`, which is the model's."""
    done = await client.complete(REQUEST)
    assert done.text == TEXT
    return done


async def go_direct(client: CompletionClient) -> None:
    """Have the client warm, and direct in use."""
    await client.warm_up()
    done = await complete(client)
    assert (done.route, done.reason) == (Route.DIRECT, RouteReason.PREFERRED)


async def refusal_of(client: CompletionClient) -> AllRoutesFailedError:
    """Return the error of a call that no route serves."""
    try:
        await client.complete(REQUEST)
    except AllRoutesFailedError as error:
        return error
    raise AssertionError("there was a completion")


async def outcome_of(client: CompletionClient) -> Completion | GitLabCompletionsError:
    """Return what a call ends with."""
    try:
        return await complete(client)
    except GitLabCompletionsError as error:
        return error


def told(outcome: Completion | GitLabCompletionsError) -> Route | ErrorCode:
    """Return the route of a completion, or the code of an error."""
    if isinstance(outcome, GitLabCompletionsError):
        return outcome.code
    return outcome.route


async def all_closed(*fronts: Front) -> bool:
    """Wait until nothing is connected to the fronts; tell whether it came to that."""
    serving = {task for front in fronts for task in front._serving}
    if serving:
        await asyncio.wait(serving, timeout=PATIENCE_S)
    return not any(front.connections_open for front in fronts)
