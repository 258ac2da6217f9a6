"""The benchmarks' server at the far end of a path with a round trip.

Every contender gets entrances of its own, one to the instance and one to the gateway,
so that its connections can be told from the others'.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.benchmarks.contenders import Place, granted_headers
from tests.benchmarks.distance import HOST, Distance
from tests.benchmarks.server import Served, served

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

RTT_S = 0.06
"""As in a client's way to a gateway on the same continent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrances:
    """One contender's way to both hosts.

    Args:
        place: Where it sends.
        instance: Its entrance's port.
        gateway: Its entrance's port.
    """

    place: Place
    instance: int
    gateway: int


@dataclass(slots=True)
class FarAway:
    """A server and the distance before it.

    Args:
        server: The server.
        distance: What is before it.
    """

    server: Served
    distance: Distance
    _headers: dict[str, str] = field(default_factory=granted_headers)
    _context: ssl.SSLContext = field(init=False)

    def __post_init__(self) -> None:
        self._context = self.server.context()

    def entrances(self) -> Entrances:
        """Open two new entrances; the server grants the gateway behind this one."""
        instance = self.distance.entrance(_port(self.server.instance_url))
        gateway = self.distance.entrance(_port(self.server.gateway_url))
        place = Place(
            instance_url=_url(instance),
            gateway_url=_url(gateway),
            context=self._context,
            headers=self._headers,
        )
        self.grant(place)
        return Entrances(place=place, instance=instance, gateway=gateway)

    def grant(self, place: Place) -> None:
        """Have the instance grant a contender its gateway, from now on."""
        self.server.set(gateway_url=place.gateway_url)


@contextmanager
def far_away(rtt_s: float = RTT_S, **settings: float | str) -> Iterator[FarAway]:
    """Start both processes, and end them again.

    Args:
        rtt_s: Seconds of a round trip.
        **settings: Of the server.
    """
    with served(**settings) as server, Distance(rtt_s) as distance:
        yield FarAway(server, distance)


def _port(url: str) -> int:
    return int(url.rpartition(":")[2])


def _url(port: int) -> str:
    return f"https://{HOST}:{port}"
