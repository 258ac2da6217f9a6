"""The applications carry records to and fro."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from gitlab_completions.emulator.answers import Answer, Ending, Request
from gitlab_completions.emulator.apps import make_app

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from starlette.requests import Request as StarletteRequest

SEEN: list[tuple[Request, float]] = []


def answer(request: Request, now_unix: float) -> Answer:
    SEEN.append((request, now_unix))
    pieces = (b"x", b"y") if request.path == "/stream" else None
    return Answer(status=418, headers={"x-a": "1"}, body=b"xy", pieces=pieces)


async def own(_request: StarletteRequest) -> PlainTextResponse:
    return PlainTextResponse("own")


def client() -> httpx.AsyncClient:
    app = make_app(answer, (Route("/own", own),))
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://host.test"
    )


async def test_records_are_carried() -> None:
    async with client() as http:
        got = await http.post(
            "http://host.test//v2/a?b=c", content=b"body", headers={"X-B": "2"}
        )
    assert (got.status_code, got.content, got.headers["x-a"]) == (418, b"xy", "1")
    request, now_unix = SEEN[-1]
    assert (request.method, request.path, request.body) == ("POST", "//v2/a", b"body")
    assert request.header("x-b") == "2"
    assert now_unix > 1_700_000_000


async def test_pieces_are_streamed() -> None:
    async with client() as http:
        got = await http.get("/stream")
    assert got.content == b"xy"
    assert "content-length" not in got.headers


async def test_routes_come_first() -> None:
    async with client() as http:
        assert (await http.get("/own")).text == "own"


async def sent(ending: Ending) -> list[dict[str, object]]:
    """Serve a stream that ends so, to a client that leaves after its second piece."""
    pieces = (b"x", b"y")
    answer = Answer(status=200, pieces=pieces, waits_s=(0.001,), ending=ending)
    heard: list[dict[str, object]] = []
    left = asyncio.Event()
    asked = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> MutableMapping[str, object]:
        for message in asked:
            return message
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: MutableMapping[str, object]) -> None:
        heard.append(dict(message))
        if message.get("body") == b"y":
            left.set()

    scope: dict[str, object] = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "headers": [],
        "query_string": b"",
    }
    app = make_app(lambda _request, _now: answer)
    await app(scope, receive, send)
    return heard


@pytest.mark.parametrize("ending", Ending)
async def test_only_a_whole_stream_has_an_end(ending: Ending) -> None:
    heard = await sent(ending)
    bodies = [message["body"] for message in heard[1:]]
    assert bodies == [b"x", b"y", *([b""] if ending is Ending.WHOLE else [])]
    assert heard[-1]["more_body"] is (ending is not Ending.WHOLE)
