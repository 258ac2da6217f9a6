"""One attempt on the wire ends in one ending, and never raises."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from gitlab_completions._core.verdicts import Body, Observation
from gitlab_completions._shell.access_token import TokenDesk
from gitlab_completions._shell.exchange import Exchanger
from gitlab_completions._shell.handover import Handover
from gitlab_completions._shell.pour import Pour
from gitlab_completions._shell.traffic import Traffic
from gitlab_completions.details import ConnectionDetails, Endpoint
from gitlab_completions.errors import (
    ErrorCode,
    MalformedAnswerError,
    RequestRejectedError,
    RouteConnectionError,
    RouteStatusError,
    RouteTimeoutError,
    RouteUnauthorizedError,
    StreamBrokenError,
)
from gitlab_completions.models import (
    Choice,
    CompletionRequest,
    Intent,
    Model,
    Route,
)
from gitlab_completions.senders import SendError
from gitlab_completions.testing import VirtualClock
from tests._shell.parts import AGENT, GATEWAY, REQUEST, ROOT, HeldSender

if TYPE_CHECKING:
    from gitlab_completions._shell.endings import Ending
    from gitlab_completions.senders import SendErrorKind

DETAILS = ConnectionDetails(
    base_url=GATEWAY,
    token="token",
    headers={"Authorization": "Bearer token", "User-Agent": AGENT},
    lifetime_s=3600,
)
CHOICES = '"choices":[{"text":"x = 1","index":0,"finish_reason":"length"}]'
V2_ANSWER = f'{{"id":"id","model":{{"engine":"e","name":"n"}},{CHOICES}}}'.encode()
V4_ANSWER = f'{{"metadata":{{"model":{{"engine":"e","name":"n"}}}},{CHOICES}}}'.encode()


class Bench:
    """An exchanger and its sender."""

    def __init__(self, *tokens: str) -> None:
        left = list(tokens or ("glpat-1",))

        async def source() -> str:
            token = left.pop(0) if len(left) > 1 else left[0]
            if not token:
                raise LookupError("s3cret")
            return token

        self.sender = HeldSender()
        self.traffic = Traffic()
        self.exchanger = Exchanger(
            self.sender, TokenDesk(source, lambda: None), VirtualClock(), ROOT, AGENT
        )

    def start(
        self,
        route: Route,
        *,
        ends_at: float = 5.0,
        request: CompletionRequest = REQUEST,
        endpoint: Endpoint = Endpoint.V2,
        pour: Pour | None = None,
    ) -> asyncio.Task[Ending]:
        if route is Route.DIRECT:
            work = self.exchanger.direct(
                request,
                DETAILS,
                endpoint=endpoint,
                ends_at=ends_at,
                last_resort=False,
                traffic=self.traffic,
                pour=pour,
            )
        else:
            work = self.exchanger.indirect(
                request,
                ends_at=ends_at,
                last_resort=True,
                traffic=self.traffic,
                pour=pour,
            )
        return asyncio.create_task(work)


@pytest.mark.parametrize("route", Route)
async def test_an_answer_is_a_suggestion(route: Route) -> None:
    bench = Bench()
    attempt = bench.start(route)
    exchange = await bench.sender.next()
    host = GATEWAY if route is Route.DIRECT else ROOT
    assert exchange.wire.url.startswith(host)
    assert (exchange.wire.timeout_s, exchange.wire.purpose) == (5.0, "completion")
    assert exchange.wire.last_resort is (route is Route.INDIRECT)
    exchange.complete("x = 1")
    ending = await attempt
    assert ending.seen == Observation(status=200, body=Body.GOOD)
    assert ending.suggestion is not None
    assert ending.suggestion.choices[0].text == "x = 1"


@pytest.mark.parametrize(
    ("endpoint", "path", "answer"),
    [
        (Endpoint.V2, "/v2/completions", V2_ANSWER),
        (Endpoint.V4, "/v4/code/suggestions", V4_ANSWER),
        (Endpoint.V4, "/v4/code/suggestions", V2_ANSWER),
    ],
)
async def test_each_endpoint_has_its_path_and_any_answer_is_read(
    endpoint: Endpoint, path: str, answer: bytes
) -> None:
    bench = Bench()
    attempt = bench.start(Route.DIRECT, endpoint=endpoint)
    exchange = await bench.sender.next()
    assert exchange.wire.url == f"{GATEWAY}{path}"
    assert exchange.wire.headers["X-Request-ID"]
    exchange.reply(200, answer)
    suggestion = (await attempt).suggestion
    assert suggestion is not None
    assert suggestion.choices == (Choice(text="x = 1", finish_reason="length"),)
    assert suggestion.model == Model(engine="e", name="n")


@pytest.mark.parametrize("route", Route)
async def test_each_request_has_an_id_of_its_own(route: Route) -> None:
    bench = Bench()
    for _ in range(2):
        attempt = bench.start(route)
        (await bench.sender.next()).complete()
        await attempt
    ids = {one.wire.headers["X-Request-ID"] for one in bench.sender.exchanges}
    assert len(ids) == 2


@pytest.mark.parametrize("route", Route)
async def test_no_choices_are_nothing_to_suggest(route: Route) -> None:
    bench = Bench()
    attempt = bench.start(route)
    (await bench.sender.next()).reply(200, b'{"choices": []}')
    assert (await attempt).seen == Observation(status=200, body=Body.BLANK)


@pytest.mark.parametrize("route", Route)
async def test_a_page_is_no_completion(route: Route) -> None:
    bench = Bench()
    attempt = bench.start(route)
    (await bench.sender.next()).reply(200, b"<html>s3cret</html>")
    ending = await attempt
    assert ending.seen == Observation(status=200, body=Body.OTHER)
    assert isinstance(ending.error, MalformedAnswerError)
    assert ending.error.code is ErrorCode.CAPTIVE_PORTAL
    assert "s3cret" not in str(ending.error)


@pytest.mark.parametrize("route", Route)
async def test_a_refusal_is_told_with_the_time_it_took(route: Route) -> None:
    bench = Bench()
    attempt = bench.start(route)
    exchange = await bench.sender.next()
    await asyncio.sleep(0.25)
    exchange.reply(429, b"{}", {"retry-after": "7", "x-request-id": "abc"})
    ending = await attempt
    assert isinstance(ending.error, RouteStatusError)
    assert (ending.error.elapsed_s, ending.error.request_id) == (0.25, "abc")
    assert (ending.retry_after_s, ending.error.retry_after_s) == (7, 7)


@pytest.mark.parametrize("route", Route)
async def test_a_broken_exchange_is_told_with_its_cause(route: Route) -> None:
    bench = Bench()
    attempt = bench.start(route)
    error = SendError("timeout")
    (await bench.sender.next()).fail(error)
    ending = await attempt
    assert ending.cause is error
    assert isinstance(ending.error, RouteTimeoutError)
    assert ending.error.route is route


async def test_what_a_sender_must_not_raise_is_logged_by_its_type(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench()
    attempt = bench.start(Route.DIRECT)
    (await bench.sender.next()).fail(ZeroDivisionError("s3cret"))
    assert isinstance((await attempt).error, RouteConnectionError)
    assert "ZeroDivisionError" in caplog.text
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize("route", Route)
async def test_without_time_left_nothing_is_sent(route: Route) -> None:
    bench = Bench()
    ending = await bench.start(route, ends_at=0.0)
    assert isinstance(ending.error, RouteTimeoutError)
    assert bench.sender.exchanges == []


async def test_without_an_access_token_nothing_is_sent() -> None:
    bench = Bench("")
    ending = await bench.start(Route.INDIRECT)
    assert isinstance(ending.error, RouteUnauthorizedError)
    assert ending.error.code is ErrorCode.TOKEN_SOURCE
    assert isinstance(ending.cause, LookupError)
    assert bench.sender.exchanges == []


async def test_a_refused_access_token_is_replaced_within_the_attempt() -> None:
    bench = Bench("glpat-1", "glpat-2")
    attempt = bench.start(Route.INDIRECT)
    first = await bench.sender.next()
    await asyncio.sleep(1)
    first.refuse(401)
    second = await bench.sender.next()
    assert second.wire.timeout_s == 4
    assert second.wire.body == first.wire.body
    assert "glpat-2" in " ".join(second.wire.headers.values())
    second.complete()
    assert (await attempt).suggestion is not None


async def test_a_user_without_a_seat_costs_no_other_token() -> None:
    bench = Bench("glpat-1", "glpat-2")
    attempt = bench.start(Route.INDIRECT)
    no_seat = b'{"message": "401 Unauthorized"}'
    first = await bench.sender.next()
    first.reply(401, no_seat, {"x-gitlab-error-origin": "monolith"})
    error = (await attempt).error
    assert error is not None
    assert error.code is ErrorCode.NO_SEAT
    assert len(bench.sender.exchanges) == 1


async def test_a_refused_access_token_without_another_ends_the_attempt() -> None:
    bench = Bench()
    attempt = bench.start(Route.INDIRECT)
    (await bench.sender.next()).refuse(401)
    assert isinstance((await attempt).error, RouteUnauthorizedError)
    assert len(bench.sender.exchanges) == 1


async def test_a_request_too_large_for_the_instance_is_not_sent() -> None:
    bench = Bench()
    request = CompletionRequest(
        file_name="f.py",
        content_above_cursor="x",
        intent=Intent.GENERATION,
        user_instruction="\x00" * 600_000,
    )
    ending = await bench.start(Route.INDIRECT, request=request)
    assert isinstance(ending.cause, RequestRejectedError)
    assert ending.seen.status == 413
    assert bench.sender.exchanges == []


async def test_warming_up_sends_no_token_to_the_gateway() -> None:
    bench = Bench()
    warming = asyncio.create_task(bench.exchanger.warm_up(DETAILS))
    exchange = await bench.sender.next()
    assert (exchange.wire.route, exchange.wire.purpose) == (Route.DIRECT, "warm_up")
    assert "token" not in json.dumps(dict(exchange.wire.headers))
    exchange.fail(SendError("connect"))
    await warming


async def test_warming_up_without_details_goes_to_the_instance() -> None:
    bench = Bench()
    warming = asyncio.create_task(bench.exchanger.warm_up(None))
    exchange = await bench.sender.next()
    assert (exchange.wire.route, exchange.wire.purpose) == (Route.INDIRECT, "warm_up")
    exchange.reply(200)
    await warming
    await Bench("").exchanger.warm_up(None)


def nothing() -> None:
    """Take no notice."""


def pour() -> Pour:
    return Pour(Handover(), crlf=False, begin=nothing, fall_silent=nothing)


@pytest.mark.parametrize("route", Route)
async def test_a_stream_is_handed_over_and_told_as_an_answer(route: Route) -> None:
    bench, sink = Bench(), pour()
    attempt = bench.start(route, pour=sink)
    exchange = await bench.sender.next()
    assert exchange.wire.purpose == "stream"
    assert json.loads(exchange.wire.body)["stream"] is True
    feed = exchange.begin(x_request_id="abc")
    feed.send(b"x = ", b"1")
    feed.end()
    ending = await attempt
    assert ending.seen == Observation(status=200, body=Body.GOOD)
    assert ending.request_id == "abc"
    assert ending.suggestion is not None
    assert ending.suggestion.choices[0].text == "x = 1"


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize("error", [SendError("broken"), ValueError("s3cret"), None])
async def test_a_stream_breaks_as_any_answer_does_until_it_has_begun(
    error: Exception | None, *, begun: bool
) -> None:
    bench = Bench()
    attempt = bench.start(Route.DIRECT, pour=pour())
    feed = (await bench.sender.next()).begin(x_streaming_format="sse")
    if begun:
        feed.send(
            b'event: content_chunk\ndata: {"choices":[{"delta":{"content":"x"}}]}\n\n'
        )
    feed.fail(error) if error else feed.end()
    ending = await attempt
    assert isinstance(ending.error, StreamBrokenError) is begun
    assert ending.suggestion is None
    assert "s3cret" not in str(ending.error)


@pytest.mark.parametrize(("status", "kind"), [(200, "text/html"), (503, "text/plain")])
async def test_what_is_no_stream_is_told_as_without_one(status: int, kind: str) -> None:
    ends = []
    for sink in (None, pour()):
        bench = Bench()
        attempt = bench.start(Route.DIRECT, pour=sink)
        exchange = await bench.sender.next()
        exchange.reply(status, b"<html>", {"content-type": kind})
        ends.append(await attempt)
    whole, streamed = ends
    assert streamed.seen == whole.seen
    assert type(streamed.error) is type(whole.error)
    assert streamed.error is not None
    assert whole.error is not None
    assert streamed.error.code is whole.error.code


async def test_a_refused_access_token_is_replaced_for_a_stream_too() -> None:
    bench = Bench("glpat-1", "glpat-2")
    attempt = bench.start(Route.INDIRECT, pour=pour())
    (await bench.sender.next()).refuse(401)
    exchange = await bench.sender.next()
    assert exchange.wire.purpose == "stream"
    exchange.begin().end()
    assert (await attempt).seen.body is Body.BLANK


async def test_the_bytes_of_an_attempt_are_counted() -> None:
    bench = Bench()
    attempt = bench.start(Route.DIRECT)
    exchange = await bench.sender.next()
    exchange.complete("x = 1")
    await attempt
    assert bench.traffic.sent == len(exchange.wire.body)
    assert bench.traffic.received > len("x = 1")


@pytest.mark.parametrize(
    ("kind", "share"),
    [
        *(("connect", 0), ("tls", 0), ("proxy", 0), ("pool", 0)),
        *(("timeout", 1), ("broken", 1), ("protocol", 1)),
    ],
)
async def test_no_bytes_are_sent_without_a_connection(
    kind: SendErrorKind, share: int
) -> None:
    bench = Bench()
    attempt = bench.start(Route.DIRECT)
    exchange = await bench.sender.next()
    exchange.fail(SendError(kind))
    await attempt
    assert bench.traffic.sent == share * len(exchange.wire.body)


async def test_the_bytes_of_half_an_answer_are_counted() -> None:
    bench = Bench()
    attempt = bench.start(Route.INDIRECT)
    (await bench.sender.next()).fail(SendError("broken", 17))
    await attempt
    assert bench.traffic.received == 17
