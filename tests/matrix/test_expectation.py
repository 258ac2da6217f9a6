"""Expectations follow the verdict tables: a row that changes changes its cells."""

from __future__ import annotations

import pytest

from gitlab_completions import ErrorCode
from gitlab_completions._core.verdicts import (
    DIRECT_ACCESS,
    GATEWAY,
    INSTANCE,
    AccessVerdict,
    AttemptVerdict,
    Effect,
    OnDetails,
    Row,
    Standing,
)
from tests.matrix.expectation import (
    CLOSED,
    KEPT,
    RENEWED,
    TRIPPED,
    Rest,
    Standings,
    Tables,
    expect,
    hedged,
)
from tests.matrix.facts import Place, Situation
from tests.matrix.rows import cell

FIRST, WARM, AT_ONCE = Situation


def test_a_failing_gateway_is_a_loss_then_a_trip() -> None:
    one = expect(cell(Place.GATEWAY, "503 inference-failed", WARM))
    assert one.outcomes == {"indirect"}
    assert one.requests["gateway"] == one.requests["instance"] == (1, 1)
    assert (one.direct, one.details) == (Rest(word="loss"), KEPT)
    twenty = expect(cell(Place.GATEWAY, "503 inference-failed", AT_ONCE))
    assert twenty.direct == TRIPPED
    assert twenty.requests["gateway"] == (8, 9)
    assert twenty.requests["instance"] == (20, 20)


def test_a_rate_limit_is_a_rest_as_long_as_it_says_or_a_minute() -> None:
    told = expect(cell(Place.GATEWAY, "429 model-limit", AT_ONCE))
    assert told.direct == Rest(word="rests", rests_s=7.0)
    assert told.requests["gateway"] == (8, 8)
    untold = expect(cell(Place.INSTANCE, "429 edge-limit"))
    assert untold.indirect == Rest(word="rests", rests_s=60.0)
    assert untold.outcomes == {"AllRoutesFailedError: rate_limited"}


def test_a_refused_endpoint_is_no_loss_and_asked_by_none_that_wait() -> None:
    twenty = expect(cell(Place.GATEWAY, "404 not-found", AT_ONCE))
    assert twenty.outcomes == {"indirect"}
    assert (twenty.direct, twenty.details) == (CLOSED, KEPT)
    assert twenty.requests["gateway"] == (8, 8)
    assert twenty.requests["instance"] == (20, 20)


def test_a_refused_token_is_renewed_by_one_fetch() -> None:
    first = expect(cell(Place.GATEWAY, "401 expired-token", FIRST))
    assert (first.details, first.direct) == (RENEWED, CLOSED)
    assert first.requests["direct_access"] == (2, 2)
    twenty = expect(cell(Place.GATEWAY, "401 expired-token", AT_ONCE))
    assert twenty.requests["direct_access"] == (1, 1)


def test_three_files_refused_bar_direct() -> None:
    assert expect(cell(Place.GATEWAY, "422 validation-2026")).details == KEPT
    twenty = expect(cell(Place.GATEWAY, "422 validation-2026", AT_ONCE))
    assert twenty.details.word == "barred"
    assert twenty.details.again_s == pytest.approx((270, 330))


def test_a_warm_call_meets_no_trouble_of_the_grant() -> None:
    warm = expect(cell(Place.DIRECT_ACCESS, "403 disabled", WARM))
    assert warm.outcomes == {"direct"}
    first = expect(cell(Place.DIRECT_ACCESS, "403 disabled", FIRST))
    assert first.outcomes == {"indirect"}
    assert first.details.word == "barred"
    assert first.details.again_s == pytest.approx((1620, 1980))
    assert first.details.code is ErrorCode.DIRECT_BARRED


def test_what_passes_is_served_direct_though_direct_rests() -> None:
    passing = expect(cell(Place.RESTING, "500 crash"))
    assert passing.outcomes == {"direct"}
    assert passing.direct == TRIPPED
    lasting = expect(cell(Place.RESTING, "401 expired"))
    assert lasting.outcomes == {"AllRoutesFailedError: token_expired"}
    final = expect(cell(Place.RESTING, "400 context-empty"))
    assert final.outcomes == {"RequestRejectedError: request"}


def test_a_slow_gateway_is_waited_for_as_long_as_the_hedge_delay() -> None:
    slow = expect(cell(Place.GATEWAY, "read and not answered"))
    assert slow.elapsed_s[0] == pytest.approx(0.85)
    assert expect(cell(Place.GATEWAY, "503 inference-failed")).elapsed_s[0] == 0


def test_a_hedge_may_come_from_either_route() -> None:
    quick = cell(Place.GATEWAY, "JSON that says it is text", AT_ONCE)
    late = hedged(quick, expect(quick))
    assert late.outcomes == {"direct", "indirect"}
    assert late.requests["instance"] == (0, 20)
    only = cell(Place.INSTANCE, "500 crash")
    assert hedged(only, expect(only)) == expect(only)


BARS = AttemptVerdict(details=OnDetails.BAR, bar_s=300.0)
FAILS = AttemptVerdict(circuit=Effect.FAILURE, passing=True)
CHANGED = Tables(
    direct_access=(
        Row(
            name="changed",
            verdict=AccessVerdict(standing=Standing.UNAVAILABLE, again_s=7.0),
            statuses=frozenset({403}),
        ),
        *DIRECT_ACCESS,
    ),
    gateway=(Row(name="changed", verdict=BARS, statuses=frozenset({401})), *GATEWAY),
    instance=(Row(name="changed", verdict=FAILS, statuses=frozenset({400})), *INSTANCE),
)
"""Tables with a row before all others, so that it decides."""


@pytest.mark.parametrize("situation", Situation)
def test_a_row_that_changes_changes_what_is_expected(situation: Situation) -> None:
    gateway = cell(Place.GATEWAY, "401 expired-token", situation)
    assert expect(gateway).details == RENEWED
    assert expect(gateway, CHANGED).details.word == "barred"
    instance = cell(Place.INSTANCE, "400 context-empty", situation)
    assert expect(instance).indirect == CLOSED
    assert expect(instance, CHANGED).indirect != CLOSED


def test_a_row_of_direct_access_that_changes_changes_how_it_stands() -> None:
    first = cell(Place.DIRECT_ACCESS, "403 disabled", FIRST)
    assert expect(first, CHANGED).details == Standings(
        word="unavailable", again_s=(7.0, 7.0), code=ErrorCode.DIRECT_BARRED
    )
    other = cell(Place.DIRECT_ACCESS, "401 unauthorized", FIRST)
    assert expect(other, CHANGED) == expect(other)
