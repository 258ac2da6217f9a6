"""What a caller sees of the gateway's two endpoints, whichever of them is served.

The gateway of this fake serves and refuses each endpoint as it is told, with what was
recorded of GitLab's; the instance beside it is the usual one.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from gitlab_completions import CompletionRequest, ContextItem, Route, RouteReason
from gitlab_completions.details import Endpoint
from gitlab_completions.events import DetailsRefused, EndpointRefused, StatusChanged
from gitlab_completions.policy import DirectMode, RoutingPolicy
from gitlab_completions.senders import WireResponse
from gitlab_completions.shared import MemoryStore
from gitlab_completions.status import Health
from gitlab_completions.testing import FakeGitLab

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gitlab_completions import CompletionClient
    from gitlab_completions.events import Event
    from gitlab_completions.senders import WireRequest

V2, V4 = Endpoint.V2, Endpoint.V4
PATHS = {"/v2/completions": V2, "/v4/code/suggestions": V4}
VERSION = "x-gitlab-language-server-version"
REQUEST = CompletionRequest.at_cursor("def f():", 8, file_name="f.py")
PINNED, PLAIN = "19.5", "19.3"
"""Profiles with and without metadata in their grants."""
JSON = {"content-type": "application/json"}
CHOICES = [{"text": "by the gateway", "index": 0, "finish_reason": "length"}]
MODEL = {"engine": "fireworks_ai", "name": "codestral_2508_fireworks", "lang": "python"}
ANSWERS = {
    V2: {"id": "id", "model": MODEL, "object": "text_completion", "choices": CHOICES},
    V4: {"choices": CHOICES, "metadata": {"model": MODEL, "timestamp": 1795420377}},
}
EVENTS = (
    b"event: stream_start\r\n",
    b'data: {"metadata":{"model":{"engine":"e","name":"n"}}}\r\n',
    b"\r\n: ping - 2026\r\n\r\n",
    b'event: content_chunk\r\ndata: {"choices":[{"delta":{"content":"by "}}]}\r\n\r\n',
    b'event: content_chunk\r\ndata: {"choices":[{"delta":{"content":"v4"}}]}\r\n\r\n',
    b"event: stream_end\r\ndata: null\r\n\r\n",
)
REFUSALS = {
    403: {"detail": "Unauthorized to access code suggestions"},
    404: {"detail": "Not Found"},
    405: {"detail": "Method Not Allowed"},
    422: {"detail": "Validation error"},
}


class TwoEndpoints(FakeGitLab):
    """A GitLab whose gateway answers each endpoint with a status."""

    def __init__(self, profile: str, *, v2: int, v4: int) -> None:
        super().__init__(profile=profile)
        self.statuses = {V2: v2, V4: v4}
        self.asked: list[Endpoint] = []
        self.sent: list[WireRequest] = []
        self.moved = False
        self.delay_s = 0.0

    @asynccontextmanager
    async def exchange(self, request: WireRequest) -> AsyncIterator[WireResponse]:
        self.sent.append(request)
        path = request.url.removeprefix(self.gateway_url).removeprefix("/moved")
        if path in PATHS:
            yield await self._answer(PATHS[path], request)
            return
        async with super().exchange(request) as response:
            moves = self.moved and request.purpose == "details"
            yield await self._move(response) if moves else response

    async def _answer(self, endpoint: Endpoint, request: WireRequest) -> WireResponse:
        document = json.loads(request.body)
        assert ("prompt_components" in document) is (endpoint is V4)
        self.asked.append(endpoint)
        status = self.statuses[endpoint]
        await asyncio.sleep(self.delay_s)
        if status == 200 and b'"stream":true' in request.body:
            return STREAMS[endpoint]()
        answer = ANSWERS[endpoint] if status == 200 else REFUSALS[status]
        body = json.dumps(answer).encode()
        return WireResponse(status_code=status, headers=JSON, chunks=once(body))

    async def _move(self, response: WireResponse) -> WireResponse:
        body = await response.read()
        here = self.gateway_url.encode()
        return WireResponse(
            status_code=response.status_code,
            headers=response.headers,
            chunks=once(body.replace(here, here + b"/moved")),
        )


async def once(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def raw_stream() -> WireResponse:
    kind = {"content-type": "text/event-stream; charset=utf-8"}
    return WireResponse(status_code=200, headers=kind, chunks=once(b"by ", b"v2"))


def sse_stream() -> WireResponse:
    kind = {"content-type": "text/event-stream", "x-streaming-format": "sse"}
    return WireResponse(status_code=200, headers=kind, chunks=once(*EVENTS))


STREAMS = {V2: raw_stream, V4: sse_stream}


async def routes(client: CompletionClient, calls: int) -> list[Route]:
    """Return the routes of calls, each about a file of its own."""
    done = [
        await client.complete(
            CompletionRequest(file_name=f"{at}.py", content_above_cursor="x")
        )
        for at in range(calls)
    ]
    return [one.route for one in done]


DIRECT, INDIRECT = Route.DIRECT, Route.INDIRECT


@pytest.mark.parametrize(
    ("profile", "v2", "v4", "asked", "taken"),
    [
        (PLAIN, 200, 200, [V2, V2, V2], [DIRECT, DIRECT, DIRECT]),
        (PINNED, 200, 200, [V4, V4, V4], [DIRECT, DIRECT, DIRECT]),
        (PINNED, 200, 403, [V4, V2, V2], [INDIRECT, DIRECT, DIRECT]),
        (PINNED, 200, 404, [V4, V2, V2], [INDIRECT, DIRECT, DIRECT]),
        (PINNED, 200, 405, [V4, V2, V2], [INDIRECT, DIRECT, DIRECT]),
        (PLAIN, 404, 200, [V2, V4, V4], [INDIRECT, DIRECT, DIRECT]),
        (PLAIN, 405, 200, [V2, V4, V4], [INDIRECT, DIRECT, DIRECT]),
        (PLAIN, 404, 404, [V2, V4], [INDIRECT, INDIRECT, INDIRECT]),
        (PLAIN, 405, 403, [V2, V4], [INDIRECT, INDIRECT, INDIRECT]),
        (PINNED, 404, 403, [V4, V2], [INDIRECT, INDIRECT, INDIRECT]),
        (PLAIN, 403, 200, [V2], [INDIRECT, INDIRECT, INDIRECT]),
    ],
)
async def test_the_endpoint_that_is_refused_gives_way_to_the_other(
    profile: str, v2: int, v4: int, asked: list[Endpoint], taken: list[Route]
) -> None:
    gitlab = TwoEndpoints(profile, v2=v2, v4=v4)
    events: list[Event] = []
    async with gitlab.client() as client:
        client.observe(events.append)
        assert await routes(client, 3) == taken
        status = client.status()
    assert gitlab.asked == asked
    changed = [event for event in events if isinstance(event, EndpointRefused)]
    if taken[-1] is DIRECT:
        assert (status.health, status.route) == (Health.READY, DIRECT)
        assert [(one.endpoint, one.instead) for one in changed] == (
            [] if asked[0] is asked[1] else [(asked[0], asked[1])]
        )
        return
    assert (status.health, status.route) == (Health.DEGRADED, INDIRECT)
    assert status.reason is RouteReason.BARRED
    assert status.recheck_in_s == pytest.approx(1800, abs=1)
    (barred,) = (event for event in events if isinstance(event, DetailsRefused))
    assert barred.again_in_s == pytest.approx(1800, abs=1)


async def test_a_refused_endpoint_is_asked_no_more_while_the_other_serves() -> None:
    gitlab = TwoEndpoints(PINNED, v2=200, v4=403)
    async with gitlab.client() as client:
        for _ in range(100):  # a day and more, with a renewal each hour
            await client.complete(REQUEST)
            await asyncio.sleep(900)
            await gitlab.settle()
    assert gitlab.asked.count(V4) == 1
    assert gitlab.asked.count(V2) >= 95
    assert len(gitlab.direct_access.requests) >= 24


async def test_v4_is_asked_once_v2_is_taken_away() -> None:
    gitlab = TwoEndpoints(PINNED, v2=200, v4=403)
    async with gitlab.client() as client:
        await routes(client, 3)
        await asyncio.sleep(4000)
        gitlab.statuses = {V2: 404, V4: 200}
        assert await routes(client, 3) == [INDIRECT, DIRECT, DIRECT]
    assert gitlab.asked[-3:] == [V2, V4, V4]


async def test_another_gateway_starts_anew() -> None:
    gitlab = TwoEndpoints(PINNED, v2=200, v4=403)
    async with gitlab.client() as client:
        await routes(client, 2)
        gitlab.moved = True
        gitlab.statuses[V4] = 200
        await asyncio.sleep(3600)
        await client.complete(REQUEST)
        await gitlab.settle()
        await client.complete(REQUEST)
    assert gitlab.asked[:2] == [V4, V2]
    assert gitlab.asked[-1] is V4


async def test_the_call_that_is_refused_has_its_answer_at_once() -> None:
    gitlab = TwoEndpoints(PINNED, v2=200, v4=403)
    async with gitlab.client() as client:
        done = await client.complete(REQUEST)
        assert done.reason is RouteReason.FELL_BACK
        assert [one.status_code for one in done.attempts] == [403, 200]
        assert client.status().circuits == {DIRECT: "closed", INDIRECT: "closed"}
        assert client.status().problem is None


async def test_calls_that_wait_for_a_refused_endpoint_do_not_ask_it() -> None:
    gitlab = TwoEndpoints(PINNED, v2=200, v4=403)
    gitlab.delay_s = 0.1
    async with gitlab.client() as client:
        await client.warm_up()
        done = await asyncio.gather(*(client.complete(REQUEST) for _ in range(20)))
        assert {one.route for one in done} == {INDIRECT}
        await gitlab.settle()
        assert gitlab.asked == [V4] * 8
        assert await routes(client, 1) == [DIRECT]


async def test_bodies_that_v4_refuses_on_three_files_have_v2_asked() -> None:
    gitlab = TwoEndpoints(PINNED, v2=200, v4=422)
    events: list[Event] = []
    async with gitlab.client() as client:
        client.observe(events.append)
        assert await routes(client, 5) == [*[INDIRECT] * 3, DIRECT, DIRECT]
    assert gitlab.asked == [V4, V4, V4, V2, V2]
    assert not [one for one in events if isinstance(one, DetailsRefused)]
    assert [one for one in events if isinstance(one, EndpointRefused)] == [
        EndpointRefused(project_path=None, endpoint=V4, instead=V2, status_code=422)
    ]


async def test_bodies_that_both_refuse_bar_direct_for_five_minutes() -> None:
    gitlab = TwoEndpoints(PINNED, v2=422, v4=422)
    async with gitlab.client() as client:
        await routes(client, 8)
        assert client.status().recheck_in_s == pytest.approx(300, abs=1)
    assert gitlab.asked == [V4, V4, V4, V2, V2, V2]


async def test_status_changes_are_told_of_a_bar_and_of_no_other_endpoint() -> None:
    events: list[Event] = []
    gitlab = TwoEndpoints(PINNED, v2=200, v4=403)
    async with gitlab.client() as client:
        await client.warm_up()
        await routes(client, 1)
        client.observe(events.append)
        await routes(client, 3)
    assert not [one for one in events if isinstance(one, StatusChanged)]


async def test_a_policy_of_direct_only_goes_on_by_the_other_endpoint() -> None:
    gitlab = TwoEndpoints(PINNED, v2=200, v4=404)
    policy = RoutingPolicy(direct=DirectMode.ONLY)
    async with gitlab.client(policy=policy) as client:
        made = await asyncio.gather(client.complete(REQUEST), return_exceptions=True)
        assert [type(one).__name__ for one in made] == ["AllRoutesFailedError"]
        assert await routes(client, 2) == [DIRECT, DIRECT]
    assert gitlab.asked == [V4, V2, V2]


async def test_the_version_goes_with_context_to_v4_and_nowhere_else() -> None:
    item = ContextItem(name="const.py", content="PI = 3.14\n")
    request = CompletionRequest(
        file_name="f.py", content_above_cursor="x", context=(item,)
    )
    for v4 in (200, 403):
        gitlab = TwoEndpoints(PINNED, v2=200, v4=v4)
        async with gitlab.client() as client:
            await client.warm_up()
            for one in (request, REQUEST, request):
                await client.complete(one)
        told = [
            one
            for one in gitlab.sent
            if VERSION in {name.lower() for name in one.headers}
        ]
        assert [one.url.removeprefix(gitlab.gateway_url) for one in told] == [
            "/v4/code/suggestions"
        ] * (2 if v4 == 200 else 1)
        assert all(b"const.py" in one.body for one in told)


async def test_each_endpoint_streams_in_its_own_way() -> None:
    gitlab = TwoEndpoints(PINNED, v2=200, v4=200)
    async with gitlab.client() as client:
        await client.warm_up()
        texts = []
        for v4 in (200, 200, 403, 200):
            gitlab.statuses[V4] = v4
            async with client.stream(REQUEST) as stream:
                pieces = [piece async for piece in stream]
                done = await stream.completion()
            texts.append((done.route, "".join(pieces)))
    assert texts[:2] == [(DIRECT, "by v4")] * 2
    assert texts[2][0] is INDIRECT  # refused before its first piece
    assert texts[3] == (DIRECT, "by v2")
    assert gitlab.asked == [V4, V4, V4, V2]


async def test_what_another_process_was_granted_has_the_model_for_v4() -> None:
    gitlab = TwoEndpoints(PINNED, v2=200, v4=200)
    store = MemoryStore(gitlab.clock.now)
    for _ in range(2):
        async with gitlab.client(store=store) as client:
            assert (await client.complete(REQUEST)).route is DIRECT
            await gitlab.settle()
    assert len(gitlab.direct_access.requests) == 1
    assert gitlab.asked == [V4, V4]


async def test_v4_is_told_of_the_model_as_it_was_granted() -> None:
    gitlab = TwoEndpoints(PINNED, v2=200, v4=200)
    async with gitlab.client() as client:
        done = await client.complete(REQUEST)
    assert done.text == "by the gateway"
    assert done.model is not None
    assert done.model.name == "codestral_2508_fireworks"
    (sent,) = (one for one in gitlab.sent if one.url.endswith("/v4/code/suggestions"))
    assert json.loads(sent.body)["model_metadata"] == {
        "provider": "gitlab",
        "feature_setting": "code_completions",
        "identifier": "codestral_2508_fireworks",
    }
