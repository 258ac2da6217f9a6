"""Proxies are told by who named them, and never by their credentials."""

from __future__ import annotations

from gitlab_completions._doctor.between import judge
from gitlab_completions._doctor.troubles import Trouble
from gitlab_completions.diagnosis import Grade
from tests._doctor.parts import PROXY, chart, road, way


def test_no_proxy_is_named() -> None:
    assert judge(chart()).finding == "no proxy is named for GitLab"


def test_a_proxy_is_told_without_its_password() -> None:
    ours = road(way=way(PROXY, source="HTTPS_PROXY"))
    check = judge(chart(instance=ours, gateway=ours))
    assert check.grade is Grade.OK
    assert check.finding == (
        "GitLab is spoken to through a proxy that HTTPS_PROXY names"
    )
    assert check.facts == {
        "instance_proxy_source": "HTTPS_PROXY",
        "instance_proxy": "proxy.example:3128",
        "instance_proxy_scheme": "http",
        "instance_proxy_credentials": True,
        "gateway_proxy_source": "HTTPS_PROXY",
        "gateway_proxy": "proxy.example:3128",
        "gateway_proxy_scheme": "http",
        "gateway_proxy_credentials": True,
    }


def test_a_gateway_with_another_proxy_is_told_too() -> None:
    ours = road(way=way(PROXY, source="HTTPS_PROXY"))
    theirs = road(way=way(source="NO_PROXY"))
    check = judge(chart(instance=ours, gateway=theirs))
    assert check.finding.endswith(
        "; the AI Gateway is spoken to without a proxy, as NO_PROXY says"
    )


def test_a_url_that_is_none_names_no_host() -> None:
    check = judge(chart(instance=road(way=way("http://:1", source="ALL_PROXY"))))
    assert "instance_proxy" not in check.facts
    assert check.facts["instance_proxy_credentials"] is False


def test_a_sender_of_the_users_is_not_looked_into() -> None:
    assert judge(chart(instance=road(way=None))).grade is Grade.SKIPPED


def test_a_proxy_in_the_way_is_told_with_who_named_it() -> None:
    trouble = Trouble(check="proxy", words="it refuses", remedy="ask")
    ours = road(way=way(PROXY, source="ALL_PROXY"))
    check = judge(chart(instance=ours, trouble=trouble, tasted={}))
    assert check.grade is Grade.PROBLEM
    assert check.finding == "it refuses (ALL_PROXY names it)"
    without = judge(chart(trouble=trouble, tasted={}))
    assert without.finding == "it refuses"
    assert judge(chart(instance=ours, trouble=trouble)).grade is Grade.WARNING


def test_what_answers_in_gitlabs_place_is_told() -> None:
    trouble = Trouble(check="proxy", words="a sign-in page", remedy="sign in")
    check = judge(chart(instance=road(way=None), trouble=trouble, tasted={}))
    assert (check.grade, check.finding) == (Grade.PROBLEM, "a sign-in page")
