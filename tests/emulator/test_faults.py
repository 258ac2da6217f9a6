"""Faults are set on handles, strike a number of times, and heal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitlab_completions.emulator.answers import Request, json_answer
from gitlab_completions.emulator.faults import Endpoint, Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Callable

REQUEST = Request(
    method="POST",
    path="/v2/completions",
    headers={"authorization": "Bearer secret", "x-a": "1"},
    body=b'{"a":1}',
)


def arrivals(endpoint: Endpoint, count: int = 3) -> list[FaultKind | None]:
    faults = [endpoint.arrive(REQUEST) for _ in range(count)]
    return [None if fault is None else fault.kind for fault in faults]


@pytest.mark.parametrize(
    ("strike", "kind"),
    [
        (lambda endpoint: endpoint.fail(503), FaultKind.STATUS),
        (lambda endpoint: endpoint.html(), FaultKind.HTML),
        (lambda endpoint: endpoint.hang(), FaultKind.HANG),
        (lambda endpoint: endpoint.reset(), FaultKind.RESET),
        (lambda endpoint: endpoint.half_answer(), FaultKind.HALF_ANSWER),
        (lambda endpoint: endpoint.drip(10), FaultKind.DRIP),
        (lambda endpoint: endpoint.blackhole(), FaultKind.BLACKHOLE),
        (lambda endpoint: endpoint.refuse(), FaultKind.REFUSE),
        (lambda endpoint: endpoint.bad_json(), FaultKind.BAD_JSON),
        (lambda endpoint: endpoint.wrong_types(), FaultKind.WRONG_TYPES),
        (lambda endpoint: endpoint.wrong_content_type(), FaultKind.WRONG_CONTENT_TYPE),
        (lambda endpoint: endpoint.huge(), FaultKind.HUGE),
        (lambda endpoint: endpoint.gzip_bomb(), FaultKind.GZIP_BOMB),
        (lambda endpoint: endpoint.redirect(), FaultKind.REDIRECT),
        (lambda endpoint: endpoint.reset_midway(), FaultKind.RESET_MIDWAY),
        (lambda endpoint: endpoint.cut_chunks(), FaultKind.CUT_CHUNKS),
        (lambda endpoint: endpoint.stale(), FaultKind.STALE),
        (lambda endpoint: endpoint.deaf(), FaultKind.DEAF),
        (lambda endpoint: endpoint.untrusted(), FaultKind.UNTRUSTED),
        (lambda endpoint: endpoint.broken_handshake(), FaultKind.BROKEN_HANDSHAKE),
    ],
    ids=lambda value: value.value if isinstance(value, FaultKind) else "",
)
def test_a_fault_lasts_until_it_heals(
    strike: Callable[[Endpoint], None], kind: FaultKind
) -> None:
    endpoint = Endpoint("gateway")
    assert arrivals(endpoint, 1) == [None]
    strike(endpoint)
    assert arrivals(endpoint) == [kind] * 3
    endpoint.heal()
    assert arrivals(endpoint, 1) == [None]
    assert len(endpoint.requests) == 5


def test_a_fault_can_strike_a_number_of_times() -> None:
    endpoint = Endpoint("gateway")
    endpoint.hang(times=2)
    assert arrivals(endpoint) == [FaultKind.HANG, FaultKind.HANG, None]


def test_the_latest_fault_is_in_force() -> None:
    endpoint = Endpoint("gateway")
    endpoint.hang()
    endpoint.reset(times=1)
    assert arrivals(endpoint, 2) == [FaultKind.RESET, None]


def test_a_failure_answers_what_it_was_told() -> None:
    endpoint = Endpoint("gateway")
    endpoint.fail(429, json={"a": 1}, headers={"retry-after": "7"})
    fault = endpoint.arrive(REQUEST)
    assert fault is not None
    assert fault.answer is not None
    assert fault.answer.json() == {"a": 1}
    assert fault.answer.headers["retry-after"] == "7"
    endpoint.fail(500, body=b"x")
    fault = endpoint.arrive(REQUEST)
    assert fault is not None
    assert fault.answer is not None
    assert fault.answer.body == b"x"


def test_what_is_spoilt_is_the_hosts_own_answer() -> None:
    own = json_answer(201, {"token": "t", "expires_at": 1}, {"date": "now"})
    types = Fault(kind=FaultKind.WRONG_TYPES, field="token")
    name = Fault(kind=FaultKind.WRONG_CONTENT_TYPE, content_type="text/plain")
    assert types.spoils
    assert types.spoil(own).json() == {"token": 7, "expires_at": 1}
    assert name.spoils
    assert name.spoil(own) == own.with_headers({"content-type": "text/plain"})
    half = Fault(kind=FaultKind.HALF_ANSWER)
    assert not half.spoils
    assert half.spoil(own) is own


def test_token_flaws_are_taken_when_a_token_is_granted() -> None:
    endpoint = Endpoint("direct_access")
    endpoint.expired_token(times=1)
    assert arrivals(endpoint, 1) == [None]
    flaw = endpoint.take_flaw()
    assert flaw is not None
    assert flaw.kind is FaultKind.EXPIRED_TOKEN
    assert endpoint.take_flaw() is None
    endpoint.tampered_token()
    assert endpoint.fault is not None
    endpoint.heal()
    assert endpoint.take_flaw() is None


@pytest.mark.parametrize(
    ("strike", "kind"),
    [
        (Endpoint.end_stream, FaultKind.END_STREAM),
        (Endpoint.break_stream, FaultKind.BREAK_STREAM),
        (Endpoint.hang_stream, FaultKind.HANG_STREAM),
    ],
)
def test_flaws_of_streams_wait_for_a_stream(
    strike: Callable[[Endpoint, int, int], None], kind: FaultKind
) -> None:
    endpoint = Endpoint("gateway")
    strike(endpoint, 2, 1)
    assert arrivals(endpoint, 1) == [None]
    assert endpoint.take_flaw() == Fault(kind=kind, pieces=2, times=1)
    assert endpoint.fault is None


def test_delays_add_up_and_only_the_extra_heals() -> None:
    endpoint = Endpoint("gateway", latency_s=0.1)
    endpoint.delay(0.2)
    assert endpoint.wait_s == pytest.approx(0.3)
    endpoint.heal()
    assert endpoint.wait_s == pytest.approx(0.1)


def test_only_the_last_requests_are_kept() -> None:
    endpoint = Endpoint("gateway")
    for number in range(10_002):
        endpoint.arrive(Request(method="GET", path=f"/{number}"))
    assert len(endpoint.requests) == 10_000
    assert endpoint.requests[0].path == "/2"


def test_watchers_hear_of_changes() -> None:
    endpoint = Endpoint("gateway")
    heard: list[FaultKind | None] = []

    def watch() -> None:
        heard.append(endpoint.fault.kind if endpoint.fault else None)

    endpoint.watch(watch)
    endpoint.refuse()
    endpoint.heal()
    assert heard == [FaultKind.REFUSE, None]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Fault(kind=FaultKind.HANG, times=0),
        lambda: Fault(kind=FaultKind.DRIP),
        lambda: Fault(kind=FaultKind.END_STREAM, pieces=-1),
        lambda: Fault(kind=FaultKind.DRIP, bytes_per_s=float("nan")),
    ],
    ids=["no times", "no rate", "no pieces", "no number"],
)
def test_impossible_faults_are_refused(make: Callable[[], Fault]) -> None:
    with pytest.raises(ValueError, match="must be"):
        make()


def test_a_listener_hears_of_every_request() -> None:
    endpoint = Endpoint("gateway")
    heard: list[str] = []
    endpoint.listen(lambda seen: heard.append(seen.path))
    arrivals(endpoint, 2)
    assert heard == [REQUEST.path] * 2
