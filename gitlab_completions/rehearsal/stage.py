"""Where a rehearsal takes place: a GitLab in memory, or one on loopback.

Both are the emulator's instance and gateway. Here they get the latencies of the plan,
drawn anew for each request: the way through the instance takes what the gateway takes,
and something on top. Every author is a user of its own, with an access token, a bucket
in every flag, and a rate limit.
"""

from __future__ import annotations

import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

from gitlab_completions.client import CompletionClient
from gitlab_completions.emulator import Credential, Emulator
from gitlab_completions.rehearsal.open_files import room_for
from gitlab_completions.rehearsal.plan import Time
from gitlab_completions.senders import HttpxSender
from gitlab_completions.testing import FakeGitLab

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from contextlib import AbstractAsyncContextManager

    from gitlab_completions.emulator.arrivals import SeenRequest
    from gitlab_completions.emulator.faults import Endpoint
    from gitlab_completions.emulator.flags import Flags
    from gitlab_completions.events import Observer
    from gitlab_completions.flags import FlagSource
    from gitlab_completions.policy import RoutingPolicy
    from gitlab_completions.rehearsal.plan import Latencies, Plan

__all__ = ("Stage", "actor_of", "set_stage")

_FIRST_USER = 1000
"""The first author's number at the instance; its own users have lower ones."""


class Stage(Protocol):
    """A GitLab with many users."""

    @property
    def flags(self) -> Flags:
        """The instance's feature flags."""
        ...

    def endpoint(self, name: str) -> Endpoint:
        """Return the handle on an endpoint."""
        ...

    def client(
        self,
        author: int,
        *,
        policy: RoutingPolicy,
        flags: FlagSource | None,
        observers: Sequence[Observer],
        chance: random.Random,
    ) -> AbstractAsyncContextManager[CompletionClient]:
        """Return a new client of an author's, to be entered and left."""
        ...


def actor_of(author: int) -> str:
    """Return an author as feature flags name it."""
    return f"User:{_FIRST_USER + author}"


@asynccontextmanager
async def set_stage(plan: Plan) -> AsyncGenerator[Stage, None]:
    """Set the stage that a plan wants.

    Raises:
        MissingExtraError: When it is to be on loopback, and the emulator's extra is
            not installed.
        ConfigurationError: When the system does not let it have so many sockets.
    """
    chance = random.Random(f"{plan.seed}:stage")
    tokens = [f"glpat-{chance.getrandbits(80):020x}" for _ in range(plan.authors.count)]
    known = {
        token: Credential(user_id=_FIRST_USER + author)
        for author, token in enumerate(tokens)
    }
    if plan.time is Time.VIRTUAL:
        gitlab = FakeGitLab(profile=plan.profile, seed=chance.getrandbits(32))
        for token, credential in known.items():
            gitlab.set_credential(token, credential)
        in_memory = _InMemory(gitlab, tokens)
        _slow(in_memory, plan.latencies, chance)
        yield in_memory
        return
    with room_for(plan.authors.count):
        async with Emulator(plan.profile) as emulator:
            for token, credential in known.items():
                emulator.set_credential(token, credential)
            on_loopback = _OnLoopback(emulator, tokens)
            _slow(on_loopback, plan.latencies, chance)
            yield on_loopback


class _InMemory:
    """A GitLab in memory.

    Args:
        gitlab: The GitLab.
        tokens: Each author's access token.
    """

    def __init__(self, gitlab: FakeGitLab, tokens: Sequence[str]) -> None:
        self._gitlab = gitlab
        self._tokens = tokens

    @property
    def flags(self) -> Flags:
        return self._gitlab.flags

    def endpoint(self, name: str) -> Endpoint:
        return _endpoints(self._gitlab)[name]

    def client(
        self,
        author: int,
        *,
        policy: RoutingPolicy,
        flags: FlagSource | None,
        observers: Sequence[Observer],
        chance: random.Random,
    ) -> AbstractAsyncContextManager[CompletionClient]:
        self._gitlab.prompts.clear()  # nobody looks at them, and they would add up
        return self._gitlab.client(
            access_token=self._tokens[author],
            jitter=chance.random,
            policy=policy,
            flags=flags,
            observers=observers,
        )


class _OnLoopback:
    """A GitLab behind sockets.

    Args:
        emulator: The GitLab, started.
        tokens: Each author's access token.
    """

    def __init__(self, emulator: Emulator, tokens: Sequence[str]) -> None:
        self._emulator = emulator
        self._tokens = tokens

    @property
    def flags(self) -> Flags:
        return self._emulator.flags

    def endpoint(self, name: str) -> Endpoint:
        return _endpoints(self._emulator)[name]

    @asynccontextmanager
    async def client(
        self,
        author: int,
        *,
        policy: RoutingPolicy,
        flags: FlagSource | None,
        observers: Sequence[Observer],
        chance: random.Random,
    ) -> AsyncGenerator[CompletionClient, None]:
        del chance  # in real time a client throws its own dice
        # No proxy of the environment's reaches this machine.
        async with (
            HttpxSender(trust_env=False) as sender,
            CompletionClient(
                self._emulator.instance_url,
                self._tokens[author],
                policy=policy,
                sender=sender,
                flags=flags,
                observers=observers,
            ) as client,
        ):
            yield client


def _endpoints(gitlab: FakeGitLab | Emulator) -> dict[str, Endpoint]:
    return {
        "gateway": gitlab.gateway,
        "instance": gitlab.instance,
        "direct_access": gitlab.direct_access,
        "inquiries": gitlab.inquiries,
    }


def _slow(stage: Stage, latencies: Latencies, chance: random.Random) -> None:
    """Let the endpoints take their time, each request another one."""

    def model_s() -> float:
        return latencies.direct_s * chance.lognormvariate(0, latencies.spread)

    gateway, instance = stage.endpoint("gateway"), stage.endpoint("instance")

    # A handle tells its listeners of a request before it is asked how long to hold it.
    def at_gateway(_request: SeenRequest) -> None:
        gateway.latency_s = model_s()

    def at_instance(_request: SeenRequest) -> None:
        instance.latency_s = latencies.indirect_extra_s + model_s()

    gateway.listen(at_gateway)
    instance.listen(at_instance)
    for name in ("direct_access", "inquiries"):
        stage.endpoint(name).latency_s = latencies.grant_s
