"""Judges names and addresses: what they stand for, and whether both families answer."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from gitlab_completions._doctor.verdicts import (
    of_trouble,
    seconds,
    skipped,
    unseen,
    warning,
    well,
)
from gitlab_completions._transport.addresses import EYEBALLS_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitlab_completions._doctor.chart import Chart, Road
    from gitlab_completions._transport.probes import Lookup, Tried
    from gitlab_completions.diagnosis import Check

NAME = "dns"
SLOW_S = 1.0
"""Seconds for a name that an author would notice at the first completion."""


def judge(chart: Chart) -> Check:
    """Say what the hosts' names stand for, and what can be connected to."""
    road = chart.instance
    facts = _facts(chart)
    if chart.trouble is not None and chart.trouble.check == NAME:
        found = of_trouble(chart, NAME, **facts)
        assert found is not None
        return found
    if road.way is None:
        return unseen(chart, NAME)
    if road.way.proxy is not None:
        return skipped(NAME, "the proxy is what asks for names", **facts)
    if road.lookup is None:
        return skipped(NAME, "it took too long", **facts)
    if road.lookup.fault or not road.lookup.connects:
        return skipped(NAME, "it could not be", **facts)
    dead = list(_dead(chart))
    if dead:
        host, one = dead[0]
        longer = f": a new connection may take {seconds(EYEBALLS_S)} longer"
        return warning(
            NAME,
            f"{host}'s {one.family} address cannot be connected to, another one can"
            f"{longer if one.elapsed_s >= EYEBALLS_S else ''}",
            f"mend this network's {one.family}, or switch it off here",
            **facts,
        )
    slow = next((one for one in _lookups(chart) if one.elapsed_s > SLOW_S), None)
    if slow is not None:
        return warning(
            NAME,
            f"a name takes {seconds(slow.elapsed_s)} to be looked up",
            "look at this machine's name servers: the first may be out",
            **facts,
        )
    return well(NAME, _words(road), **facts)


def _lookups(chart: Chart) -> Iterator[Lookup]:
    for road in (chart.instance, chart.gateway):
        if road is not None and road.lookup is not None:
            yield road.lookup


def _dead(chart: Chart) -> Iterator[tuple[str, Tried]]:
    """Give each family that cannot be connected to, of a host where another can.

    But for one that this machine has nothing of, as most have no IPv6: the next address
    is tried at once then.
    """
    roads = {"GitLab": chart.instance, "the AI Gateway": chart.gateway}
    for host, road in roads.items():
        lookup = None if road is None else road.lookup
        if lookup is None or not lookup.connects:
            continue
        for one in lookup.tried:
            if not (one.connected or one.absent):
                yield host, one


def _words(road: Road) -> str:
    lookup = road.lookup
    assert lookup is not None
    families = " and ".join(one.family for one in lookup.tried if one.connected)
    if _is_address(road.host):
        return f"the URL names an address ({families}), which can be connected to"
    absent = "".join(
        f"; this machine has no {one.family}" for one in lookup.tried if one.absent
    )
    return f"the name is known, and can be connected to by {families}{absent}"


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _facts(chart: Chart) -> dict[str, object]:
    lookup = chart.instance.lookup
    facts: dict[str, object] = {"instance_host": chart.instance.host}
    if lookup is not None:
        facts |= {
            "addresses": list(lookup.addresses),
            "families": [one.family for one in lookup.tried],
            "connected": [one.family for one in lookup.tried if one.connected],
            "lookup_s": round(lookup.elapsed_s, 4),
        }
    return facts
