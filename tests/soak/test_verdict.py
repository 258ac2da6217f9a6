"""A call is owed an answer when a route could give one, and only then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from gitlab_completions import (
    AllRoutesFailedError,
    Attempt,
    Choice,
    Completion,
    DeadlineExceededError,
    ErrorCode,
    Health,
    Route,
    RouteReason,
    RoutingStatus,
)
from gitlab_completions._records import replace as with_fields
from gitlab_completions.errors import (
    RouteRateLimitedError,
    RouteUnauthorizedError,
    StreamBrokenError,
)
from gitlab_completions.events import AttemptFailed
from tests.soak.faults import KILLS, PASSING, Fault, Part
from tests.soak.journal import Journal, Spell, Told
from tests.soak.verdict import PROMPT_S, Call, Judge

if TYPE_CHECKING:
    from collections.abc import Callable

FAULTS = {part: {one.name: one for one in PASSING[part]} for part in Part}
INSTANCE_DOWN = KILLS[Part.INSTANCE]
GATEWAY_HANGS = FAULTS[Part.GATEWAY]["hang"]
INSTANCE_503 = FAULTS[Part.INSTANCE]["503"]
NO_GRANTS = FAULTS[Part.DIRECT_ACCESS]["503"]
FAILED = AllRoutesFailedError("no route", code=ErrorCode.SERVER)
STATUS = RoutingStatus(
    health=Health.READY,
    route=Route.DIRECT,
    reason=RouteReason.PREFERRED,
    problem=None,
    at=datetime(2026, 1, 1, tzinfo=UTC),
    recheck_in_s=None,
    token_age_s=1.0,
    token_expires_in_s=100.0,
    circuits={Route.DIRECT: "closed", Route.INDIRECT: "closed"},
    indirect_used=0,
    in_flight=0,
    counts={},
)
DONE = Completion(
    choices=(Choice(text="a"),),
    model=None,
    route=Route.DIRECT,
    reason=RouteReason.PREFERRED,
    attempts=(),
    elapsed_s=1.0,
    request_id=None,
)
CALL = Call(number=1, author="Ada", started=10.0, ended=11.0, status=STATUS)


class Court:
    """A judge, what was broken, and what the client was told."""

    def __init__(self, *broken: Fault) -> None:
        self.journal = Journal(began=0.0)
        self.journal.spells = [Spell(fault, 9.0) for fault in broken]
        self.told = Told()
        self.judge = Judge(self.journal, deadline_s=10.0)

    def is_right(self, call: Call = CALL, error: BaseException = FAILED) -> bool:
        self.judge.failed(call, error, self.told)
        return not self.journal.violations


@pytest.mark.parametrize(
    ("broken", "right"),
    [
        ((), False),
        ((INSTANCE_503,), False),
        ((GATEWAY_HANGS,), False),
        ((GATEWAY_HANGS, NO_GRANTS), False),
        ((INSTANCE_503, NO_GRANTS), False),
        ((INSTANCE_503, GATEWAY_HANGS), True),
        ((INSTANCE_DOWN, GATEWAY_HANGS), True),
        ((INSTANCE_503, FAULTS[Part.GATEWAY]["slow"]), False),
    ],
)
def test_an_error_is_right_when_both_routes_are_broken(
    broken: tuple[Fault, ...], *, right: bool
) -> None:
    assert Court(*broken).is_right() is right


@pytest.mark.parametrize(
    ("start", "end", "right"), [(9, 10, False), (9, 10.1, True), (10.9, None, True)]
)
def test_a_moment_of_the_call_is_enough(
    start: float, end: float | None, *, right: bool
) -> None:
    court = Court(INSTANCE_503)
    court.journal.spells.append(Spell(GATEWAY_HANGS, start, end))
    assert court.is_right() is right


def with_status(**fields: object) -> Call:
    return replace(CALL, status=with_fields(STATUS, **fields))


NO_GRANT: dict[str, object] = {
    "reason": RouteReason.DETAILS_ABSENT,
    "token_expires_in_s": None,
}


@pytest.mark.parametrize(
    ("broken", "status", "right"),
    [
        ((), {"reason": RouteReason.BARRED}, True),
        ((), {"reason": RouteReason.CIRCUIT_OPEN}, False),
        ((), {**NO_GRANT, "recheck_in_s": 0.0}, False),
        ((), {**NO_GRANT, "recheck_in_s": 3.0}, True),
        ((NO_GRANTS,), {**NO_GRANT, "recheck_in_s": 0.0}, True),
        ((NO_GRANTS,), {"token_expires_in_s": 0.5}, True),
    ],
)
def test_direct_owes_nothing_without_a_grant_that_can_be_had(
    broken: tuple[Fault, ...], status: dict[str, object], *, right: bool
) -> None:
    assert Court(INSTANCE_503, *broken).is_right(with_status(**status)) is right


@pytest.mark.parametrize(
    ("status", "circuit", "right"),
    [(403, "open", True), (403, "closed", False), (503, "open", False)],
)
def test_only_what_passes_overrules_a_rest(
    status: int, circuit: str, *, right: bool
) -> None:
    circuits = {Route.DIRECT: circuit, Route.INDIRECT: "closed"}
    error = AllRoutesFailedError("no route", code=ErrorCode.SERVER)
    attempt = Attempt(
        route=Route.INDIRECT, started_s=0.0, elapsed_s=0.1, status_code=status
    )
    error.attempts = (attempt,)
    call = with_status(circuits=circuits)
    assert Court(INSTANCE_503).is_right(call, error) is right


@pytest.mark.parametrize(
    ("broken", "route", "right"),
    [
        ((), Route.DIRECT, False),
        ((GATEWAY_HANGS,), Route.DIRECT, True),
        ((GATEWAY_HANGS,), Route.INDIRECT, False),
        ((INSTANCE_503,), Route.DIRECT, False),
        ((INSTANCE_503,), Route.INDIRECT, True),
    ],
)
def test_a_stream_may_break_off_with_its_own_route_alone(
    broken: tuple[Fault, ...], route: Route, *, right: bool
) -> None:
    error = StreamBrokenError("broke off", route=route)
    assert Court(*broken).is_right(replace(CALL, streamed=True), error) is right
    assert not Court(*broken).is_right(CALL, error)


def test_a_stream_may_be_kept_by_a_silent_gateway_once() -> None:
    call = replace(CALL, ended=CALL.started + PROMPT_S + 1)
    for streamed in (False, True):
        court = Court(GATEWAY_HANGS)
        court.judge.answered(
            replace(call, streamed=streamed), DONE, court.told, expected=DONE.text
        )
        assert bool(court.journal.violations) is not streamed


def rate_limited(told: Told, route: Route) -> None:
    error = RouteRateLimitedError(
        "429", route=route, elapsed_s=0.1, status_code=429, retry_after_s=4.0
    )
    event = AttemptFailed(call_id=1, route=route, elapsed_s=0.1, error=error)
    told.hear(event, 7.0)


def refused(told: Told) -> None:
    error = RouteUnauthorizedError(
        "401", route=Route.DIRECT, elapsed_s=0.1, status_code=401
    )
    event = AttemptFailed(call_id=1, route=Route.DIRECT, elapsed_s=0.1, error=error)
    told.hear(event, 10.5)


@pytest.mark.parametrize(
    ("broken", "tell"),
    [
        (GATEWAY_HANGS, lambda told: rate_limited(told, Route.INDIRECT)),
        (INSTANCE_503, lambda told: rate_limited(told, Route.DIRECT)),
        (INSTANCE_503, refused),
    ],
)
def test_what_a_server_said_counts(broken: Fault, tell: Callable[[Told], None]) -> None:
    court = Court(broken)
    tell(court.told)
    assert court.is_right()


def test_a_suspend_ends_a_rest() -> None:
    court = Court(GATEWAY_HANGS)
    rate_limited(court.told, Route.INDIRECT)
    court.told.slept()
    assert not court.is_right()


def test_a_call_that_was_slept_through_may_be_past_its_deadline() -> None:
    court = Court()
    court.journal.suspends.append(10.5)
    assert court.is_right(error=DeadlineExceededError("too late"))
    assert not court.is_right()


@pytest.mark.parametrize("error", [ValueError("?"), KeyError("text")])
def test_an_error_of_another_kind_is_never_right(error: Exception) -> None:
    assert not Court(INSTANCE_503, GATEWAY_HANGS).is_right(error=error)


def test_an_answer_must_be_to_this_call() -> None:
    court = Court()
    court.judge.answered(CALL, DONE, court.told, expected="a")
    assert court.journal.violations == []
    court.judge.answered(CALL, DONE, court.told, expected="b")
    assert len(court.journal.violations) == 1


@pytest.mark.parametrize(
    ("broken", "ended", "right"),
    [
        ((), 14.9, True),
        ((), 15.1, False),
        ((INSTANCE_503, GATEWAY_HANGS), 15.1, True),
        ((INSTANCE_503, GATEWAY_HANGS), 22.1, False),
    ],
)
def test_an_answer_must_come_while_somebody_waits(
    broken: tuple[Fault, ...], ended: float, *, right: bool
) -> None:
    court = Court(*broken)
    call = replace(CALL, ended=ended)
    court.judge.answered(call, DONE, court.told, expected="a")
    assert (court.journal.violations == []) is right


@pytest.mark.parametrize(
    ("broken", "right"), [((INSTANCE_503,), True), ((GATEWAY_HANGS,), False)]
)
def test_direct_that_rests_may_take_its_time(
    broken: tuple[Fault, ...], *, right: bool
) -> None:
    court = Court(*broken)
    circuits = {Route.DIRECT: "open", Route.INDIRECT: "closed"}
    call = replace(with_status(circuits=circuits), ended=17.0)
    court.judge.answered(call, DONE, court.told, expected="a")
    assert (court.journal.violations == []) is right


def test_a_call_that_was_left_is_owed_an_answer_that_is_overdue() -> None:
    court = Court()
    court.judge.left(CALL, court.told)
    assert court.journal.violations == []
    court.judge.left(replace(CALL, ended=15.1), court.told)
    assert len(court.journal.violations) == 1
    assert court.journal.counts == {"superseded": 2}
