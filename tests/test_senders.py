"""The public face: the seam, and tools that answer in the HTTP library's place."""

from __future__ import annotations

import ssl
import subprocess
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import httpx2
import pytest
import respx

import gitlab_completions.senders as public
from gitlab_completions.models import Route
from gitlab_completions.senders import (
    HttpxSender,
    ReplaceableSender,
    Sender,
    SendError,
    WireRequest,
    WireResponse,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterator
    from types import ModuleType

    from gitlab_completions._transport.engines import EngineName

NO_AUTHORITIES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
URL = "https://gateway.example/v2/code/completions"


def wire() -> WireRequest:
    return WireRequest(
        route=Route.DIRECT,
        method="POST",
        url=URL,
        headers={"Authorization": "Bearer token", "X-Gitlab-Realm": "saas"},
        body=b"{}",
        timeout_s=5.0,
        purpose="completion",
    )


async def fetch(sender: Sender) -> tuple[int, bytes]:
    async with sender.exchange(wire()) as response:
        return response.status_code, b"".join([c async for c in response.chunks])


@pytest.fixture(params=["httpx", "httpx2"])
def engine(request: pytest.FixtureRequest) -> EngineName:
    name: EngineName = request.param
    return name


@pytest.fixture
def mock(engine: EngineName) -> Iterator[respx.MockRouter]:
    with respx.mock(using=engine.replace("x", "core")) as router:
        yield router


@pytest.fixture(params=["own", "theirs"])
async def sender(
    request: pytest.FixtureRequest, engine: EngineName
) -> AsyncIterator[HttpxSender]:
    if request.param == "own":
        made = HttpxSender(engine=engine)
        yield made
        await made.aclose()
        return
    library = httpx2 if engine == "httpx2" else httpx
    async with library.AsyncClient(verify=NO_AUTHORITIES) as client:
        yield HttpxSender(client)


async def test_respx_answers_in_the_servers_place(
    mock: respx.MockRouter, sender: HttpxSender
) -> None:
    route = mock.post(URL).respond(201, content=b"{}")
    assert await fetch(sender) == (201, b"{}")
    request = route.calls.last.request
    assert request.content == b"{}"
    assert request.headers["authorization"] == "Bearer token"
    assert request.headers["x-gitlab-realm"] == "saas"
    assert request.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.ConnectTimeout, "connect"),
        (httpx.ReadTimeout, "timeout"),
        (httpx.ReadError, "broken"),
        (httpx.RemoteProtocolError, "protocol"),
        (httpx.PoolTimeout, "pool"),
    ],
)
async def test_a_mocked_fault_is_told_and_asked_for_once(
    mock: respx.MockRouter,
    sender: HttpxSender,
    error: type[httpx.TransportError],
    kind: str,
) -> None:
    route = mock.post(URL).mock(side_effect=error)
    with pytest.raises(SendError) as caught:
        await fetch(sender)
    assert caught.value.kind == kind
    assert route.call_count == 1


async def test_a_mocked_answer_can_be_packed(
    mock: respx.MockRouter, sender: HttpxSender
) -> None:
    mock.post(URL).respond(200, headers={"X-A": "1"}, text="plain")
    async with sender.exchange(wire()) as response:
        assert response.headers["x-a"] == "1"
        assert [chunk async for chunk in response.chunks] == [b"plain"]


@pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
async def test_a_mock_transport_answers_whole(
    library: ModuleType,
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        response: httpx.Response = library.Response(200, json=[request.url.path])
        return response

    transport = library.MockTransport(answer)
    async with library.AsyncClient(
        transport=transport, verify=NO_AUTHORITIES
    ) as client:
        status, body = await fetch(HttpxSender(client))
    assert (status, body) == (200, b'["/v2/code/completions"]')


class Counting:
    """A sender around another, as a user writes it."""

    def __init__(self, inner: Sender) -> None:
        self.inner = inner
        self.sent = 0

    @asynccontextmanager
    async def exchange(
        self, request: WireRequest
    ) -> AsyncGenerator[WireResponse, None]:
        self.sent += 1
        async with self.inner.exchange(request) as response:
            yield response

    async def aclose(self) -> None:
        await self.inner.aclose()


async def test_a_sender_can_be_wrapped(
    mock: respx.MockRouter, sender: HttpxSender
) -> None:
    mock.post(URL).respond(200)
    counting = Counting(sender)
    await fetch(counting)
    assert counting.sent == 1
    assert isinstance(sender, ReplaceableSender)
    assert not isinstance(counting, ReplaceableSender)


def test_the_public_names_are_these() -> None:
    assert sorted(public.__all__) == sorted(
        {
            "HttpxSender",
            "Purpose",
            "ReplaceableSender",
            "SendError",
            "SendErrorDetail",
            "SendErrorKind",
            "Sender",
            "WireRequest",
            "WireResponse",
        }
    )


def test_a_program_that_only_imports_it_has_no_http_library() -> None:
    code = "import sys, gitlab_completions.senders; print('httpx' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert result.stdout.strip() == "False"
