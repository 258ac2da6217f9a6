"""When a route's HTTP client is no longer trusted, and what follows on it.

A client can go bad without an error: its idle connections died while the machine
slept or a firewall forgot them, its pool has lost slots, its HTTP/2 connection has no
streams left. Waiting for a read timeout of every connection in it costs an author
minutes; a new client costs one handshake. So a suspect client gets no new exchange,
ends those it has, and is discarded with the last of them.

No I/O and no clock here: the time is told, clients are made and discarded by others.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Generic, TypeVar

from gitlab_completions.policy import HEDGE_DELAY_S

if TYPE_CHECKING:
    from collections.abc import Callable

SILENCE_S = 2 * HEDGE_DELAY_S
"""Seconds without a byte after which an exchange speaks against its client.

Twice the delay after which a route counts as slow: a slow server is not a dead
connection.
"""
MAX_SILENT = 2
"""Silent exchanges that make a client suspect; one may be the server's own doing."""

MOST_FOLLOWED = 1
"""Clients that have been followed and may still have exchanges in flight."""

QUIET_S = 15.0
"""Seconds without anything heard after which a client's connections may be dead.

TCP's keep-alive begins to ask after as long, and has its answer 15 s later.
"""

Client = TypeVar("Client")


class Tenure(Generic[Client]):
    """A client's time in office: what was sent on it, and what came back.

    Args:
        client: The client.
        silence_s: Seconds without a byte that speak against it.
    """

    def __init__(self, client: Client, silence_s: float = SILENCE_S) -> None:
        self.client = client
        self._silence_s = silence_s
        self.in_flight = 0
        self.ousted = False
        """Discarded before its exchanges had ended; what breaks then is our doing."""
        self._condemned = False
        self._waiting: dict[int, float] = {}
        self._tickets = 0
        self._heard_at = -math.inf
        self._lost = 0

    def begin(self, now: float) -> int:
        """Note that an exchange starts; return its ticket."""
        self._tickets += 1
        self.in_flight += 1
        self._waiting[self._tickets] = now
        return self._tickets

    def heard(self, ticket: int, now: float) -> None:
        """Note that something arrived; the client is alive, the silent may be slow."""
        self._waiting.pop(ticket, None)
        self._heard_at = now
        self._lost = 0

    def is_silent(self, ticket: int, now: float) -> bool:
        """Whether nothing has come of an exchange for so long that nothing will.

        It speaks against the route then, whoever ends it: a gateway that hangs makes
        its clients suspect, and would never be told so otherwise.
        """
        sent_at = self._waiting.get(ticket)
        return sent_at is not None and now - sent_at >= self._silence_s

    def is_quiet(self, now: float) -> bool:
        """Whether nothing has been heard for so long that connections may have died."""
        return math.isfinite(self._heard_at) and now - self._heard_at >= QUIET_S

    def end(self, ticket: int, now: float) -> None:
        """Note that an exchange has ended, one way or another."""
        self.in_flight -= 1
        sent_at = self._waiting.pop(ticket, None)
        if sent_at is not None and self._is_silent(sent_at, now):
            self._lost += 1

    def condemn(self) -> None:
        """Make the client suspect, whatever arrives."""
        self._condemned = True

    def is_suspect(self, now: float) -> bool:
        """Whether nothing more should be sent on this client."""
        silent = sum(self._is_silent(at, now) for at in self._waiting.values())
        return self._condemned or self._lost + silent >= MAX_SILENT

    def _is_silent(self, sent_at: float, now: float) -> bool:
        return now - max(sent_at, self._heard_at) >= self._silence_s


class Succession(Generic[Client]):
    """The clients of one route: one in office, and a few before it at most.

    Args:
        make: Makes a new client.
        discard: Told of each client that is to be closed; called once for each.
        lasting: The first client is kept whatever happens: it is the user's.
        silence_s: Seconds without a byte after which an exchange speaks against it.
        most_followed: How many clients before it may still have exchanges.
    """

    def __init__(
        self,
        make: Callable[[], Client],
        discard: Callable[[Client], None],
        *,
        lasting: bool = False,
        silence_s: float = SILENCE_S,
        most_followed: int = MOST_FOLLOWED,
    ) -> None:
        self._make = make
        self._discard = discard
        self._lasting = lasting
        self._silence_s = silence_s
        self._most_followed = most_followed
        self._current: Tenure[Client] | None = None
        self._former: list[Tenure[Client]] = []

    def admit(self, now: float) -> Tenure[Client]:
        """Return the client for the next exchange: a new one where it must be."""
        current = self._current
        if current is not None and current.is_suspect(now):
            self.retire(current)
        if self._current is None:
            self._current = Tenure(self._make(), self._silence_s)
        return self._current

    def retire(self, tenure: Tenure[Client] | None = None) -> bool:
        """Send what comes next on a new client; without an argument, in any case.

        A client that has been followed already stays followed: when a load balancer
        forgets eight connections at once, eight exchanges ask, and one client is made.

        Returns:
            Whether clients can be replaced at all.
        """
        if self._lasting:
            return False
        current = self._current
        if current is not None and tenure in {None, current}:
            # A few clients at most: each has a pool of its own, and the oldest has had
            # its time. What ends with it is told apart by `ousted`.
            while len(self._former) >= self._most_followed:
                self._oust(self._former.pop(0))
            self._former.append(current)
            self._current = None
            self.settle(current)
        return True

    def settle(self, tenure: Tenure[Client]) -> None:
        """Discard a client that has been followed, once its last exchange has ended."""
        if tenure in self._former and not tenure.in_flight:
            self._former.remove(tenure)
            self._discard(tenure.client)

    def close(self) -> None:
        """Discard every client, its exchanges ended or not."""
        for former in self._former:
            self._oust(former)
        if self._current is not None and not self._lasting:
            self._oust(self._current)
        self._former = []
        self._current = None

    def _oust(self, tenure: Tenure[Client]) -> None:
        tenure.ousted = True
        self._discard(tenure.client)
