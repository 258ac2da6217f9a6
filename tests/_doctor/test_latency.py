"""The routes are told side by side, with each step's time."""

from __future__ import annotations

from gitlab_completions import Route
from gitlab_completions._doctor.latency import judge
from gitlab_completions._records import replace
from gitlab_completions.diagnosis import Check, Grade
from gitlab_completions.senders import SendError
from tests._doctor.parts import came, chart, failed, lookup, road, shake, tried, way


def judged(direct_s: float, indirect_s: float) -> Check:
    tasted = {Route.DIRECT: came(direct_s), Route.INDIRECT: came(indirect_s)}
    return judge(chart(tasted=tasted))


def test_the_saving_is_told() -> None:
    check = judged(0.2, 0.325)
    assert check.grade is Grade.OK
    assert check.finding.startswith("direct saves 125 ms: direct answers in 200 ms")
    assert "(and 50 ms to connect)" in check.finding
    assert check.facts["saved_s"] == 0.125


def test_every_step_is_a_fact() -> None:
    slow = replace(tried("IPv6"), elapsed_s=0.5)
    gone = tried(connected=False)
    check = judge(chart(gateway=road(lookup=lookup(slow, gone))))
    steps = {
        name: value for name, value in check.facts.items() if name.startswith("direct")
    }
    assert steps == {
        "direct_lookup_s": 0.002,
        "direct_tcp_s": 0.5,
        "direct_tls_s": 0.03,
        "direct_connect_s": 0.05,
        "direct_answer_s": 0.1,
    }


def test_direct_that_is_slower_is_a_warning() -> None:
    check = judged(0.3, 0.2)
    assert check.grade is Grade.WARNING
    assert "direct is the slower route, by 100 ms" in check.finding
    assert check.next_step


def test_a_little_slower_is_alike() -> None:
    assert judged(0.23, 0.2).grade is Grade.OK
    assert judged(0.1996, 0.2).finding.startswith("both routes are alike")
    assert "alike" in judged(0.23, 0.2).finding


def test_one_route_is_told_alone() -> None:
    tasted = {Route.DIRECT: failed(Route.DIRECT), Route.INDIRECT: came(0.2)}
    blind = replace(road(), way=way(), handshake=None)
    check = judge(chart(tasted=tasted, instance=blind))
    assert check.finding.startswith("indirect answers in 200 ms; the other")
    alone = judge(chart(tasted={Route.DIRECT: came(0.2)}))
    assert alone.finding.startswith("direct answers in 200 ms (and")


def test_without_a_completion_there_is_nothing_to_tell() -> None:
    assert judge(chart(tasted={})).grade is Grade.SKIPPED


def test_a_handshake_that_failed_has_no_time() -> None:
    dead = road(handshake=shake(error=SendError("tls")))
    assert dead.connect_s is None
