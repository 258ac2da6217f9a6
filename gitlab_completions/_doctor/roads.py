"""Looks at the way to a host; the only part that opens connections by itself."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gitlab_completions._doctor.chart import Road
from gitlab_completions._records import replace
from gitlab_completions._transport.probes import look_up, shake_hands
from gitlab_completions._wire.messages import SendError
from gitlab_completions.senders import HttpxSender

if TYPE_CHECKING:
    from gitlab_completions._transport.ways import Way
    from gitlab_completions.models import Route
    from gitlab_completions.senders import Sender

ROAD_S = 10.0
"""Seconds for all that is looked at on the way to a host."""
_PORTS = {"https": 443, "http": 80}


async def look(sender: Sender, route: Route, url: str) -> Road:
    """Look at the way to a URL's host, as the sender would go it; never raises."""
    parts = urlsplit(url)
    is_tls = parts.scheme == "https"
    port = parts.port or _PORTS[parts.scheme]
    road = Road(host=parts.hostname or "", port=port, is_tls=is_tls)
    if not isinstance(sender, HttpxSender):
        return road
    try:
        way = await sender.way(route, url)
    except SendError as error:
        return replace(road, error=error)
    if way is None:
        return road
    road = replace(road, way=way)
    if way.proxy is not None and not way.has_sound_proxy:
        return replace(road, error=SendError("proxy", detail="proxy_url"))
    with suppress(TimeoutError):
        async with asyncio.timeout(ROAD_S):
            if way.proxy is None:
                road = replace(road, lookup=await look_up(road.host, port))
            if _has_more(road, way):
                road = await _with_handshake(road, way)
    return road


def _has_more(road: Road, way: Way) -> bool:
    """Tell whether a handshake can tell more.

    What speaks SOCKS is the HTTP library alone, and without TLS there is no tunnel.
    """
    dead = road.lookup is not None and not road.lookup.connects
    return road.is_tls and not dead and not way.proxy_scheme.startswith("socks")


async def _with_handshake(road: Road, way: Way) -> Road:
    try:
        return replace(road, handshake=await shake_hands(way, road.host, road.port))
    except SendError as error:
        return replace(road, error=error)
