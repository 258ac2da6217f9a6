"""What the matrix is made of: places, situations, and what is known of each trouble.

A trouble is data: how to bring it about, and what it looks like to whoever meets it. Of
what follows from that nothing is written down here: see expectation.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from gitlab_completions._core.verdicts import Body, Observation
from tests.loopback.scene import TEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitlab_completions import ErrorCode
    from gitlab_completions.emulator import Endpoint

TWENTY = 20
"""Calls at once: more than twice what the gate of a host lets through."""


class Place(StrEnum):
    """Where the trouble is, and what stands beside it."""

    DIRECT_ACCESS = "direct_access"
    """The grant; the gateway and the instance's completions are well."""
    GATEWAY = "gateway"
    """The direct route; everything else is well."""
    INSTANCE = "instance"
    """The indirect route, by a policy that allows no other."""
    RESTING = "instance, direct resting"
    """The indirect route, while direct is well again and its circuit still open."""

    @property
    def endpoint(self) -> str:
        """The endpoint that is struck."""
        return "instance" if self is Place.RESTING else self.value


class Situation(StrEnum):
    """When the trouble meets a client."""

    FIRST = "first call"
    """Before the client has done anything."""
    WARM = "warm call"
    """After it has gone its way, with connections open and details in hand."""
    AT_ONCE = "20 calls at once"
    """Like a warm call, 20 times; where the grant is in trouble, like a first one."""

    @property
    def calls(self) -> int:
        """How many calls are made."""
        return TWENTY if self is Situation.AT_ONCE else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What a trouble is to an exchange with one endpoint.

    Args:
        seen: What the core is told of an exchange.
        code: What a person is told, where it is told.
        warm: What is seen and told as well, where it depends on whether a connection
            was open before.
        text: What a completion says, where there is one.
        refused_later: There is a grant, and the gateway refuses its token.
    """

    seen: Observation
    code: ErrorCode | None = None
    warm: tuple[Observation, ErrorCode] | None = None
    text: str = TEXT
    refused_later: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One row of the matrix, at each of the endpoints that it has facts of.

    Args:
        name: What a person calls it.
        strike: Brings it about on an endpoint; is told the URL of another host.
        facts: By the endpoint's name.
        retry_after_s: Seconds that it asks to wait.
        slow: It takes all the time that an attempt has.
        whole_host: It strikes all endpoints of the host.
        arrives: Requests reach the endpoint.
        resent: Most times that a request is sent again when its connection, which had
            been open, turns out to be dead.
        spare_s: Seconds more for twenty calls: our own host has a lot to send.
    """

    name: str
    strike: Callable[[Endpoint, str], None]
    facts: Mapping[str, Fact]
    retry_after_s: float | None = None
    slow: bool = False
    whole_host: bool = False
    arrives: bool = True
    resent: int = 0
    spare_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of the matrix."""

    place: Place
    trouble: Trouble
    situation: Situation

    @property
    def fact(self) -> Fact:
        """What the trouble is to the endpoint that is struck."""
        return self.trouble.facts[self.place.endpoint]

    def __str__(self) -> str:
        return f"{self.place} / {self.trouble.name} / {self.situation}"


GOOD = Observation(status=200, body=Body.GOOD)


def broken(word: str) -> Observation:
    """Return what is seen of an exchange that brought no whole answer."""
    return Observation(status=None, body=Body.NONE, word=word)


def everywhere(fact: Fact) -> dict[str, Fact]:
    """Return a fact as that of all endpoints."""
    return dict.fromkeys(("direct_access", "gateway", "instance"), fact)


def cells(troubles: tuple[Trouble, ...]) -> list[Cell]:
    """Return all cells of some troubles; a client that rests has called before."""
    return [
        Cell(place=place, trouble=trouble, situation=situation)
        for place in Place
        for trouble in troubles
        if place.endpoint in trouble.facts
        for situation in Situation
        if not (place is Place.RESTING and situation is Situation.FIRST)
    ]
