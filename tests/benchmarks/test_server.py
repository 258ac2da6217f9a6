"""The benchmarks' server speaks what the client speaks, and counts what came."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING

import httpx
import pytest

from gitlab_completions import (
    CompletionClient,
    CompletionRequest,
    HttpxSender,
    Route,
    RoutingPolicy,
)
from gitlab_completions.policy import DirectMode
from tests.benchmarks.hosts import ANSWER
from tests.benchmarks.server import Served, served

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUEST = CompletionRequest(file_name="f.py", content_above_cursor="total = 0\n" * 4000)


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served() as one:
        yield one


@pytest.fixture(autouse=True)
def settled(server: Served) -> None:
    server.set(delay_s=0.0, keep_alive_s=75.0)
    server.reset()


async def complete(server: Served, mode: DirectMode, calls: int) -> list[Route]:
    async with (
        HttpxSender(verify=server.ca_pem, trust_env=False) as sender,
        CompletionClient(
            server.instance_url,
            "glpat-1",
            policy=RoutingPolicy(direct=mode),
            sender=sender,
        ) as client,
    ):
        await client.warm_up()
        answers = [await client.complete(REQUEST) for _ in range(calls)]
        assert {answer.text for answer in answers} == {ANSWER}
        return [answer.route for answer in answers]


async def becomes(server: Served, **expected: int) -> None:
    """Ask until the gateway has counted this; the test's own time limit ends it."""
    counts: dict[str, int] = {}
    while not expected.items() <= counts.items():
        counts = asdict((await asyncio.to_thread(server.counts))["gateway"])


@pytest.mark.real_time
async def test_calls_go_direct_on_one_connection(server: Served) -> None:
    assert await complete(server, DirectMode.ONLY, 5) == [Route.DIRECT] * 5
    counts = server.counts()
    assert counts["gateway"].handshakes == counts["gateway"].connections == 1
    assert counts["gateway"].started == counts["gateway"].finished == 5
    assert (counts["instance"].details, counts["instance"].started) == (1, 0)


@pytest.mark.real_time
async def test_calls_go_indirect_when_direct_is_off(server: Served) -> None:
    assert await complete(server, DirectMode.NEVER, 3) == [Route.INDIRECT] * 3
    counts = server.counts()
    assert counts["instance"].finished == 3
    assert counts["gateway"].connections == 0


@pytest.mark.real_time
async def test_a_request_whose_client_has_left_counts_as_aborted(
    server: Served,
) -> None:
    server.set(delay_s=60.0)
    url = f"{server.gateway_url}/v2/completions"
    async with httpx.AsyncClient(verify=server.context()) as client:
        asking = asyncio.create_task(client.post(url, json={}))
        await becomes(server, started=1)
        asking.cancel()
    await becomes(server, started=1, finished=0, aborted=1, open=0)


@pytest.mark.real_time
async def test_an_idle_connection_is_closed_after_its_time(server: Served) -> None:
    server.set(keep_alive_s=0.0)
    url = f"{server.gateway_url}/monitoring/healthz"
    async with httpx.AsyncClient(verify=server.context()) as client:
        await client.get(url)
        await becomes(server, handshakes=1, open=0)
