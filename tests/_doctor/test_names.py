"""Names and addresses are told by family, and which of them is out."""

from __future__ import annotations

from gitlab_completions._doctor.names import judge
from gitlab_completions._doctor.troubles import Trouble
from gitlab_completions._records import replace
from gitlab_completions._transport.probes import Lookup
from gitlab_completions.diagnosis import Grade
from tests._doctor.parts import PROXY, chart, lookup, road, tried, way

DEAD = tried("IPv6", connected=False)


def test_both_families_are_told() -> None:
    check = judge(chart(instance=road(lookup=lookup(tried("IPv6"), tried()))))
    assert check.grade is Grade.OK
    assert check.finding == (
        "the name is known, and can be connected to by IPv6 and IPv4"
    )
    assert check.facts["addresses"] == ["2001:db8::1", "192.0.2.1"]
    assert check.facts["connected"] == ["IPv6", "IPv4"]


def test_a_name_may_have_one_family_alone() -> None:
    check = judge(chart())
    assert check.grade is Grade.OK
    assert check.finding.endswith("by IPv4")


def test_an_address_is_no_name() -> None:
    assert "names an address" in judge(chart(instance=road("192.0.2.1"))).finding


def test_a_family_that_is_out_is_a_warning() -> None:
    check = judge(chart(instance=road(lookup=lookup(DEAD, tried()))))
    assert check.grade is Grade.WARNING
    assert "GitLab's IPv6 address cannot be connected to" in check.finding
    assert "longer" not in check.finding
    silent = road(lookup=lookup(replace(DEAD, elapsed_s=5.0), tried()))
    assert "may take 250 ms longer" in judge(chart(instance=silent)).finding
    theirs = judge(chart(gateway=road(lookup=lookup(DEAD, tried()))))
    assert "the AI Gateway's IPv6 address" in theirs.finding


def test_a_family_that_this_machine_has_not_is_missed_by_nobody() -> None:
    none = replace(DEAD, absent=True)
    check = judge(chart(instance=road(lookup=lookup(none, tried()))))
    assert check.grade is Grade.OK
    assert check.finding.endswith("connected to by IPv4; this machine has no IPv6")
    assert check.facts["connected"] == ["IPv4"]


def test_a_gateway_that_no_address_leads_to_is_for_another_check() -> None:
    assert judge(chart(gateway=road(lookup=lookup(DEAD)))).grade is Grade.OK


def test_a_name_that_takes_long_is_a_warning() -> None:
    check = judge(chart(instance=road(lookup=lookup(elapsed_s=2.1))))
    assert check.grade is Grade.WARNING
    assert "a name takes 2 s" in check.finding


def test_behind_a_proxy_names_are_the_proxys() -> None:
    check = judge(chart(instance=road(way=way(PROXY), lookup=None)))
    assert check.grade is Grade.SKIPPED
    assert "proxy" in check.finding


def test_a_look_that_took_too_long_tells_nothing() -> None:
    assert judge(chart(instance=road(lookup=None))).finding.endswith("too long")


def test_a_sender_of_the_users_is_not_looked_into() -> None:
    assert judge(chart(instance=road(way=None))).grade is Grade.SKIPPED


def test_a_trouble_is_told() -> None:
    trouble = Trouble(check="dns", words="the name is not known", remedy="look")
    unknown = road(lookup=Lookup(fault="unknown"))
    check = judge(chart(instance=unknown, trouble=trouble, tasted={}))
    assert check.grade is Grade.PROBLEM
    assert check.finding == "the name is not known"
    # The exchange itself came through all the same.
    assert judge(chart(instance=unknown)).grade is Grade.SKIPPED
