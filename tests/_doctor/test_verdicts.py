"""A check is graded by whether completions come, and spans are read at a glance."""

from __future__ import annotations

import pytest

from gitlab_completions import ErrorCode, Route
from gitlab_completions._doctor import between, names
from gitlab_completions._doctor.troubles import Trouble
from gitlab_completions._doctor.verdicts import (
    LABELS,
    as_bad,
    missing,
    of_trouble,
    seconds,
    well,
)
from gitlab_completions._records import replace
from gitlab_completions.diagnosis import CHECKS, Grade
from gitlab_completions.senders import SendError
from tests._doctor.parts import came, chart, road

TROUBLE = Trouble(
    check="token", words="it is void", remedy="renew it", code=ErrorCode.TOKEN_EXPIRED
)


def test_every_check_that_can_be_in_the_way_has_a_name() -> None:
    assert set(CHECKS) - set(LABELS) == {"latency"}


def test_what_is_unknown_is_no_fact() -> None:
    assert well("dns", "so", known=0, unknown=None).facts == {"known": 0}


def test_the_trouble_is_told_where_it_belongs_and_skips_the_rest() -> None:
    seen = chart(trouble=TROUBLE, tasted={})
    own, other = of_trouble(seen, "token", form="x"), of_trouble(seen, "version")
    assert own is not None
    assert own.grade is Grade.PROBLEM
    assert (own.finding, own.next_step) == ("it is void", "renew it")
    assert own.facts == {"form": "x", "error_code": "token_expired"}
    assert other is not None
    assert other.grade is Grade.SKIPPED
    assert other.finding == "not looked at: because of the access token"


def test_a_completion_makes_a_warning_of_the_trouble() -> None:
    seen = chart(trouble=TROUBLE, tasted={Route.INDIRECT: came()})
    own = of_trouble(seen, "token")
    assert own is not None
    assert own.grade is Grade.WARNING
    assert own.finding == "it is void; completions come all the same"
    assert of_trouble(seen, "version") is None


def test_without_a_trouble_nothing_is_in_the_way() -> None:
    assert of_trouble(chart(), "token") is None
    assert missing(chart(), "token", "nobody asked").finding.endswith("nobody asked")


def test_what_is_bad_is_as_bad_as_its_outcome() -> None:
    assert as_bad(chart(), "dns", "so", "do").grade is Grade.WARNING
    assert as_bad(chart(tasted={}), "dns", "so", "do").grade is Grade.PROBLEM


@pytest.mark.parametrize(
    ("span_s", "shown"),
    [
        (0.0, "0 ms"),
        (0.1234, "123 ms"),
        (1.2, "1 s"),
        (-30, "30 s"),
        (600, "10 min"),
        (3600, "1 hour"),
        (-7200, "2 hours"),
        (259_200, "3 days"),
    ],
)
def test_a_span_is_told_in_its_unit(span_s: float, shown: str) -> None:
    assert seconds(span_s) == shown


def test_a_file_that_is_gone_is_no_sender_of_your_own() -> None:
    own = chart(instance=road(way=None, lookup=None, handshake=None))
    gone = SendError("tls", detail="certificate_file")
    trouble = Trouble(check="tls", words="gone", remedy="check")
    broken = chart(instance=replace(own.instance, error=gone), trouble=trouble)
    for judge in (between.judge, names.judge):
        assert "sender of your own" in judge(own).finding
        assert judge(broken).finding == "not looked at: because of TLS"
