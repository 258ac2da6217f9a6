"""Which of the gateway's endpoints is asked, by what they refused.

A gateway that refuses one of its endpoints to users may serve the other, and nothing
but asking tells. So the preferred one is asked until it is refused, then the other, for
as long as that is not refused itself: there is nothing to be gained by going back. When
all have been refused within the hour, direct is barred; a call that wants it after that
asks the one that was refused longest ago.

A renewed grant does not change what its gateway can do, so refusals outlive it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitlab_completions.details import ConnectionDetails, Endpoint

REFUSED_S = 3600.0
"""Seconds that a refusal is sure to hold: gateways are renewed, though not by the hour.
As long as a grant lives, so that each endpoint is refused once in that time."""
DRIFT_FILES = 3
"""Bodies refused on so many different files in a row: the schema has moved on."""


class Endpoints:
    """The endpoints of the gateway that one project is granted."""

    __slots__ = ("_drifted", "_gateway", "_refused_at")

    def __init__(self) -> None:
        self._gateway = ""
        self._refused_at: dict[Endpoint, float] = {}
        self._drifted: set[tuple[Endpoint, str]] = set()

    def choose(self, details: ConnectionDetails) -> Endpoint:
        """Return the one to ask: never refused and preferred, or refused first."""
        return min(details.endpoints, key=self._refused_last)

    def granted(self, details: ConnectionDetails) -> None:
        """Take note of a grant: of another gateway nothing is known."""
        if details.base_url != self._gateway:
            self._gateway = details.base_url
            self._refused_at.clear()
            self._drifted.clear()

    def accepted(self) -> None:
        """Take note that a request was taken: bodies refused before are forgotten."""
        self._drifted.clear()

    def refused(
        self, now: float, details: ConnectionDetails, endpoint: Endpoint
    ) -> bool:
        """Take note that an endpoint is refused; tell whether none is left.

        What a gateway refuses that has been replaced since says nothing.
        """
        if details.base_url != self._gateway:
            return False
        self._refused_at[endpoint] = now
        return all(
            now - self._refused_last(one) < REFUSED_S for one in details.endpoints
        )

    def drifted(self, endpoint: Endpoint, file_name: str) -> bool:
        """Take note that an endpoint refused a body; tell whether it takes no other."""
        self._drifted.add((endpoint, file_name))
        if sum(one is endpoint for one, _ in self._drifted) < DRIFT_FILES:
            return False
        self._drifted.clear()
        return True

    def _refused_last(self, endpoint: Endpoint) -> float:
        return self._refused_at.get(endpoint, -math.inf)
