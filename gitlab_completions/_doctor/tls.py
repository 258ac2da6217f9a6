"""Judges TLS: whether certificates are trusted, by whose word, and who issued them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._doctor.verdicts import OWN_SENDER, of_trouble, skipped, well
from gitlab_completions.diagnosis import PUBLIC_HOSTS

if TYPE_CHECKING:
    from gitlab_completions._doctor.chart import Chart
    from gitlab_completions.diagnosis import Check

NAME = "tls"


def judge(chart: Chart) -> Check:
    """Say whether certificates are trusted."""
    road = chart.instance
    shake, way = road.handshake, road.way
    facts: dict[str, object] = {}
    if way is not None and road.is_tls:
        facts["trust"] = way.trust
    if shake is not None:
        facts["certificate_issuer"] = shake.issuer or None
        facts["tls_version"] = shake.version or None
        facts["handshake_s"] = None if shake.tls_s is None else round(shake.tls_s, 4)
        facts["same_issuer"] = _has_same_issuer(chart)
    is_here = chart.trouble is not None and chart.trouble.check == NAME
    found = of_trouble(chart, NAME, **facts)
    if found is not None and (is_here or shake is None or shake.error is not None):
        return found
    if not road.is_tls:
        return skipped(NAME, "GitLab is spoken to without it")
    if way is None:
        return skipped(NAME, OWN_SENDER)
    if shake is None:
        return well(NAME, "GitLab's certificate is trusted, through the proxy", **facts)
    return well(NAME, _words(chart), **facts)


def _words(chart: Chart) -> str:
    way, shake = chart.instance.way, chart.instance.handshake
    assert way is not None
    assert shake is not None
    words = f"GitLab's certificate is trusted, by the authorities of {way.trust}"
    if _has_same_issuer(chart) and _is_opened(chart):
        return f"{words}; something on the way opens TLS to GitLab's own gateway"
    return words


def _is_opened(chart: Chart) -> bool:
    """Tell whether GitLab's own gateway shows a certificate of the instance's issuer.

    Where the instance is somebody else's, the two have no issuer in common, unless a
    proxy on the way makes certificates for all.
    """
    gateway = chart.gateway
    return (
        gateway is not None
        and gateway.host in PUBLIC_HOSTS
        and chart.instance.host not in PUBLIC_HOSTS
        and chart.instance.way is not None
        and chart.instance.way.trust != "the system"
    )


def _has_same_issuer(chart: Chart) -> bool | None:
    theirs = None if chart.gateway is None else chart.gateway.handshake
    ours = chart.instance.handshake
    if ours is None or theirs is None or not ours.issuer:
        return None
    return ours.issuer == theirs.issuer
