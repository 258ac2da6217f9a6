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

KEEP_ALIVE_S = 55.0
"""Seconds that an idle connection is kept: less than the 60 that balancers keep one.

httpx's 5 s cost a handshake, two round trips, after each pause for thought.
"""


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
        self._taken_at: dict[httpx.AsyncHTTPTransport, float] = {}

    def take(self, now: float) -> httpx.AsyncHTTPTransport:
        """Return a transport for one request, to be given back when that is over.

        Args:
            now: Monotonic seconds.

        Raises:
            SendError: `proxy`, when a new one cannot be made.
        """
        users = self._users
        lane = min(users, key=users.__getitem__, default=None)
        if lane is None or (users[lane] and len(users) < self._most):
            lane = self._make()
            users[lane] = 0
        users[lane] += 1
        self._taken_at.pop(lane, None)
        self._taken_at[lane] = now  # as the last of them
        return lane

    def give_back(
        self, lane: httpx.AsyncHTTPTransport, *, is_sound: bool = True
    ) -> bool:
        """Tell that a request is over: its answer has been read, or given up.

        Args:
            lane: What sent it.
            is_sound: Whether the lane is as good as before.

        Returns:
            Whether it stays; else it is to be closed.
        """
        self._users[lane] -= 1
        if is_sound or self._users[lane]:
            return True
        del self._users[lane], self._taken_at[lane]
        return False

    def surplus(self, now: float) -> httpx.AsyncHTTPTransport | None:
        """Return one that has long been taken by nobody, to be closed, if there is one.

        httpcore closes a connection that is too old when its pool is next used, and
        this one may never be.
        """
        lane, taken_at = next(iter(self._taken_at.items()), (None, now))
        if lane is None or self._users[lane] or now - taken_at <= KEEP_ALIVE_S:
            return None
        del self._users[lane], self._taken_at[lane]
        return lane

    async def aclose(self) -> None:
        """Close all connections."""
        for lane in tuple(self._users):
            await lane.aclose()
