"""Looks at the way to a host; the only part that opens connections by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gitlab_completions._doctor.chart import Road
from gitlab_completions._records import replace
from gitlab_completions._transport.probes import look_up, shake_hands
from gitlab_completions._wire.messages import SendError
from gitlab_completions.senders import HttpxSender

if TYPE_CHECKING:
    from gitlab_completions.models import Route
    from gitlab_completions.senders import Sender

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
    if way.proxy is None:
        road = replace(road, lookup=await look_up(road.host, port))
    # What speaks SOCKS is the HTTP library alone; and without TLS there is no tunnel.
    if not is_tls or way.proxy_scheme.startswith("socks"):
        return road
    if road.lookup is not None and not road.lookup.connects:
        return road
    try:
        return replace(road, handshake=await shake_hands(way, road.host, port))
    except SendError as error:
        return replace(road, error=error)
