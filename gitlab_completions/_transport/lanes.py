"""Many small pools in place of a large one, so that no request looks at other requests.

httpcore goes through all connections of a pool whenever a request begins or ends, with
a system call for each that is idle, and counts them all for each of them. It also gives
one idle connection to everybody who asks before the first has begun to write on it, and
all but one then ask again. With eight in flight that is a third of a call's CPU. In a
pool that serves one request at a time there is nothing to go through, and no rival.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx


class Lanes:
    """Transports that serve one request at a time each, while there are enough.

    The first that is free is taken, so that few are in use and their connections warm.

    Args:
        make: Makes a transport.
        most: How many there may be; more requests than that share them.
    """

    def __init__(self, make: Callable[[], httpx.AsyncHTTPTransport], most: int) -> None:
        self._make = make
        self._most = most
        self._users: dict[httpx.AsyncHTTPTransport, int] = {}

    def take(self) -> httpx.AsyncHTTPTransport:
        """Return a transport for one request, to be given back when that is over.

        Raises:
            SendError: `proxy`, when a new one cannot be made.
        """
        users = self._users
        lane = min(users, key=users.__getitem__, default=None)
        if lane is None or (users[lane] and len(users) < self._most):
            lane = self._make()
            users[lane] = 0
        users[lane] += 1
        return lane

    def give_back(self, lane: httpx.AsyncHTTPTransport) -> None:
        """Tell that a request is over: its answer has been read, or given up."""
        self._users[lane] -= 1

    async def aclose(self) -> None:
        """Close all connections."""
        for lane in self._users:
            await lane.aclose()
