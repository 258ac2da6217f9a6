"""TLS is told with who is trusted, and with whoever opens it on the way."""

from __future__ import annotations

import pytest

from gitlab_completions._doctor.tls import judge
from gitlab_completions._doctor.troubles import Trouble
from gitlab_completions.diagnosis import Grade
from gitlab_completions.senders import SendError
from tests._doctor.parts import PROXY, chart, road, shake, way

TROUBLE = Trouble(check="tls", words="not trusted", remedy="pass it")
ADDED = "the system and HttpxSender(verify=...)"


def test_it_works_and_by_whose_word() -> None:
    instance = road(way=way(trust="SSL_CERT_FILE"))
    check = judge(chart(instance=instance, gateway=road(handshake=shake("E5"))))
    assert check.grade is Grade.OK
    assert check.finding.endswith("by the authorities of SSL_CERT_FILE")
    assert check.facts["certificate_issuer"] == "R11"
    assert check.facts["tls_version"] == "TLSv1.3"


def test_a_certificate_that_is_not_trusted_is_told_with_its_issuer() -> None:
    flawed = road(handshake=shake("Corp Root", SendError("tls", detail="untrusted")))
    check = judge(chart(instance=flawed, trouble=TROUBLE, tasted={}))
    assert (check.grade, check.finding) == (Grade.PROBLEM, "not trusted")
    assert check.facts["certificate_issuer"] == "Corp Root"


@pytest.mark.parametrize(
    ("trust", "host", "ours", "opened"),
    [
        (ADDED, "cloud.gitlab.com", "Corp Root", True),
        ("the system", "cloud.gitlab.com", "Corp Root", False),
        (ADDED, "ai.corp.example", "Corp Root", False),
        (ADDED, "cloud.gitlab.com", "R11", False),
    ],
)
def test_a_proxy_that_opens_tls_is_noticed(
    trust: str, host: str, ours: str, *, opened: bool
) -> None:
    instance = road(way=way(trust=trust), handshake=shake(ours))
    gateway = road(host, handshake=shake("Corp Root"))
    check = judge(chart(instance=instance, gateway=gateway))
    assert check.grade is Grade.OK
    assert ("opens TLS" in check.finding) is opened
    assert check.facts["same_issuer"] is (ours == "Corp Root")


def test_gitlab_com_and_its_gateway_have_one_issuer() -> None:
    check = judge(chart(instance=road("gitlab.com", way=way(trust=ADDED))))
    assert "opens TLS" not in check.finding


def test_another_trouble_does_not_hide_that_tls_works() -> None:
    other = Trouble(check="token", words="void", remedy="renew")
    assert judge(chart(trouble=other, tasted={})).grade is Grade.OK


def test_what_is_not_spoken_or_not_seen_is_skipped() -> None:
    plain = road(is_tls=False, handshake=None)
    assert "without it" in judge(chart(instance=plain)).finding
    blind = road(way=None, handshake=None)
    assert judge(chart(instance=blind)).grade is Grade.SKIPPED
    socks = road(way=way(PROXY), handshake=None)
    assert "through the proxy" in judge(chart(instance=socks)).finding
    unreached = judge(chart(instance=socks, trouble=TROUBLE, tasted={}))
    assert unreached.grade is Grade.PROBLEM


def test_an_issuer_that_does_not_say_is_compared_with_nobody() -> None:
    mute = judge(chart(instance=road(handshake=shake(""))))
    assert "same_issuer" not in mute.facts


def test_who_is_refused_after_the_handshake_is_told() -> None:
    check = judge(chart(trouble=TROUBLE, tasted={}))
    assert (check.grade, check.finding) == (Grade.PROBLEM, "not trusted")
