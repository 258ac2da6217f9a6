"""Judges what is between here and the hosts: proxies, and what answers in their place.

A proxy's URL may hold a password. Only its host and port are told, and that it has
credentials.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._doctor.verdicts import (
    of_trouble,
    unseen,
    well,
)
from gitlab_completions._records import replace

if TYPE_CHECKING:
    from gitlab_completions._doctor.chart import Chart, Road
    from gitlab_completions._transport.ways import Way
    from gitlab_completions.diagnosis import Check

NAME = "proxy"


def judge(chart: Chart) -> Check:
    """Say which proxies are in use, and who named them."""
    facts = _facts("instance", chart.instance) | _facts("gateway", chart.gateway)
    way = chart.instance.way
    if chart.trouble is not None and chart.trouble.check == NAME:
        found = of_trouble(chart, NAME, **facts)
        assert found is not None
        return found if way is None else _with_source(found, way)
    if way is None:
        return unseen(chart, NAME)
    words = _words(way, "GitLab")
    gateway = None if chart.gateway is None else chart.gateway.way
    if gateway is not None and gateway.proxy != way.proxy:
        words = f"{words}; {_words(gateway, 'the AI Gateway')}"
    return well(NAME, words, **facts)


def _with_source(found: Check, way: Way) -> Check:
    """Say as well who named the proxy: that is where it is mended."""
    if way.proxy is None:
        return found
    return replace(found, finding=f"{found.finding} ({way.proxy_source} names it)")


def _words(way: Way, host: str) -> str:
    if way.proxy is not None:
        return f"{host} is spoken to through a proxy that {way.proxy_source} names"
    if way.proxy_source:
        return f"{host} is spoken to without a proxy, as {way.proxy_source} says"
    return f"no proxy is named for {host}"


def _facts(whose: str, road: Road | None) -> dict[str, object]:
    way = None if road is None else road.way
    if way is None:
        return {}
    facts: dict[str, object] = {f"{whose}_proxy_source": way.proxy_source or None}
    if way.proxy is None:
        return facts
    address = way.proxy_address()
    return facts | {
        f"{whose}_proxy": None if address is None else f"{address[0]}:{address[1]}",
        f"{whose}_proxy_scheme": way.proxy_scheme,
        f"{whose}_proxy_credentials": way.proxy_credentials is not None,
    }
