"""Judges the gateway: whether it is reached, while the instance is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._doctor import troubles
from gitlab_completions._doctor.verdicts import (
    as_bad,
    of_trouble,
    seconds,
    skipped,
    warning,
    well,
)
from gitlab_completions._shell import endings
from gitlab_completions._wire.refusals import decode_refusal, looks_like_html
from gitlab_completions.errors import Origin
from gitlab_completions.models import Route

if TYPE_CHECKING:
    from gitlab_completions._doctor.chart import Chart
    from gitlab_completions.diagnosis import Check

NAME = "gateway"
HOST = "the AI Gateway"
_OK = 200
_MEANWHILE = "; completions go through GitLab meanwhile, each some time later"


def judge(chart: Chart) -> Check:
    """Say whether the gateway is reached, and what is in the way."""
    found = of_trouble(chart, NAME)
    if found is not None:
        return found
    road = chart.gateway
    if road is None:
        return skipped(NAME, "there is no direct access")
    facts: dict[str, object] = {"gateway_host": road.host}
    if road.lookup is not None:
        facts["families"] = [one.family for one in road.lookup.tried]
        facts["connected"] = [one.family for one in road.lookup.tried if one.connected]
    if road.handshake is not None:
        facts["certificate_issuer"] = road.handshake.issuer or None
    if chart.health_error is not None:
        trouble = troubles.of_break(chart.health_error, road, HOST, NAME)
        facts["error_code"] = None if trouble.code is None else trouble.code.value
        return _blocked(chart, trouble.words, trouble.remedy, facts)
    return _by_answer(chart, facts)


def _by_answer(chart: Chart, facts: dict[str, object]) -> Check:
    health = chart.health
    if health is None:
        return skipped(NAME, "it was not asked", **facts)
    answer = health.answer
    status, headers, body = answer.status_code, answer.headers, answer.body
    facts |= {"status_code": status, "answer_s": round(health.elapsed_s, 4)}
    if status == _OK and not looks_like_html(body, headers):
        return well(NAME, f"reached in {seconds(health.elapsed_s)}", **facts)
    refusal = decode_refusal(status, headers, body)
    error = endings.refused(Route.DIRECT, refusal, 0.0).error
    assert error is not None
    if refusal.origin is Origin.EDGE or not refusal.is_json:
        facts["error_code"] = error.code.value
        return _blocked(chart, error.message, error.remedy, facts)
    return warning(
        NAME,
        f"reached, though it answers {status} when asked how it is",
        "look at the direct route below: if that completes there is no need to act",
        **facts,
    )


def _blocked(
    chart: Chart, words: str, remedy: str | None, facts: dict[str, object]
) -> Check:
    """Say that GitLab is reached, so that it is this one way that is shut."""
    step = remedy or "ask who runs this network to allow it"
    if chart.completes:
        step = f"{step}{_MEANWHILE}"
    return as_bad(chart, NAME, f"{words}, while GitLab was", step, **facts)
