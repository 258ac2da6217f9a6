"""Feature flags of the instance, stored and evaluated as Flipper does it.

Rules are those of GitLab's `lib/feature.rb` over Flipper 1.3: a flag that nobody has
set has its definition's default; otherwise gates are asked in order, and the first that
is open decides, unless the actor has opted out.
"""

import random
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from gitlab_completions.emulator.profiles import Profile, Release

__all__ = ("DEFINITIONS", "OPT_OUT", "Definition", "Flags", "Gates", "bucket_of")

OPT_OUT: Final = "opt_out"
"""What, after an actor and a colon, keeps a flag from it."""

_BUCKETS: Final = 100_000
_STEPS_PER_PERCENT: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """What GitLab's source says of a flag.

    Attributes:
        name: Its name.
        kind: Its type, such as "ops".
        default_enabled: Whether it is on where nobody has set it.
        since: The first release that has it.
        until: The first that has it no more.
    """

    name: str
    kind: str
    default_enabled: bool = False
    since: Release = (16, 0)
    until: Release = (99, 0)


DEFINITIONS: Final[tuple[Definition, ...]] = (
    Definition(name="ai_duo_code_suggestions_switch", kind="ops", default_enabled=True),
    Definition(name="code_suggestions_direct_completions", kind="beta", until=(17, 2)),
    Definition(
        name="code_suggestions_context", kind="beta", since=(17, 1), until=(18, 6)
    ),
    Definition(
        name="advanced_context_resolver",
        kind="beta",
        default_enabled=True,
        since=(17, 1),
    ),
    Definition(
        name="incident_fail_over_completion_provider", kind="ops", since=(17, 6)
    ),
    Definition(name="dpop_authentication", kind="beta", since=(17, 9)),
    Definition(name="enforce_language_server_version", kind="ops", since=(18, 1)),
    Definition(name="code_completion_v4_endpoint", kind="beta", since=(19, 1)),
    Definition(
        name="code_suggestions_direct_access_cloud_connected",
        kind="beta",
        since=(19, 3),
        until=(19, 5),
    ),
)
"""The flags that matter to completions; an instance has hundreds of others."""


@dataclass(slots=True, kw_only=True)
class Gates:
    """Who a flag that was set is on for; percentages from 0 to 100."""

    boolean: bool = False
    actors: set[str] = field(default_factory=set[str])
    percentage_of_actors: float = 0.0
    percentage_of_time: float = 0.0
    groups: set[str] = field(default_factory=set[str])
    """Those of Flipper; none is registered outside of GitLab.com, so none is open."""

    @property
    def state(self) -> str:
        """What the API says of it: "on", "off" or "conditional"."""
        if self.boolean or self.percentage_of_time >= 100:  # noqa: PLR2004
            return "on"
        shares = self.percentage_of_actors or self.percentage_of_time
        return "conditional" if self.actors or shares or self.groups else "off"

    def admit(self, name: str, actor: str | None, roll: Callable[[], float]) -> bool:
        """Say whether a gate of the flag `name` is open."""
        if self.boolean or (actor is not None and actor in self.actors):
            return True
        if actor is not None and bucket_of(name, actor) < (
            self.percentage_of_actors * _STEPS_PER_PERCENT
        ):
            return True
        return roll() < self.percentage_of_time / 100


class Flags:
    """The flags of one instance.

    Args:
        profile: Which release it is; decides what flags there are, and which are on.
        roll: Returns a number from 0 to 1, for percentages of time.

    Attributes:
        gates: Those of every flag that was set, by its name.
    """

    def __init__(
        self, profile: Profile, *, roll: Callable[[], float] = random.random
    ) -> None:
        self.gates: dict[str, Gates] = {
            name: Gates(boolean=True) for name in profile.flags_on
        }
        self.definitions: Mapping[str, Definition] = {
            definition.name: definition
            for definition in DEFINITIONS
            if definition.since <= profile.release < definition.until
        }
        self._roll = roll

    def is_on(self, name: str, actor: str | None) -> bool:
        """Evaluate a flag for an actor such as "User:42", or for nobody."""
        gates = self.gates.get(name)
        if gates is None:
            definition = self.definitions.get(name)
            return definition is not None and definition.default_enabled
        if actor is not None and self.has_opted_out(name, actor):
            return False
        return gates.admit(name, actor, self._roll)

    def enable(self, name: str) -> None:
        """Open the boolean gate; the others are forgotten."""
        self.gates[name] = Gates(boolean=True)

    def disable(self, name: str) -> None:
        """Shut every gate."""
        self.gates[name] = Gates()

    def admit_actors(self, name: str, actors: Iterable[str]) -> None:
        """Open the gate of actors for some more."""
        self._of(name).actors.update(actors)

    def dismiss_actors(self, name: str, actors: Iterable[str]) -> None:
        """Shut the gate of actors for some."""
        self._of(name).actors.difference_update(actors)

    def has_opted_out(self, name: str, actor: str) -> bool:
        """Say whether an actor is kept from a flag, whatever gate is open."""
        gates = self.gates.get(name)
        return gates is not None and f"{actor}:{OPT_OUT}" in gates.actors

    def admit_groups(self, name: str, groups: Iterable[str]) -> None:
        """Open the gate of groups for some more."""
        self._of(name).groups.update(groups)

    def dismiss_groups(self, name: str, groups: Iterable[str]) -> None:
        """Shut the gate of groups for some."""
        self._of(name).groups.difference_update(groups)

    def admit_share(self, name: str, percent: float, *, of_time: bool = False) -> None:
        """Open the flag for a share of all actors, or of all times.

        Raises:
            ValueError: If it is none from 0 to 100, or the flag is on for all already:
                it would stay on for all.
        """
        if not 0 <= percent <= 100:  # noqa: PLR2004
            raise ValueError(f"a percentage is from 0 to 100, not {percent}")
        if self._of(name).state == "on":
            share = "time" if of_time else "actors"
            raise ValueError(
                f"Cannot enable percentage of {share} for a fully-enabled flag"
            )
        if of_time:
            self._of(name).percentage_of_time = percent
        else:
            self._of(name).percentage_of_actors = percent

    def forget(self, name: str) -> None:
        """Take the flag for one that nobody has set."""
        self.gates.pop(name, None)

    def _of(self, name: str) -> Gates:
        """Return the gates of a flag that is set from now on."""
        return self.gates.setdefault(name, Gates())


def bucket_of(name: str, actor: str) -> int:
    """Return the bucket of an actor, from 0 to 99 999; another one for each flag."""
    return zlib.crc32(f"{name}{actor}".encode()) % _BUCKETS
