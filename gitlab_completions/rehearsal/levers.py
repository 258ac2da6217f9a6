"""What the percentage of a step is set on.

The three levers decide alike who is in: by GitLab's hash of the flag's name and the
user. They differ in how soon a client hears of it, which `plan.Lever` tells.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from gitlab_completions.emulator.flags import Flags
from gitlab_completions.emulator.profiles import PROFILES
from gitlab_completions.flags import Flag, FlagReason
from gitlab_completions.policy import RoutingPolicy
from gitlab_completions.rehearsal.plan import DIRECT_FLAG, Lever, Time
from gitlab_completions.rehearsal.stage import actor_of

if TYPE_CHECKING:
    from gitlab_completions.client import CompletionClient
    from gitlab_completions.flags import FlagSource
    from gitlab_completions.rehearsal.plan import Plan, Step
    from gitlab_completions.rehearsal.stage import Stage

__all__ = ("Rollout", "rollout_of")


class Rollout(Protocol):
    """A lever, as authors and the conductor see it."""

    def pull(self, step: Step) -> None:
        """Set it as the step says."""
        ...

    def includes(self, author: int) -> bool:
        """Say whether it is on for an author."""
        ...

    def policy(self, author: int) -> RoutingPolicy:
        """Return what an author's new client goes by."""
        ...

    def source(self, author: int) -> FlagSource | None:
        """Return the source of flags of an author's new client."""
        ...

    def opened(self, author: int, client: CompletionClient) -> None:
        """Take note that an author's client is in use."""
        ...

    def closed(self, author: int) -> None:
        """Take note that it is not any more."""
        ...


def rollout_of(plan: Plan, stage: Stage) -> Rollout:
    """Return the lever that a plan chooses, on for nobody."""
    base = RoutingPolicy(
        allow_plain_http=plan.time is Time.LOOPBACK, environment_override=False
    )
    if plan.lever is Lever.CLIENT_PERCENTAGE:
        return _Percentage(base)
    if plan.lever is Lever.INSTANCE_FLAG:
        return _ByFlag(stage.flags, plan.flag, base, is_asked_by_clients=False)
    flags = Flags(PROFILES["17.1"])  # an organisation's own, of the same kind
    return _ByFlag(flags, DIRECT_FLAG, base, is_asked_by_clients=True)


class _ByFlag:
    """A flag: the instance's, or one that clients ask for.

    Args:
        flags: Where it is.
        name: What it is called.
        base: What all clients go by.
        is_asked_by_clients: Whether it is theirs to ask; else it is the instance's.
    """

    def __init__(
        self,
        flags: Flags,
        name: str,
        base: RoutingPolicy,
        *,
        is_asked_by_clients: bool,
    ) -> None:
        self._flags = flags
        self._name = name
        self._base = base
        self._is_asked = is_asked_by_clients
        flags.disable(name)

    def pull(self, step: Step) -> None:
        self._flags.disable(self._name)
        self._flags.admit_share(self._name, step.percent)
        self._flags.admit_actors(self._name, map(actor_of, range(step.members)))

    def includes(self, author: int) -> bool:
        return self._flags.is_on(self._name, actor_of(author))

    def policy(self, author: int) -> RoutingPolicy:
        del author
        return self._base

    def source(self, author: int) -> FlagSource | None:
        if not self._is_asked:
            return None
        return _Asked(self._flags, actor_of(author))

    def opened(self, author: int, client: CompletionClient) -> None:
        del author, client

    def closed(self, author: int) -> None:
        del author


class _Asked:
    """A flag service, as one author's client asks it.

    Args:
        flags: What it knows.
        actor: Who the author is.
    """

    def __init__(self, flags: Flags, actor: str) -> None:
        self._flags = flags
        self._actor = actor

    async def evaluate(self, name: str, /, *, default: bool) -> Flag:
        """Return the flag's value, or the default of one that is not there."""
        if name != DIRECT_FLAG:
            return Flag(name=name, enabled=default, reason=FlagReason.UNKNOWN_FLAG)
        enabled = self._flags.is_on(name, self._actor)
        return Flag(name=name, enabled=enabled, reason=FlagReason.PROVIDER)


class _Percentage:
    """A policy that is pushed to all clients.

    Args:
        base: What else they go by.
    """

    def __init__(self, base: RoutingPolicy) -> None:
        self._base = base
        self._percent = 0.0
        self._members = 0
        self._clients: dict[int, CompletionClient] = {}
        self._flags = Flags(PROFILES["17.1"])
        self._flags.disable(DIRECT_FLAG)

    def pull(self, step: Step) -> None:
        self._percent, self._members = step.percent, step.members
        self._flags.disable(DIRECT_FLAG)
        self._flags.admit_share(DIRECT_FLAG, step.percent)
        for author, client in self._clients.items():
            client.reconfigure(self.policy(author))

    def includes(self, author: int) -> bool:
        if author < self._members:
            return True
        return self._flags.is_on(DIRECT_FLAG, actor_of(author))

    def policy(self, author: int) -> RoutingPolicy:
        percent = 100.0 if author < self._members else self._percent
        return replace(self._base, direct_percentage=percent, actor=actor_of(author))

    def source(self, author: int) -> FlagSource | None:
        del author
        return None

    def opened(self, author: int, client: CompletionClient) -> None:
        self._clients[author] = client

    def closed(self, author: int) -> None:
        self._clients.pop(author, None)
