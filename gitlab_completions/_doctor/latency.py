"""Judges how fast the routes are, side by side: to connect, and to answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._doctor.verdicts import (
    missing,
    seconds,
    warning,
    well,
)
from gitlab_completions.models import Route

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitlab_completions._doctor.chart import Chart, Road
    from gitlab_completions.diagnosis import Check

NAME = "latency"
LEAST_S = 0.001
"""Seconds that are worth telling."""
_NAMES = {Route.DIRECT: "direct", Route.INDIRECT: "indirect"}


def judge(chart: Chart) -> Check:
    """Compare the routes by one completion each, on connections that were open."""
    roads = {Route.DIRECT: chart.gateway, Route.INDIRECT: chart.instance}
    answers = {route: _answer_s(chart, route) for route in Route}
    facts: dict[str, object] = {}
    for route, name in _NAMES.items():
        facts |= {
            f"{name}_{step}_s": None if span_s is None else round(span_s, 4)
            for step, span_s in _steps(roads[route], answers[route])
        }
    direct_s, indirect_s = answers[Route.DIRECT], answers[Route.INDIRECT]
    if direct_s is None or indirect_s is None:
        return _of_one(chart, facts)
    words = "; ".join(
        f"{name} answers in {seconds(answers[route] or 0.0)}{_connecting(roads[route])}"
        for route, name in _NAMES.items()
    )
    circuit = chart.patient.setup.policy.circuit
    allowed = (
        indirect_s * (1 + circuit.slower_share),
        indirect_s + circuit.slower_s,
    )
    saved_s = indirect_s - direct_s
    facts["saved_s"] = round(saved_s, 4)
    if direct_s > max(allowed):
        return warning(
            NAME,
            f"direct is the slower route, by {seconds(-saved_s)}: {words}",
            "no need to act: the faster route is used when that stays so; look at the "
            "way to the gateway (proxy, VPN)",
            **facts,
        )
    if saved_s >= LEAST_S:
        return well(NAME, f"direct saves {seconds(saved_s)}: {words}", **facts)
    return well(NAME, f"both routes are alike: {words}", **facts)


def _steps(
    road: Road | None, answer_s: float | None
) -> Iterator[tuple[str, float | None]]:
    """Give how long each step takes: the name, TCP, TLS, both with a proxy, an answer.

    The fastest address is the one that exchanges go to.
    """
    lookup = None if road is None else road.lookup
    shake = None if road is None else road.handshake
    tried = [] if lookup is None else [x for x in lookup.tried if x.connected]
    yield "lookup", None if lookup is None else lookup.elapsed_s
    yield "tcp", min((one.elapsed_s for one in tried), default=None)
    yield "tls", None if shake is None else shake.tls_s
    yield "connect", _connect_s(road)
    yield "answer", answer_s


def _of_one(chart: Chart, facts: dict[str, object]) -> Check:
    for route, name in _NAMES.items():
        answer_s = _answer_s(chart, route)
        if answer_s is not None:
            road = chart.gateway if route is Route.DIRECT else chart.instance
            words = f"{name} answers in {seconds(answer_s)}{_connecting(road)}"
            return well(NAME, f"{words}; the other route was not to be had", **facts)
    return missing(chart, NAME, "no completion came", **facts)


def _answer_s(chart: Chart, route: Route) -> float | None:
    tasted = chart.tasted.get(route)
    if tasted is None or tasted.ending.error is not None:
        return None
    return tasted.elapsed_s


def _connect_s(road: Road | None) -> float | None:
    return None if road is None else road.connect_s


def _connecting(road: Road | None) -> str:
    connect_s = _connect_s(road)
    return "" if connect_s is None else f" (and {seconds(connect_s)} to connect)"
