"""A gateway that is not reached while GitLab is, is told with what is in the way."""

from __future__ import annotations

import pytest

from gitlab_completions import Route
from gitlab_completions._doctor.gateway import judge
from gitlab_completions._doctor.troubles import Trouble
from gitlab_completions._transport.probes import Lookup
from gitlab_completions.diagnosis import Grade
from gitlab_completions.senders import SendError
from tests._doctor.parts import chart, entry, road, shake

HTML = {"content-type": "text/html"}


def health(status: int, body: bytes = b"{}", **headers: str) -> object:
    return entry(
        status,
        route=Route.DIRECT,
        path="/monitoring/healthz",
        body=body,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


def test_it_is_reached() -> None:
    check = judge(chart())
    assert check.grade is Grade.OK
    assert check.finding == "reached in 100 ms"
    assert check.facts["gateway_host"] == "cloud.gitlab.com"
    assert check.facts["certificate_issuer"] == "R11"


@pytest.mark.parametrize(
    ("error", "changes", "words"),
    [
        (SendError("connect"), {"lookup": Lookup(fault="unknown")}, "is not known"),
        (SendError("tls", detail="untrusted"), {}, "not trusted"),
        (SendError("proxy", detail="proxy_refused"), {}, "does not let us there"),
        (SendError("timeout"), {"handshake": None, "lookup": None}, "in time"),
    ],
)
@pytest.mark.parametrize("completes", [True, False])
def test_what_shuts_the_way_is_told(
    error: SendError, changes: dict[str, object], words: str, *, completes: bool
) -> None:
    seen = chart(
        gateway=road("cloud.gitlab.com", **changes), health=None, health_error=error
    )
    if not completes:
        seen.tasted = {}
    check = judge(seen)
    assert check.grade is (Grade.WARNING if completes else Grade.PROBLEM)
    assert words in check.finding
    assert check.finding.endswith(", while GitLab was")
    assert check.next_step is not None
    assert ("meanwhile" in check.next_step) is completes


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (health(200, b"<html>", content_type="text/html"), "a sign-in page"),
        (health(403, b"<html>", content_type="text/html"), "something in front"),
        (health(502, b"Bad Gateway"), "answered 502"),
    ],
)
def test_what_answers_in_its_place_is_told(answer: object, words: str) -> None:
    check = judge(chart(health=answer))
    assert check.grade is Grade.WARNING
    assert words in check.finding


def test_a_gateway_that_is_not_well_is_reached() -> None:
    check = judge(chart(health=health(404, b'{"detail": "Not Found"}')))
    assert check.grade is Grade.WARNING
    assert "reached, though it answers 404" in check.finding


def test_it_is_skipped_where_it_is_unknown() -> None:
    assert judge(chart(gateway=None)).finding.endswith("no direct access")
    assert judge(chart(health=None)).finding.endswith("it was not asked")
    trouble = Trouble(check="tls", words="so", remedy="do")
    assert judge(chart(trouble=trouble, tasted={})).grade is Grade.SKIPPED


def test_an_issuer_may_be_untold() -> None:
    assert (
        "certificate_issuer"
        not in judge(chart(gateway=road(handshake=shake("")))).facts
    )
