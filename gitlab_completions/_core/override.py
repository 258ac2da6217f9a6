"""What the environment says of direct connections, and how it joins with the policy.

`GITLAB_COMPLETIONS_DIRECT` is for whoever runs programs that use the library and cannot
change them: an administrator who rolls direct connections out, or switches them off.
It is a list, separated by commas, of words for all instances and for some:

    never                     no direct connections
    25%                       for a quarter of the users
    old.corp=never,25%        the same, but never with old.corp
    auto, only                as in the policy

A word for an instance takes the place of the word for all. Together with the policy
the stricter one wins: either may forbid, and neither can allow what the other forbids.
Where the two leave no route at all (`only` here and `never` there, or `only` for a
share of the users) nobody could say which of them was meant, so that is refused.
"""

from __future__ import annotations

import dataclasses
import re
from typing import NoReturn

from gitlab_completions._records import Record
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.policy import DirectMode, RoutingPolicy

VARIABLE = "GITLAB_COMPLETIONS_DIRECT"

_RIGHT = 'write auto, never, only or a percentage such as 25%, or "host=never,25%"'
_PERCENTAGE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?) *%")
_PLACE = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?")
"""A host as in a URL, and maybe a port; international names in ASCII, as DNS has them.
"""
_USUAL_PORTS = {"https": ":443", "http": ":80"}


class Override(Record):
    """What the environment says of one instance.

    Args:
        direct: Whether direct may be used.
        percentage: For how many of the users.
    """

    direct: DirectMode = DirectMode.AUTO
    percentage: float = 100.0


def read(text: str, root: str) -> Override:
    """Return what a value of the variable says of the instance at that URL.

    Raises:
        ConfigurationError: When any entry is wrong, of whichever instance.
    """
    words: dict[str, Override] = {}
    for number, entry in enumerate(text.split(","), start=1):
        if not entry.strip():
            continue
        place, equals, word = entry.rpartition("=")
        place = place.strip().lower()
        if equals and not _PLACE.fullmatch(place):
            _refuse(f"is wrong at entry {number}, which names no host: {_RIGHT}")
        if place in words:
            _refuse(
                f"is wrong at entry {number}, the second for the same instances: "
                "keep one"
            )
        words[place] = _override(word.strip().lower(), number)
    for place in (*_places(root), ""):
        if place in words:
            return words[place]
    return Override()


def stricter(policy: RoutingPolicy, override: Override) -> RoutingPolicy:
    """Return the policy with what the environment forbids forbidden as well.

    Raises:
        ConfigurationError: When no route is left.
    """
    if {policy.direct, override.direct} == {DirectMode.NEVER, DirectMode.ONLY}:
        _refuse(
            f"says {override.direct.value} and the policy {policy.direct.value}, so "
            "that no route is left: change one of them"
        )
    mode = policy.direct if override.direct is DirectMode.AUTO else override.direct
    share = min(policy.direct_percentage, override.percentage)
    if mode is DirectMode.ONLY and share < 100:  # noqa: PLR2004 - per cent
        _refuse(
            "and the policy together leave some users no route: who goes direct only "
            "cannot be kept from it by a percentage"
        )
    return dataclasses.replace(policy, direct=mode, direct_percentage=share)


def _override(word: str, number: int) -> Override:
    if word in {mode.value for mode in DirectMode}:
        return Override(direct=DirectMode(word))
    share = _PERCENTAGE.fullmatch(word)
    if share is None or float(share[1]) > 100:  # noqa: PLR2004 - per cent
        _refuse(f"is wrong at entry {number}: {_RIGHT}")
    return Override(percentage=float(share[1]))


def _places(root: str) -> tuple[str, str]:
    """Return how an entry may name the instance, what says most first."""
    scheme, _, rest = root.lower().partition("://")
    place = rest.partition("/")[0]
    named = _PLACE.fullmatch(place)
    host, port = (named[1], named[2]) if named else (place, None)
    return f"{host}{port or _USUAL_PORTS.get(scheme, '')}", host


def _refuse(what: str) -> NoReturn:
    raise ConfigurationError(f"the environment variable {VARIABLE} {what}")
