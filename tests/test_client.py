"""What a caller sees of a client: completions, whatever either route does."""

from __future__ import annotations

import asyncio
import copy
import gc
import io
import logging
import math
import os
import pickle
import traceback
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import pytest

from gitlab_completions import events
from gitlab_completions.client import CompletionClient
from gitlab_completions.errors import (
    AllRoutesFailedError,
    ClientClosedError,
    ConfigurationError,
    DeadlineExceededError,
    DirectAccessBarredError,
    DirectAccessUnavailableError,
    ErrorCode,
    GitLabCompletionsError,
    MalformedAnswerError,
    RequestRejectedError,
    RouteConnectionError,
    RouteServerError,
    RouteStatusError,
    RouteTimeoutError,
)
from gitlab_completions.models import (
    Completion,
    CompletionRequest,
    ContextItem,
    Intent,
    Route,
    RouteReason,
)
from gitlab_completions.policy import CircuitPolicy, DirectMode, RoutingPolicy
from gitlab_completions.senders import HttpxSender, SendError, WireResponse
from gitlab_completions.status import Health
from gitlab_completions.testing import (
    FakeGitLab,
    VirtualTimeLoop,
    run,
    wait_all_tasks_blocked,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from gitlab_completions.events import Event
    from gitlab_completions.senders import Sender, WireRequest
    from gitlab_completions.testing import FakeEndpoint

    Fault = Callable[[FakeEndpoint], None]

EventT = TypeVar("EventT")
REQUEST = CompletionRequest.at_cursor("def f():", 8, file_name="f.py")
GENERATION = replace(REQUEST, intent=Intent.GENERATION)
ONLY = RoutingPolicy(direct=DirectMode.ONLY)
NEVER = RoutingPolicy(direct=DirectMode.NEVER)


class Diary:
    """An observer that keeps what it is told."""

    def __init__(self, client: CompletionClient) -> None:
        self.events: list[Event] = []
        client.observe(self.events.append)

    def of(self, *kinds: type) -> list[Event]:
        return [event for event in self.events if isinstance(event, kinds)]

    def only(self, kind: type[EventT]) -> EventT:
        (event,) = (event for event in self.events if isinstance(event, kind))
        return event

    def kinds(self, *without: type) -> list[str]:
        return [type(e).__name__ for e in self.events if not isinstance(e, without)]


def now() -> float:
    return asyncio.get_running_loop().time()


async def no_tasks_but_this() -> bool:
    await wait_all_tasks_blocked()
    return asyncio.all_tasks() == {asyncio.current_task()}


def busy_tasks() -> set[asyncio.Task[object]]:
    return asyncio.all_tasks() - {asyncio.current_task()}


@pytest.fixture
def gitlab() -> FakeGitLab:
    return FakeGitLab()


@pytest.fixture
async def client(gitlab: FakeGitLab) -> AsyncIterator[CompletionClient]:
    async with gitlab.client() as client:
        yield client


# Connection details.


async def test_fifty_first_calls_ask_for_direct_access_once(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    gitlab.direct_access.delay(0.1)
    answers = await asyncio.gather(*(client.complete(REQUEST) for _ in range(50)))
    assert len(gitlab.direct_access.requests) == 1
    assert {answer.route for answer in answers} == {Route.DIRECT}


async def test_first_calls_do_not_wait_long_for_details(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    gitlab.direct_access.delay(3)
    answer = await client.complete(REQUEST)
    assert (answer.route, answer.reason) == (Route.INDIRECT, RouteReason.DETAILS_ABSENT)
    assert answer.elapsed_s == pytest.approx(0.25)
    await gitlab.settle()
    assert (await client.complete(REQUEST)).route is Route.DIRECT
    assert len(gitlab.direct_access.requests) == 1


async def test_a_day_of_calls_is_direct_with_few_fetches(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    gitlab.direct_access.delay(0.3)
    await client.complete(REQUEST)
    routes = []
    for _ in range(24 * 360):
        await asyncio.sleep(10)
        routes.append((await client.complete(REQUEST)).route)
    assert set(routes) == {Route.DIRECT}
    assert len(gitlab.direct_access.requests) <= 35


async def test_an_idle_client_asks_for_nothing(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    client.status()
    await asyncio.sleep(86400)
    assert gitlab.direct_access.requests == []


async def test_a_client_used_once_renews_once_at_most(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    await client.complete(REQUEST)
    await asyncio.sleep(86400)
    assert len(gitlab.direct_access.requests) <= 2


async def test_details_are_renewed_though_the_instance_fails_for_two_minutes(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    await client.complete(REQUEST)
    await asyncio.sleep(1550)  # the first renewal comes at 0.45 of an hour
    await client.complete(REQUEST)
    gitlab.direct_access.fail(503)
    await asyncio.sleep(150)
    gitlab.direct_access.heal()
    await asyncio.sleep(500)
    expires_in_s = client.status().token_expires_in_s
    assert expires_in_s is not None
    assert expires_in_s > 2900


async def test_each_project_has_details_of_its_own(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    for path in ("group/one", "group/two", "group/one"):
        answer = await client.complete(replace(REQUEST, project_path=path))
        assert answer.route is Route.DIRECT
    assert len(gitlab.direct_access.requests) == 2


async def test_a_client_with_never_asks_for_no_details(gitlab: FakeGitLab) -> None:
    async with gitlab.client(policy=NEVER) as client:
        await client.warm_up()
        answer = await client.complete(REQUEST)
        status = client.status()
    assert (answer.route, answer.reason) == (Route.INDIRECT, RouteReason.POLICY)
    assert (status.health, status.problem) == (Health.READY, None)
    assert gitlab.direct_access.requests == []


async def test_a_client_that_turns_to_never_fetches_nothing_more(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    await client.complete(REQUEST)
    client.reconfigure(NEVER)
    await asyncio.sleep(86400)
    assert (await client.complete(REQUEST)).route is Route.INDIRECT
    assert len(gitlab.direct_access.requests) == 1


async def test_warm_up_makes_the_first_call_direct(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    gitlab.direct_access.delay(2)
    await client.warm_up()
    answer = await client.complete(REQUEST)
    assert (answer.route, answer.elapsed_s) == (Route.DIRECT, 0)


@pytest.mark.parametrize("endpoint", ["direct_access", "gateway", "instance"])
async def test_warm_up_fails_silently(gitlab: FakeGitLab, endpoint: str) -> None:
    async with gitlab.client() as client:
        getattr(gitlab, endpoint).refuse()
        await client.warm_up()
    with pytest.raises(ClientClosedError):
        await client.warm_up()


async def test_warm_up_ends_when_the_client_is_closed(gitlab: FakeGitLab) -> None:
    client = gitlab.client()
    gitlab.direct_access.hang()
    warming = asyncio.create_task(client.warm_up())
    await wait_all_tasks_blocked()
    await client.aclose()
    await asyncio.wait({warming})
    assert await no_tasks_but_this()


# Faults.


def failing(status: int, **answer: object) -> Fault:
    fault: Fault = lambda endpoint: endpoint.fail(status, **answer)  # type: ignore[arg-type]  # noqa: E731
    return fault


FAULTS: dict[str, Fault] = {
    **{
        str(status): failing(status, json={"detail": "s3cret"})
        for status in (
            *(400, 401, 402, 403, 404, 405, 408, 409, 413, 422, 429),
            *(500, 502, 503, 504, 529, 204, 206, 301, 304),
        )
    },
    **{
        f"{status} without JSON": failing(status, body=b"s3cret")
        for status in (200, 400, 401, 403, 404, 422, 429, 503)
    },
    "nothing": failing(200),
    "error in a 200": failing(200, json={"error": "s3cret"}),
    "rate limit with a date": failing(
        429, json={}, headers={"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}
    ),
    "hang": lambda endpoint: endpoint.hang(),
    "reset": lambda endpoint: endpoint.reset(),
    "half answer": lambda endpoint: endpoint.half_answer(),
    "html": lambda endpoint: endpoint.html(),
    "refuse": lambda endpoint: endpoint.refuse(),
    "blackhole": lambda endpoint: endpoint.blackhole(),
    "drip": lambda endpoint: endpoint.drip(10),
    "delay": lambda endpoint: endpoint.delay(30),
}
FINAL = {"400", "413", "422"}
"""What the instance answers to a request that no route would take."""
HOST = {"refuse", "blackhole"}
"""What strikes the whole host."""


@pytest.mark.parametrize("name", FAULTS)
async def test_the_instance_serves_whatever_the_gateway_does(
    gitlab: FakeGitLab, client: CompletionClient, name: str
) -> None:
    FAULTS[name](gitlab.gateway)
    for _ in range(5):
        answer = await client.complete(REQUEST)
        assert answer.route is Route.INDIRECT
        assert answer.elapsed_s <= 1.35
        await asyncio.sleep(2)
    await gitlab.settle()
    assert client.status().in_flight == 0


@pytest.mark.parametrize("name", sorted(set(FAULTS) - HOST))
async def test_the_instance_serves_whatever_direct_access_does(
    gitlab: FakeGitLab, client: CompletionClient, name: str
) -> None:
    FAULTS[name](gitlab.direct_access)
    for _ in range(5):
        answer = await client.complete(REQUEST)
        assert answer.route is Route.INDIRECT
        assert answer.elapsed_s <= 0.25
        await asyncio.sleep(2)
    assert len(gitlab.direct_access.requests) <= 5
    await gitlab.settle()
    assert client.status().problem is not None


@pytest.mark.parametrize("name", FAULTS)
async def test_direct_does_not_notice_what_the_instance_does(
    gitlab: FakeGitLab, client: CompletionClient, name: str
) -> None:
    await client.warm_up()
    FAULTS[name](gitlab.instance)
    for _ in range(5):
        assert (await client.complete(REQUEST)).route is Route.DIRECT
        await asyncio.sleep(2)


@pytest.mark.parametrize("name", sorted(set(FAULTS) - HOST - FINAL))
async def test_with_the_instance_and_direct_access_at_fault_the_call_fails_in_time(
    gitlab: FakeGitLab, client: CompletionClient, name: str
) -> None:
    FAULTS[name](gitlab.direct_access)
    FAULTS[name](gitlab.instance)
    started = now()
    with pytest.raises(AllRoutesFailedError) as caught:
        await client.complete(REQUEST)
    assert now() - started <= 10
    assert isinstance(
        caught.value.direct_refusal,
        DirectAccessBarredError | DirectAccessUnavailableError | None,
    )
    assert [attempt.route for attempt in caught.value.attempts] == [Route.INDIRECT]
    assert caught.value.remedy


@pytest.mark.parametrize("name", FAULTS)
async def test_with_both_routes_at_fault_the_instances_answer_decides(
    gitlab: FakeGitLab, client: CompletionClient, name: str
) -> None:
    await client.warm_up()
    FAULTS[name](gitlab.gateway)
    FAULTS[name](gitlab.instance)
    started = now()
    with pytest.raises(GitLabCompletionsError) as caught:
        await client.complete(REQUEST, deadline_s=8)
    assert now() - started <= 8
    error = caught.value
    if name in FINAL:
        assert isinstance(error, RequestRejectedError)
        return
    assert isinstance(error, AllRoutesFailedError)
    assert [one.route for one in error.attempts] == [Route.DIRECT, Route.INDIRECT]
    assert all(isinstance(one.error, GitLabCompletionsError) for one in error.attempts)
    last = error.attempts[-1].error
    assert last is not None
    assert (error.code, error.remedy) == (last.code, last.remedy)
    assert not any(
        one.error and (one.error.__traceback__ or one.error.__cause__)
        for one in error.attempts
    )


@pytest.mark.parametrize("name", ["hang", "delay", "drip"])
async def test_a_call_that_nobody_answers_ends_at_its_deadline(
    gitlab: FakeGitLab, client: CompletionClient, name: str
) -> None:
    FAULTS[name](gitlab.gateway)
    FAULTS[name](gitlab.instance)
    with pytest.raises(TimeoutError) as caught:
        await client.complete(REQUEST, deadline_s=2)
    assert isinstance(caught.value, DeadlineExceededError)
    assert now() == pytest.approx(2)


async def test_a_deadline_error_tells_of_unfinished_attempts(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    await client.warm_up()
    gitlab.gateway.hang()
    gitlab.instance.hang()
    with pytest.raises(DeadlineExceededError) as caught:
        await client.complete(REQUEST, deadline_s=2)
    error = caught.value
    assert error.code is ErrorCode.TIMEOUT
    assert [one.route for one in error.attempts] == [Route.DIRECT, Route.INDIRECT]
    assert all(isinstance(one.error, RouteTimeoutError) for one in error.attempts)
    assert not any(one.superseded for one in error.attempts)


@pytest.mark.parametrize("deadline_s", [5e-324, 1e-12, 1e-6])
@pytest.mark.parametrize("warm", [True, False])
async def test_a_deadline_too_short_for_anything_is_exceeded(
    gitlab: FakeGitLab, *, deadline_s: float, warm: bool
) -> None:
    gitlab.gateway.delay(0.1)
    gitlab.instance.delay(0.1)
    await asyncio.sleep(1e6)
    async with gitlab.client() as client:
        if warm:
            await client.warm_up()
        with pytest.raises(DeadlineExceededError):
            await client.complete(REQUEST, deadline_s=deadline_s)
        await gitlab.settle()
        assert client.status().in_flight == 0


async def test_a_call_without_a_deadline_waits_for_its_attempts(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    gitlab.direct_access.fail(503)
    gitlab.instance.delay(8.9)
    answer = await client.complete(REQUEST, deadline_s=math.inf)
    assert answer.elapsed_s == pytest.approx(8.9, abs=0.3)


async def test_the_refusal_of_direct_access_is_told_with_the_instances_error(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    gitlab.settings.direct_enabled = False
    gitlab.instance.fail(503, json={"message": "s3cret"})
    with pytest.raises(AllRoutesFailedError) as caught:
        await client.complete(REQUEST)
    refusal = caught.value.direct_refusal
    assert isinstance(refusal, DirectAccessBarredError)
    assert refusal.status_code == 403
    assert refusal.retry_after_s == 1800
    assert caught.value.code is ErrorCode.SERVER
    (attempt,) = caught.value.attempts
    assert isinstance(attempt.error, RouteServerError)
    assert attempt.status_code == 503


async def test_an_empty_answer_is_a_completion(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    gitlab.text = ""
    answer = await client.complete(REQUEST)
    assert (answer.text, answer.choices, answer.route) == ("", (), Route.DIRECT)


async def test_a_missing_namespace_has_its_own_code(gitlab: FakeGitLab) -> None:
    gitlab.settings.missing_default_duo_group = True
    async with gitlab.client() as client:
        with pytest.raises(AllRoutesFailedError) as caught:
            await client.complete(REQUEST)
    assert caught.value.code is ErrorCode.NAMESPACE_MISSING


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("expired", ErrorCode.TOKEN_EXPIRED),
        ("revoked", ErrorCode.TOKEN_REVOKED),
        ("wrong_scope", ErrorCode.SCOPE_MISSING),
    ],
)
async def test_a_bad_access_token_is_told_by_its_code(
    gitlab: FakeGitLab, kind: str, code: ErrorCode
) -> None:
    client = CompletionClient(
        gitlab.instance_url, getattr(gitlab.tokens, kind), sender=gitlab
    )
    with pytest.raises(AllRoutesFailedError) as caught:
        await client.complete(REQUEST)
    await client.aclose()
    assert caught.value.code is code


async def test_a_token_source_that_fails_is_the_cause(gitlab: FakeGitLab) -> None:
    async def source() -> str:
        raise KeyError("s3cret")

    async with CompletionClient(gitlab.instance_url, source, sender=gitlab) as client:
        with pytest.raises(AllRoutesFailedError) as caught:
            await client.complete(REQUEST)
    assert caught.value.code is ErrorCode.TOKEN_SOURCE
    assert isinstance(caught.value.__cause__, KeyError)


# Circuits.


async def test_a_gateways_401_renews_the_token_once_behind_the_call(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    gitlab.direct_access.delay(0.1)
    await client.warm_up()
    gitlab.gateway.fail(401, json={"error": "invalid"}, times=3)
    answers = await asyncio.gather(*(client.complete(REQUEST) for _ in range(3)))
    assert {answer.route for answer in answers} == {Route.INDIRECT}
    assert {answer.elapsed_s for answer in answers} == {0}
    await gitlab.settle()
    assert (await client.complete(REQUEST)).route is Route.DIRECT
    assert len(gitlab.direct_access.requests) == 2
    assert client.status().circuits[Route.DIRECT] == "closed"


async def test_a_renewed_token_that_is_refused_too_bars_direct(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    gitlab.gateway.fail(401, json={"error": "invalid"})
    for _ in range(10):
        assert (await client.complete(REQUEST)).route is Route.INDIRECT
        await asyncio.sleep(1)
    assert len(gitlab.direct_access.requests) == 2
    status = client.status()
    assert (status.health, status.reason) == (Health.DEGRADED, RouteReason.BARRED)


async def test_a_gateways_429_makes_direct_rest(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    gitlab.gateway.fail(429, json={}, headers={"retry-after": "20"}, times=1)
    await client.complete(REQUEST)
    assert client.status().recheck_in_s == pytest.approx(20)
    for _ in range(19):
        await asyncio.sleep(1)
        assert (await client.complete(REQUEST)).reason is RouteReason.CIRCUIT_OPEN
    assert len(gitlab.gateway.requests) == 1
    await asyncio.sleep(2)
    await client.complete(REQUEST)
    assert len(gitlab.gateway.requests) == 2


async def test_probes_go_beside_real_calls_and_bring_direct_back(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    diary = Diary(client)
    gitlab.instance.delay(0.2)
    gitlab.gateway.fail(503, json={}, times=2)
    await client.complete(REQUEST)
    await client.complete(REQUEST)
    assert client.status().circuits[Route.DIRECT] == "open"
    sent = len(gitlab.gateway.requests)
    assert (await client.complete(REQUEST)).route is Route.INDIRECT
    assert len(gitlab.gateway.requests) == sent
    await asyncio.sleep(2)
    used = []
    for _ in range(2):
        answer = await client.complete(REQUEST)
        used.append((answer.route, answer.elapsed_s))
    assert used == [(Route.DIRECT, 0), (Route.DIRECT, 0)]
    assert client.status().circuits[Route.DIRECT] == "closed"
    assert diary.kinds(
        events.AttemptSucceeded, events.AttemptFailed, events.CallFinished
    ).count("CircuitProbed") == len(diary.of(events.CircuitProbed))
    assert len(diary.of(events.CircuitTripped)) == 1
    assert len(diary.of(events.CircuitRecovered)) == 1
    await gitlab.settle()


async def test_a_probe_that_fails_delays_nobody(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    gitlab.instance.delay(0.2)
    gitlab.gateway.hang()
    for _ in range(40):
        answer = await client.complete(REQUEST)
        assert answer.route is Route.INDIRECT
        assert answer.elapsed_s <= 0.9 + 0.201
        await asyncio.sleep(3)
    late = [await client.complete(REQUEST) for _ in range(5)]
    assert max(answer.elapsed_s for answer in late) == pytest.approx(0.2)


async def test_an_instances_429_is_asked_again_once_in_5_s(
    gitlab: FakeGitLab,
) -> None:
    gitlab.instance.fail(429, json={}, headers={"retry-after": "60"})
    async with gitlab.client(policy=NEVER) as client:
        with pytest.raises(AllRoutesFailedError) as caught:
            await client.complete(REQUEST)
        assert caught.value.code is ErrorCode.RATE_LIMITED
        assert caught.value.retry_after_s == 60
        for _ in range(29):
            await asyncio.sleep(1)
            with pytest.raises(AllRoutesFailedError) as caught:
                await client.complete(REQUEST)
            assert caught.value.code is ErrorCode.RATE_LIMITED
            assert caught.value.retry_after_s is not None
        assert len(gitlab.instance.requests) == 6


async def test_an_instances_429_sends_the_call_direct(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    gitlab.gateway.fail(503, json={}, times=2)
    await client.complete(REQUEST)
    await client.complete(REQUEST)
    gitlab.instance.fail(429, json={})
    answer = await client.complete(REQUEST)
    assert (answer.route, answer.reason) == (Route.DIRECT, RouteReason.LAST_TRY)


async def test_calls_that_wait_at_the_gate_are_not_sent_into_an_instances_429(
    gitlab: FakeGitLab,
) -> None:
    gitlab.instance.fail(429, json={}, headers={"retry-after": "60"})
    async with gitlab.client(policy=NEVER) as client:
        calls = (client.complete(REQUEST) for _ in range(20))
        ended = await asyncio.gather(*calls, return_exceptions=True)
        assert len(gitlab.instance.requests) == client._engine.policy.max_in_flight
        for error in ended:
            assert isinstance(error, AllRoutesFailedError)
            assert error.code is ErrorCode.RATE_LIMITED
            assert error.retry_after_s is not None


@pytest.mark.parametrize(("status", "asked"), [(429, 8), (503, 9)])
async def test_calls_that_wait_at_the_gate_of_a_route_that_trips_take_the_other(
    gitlab: FakeGitLab, client: CompletionClient, status: int, asked: int
) -> None:
    """The second loss trips: the first one's place has been taken by then."""
    await client.complete(REQUEST)
    gitlab.gateway.requests.clear()
    gitlab.gateway.fail(status, json={})
    answers = await asyncio.gather(*(client.complete(REQUEST) for _ in range(20)))
    assert {answer.route for answer in answers} == {Route.INDIRECT}
    assert len(gitlab.gateway.requests) == asked
    assert {answer.elapsed_s for answer in answers} == {0}


@pytest.mark.parametrize(
    ("status", "sent", "waiting"),
    [
        (401, ErrorCode.DIRECT_BARRED, ErrorCode.SERVER),
        (402, ErrorCode.QUOTA, ErrorCode.QUOTA),
    ],
)
async def test_calls_that_wait_with_refused_details_are_told_why(
    gitlab: FakeGitLab, status: int, sent: ErrorCode, waiting: ErrorCode
) -> None:
    """Those at the gate are not sent; where others may come they wait for those."""
    async with gitlab.client(policy=ONLY) as client:
        await client.complete(REQUEST)
        gitlab.gateway.requests.clear()
        gitlab.direct_access.fail(503, json={})
        gitlab.gateway.fail(status, json={})
        calls = (client.complete(REQUEST) for _ in range(20))
        ended = await asyncio.gather(*calls, return_exceptions=True)
        assert len(gitlab.gateway.requests) == 8
        for number, error in enumerate(ended):
            assert isinstance(error, AllRoutesFailedError)
            assert error.code is (sent if number < 8 else waiting)


@pytest.fixture
def narrow() -> RoutingPolicy:
    """Return a policy by which calls wait for each other, and one loss trips."""
    return RoutingPolicy(max_in_flight=1, circuit=CircuitPolicy(losses_in_a_row=1))


async def test_a_call_at_the_instances_gate_stays_there_when_others_have_failed(
    gitlab: FakeGitLab, narrow: RoutingPolicy
) -> None:
    async with gitlab.client(policy=narrow) as client:
        await client.complete(REQUEST)
        gitlab.gateway.fail(500)
        await client.complete(REQUEST)  # and direct rests
        gitlab.instance.fail(500, times=1)
        calls = (client.complete(REQUEST) for _ in range(2))
        failed, answer = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(failed, AllRoutesFailedError)
    assert isinstance(answer, Completion)
    assert answer.route is Route.INDIRECT


async def test_a_call_that_direct_turned_away_gets_its_last_try_of_it(
    gitlab: FakeGitLab, narrow: RoutingPolicy
) -> None:
    async with gitlab.client(policy=narrow) as client:
        await client.complete(REQUEST)
        gitlab.gateway.fail(500, times=1)
        gitlab.instance.fail(500)
        calls = (client.complete(REQUEST) for _ in range(2))
        failed, answer = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(failed, AllRoutesFailedError)
    assert isinstance(answer, Completion)
    assert answer.reason is RouteReason.LAST_TRY


async def test_direct_only_awaits_new_details_where_a_refusal_turned_it_away(
    gitlab: FakeGitLab, narrow: RoutingPolicy
) -> None:
    policy = replace(narrow, direct=DirectMode.ONLY)
    async with gitlab.client(policy=policy) as client:
        await client.complete(REQUEST)
        gitlab.gateway.fail(401, times=1)
        calls = (client.complete(REQUEST) for _ in range(2))
        failed, answer = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(failed, AllRoutesFailedError)
    assert isinstance(answer, Completion)


async def test_with_only_a_gateways_429_tells_when_to_try_again(
    gitlab: FakeGitLab,
) -> None:
    gitlab.gateway.fail(429, json={}, headers={"retry-after": "20"}, times=1)
    async with gitlab.client(policy=ONLY) as client:
        for _ in range(2):
            with pytest.raises(AllRoutesFailedError) as caught:
                await client.complete(REQUEST)
            assert caught.value.code is ErrorCode.RATE_LIMITED
            assert caught.value.retry_after_s is not None
    assert len(gitlab.gateway.requests) == 1
    assert gitlab.instance.requests == []


# The instance's budget, and the gates.


async def test_from_55_on_the_newest_waits_for_the_next_slot(
    gitlab: FakeGitLab,
) -> None:
    gitlab.settings.completions_limit = 0
    async with gitlab.client(policy=NEVER) as client:
        for _ in range(55):
            await client.complete(REQUEST)
            await asyncio.sleep(1)
        old, new = (
            asyncio.create_task(client.complete(REQUEST)),
            asyncio.create_task(client.complete(REQUEST)),
        )
        done, _ = await asyncio.wait({old, new}, return_when=asyncio.FIRST_COMPLETED)
        assert done == {new}
        assert now() == pytest.approx(60)
        await old
        assert now() == pytest.approx(61)
        assert client.status().indirect_used == 55


async def test_a_call_without_a_slot_before_its_deadline_is_rate_limited(
    gitlab: FakeGitLab,
) -> None:
    gitlab.settings.completions_limit = 0
    async with gitlab.client(policy=NEVER) as client:
        for _ in range(55):
            await client.complete(REQUEST)
        with pytest.raises(AllRoutesFailedError) as caught:
            await client.complete(REQUEST)
        assert caught.value.code is ErrorCode.RATE_LIMITED
        assert caught.value.retry_after_s == pytest.approx(60 - now())
        assert caught.value.attempts == ()
        assert len(gitlab.instance.requests) == 55


async def test_a_superseded_call_that_waits_for_a_slot_is_not_sent(
    gitlab: FakeGitLab,
) -> None:
    async with gitlab.client(policy=NEVER) as client:
        for _ in range(55):
            await client.complete(REQUEST)
        call = asyncio.create_task(client.complete(REQUEST))
        await wait_all_tasks_blocked()
        call.cancel()
        await asyncio.wait({call})
        await asyncio.sleep(70)
    assert len(gitlab.instance.requests) == 55


async def test_from_45_on_nothing_extra_goes_to_the_instance(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    client.reconfigure(NEVER)
    for _ in range(45):
        await client.complete(REQUEST)
    client.reconfigure(RoutingPolicy())
    await client.warm_up()
    gitlab.gateway.delay(1.2)
    answer = await client.complete(REQUEST)
    assert answer.route is Route.DIRECT
    assert len(gitlab.instance.requests) == 45


async def test_a_busy_gateway_gate_sends_the_call_to_the_instance(
    gitlab: FakeGitLab,
) -> None:
    async with gitlab.client(policy=RoutingPolicy(max_in_flight=1)) as client:
        await client.warm_up()
        gitlab.gateway.delay(3)
        first = asyncio.create_task(client.complete(REQUEST))
        await wait_all_tasks_blocked()
        answer = await client.complete(REQUEST)
        assert (answer.route, answer.reason) == (Route.INDIRECT, RouteReason.SATURATED)
        assert answer.elapsed_s == pytest.approx(0.9)
        assert [one.route for one in answer.attempts] == [Route.INDIRECT]
        assert client.status().circuits[Route.DIRECT] == "closed"
        await first
        await gitlab.settle()
    assert len(gitlab.gateway.requests) == 1


async def test_calls_whose_callers_have_left_do_not_hold_up_a_live_one(
    gitlab: FakeGitLab,
) -> None:
    async with gitlab.client(policy=NEVER) as client:
        gitlab.instance.hang()
        calls = [asyncio.create_task(client.complete(REQUEST)) for _ in range(8)]
        await wait_all_tasks_blocked()
        for call in calls:
            call.cancel()
        await asyncio.wait(calls)
        gitlab.instance.drip(1e9)  # healing would answer those that hang
        live = await client.complete(REQUEST)
        assert live.elapsed_s == pytest.approx(0.9)
        assert gitlab.replaced == [Route.INDIRECT]
        await gitlab.settle()
        assert client.status().in_flight == 0


class Overstaying:
    """A sender that notices the end of an attempt a moment too late, as real ones."""

    def __init__(self, gitlab: FakeGitLab) -> None:
        self.gitlab = gitlab

    @asynccontextmanager
    async def exchange(self, wire: WireRequest) -> AsyncGenerator[WireResponse, None]:
        late = replace(wire, timeout_s=wire.timeout_s + 0.001)
        async with self.gitlab.exchange(late) as response:
            yield response

    async def aclose(self) -> None:
        """Do nothing."""


def client_of(
    gitlab: FakeGitLab, sender: Sender, policy: RoutingPolicy
) -> CompletionClient:
    return CompletionClient._for_testing(
        gitlab.instance_url,
        gitlab.access_token,
        policy=policy,
        sender=sender,
        clock=gitlab.clock,
        jitter=lambda: 0.5,
    )


async def test_an_instance_that_stays_silent_has_timed_out(gitlab: FakeGitLab) -> None:
    gitlab.instance.hang()
    async with client_of(gitlab, Overstaying(gitlab), NEVER) as client:
        with pytest.raises(AllRoutesFailedError) as caught:
            await client.complete(REQUEST)
        assert now() == 9
    assert caught.value.code is ErrorCode.TIMEOUT
    (attempt,) = caught.value.attempts
    assert isinstance(attempt.error, RouteTimeoutError)
    assert not attempt.superseded


async def test_a_silent_gate_of_live_calls_is_no_missing_route(
    gitlab: FakeGitLab,
) -> None:
    policy = RoutingPolicy(direct=DirectMode.NEVER, max_in_flight=1)
    async with client_of(gitlab, Overstaying(gitlab), policy) as client:
        gitlab.instance.delay(20)
        first = asyncio.create_task(client.complete(REQUEST))
        await wait_all_tasks_blocked()
        with pytest.raises(AllRoutesFailedError) as caught:
            await client.complete(REQUEST)
        assert caught.value.code is ErrorCode.TIMEOUT
        assert caught.value.attempts == ()
        await asyncio.wait({first})
        assert isinstance(first.exception(), AllRoutesFailedError)


# Hedges.


async def test_a_slow_gateway_is_hedged_and_the_first_answer_wins(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    await client.warm_up()
    diary = Diary(client)
    gitlab.gateway.delay(2)
    gitlab.instance.delay(0.2)
    answer = await client.complete(REQUEST)
    assert (answer.route, answer.reason) == (Route.INDIRECT, RouteReason.HEDGED)
    assert answer.elapsed_s == pytest.approx(1.1)
    direct, indirect = answer.attempts
    assert (direct.superseded, direct.error, direct.status_code) == (True, None, None)
    assert indirect.started_s == pytest.approx(0.9)
    assert indirect.status_code == 200
    await gitlab.settle()
    assert diary.kinds(events.StatusChanged) == [
        "CallStarted",
        "RouteChosen",
        "Hedged",
        "AttemptSucceeded",
        "CallFinished",
        "AttemptSucceeded",
    ]


async def test_a_failing_gateway_is_fallen_back_from_at_once(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    await client.warm_up()
    diary = Diary(client)
    gitlab.gateway.delay(0.5)
    gitlab.gateway.fail(503, json={})
    answer = await client.complete(REQUEST)
    assert (answer.route, answer.reason) == (Route.INDIRECT, RouteReason.FELL_BACK)
    assert answer.elapsed_s == pytest.approx(0.5)
    assert diary.kinds(events.StatusChanged) == [
        "CallStarted",
        "RouteChosen",
        "AttemptFailed",
        "FellBack",
        "AttemptSucceeded",
        "CallFinished",
    ]


async def test_a_generation_goes_through_the_instance_and_is_not_hedged(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    gitlab.instance.delay(30)
    answer = await client.complete(GENERATION)
    assert (answer.route, answer.reason) == (Route.INDIRECT, RouteReason.GENERATION)
    assert answer.elapsed_s == pytest.approx(30)
    assert gitlab.direct_access.requests == []


async def test_with_only_details_are_awaited_and_the_instance_is_not_asked(
    gitlab: FakeGitLab,
) -> None:
    gitlab.direct_access.delay(4)
    async with gitlab.client(policy=ONLY) as client:
        answer = await client.complete(REQUEST)
        assert (answer.route, answer.reason) == (Route.DIRECT, RouteReason.POLICY)
        assert answer.elapsed_s == pytest.approx(4)
        gitlab.gateway.fail(503, json={})
        with pytest.raises(AllRoutesFailedError):
            await client.complete(REQUEST)
    assert gitlab.instance.requests == []


async def test_with_only_a_refusal_of_direct_access_is_the_error(
    gitlab: FakeGitLab,
) -> None:
    gitlab.settings.direct_enabled = False
    async with gitlab.client(policy=ONLY) as client:
        with pytest.raises(AllRoutesFailedError) as caught:
            await client.complete(REQUEST)
        assert client.status().route is None
    error = caught.value
    assert isinstance(error.direct_refusal, DirectAccessBarredError)
    assert (error.attempts, error.code) == ((), error.direct_refusal.code)


# Cancellation.


def nothing(_: FakeGitLab) -> None:
    """Leave everything as it is."""


def silent_and_slow(gitlab: FakeGitLab) -> None:
    gitlab.gateway.hang()
    gitlab.instance.delay(3)


POINTS: dict[str, tuple[float, Callable[[FakeGitLab], object]]] = {
    "before it begins": (-1, nothing),
    "at once": (0, nothing),
    "before the fetch ends": (0.1, lambda gitlab: gitlab.direct_access.delay(0.2)),
    "in flight": (0.3, lambda gitlab: gitlab.gateway.delay(0.5)),
    "in flight for ever": (0.3, lambda gitlab: gitlab.gateway.hang()),
    "during the hedge": (1.0, silent_and_slow),
}


@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("point", POINTS)
async def test_a_caller_may_leave_at_any_point_any_number_of_times(
    gitlab: FakeGitLab, point: str, times: int
) -> None:
    at_s, arrange = POINTS[point]
    arrange(gitlab)
    client = gitlab.client()
    diary = Diary(client)
    before = await no_tasks_but_this()
    assert before
    calls = [asyncio.create_task(client.complete(REQUEST)) for _ in range(10)]
    if at_s >= 0:
        await wait_all_tasks_blocked() if at_s == 0 else await asyncio.sleep(at_s)
    late = [call for call in calls if not call.done()]
    for _ in range(times):
        for call in late:
            call.cancel()
    await asyncio.wait(calls)
    assert all(call.cancelled() for call in late)
    await gitlab.settle()
    assert client.status().in_flight == 0
    assert await no_tasks_but_this()
    began = 0 if at_s < 0 else len(late)
    left = {event.call_id for event in diary.events if isinstance(event, Left)}
    assert len(left) == began == len(diary.of(events.Superseded))
    ended = {e.call_id for e in diary.events if isinstance(e, events.CallFinished)}
    assert not left & ended
    gitlab.gateway.heal()
    gitlab.instance.heal()
    assert (await client.complete(REQUEST)).text == "return a + b"
    await gitlab.settle()
    await client.aclose()
    assert await no_tasks_but_this()


Left = events.Superseded


async def test_a_call_that_is_cancelled_in_the_gate_leaves_unsent(
    gitlab: FakeGitLab,
) -> None:
    async with gitlab.client(policy=RoutingPolicy(max_in_flight=1)) as client:
        await client.warm_up()
        gitlab.gateway.delay(0.3)
        calls = [asyncio.create_task(client.complete(REQUEST)) for _ in range(3)]
        await wait_all_tasks_blocked()
        calls[1].cancel()
        await asyncio.wait(calls)
        await gitlab.settle()
        assert client.status().in_flight == 0
    assert len(gitlab.gateway.requests) == 2
    assert gitlab.instance.requests == []


async def test_a_call_in_a_timeout_of_the_callers_is_superseded(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    gitlab.gateway.delay(0.5)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await client.complete(REQUEST)
    await gitlab.settle()
    assert client.status().counts["superseded"] == 1


async def test_a_cancelled_callers_exchange_still_teaches_the_circuit(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    await client.warm_up()
    gitlab.gateway.delay(0.5)
    gitlab.gateway.fail(503, json={})
    for _ in range(2):
        call = asyncio.create_task(client.complete(REQUEST))
        await wait_all_tasks_blocked()
        call.cancel()
        await asyncio.wait({call})
    await gitlab.settle()
    assert client.status().circuits[Route.DIRECT] == "open"


async def test_a_cancelled_callers_fetch_still_brings_details(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    gitlab.direct_access.delay(0.2)
    call = asyncio.create_task(client.complete(REQUEST))
    await wait_all_tasks_blocked()
    call.cancel()
    await asyncio.wait({call})
    await gitlab.settle()
    assert (await client.complete(REQUEST)).elapsed_s == 0
    assert len(gitlab.direct_access.requests) == 1


async def test_keystrokes_that_supersede_each_other_cost_one_request_each(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    await client.warm_up()
    gitlab.gateway.delay(0.35)
    call = asyncio.create_task(client.complete(REQUEST))
    for _ in range(99):
        await asyncio.sleep(0.1)
        call.cancel()
        call = asyncio.create_task(client.complete(REQUEST))
    assert (await call).route is Route.DIRECT
    await gitlab.settle()
    assert len(gitlab.gateway.requests) == 100
    assert gitlab.instance.requests == []
    assert gitlab.replaced == []


# Other changes of the world.


async def test_calls_in_flight_keep_the_policy_they_began_with(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    await client.warm_up()
    gitlab.gateway.delay(0.5)
    call = asyncio.create_task(client.complete(REQUEST))
    await wait_all_tasks_blocked()
    client.reconfigure(NEVER)
    later = await client.complete(REQUEST)
    assert (later.route, later.reason) == (Route.INDIRECT, RouteReason.POLICY)
    assert (await call).route is Route.DIRECT


async def test_reconfiguring_asks_anew_what_was_refused(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    gitlab.settings.direct_enabled = False
    assert (await client.complete(REQUEST)).reason is RouteReason.BARRED
    gitlab.settings.direct_enabled = True
    client.reconfigure(RoutingPolicy())
    assert (await client.complete(REQUEST)).route is Route.DIRECT


async def test_a_deadline_of_the_policy_counts(gitlab: FakeGitLab) -> None:
    gitlab.instance.hang()
    policy = RoutingPolicy(direct=DirectMode.NEVER, deadline_s=3)
    async with gitlab.client(policy=policy) as client:
        with pytest.raises(DeadlineExceededError):
            await client.complete(REQUEST)
        assert now() == pytest.approx(3)


@pytest.mark.parametrize(
    "bad", [None, {"direct": "auto"}, RoutingPolicy(allow_plain_http=True)]
)
async def test_a_policy_that_cannot_be_is_refused(
    client: CompletionClient, bad: object
) -> None:
    with pytest.raises(ConfigurationError):
        client.reconfigure(bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("policy", [RoutingPolicy(), NEVER])
async def test_a_file_with_crlf_gets_crlf(
    gitlab: FakeGitLab, policy: RoutingPolicy
) -> None:
    gitlab.text = "a = 1\n    b = 2"
    async with gitlab.client(policy=policy) as client:
        crlf = CompletionRequest(file_name="f.py", content_above_cursor="x\r\ny\r\n")
        assert (await client.complete(crlf)).text == "a = 1\r\n    b = 2"
        lf = CompletionRequest(file_name="f.py", content_above_cursor="x\ny\n")
        assert (await client.complete(lf)).text == "a = 1\n    b = 2"


async def test_after_a_suspend_connections_are_replaced_and_details_looked_at(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    diary = Diary(client)
    gitlab.settings.direct_enabled = False
    await client.complete(REQUEST)
    gitlab.settings.direct_enabled = True
    gitlab.clock.suspend(600)
    answer = await client.complete(REQUEST)
    assert answer.route is Route.DIRECT
    assert gitlab.replaced == list(Route)
    await client.complete(REQUEST)
    assert len(diary.of(events.ClockJumped)) == 1


async def test_a_changed_access_token_lifts_bars(gitlab: FakeGitLab) -> None:
    tokens = [gitlab.tokens.revoked]

    async def source() -> str:
        return tokens[-1]

    async with CompletionClient(gitlab.instance_url, source, sender=gitlab) as client:
        with pytest.raises(AllRoutesFailedError):
            await client.complete(REQUEST)
        tokens.append(gitlab.tokens.valid)
        assert (await client.complete(REQUEST)).route is Route.INDIRECT
        await gitlab.settle()
        assert (await client.complete(REQUEST)).route is Route.DIRECT


# Lifetime.


async def test_closing_ends_calls_in_flight(gitlab: FakeGitLab) -> None:
    gitlab.gateway.hang()
    gitlab.instance.hang()
    client = gitlab.client()
    diary = Diary(client)
    calls = [asyncio.create_task(client.complete(REQUEST)) for _ in range(12)]
    await asyncio.sleep(1)
    started = now()
    await client.aclose()
    assert now() - started == pytest.approx(0.1)
    assert {type(call.exception()) for call in calls} == {ClientClosedError}
    assert await no_tasks_but_this()
    assert gitlab.in_flight == 0
    assert client.status().in_flight == 0
    assert len(diary.of(events.CallFinished)) == 12
    await client.aclose()


async def test_closing_lets_what_is_about_to_end_end(gitlab: FakeGitLab) -> None:
    gitlab.gateway.delay(0.05)
    client = gitlab.client()
    diary = Diary(client)
    call = asyncio.create_task(client.complete(REQUEST))
    await wait_all_tasks_blocked()
    await client.aclose()
    assert isinstance(call.exception(), ClientClosedError)
    assert now() == pytest.approx(0.05)
    assert len(diary.of(events.AttemptSucceeded)) == 1


async def test_a_call_that_has_just_begun_is_not_sent_by_a_closed_client(
    gitlab: FakeGitLab,
) -> None:
    client = gitlab.client()
    await client.warm_up()
    call = asyncio.create_task(client.complete(REQUEST))
    closing = asyncio.create_task(client.aclose())
    await asyncio.wait({call, closing})
    assert isinstance(call.exception(), ClientClosedError)
    assert gitlab.gateway.requests == []


async def test_closing_waits_though_another_closes_already(gitlab: FakeGitLab) -> None:
    gitlab.gateway.hang()
    client = gitlab.client()
    call = asyncio.create_task(client.complete(REQUEST))
    await wait_all_tasks_blocked()
    first = asyncio.create_task(client.aclose())
    await wait_all_tasks_blocked()
    await client.aclose()
    assert gitlab.in_flight == 0
    await asyncio.wait({call, first})
    assert isinstance(call.exception(), ClientClosedError)


async def test_a_cancelled_close_is_still_done(gitlab: FakeGitLab) -> None:
    gitlab.gateway.hang()
    client = gitlab.client()
    call = asyncio.create_task(client.complete(REQUEST))
    await wait_all_tasks_blocked()
    closing = asyncio.create_task(client.aclose())
    await wait_all_tasks_blocked()
    closing.cancel()
    await asyncio.wait({call, closing})
    assert isinstance(call.exception(), ClientClosedError)
    await client.aclose()
    assert gitlab.in_flight == 0
    assert await no_tasks_but_this()


async def test_a_closed_client_refuses_calls_and_says_so(gitlab: FakeGitLab) -> None:
    async with gitlab.client() as client:
        await client.complete(REQUEST)
    status = client.status()
    assert (status.health, status.route) == (Health.CLOSED, None)
    with pytest.raises(ClientClosedError):
        await client.complete(REQUEST)
    with pytest.raises(ClientClosedError):
        async with client:
            pass
    assert "closed" in repr(client)


async def test_a_client_that_was_never_used_closes(gitlab: FakeGitLab) -> None:
    await gitlab.client().aclose()


class ClosingSender(Overstaying):
    """A sender that counts how often it is closed."""

    closed = 0

    async def aclose(self) -> None:
        self.closed += 1


async def test_a_client_closes_only_a_sender_of_its_own(gitlab: FakeGitLab) -> None:
    sender = ClosingSender(gitlab)
    async with CompletionClient(
        gitlab.instance_url, gitlab.access_token, sender=sender
    ) as client:
        await client.complete(REQUEST)
    assert sender.closed == 0


def test_a_client_belongs_to_the_loop_of_its_first_use() -> None:
    gitlab = FakeGitLab()
    client = CompletionClient(gitlab.instance_url, gitlab.access_token, sender=gitlab)

    async def complete() -> Completion:
        return await client.complete(REQUEST)

    assert run(complete()).text
    with pytest.raises(ConfigurationError, match="another event loop"):
        run(complete())


def test_a_client_is_made_without_a_loop() -> None:
    client = CompletionClient("https://gitlab.example.com", "glpat-1")
    assert client.status().health is Health.STARTING
    assert repr(client) == "<CompletionClient https://gitlab.example.com open>"


# Bad input.


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ("gitlab.example.com", "instance_url must start with https://"),
        ("ftp://gitlab.example.com", "instance_url must start with https://"),
        ("http://gitlab.example.com", "instance_url must start with https://"),
        ("https://", "instance_url has no host"),
        ("https://me:s3cret@gitlab.example.com", "must not hold credentials"),
        ("https://gitlab.example.com?a=s3cret", "must not have a query or a fragment"),
        ("https://gitlab.example.com#s3cret", "must not have a query or a fragment"),
        ("https://gitlab.example.com:s3cret", "instance_url has a port"),
        ("https://gitlab example.com", "must not hold spaces"),
        ("", "instance_url must start with https://"),
        (None, "instance_url must be a string, not NoneType"),
        (b"https://gitlab.example.com", "instance_url must be a string, not bytes"),
    ],
)
def test_a_bad_instance_url_is_refused(bad: object, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        CompletionClient(bad, "glpat-1")  # type: ignore[arg-type]
    assert isinstance(caught.value, ValueError)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"access_token": ""}, "access_token must not be empty"),
        ({"access_token": "s3cret\n"}, "access_token must not begin or end with"),
        ({"access_token": "s3 cret"}, "access_token must be ASCII"),
        ({"access_token": None}, "access_token must be a string, a function"),
        ({"policy": {}}, "policy must be a RoutingPolicy, not dict"),
        ({"sender": object()}, "sender must have exchange"),
        ({"observers": [1]}, "an observer must be callable; int is not"),
        ({"observers": 1}, "observers must be a sequence, not int"),
        ({"observers": print}, "observers must be a sequence, not builtin"),
        ({"user_agent": ""}, "user_agent must not be blank"),
        ({"user_agent": "a\r\nb"}, "user_agent must be printable ASCII"),
        ({"user_agent": 1}, "user_agent must be a string, not int"),
    ],
)
def test_a_bad_argument_is_named(arguments: dict[str, object], message: str) -> None:
    given: dict[str, object] = {"access_token": "glpat-1", **arguments}
    with pytest.raises(ConfigurationError, match=message) as caught:
        CompletionClient("https://gitlab.example.com", **given)  # type: ignore[arg-type]
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://gitlab.example.com/", "/api/v4/"),
        ("https://gitlab.example.com/api/v4", "/api/v4/"),
        ("https://gitlab.example.com/api/v4/", "/api/v4/"),
        ("https://gitlab.example.com/tools/gitlab/", "/tools/gitlab/api/v4/"),
        ("https://gitlab.example.com/tools/gitlab/api/v4", "/tools/gitlab/api/v4/"),
        ("HTTPS://GitLab.Example.com:8443", "/api/v4/"),
    ],
)
async def test_an_instance_may_have_a_root_of_its_own(
    gitlab: FakeGitLab, url: str, asked: str
) -> None:
    wires: list[WireRequest] = []

    class Noting(Overstaying):
        @asynccontextmanager
        async def exchange(
            self, wire: WireRequest
        ) -> AsyncGenerator[WireResponse, None]:
            wires.append(wire)
            async with self.gitlab.exchange(wire) as response:
                yield response

    async with CompletionClient(url, "glpat-1", sender=Noting(gitlab)) as client:
        with pytest.raises(AllRoutesFailedError):
            await client.complete(REQUEST)
    assert len(wires) == 2
    for wire in wires:
        _, _, path = wire.url.removeprefix("https://").partition("/")
        assert f"/{path}".startswith(f"{asked}code_suggestions/")


@pytest.mark.parametrize(
    ("request_", "deadline_s", "message"),
    [
        ("def f():", None, "request must be a CompletionRequest, not str"),
        (None, None, "request must be a CompletionRequest, not NoneType"),
        (REQUEST, 0, "deadline_s must be a positive number of seconds"),
        (REQUEST, -1, "deadline_s must be a positive number of seconds"),
        (REQUEST, math.nan, "deadline_s must be a positive number of seconds"),
        (REQUEST, "10", "deadline_s must be a positive number of seconds, not str"),
        (REQUEST, True, "deadline_s must be a positive number of seconds, not bool"),
    ],
)
async def test_a_bad_call_is_refused_before_anything_is_sent(
    gitlab: FakeGitLab,
    client: CompletionClient,
    request_: object,
    deadline_s: object,
    message: str,
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        await client.complete(request_, deadline_s=deadline_s)  # type: ignore[arg-type]
    assert gitlab.direct_access.requests == []
    assert await no_tasks_but_this()


@pytest.mark.parametrize("bad", [7, b"group/project", ["group/project"]])
async def test_a_project_path_that_is_no_string_is_refused(
    client: CompletionClient, bad: object
) -> None:
    with pytest.raises(ConfigurationError, match="project_path must be a string"):
        await client.warm_up(bad)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="project_path must be a string"):
        client.status(bad)  # type: ignore[arg-type]


async def test_asking_for_a_status_keeps_no_details_from_use(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    await client.complete(REQUEST)
    for number in range(64):
        client.status(f"group/{number}")
    await client.complete(REQUEST)
    assert len(gitlab.direct_access.requests) == 1


def test_the_environment_gives_url_and_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITLAB_URL", "https://gitlab.example.com\n")
    monkeypatch.setenv("GITLAB_TOKEN", " glpat-1\n")
    assert repr(CompletionClient.from_env())
    monkeypatch.delenv("GITLAB_TOKEN")
    with pytest.raises(ConfigurationError, match="GITLAB_TOKEN is not set") as caught:
        CompletionClient.from_env()
    assert caught.value.remedy == "set GITLAB_URL and GITLAB_TOKEN"


# Secrets.

CANARIES = {
    name: f"canary{name}"
    for name in ("above", "below", "item", "instruction", "suggestion")
}
SECRET_REQUEST = CompletionRequest(
    file_name="f.py",
    content_above_cursor=CANARIES["above"],
    content_below_cursor=CANARIES["below"],
    context=(ContextItem(name="g.py", content=CANARIES["item"]),),
)
SECRET_GENERATION = replace(
    SECRET_REQUEST,
    intent=Intent.GENERATION,
    user_instruction=CANARIES["instruction"],
)


class Listener(logging.Handler):
    """Keeps all records, formatted with their tracebacks."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.text = io.StringIO()

    def emit(self, record: logging.LogRecord) -> None:
        self.text.write(self.format(record) + repr(record.args))


def every_text_of(error: BaseException) -> str:
    shown = [str(error), repr(error), *traceback.format_exception(error)]
    for one in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        shown += [str(one), repr(one), repr(vars(one))]
    return "\n".join([*shown, repr(vars(error))])


@pytest.mark.parametrize("where", ["neither", "gateway", "instance", "both", "echo"])
@pytest.mark.parametrize("request_", [SECRET_REQUEST, SECRET_GENERATION])
async def test_no_secret_and_no_source_is_ever_shown(
    gitlab: FakeGitLab, request_: CompletionRequest, where: str
) -> None:
    gitlab.text = CANARIES["suggestion"]
    tokens = [gitlab.access_token]
    listener = Listener()
    shown: list[object] = []
    logger = logging.getLogger()
    level = logger.level
    logger.addHandler(listener)
    logger.setLevel(logging.DEBUG)
    try:
        async with gitlab.client() as client:
            client.observe(shown.append)
            await client.warm_up()
            details = client._engine._keeper.entry(None).freshness.details
            assert details is not None
            tokens.append(details.token)
            echo = {"detail": " ".join([*CANARIES.values(), *tokens])}
            if where in {"gateway", "both"}:
                gitlab.gateway.half_answer()
            if where in {"instance", "both"}:
                gitlab.instance.reset()
            if where == "echo":
                gitlab.gateway.fail(422, json=echo)
                gitlab.instance.fail(422, json=echo)
            shown += [client, client.status(), request_, tuple(request_.context)]
            try:
                answer = await client.complete(request_)
                shown += [answer, answer.choices, answer.attempts]
            except GitLabCompletionsError as error:
                listener.text.write(every_text_of(error))
                if isinstance(error, AllRoutesFailedError):
                    shown += [error.attempts, error.direct_refusal]
            shown.append(client.status())
    finally:
        logger.removeHandler(listener)
        logger.setLevel(level)
    text = listener.text.getvalue() + "\n".join(f"{one!r} {one}" for one in shown)
    for secret in [*CANARIES.values(), *tokens]:
        assert secret not in text


async def test_what_is_kept_of_an_error_keeps_no_frames(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    diary = Diary(client)
    gitlab.gateway.reset()
    gitlab.instance.reset()
    with pytest.raises(AllRoutesFailedError) as caught:
        await client.complete(REQUEST)
    assert isinstance(caught.value.__cause__, SendError)
    kept: list[object] = [client.status().problem]
    for event in diary.events:
        kept += [getattr(event, "error", None), getattr(event, "problem", None)]
    kept += [one.error for one in caught.value.attempts]
    errors = [one for one in kept if isinstance(one, BaseException)]
    assert len(errors) >= 5
    for error in errors:
        assert (error.__traceback__, error.__cause__, error.__context__) == (
            None,
            None,
            None,
        )


# Senders and observers that misbehave.


async def test_no_error_keeps_the_callers_frames(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    class Source(str):
        __slots__ = ("__weakref__",)

    async def call() -> weakref.ref[Source]:
        local = Source("the author's")
        with suppress(AllRoutesFailedError):  # `raises` keeps frames itself
            await client.complete(REQUEST)
        return weakref.ref(local)

    gitlab.gateway.fail(503)
    gitlab.instance.fail(503)
    gc.disable()
    try:
        assert (await call())() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("error", [RuntimeError("s3cret"), KeyError("s3cret")])
async def test_a_sender_that_raises_what_it_must_not_is_a_failure(
    gitlab: FakeGitLab, error: Exception
) -> None:
    class Raising(Overstaying):
        @asynccontextmanager
        async def exchange(
            self, wire: WireRequest
        ) -> AsyncGenerator[WireResponse, None]:
            if wire.body:
                raise error
            async with self.gitlab.exchange(wire) as response:
                yield response

    async with CompletionClient(
        gitlab.instance_url, "glpat-1", sender=Raising(gitlab)
    ) as client:
        with pytest.raises(AllRoutesFailedError) as caught:
            await client.complete(REQUEST)
    assert caught.value.__cause__ is error
    assert isinstance(caught.value.attempts[0].error, RouteConnectionError)
    assert "s3cret" not in str(caught.value)


async def test_an_observer_that_raises_changes_nothing(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    def broken(event: Event) -> None:
        raise ValueError(event)

    client.observe(broken)
    assert (await client.complete(REQUEST)).route is Route.DIRECT
    gitlab.gateway.fail(503, json={})
    assert (await client.complete(REQUEST)).route is Route.INDIRECT


async def test_an_observer_that_is_not_callable_is_refused(
    client: CompletionClient,
) -> None:
    with pytest.raises(ConfigurationError, match="must be callable"):
        client.observe("print")  # type: ignore[arg-type]


# Status.


async def test_the_status_tells_how_routing_stands(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    before = client.status()
    assert (before.health, before.token_age_s) == (Health.STARTING, None)
    await client.complete(REQUEST)
    await asyncio.sleep(10)
    after = client.status()
    assert (after.health, after.route) == (Health.READY, Route.DIRECT)
    assert (after.token_age_s, after.token_expires_in_s) == (10, 3600 - 40 - 10)
    assert (after.problem, after.recheck_in_s, after.in_flight) == (None, None, 0)
    gitlab.gateway.fail(503, json={})
    await client.complete(REQUEST)
    await client.complete(REQUEST)
    tripped = client.status()
    assert (tripped.health, tripped.route) == (Health.DEGRADED, Route.INDIRECT)
    assert tripped.reason is RouteReason.CIRCUIT_OPEN
    assert tripped.recheck_in_s == pytest.approx(1)
    assert tripped.indirect_used == 2


async def test_a_change_of_status_is_told_once(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    diary = Diary(client)
    for _ in range(3):
        await client.complete(REQUEST)
    gitlab.gateway.fail(503, json={})
    for _ in range(5):
        await client.complete(REQUEST)
    gitlab.gateway.heal()
    await asyncio.sleep(2)
    for _ in range(3):
        await client.complete(REQUEST)
        await asyncio.sleep(1)
    told = [
        (one.status.health, one.status.reason)
        for one in diary.events
        if isinstance(one, events.StatusChanged)
    ]
    assert told == [
        (Health.READY, RouteReason.PREFERRED),
        (Health.DEGRADED, RouteReason.CIRCUIT_OPEN),
        (Health.READY, RouteReason.PREFERRED),
    ]


async def test_a_rejected_request_is_no_trouble_of_the_routes(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    await client.complete(REQUEST)
    gitlab.gateway.fail(422, json={}, times=1)
    gitlab.instance.fail(422, json={}, times=1)
    with pytest.raises(RequestRejectedError):
        await client.complete(REQUEST)
    assert client.status().health is Health.READY


async def test_a_malformed_answer_is_told_as_such(gitlab: FakeGitLab) -> None:
    gitlab.instance.html()
    async with gitlab.client(policy=NEVER) as client:
        with pytest.raises(AllRoutesFailedError) as caught:
            await client.complete(REQUEST)
    assert caught.value.code is ErrorCode.CAPTIVE_PORTAL
    assert isinstance(caught.value.attempts[0].error, MalformedAnswerError)


@pytest.mark.real_time
async def test_a_client_works_in_real_time(gitlab: FakeGitLab) -> None:
    assert not isinstance(asyncio.get_running_loop(), VirtualTimeLoop)
    gitlab.instance.hang()
    policy = RoutingPolicy(direct=DirectMode.NEVER, indirect_timeout_s=0.02)
    async with CompletionClient(
        gitlab.instance_url, gitlab.access_token, sender=gitlab, policy=policy
    ) as client:
        with pytest.raises(AllRoutesFailedError) as caught:
            await client.complete(REQUEST)
    assert caught.value.code is ErrorCode.TIMEOUT


async def test_an_attempt_is_timed_from_when_it_left_the_gate(
    gitlab: FakeGitLab,
) -> None:
    policy = RoutingPolicy(direct=DirectMode.NEVER, max_in_flight=1)
    async with gitlab.client(policy=policy) as client:
        gitlab.instance.delay(2)
        first = asyncio.create_task(client.complete(REQUEST))
        await wait_all_tasks_blocked()
        answer = await client.complete(REQUEST)
        await first
    (attempt,) = answer.attempts
    assert (attempt.started_s, attempt.elapsed_s, answer.elapsed_s) == (2, 2, 4)


# What two reviews found.


async def test_a_jump_makes_open_circuits_half_open(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    await client.warm_up()
    gitlab.gateway.fail(503)
    for _ in range(3):
        await client.complete(REQUEST)
    assert client.status().circuits[Route.DIRECT] == "open"
    gitlab.clock.suspend(10)
    gitlab.gateway.heal()
    for _ in range(3):
        await client.complete(REQUEST)
        await gitlab.settle()
    assert client.status().circuits[Route.DIRECT] == "closed"


async def test_a_probe_that_waited_in_the_gate_is_not_late_for_that(
    gitlab: FakeGitLab,
) -> None:
    gitlab.gateway.latency_s = 0.5
    async with gitlab.client(policy=RoutingPolicy(max_in_flight=1)) as client:
        await client.warm_up()
        gitlab.gateway.fail(503)
        for _ in range(3):
            await client.complete(REQUEST)
        await asyncio.sleep(1.5)
        gitlab.gateway.heal()
        gitlab.instance.latency_s = 3
        calls = [asyncio.create_task(client.complete(REQUEST)) for _ in range(2)]
        await asyncio.wait(calls)
        await gitlab.settle()
        gitlab.instance.latency_s = 0
        await client.complete(REQUEST)
        await gitlab.settle()
        assert client.status().circuits[Route.DIRECT] == "closed"


async def test_the_instances_rejection_waits_for_direct_that_then_answers(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    await client.warm_up()
    gitlab.gateway.delay(1.2)
    gitlab.instance.fail(400, json={"error": "context is empty"})
    answer = await client.complete(REQUEST)
    assert (answer.route, answer.reason) == (Route.DIRECT, RouteReason.PREFERRED)


async def test_a_rejection_names_the_answer_that_it_comes_from(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    client.reconfigure(NEVER)
    gitlab.instance.fail(400, json={"error": "context is empty"})
    with pytest.raises(RequestRejectedError) as caught:
        await client.complete(REQUEST)
    assert isinstance(caught.value.__cause__, RouteStatusError)
    assert caught.value.__cause__.status_code == 400


async def test_a_wait_for_a_slot_replaces_no_connections(gitlab: FakeGitLab) -> None:
    async with gitlab.client(policy=NEVER) as client:
        for _ in range(54):
            await client.complete(REQUEST)
        gitlab.instance.hang()
        left = asyncio.create_task(client.complete(REQUEST))
        await wait_all_tasks_blocked()
        left.cancel()
        with pytest.raises(AllRoutesFailedError):
            await client.complete(REQUEST)
        assert gitlab.replaced == []


async def test_warm_ups_share_one_connection(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    await client.warm_up()
    seen: list[WireRequest] = []
    exchange = gitlab.exchange

    def counted(request: WireRequest) -> AbstractAsyncContextManager[WireResponse]:
        seen.append(request)
        return exchange(request)

    gitlab.exchange = counted  # type: ignore[method-assign]
    await asyncio.gather(*(client.warm_up() for _ in range(12)))
    assert [one.purpose for one in seen] == ["warm_up"]


async def test_a_warm_up_opens_the_connection_that_the_next_call_takes(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    await client.warm_up()
    gitlab.gateway.fail(503)
    for _ in range(3):
        await client.complete(REQUEST)
    before = gitlab.in_flight
    told = Diary(client)
    await client.warm_up()
    assert (gitlab.in_flight, told.of(events.AttemptFailed)) == (before, [])
    assert client.status().route is Route.INDIRECT


async def test_a_generation_may_take_all_the_time_that_its_caller_gives(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    gitlab.instance.delay(50)
    policy = RoutingPolicy(generation_deadline_s=20)
    client.reconfigure(policy)
    answer = await client.complete(GENERATION, deadline_s=120)
    assert answer.elapsed_s == pytest.approx(50)


async def test_direct_only_waits_out_failures_of_direct_access(
    gitlab: FakeGitLab,
) -> None:
    gitlab.direct_access.fail(503, times=2)
    async with gitlab.client(policy=ONLY) as client:
        answer = await client.complete(REQUEST)
    assert (answer.route, answer.reason) == (Route.DIRECT, RouteReason.POLICY)
    assert 2 < answer.elapsed_s < 5


async def test_no_refusal_of_direct_sends_anybody_to_mend_the_access_token(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    await client.warm_up()
    for status in (401, 403, 404, 422):
        gitlab.gateway.fail(status, json={"detail": "no"})
        answer = await client.complete(REQUEST)
        first = answer.attempts[0].error
        if first is not None:
            assert first.code is ErrorCode.DIRECT_BARRED, status


async def test_a_refused_second_token_bars(gitlab: FakeGitLab) -> None:
    bad = [gitlab.tokens.expired, gitlab.tokens.revoked]

    def source() -> str:
        return bad.pop() if len(bad) > 1 else bad[0]

    async with CompletionClient(gitlab.instance_url, source, sender=gitlab) as client:
        await client.warm_up()
        assert len(gitlab.direct_access.requests) == 2
        assert client.status().reason is RouteReason.BARRED


async def test_a_source_may_take_note_of_a_refusal_asynchronously(
    gitlab: FakeGitLab,
) -> None:
    class Source:
        refused: tuple[str, ...] = ()

        def get(self) -> str:
            return gitlab.access_token if self.refused else gitlab.tokens.expired

        async def reject(self, token: str, /) -> None:
            self.refused += (token,)

    source = Source()
    async with CompletionClient(gitlab.instance_url, source, sender=gitlab) as client:  # type: ignore[arg-type]
        await client.warm_up()
        answer = await client.complete(REQUEST)
    assert answer.route is Route.DIRECT
    assert source.refused == (gitlab.tokens.expired,)


def test_a_client_whose_loop_is_over_closes_quietly(gitlab: FakeGitLab) -> None:
    client = gitlab.client()
    run(client.complete(REQUEST))
    run(client.aclose())
    with pytest.raises(ClientClosedError):
        run(client.complete(REQUEST))


async def test_a_client_is_closed_on_its_own_loop_only(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    await client.complete(REQUEST)
    with pytest.raises(ConfigurationError, match="another event loop"):
        await asyncio.to_thread(in_another_loop, client)
    assert (await client.complete(REQUEST)).text


def in_another_loop(client: CompletionClient) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, client.aclose()).result()


@pytest.mark.real_time
async def test_no_verb_works_on_another_loop(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    async def enter() -> None:
        async with client:
            raise AssertionError("the client was entered")

    await client.complete(REQUEST)
    for verb in (client.complete(REQUEST), client.warm_up(), client.aclose(), enter()):
        with pytest.raises(ConfigurationError, match="another event loop"):
            await asyncio.to_thread(asyncio.run, verb)
    assert (await client.complete(REQUEST)).text


def test_no_verb_works_in_a_second_run_but_closing(gitlab: FakeGitLab) -> None:
    client = CompletionClient(gitlab.instance_url, gitlab.access_token, sender=gitlab)

    async def enter() -> None:
        async with client:
            raise AssertionError("the client was entered")

    run(client.complete(REQUEST))
    for verb in (client.complete(REQUEST), client.warm_up(), enter()):
        with pytest.raises(ConfigurationError, match=r"within each asyncio\.run"):
            run(verb)
    assert client.status().health is not Health.CLOSED
    run(client.aclose())
    assert client.status().health is Health.CLOSED


@pytest.mark.real_time
async def test_another_thread_is_refused_what_the_loop_may_be_changing(
    gitlab: FakeGitLab, client: CompletionClient
) -> None:
    await client.complete(REQUEST)
    with pytest.raises(ConfigurationError, match="runs in another thread"):
        await asyncio.to_thread(client.status)
    with pytest.raises(ConfigurationError, match="runs in another thread"):
        await asyncio.to_thread(client.reconfigure, NEVER)
    assert client.status().route is Route.DIRECT


async def test_another_thread_may_observe(client: CompletionClient) -> None:
    heard: list[Event] = []
    unsubscribe = await asyncio.to_thread(client.observe, heard.append)
    await client.complete(REQUEST)
    assert heard
    await asyncio.to_thread(unsubscribe)
    heard.clear()
    await client.complete(REQUEST)
    assert not heard


async def test_a_forked_child_is_refused_every_verb_but_closing(
    client: CompletionClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.complete(REQUEST)
    with monkeypatch.context() as child:
        child.setattr(os, "getpid", lambda: -1)
        for use in (
            client.status,
            partial(client.observe, print),
            partial(client.reconfigure, NEVER),
        ):
            with pytest.raises(ConfigurationError, match="after the fork"):
                use()
        for verb in (client.complete(REQUEST), client.warm_up()):
            with pytest.raises(ConfigurationError, match="after the fork"):
                await verb
        client_of_the_child = copy.copy(client)
        await client_of_the_child.aclose()
    assert (await client.complete(REQUEST)).text


async def test_an_observer_is_a_plain_function(client: CompletionClient) -> None:
    async def observer(event: Event) -> None:
        raise AssertionError(event)

    with pytest.raises(ConfigurationError, match="plain function"):
        client.observe(observer)


def test_a_sender_has_room_for_what_the_policy_allows() -> None:
    with pytest.raises(ConfigurationError, match="max_in_flight=24"):
        CompletionClient(
            "https://gitlab.example.com",
            "glpat-1",
            sender=HttpxSender(),
            policy=RoutingPolicy(max_in_flight=24),
        )


async def test_observers_are_told_what_a_call_costs(gitlab: FakeGitLab) -> None:
    async with gitlab.client() as client:
        diary = Diary(client)
        gitlab.gateway.delay(0.25)
        await client.warm_up()
        await client.complete(REQUEST)
    started = diary.only(events.CallStarted)
    refreshed = diary.only(events.DetailsRefreshed)
    succeeded = diary.only(events.AttemptSucceeded)
    finished = diary.only(events.CallFinished)
    assert started.above_chars == len(REQUEST.content_above_cursor)
    assert refreshed.elapsed_s == 0.0
    assert succeeded.bytes_sent == len(gitlab.gateway.requests[-1].body)
    assert succeeded.bytes_received > 0
    assert succeeded.token_age_s == pytest.approx(0.25)
    assert (succeeded.reason, succeeded.superseded) == (RouteReason.PREFERRED, False)
    assert (finished.choices, finished.attempts) == (1, 1)
    assert finished.model is not None


async def test_a_call_is_told_at_its_beginning_only_to_who_listens(
    gitlab: FakeGitLab, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "gitlab_completions")
    async with gitlab.client() as client:
        await client.complete(REQUEST)
    assert "CallFinished" in caplog.text
    assert "CallStarted" not in caplog.text
