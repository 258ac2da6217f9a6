"""Requests that come together each have a transport, and leave it warm for the next."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from typing import TYPE_CHECKING

import httpx
import pytest

from gitlab_completions._transport import network
from gitlab_completions._transport.clients import OwnClient, Settings
from gitlab_completions._transport.engines import load
from gitlab_completions._transport.lanes import Lanes
from gitlab_completions._transport.progress import Progress
from gitlab_completions.senders import HttpxSender, SendError
from tests._transport.loopback import (
    NO_AUTHORITIES,
    answer,
    answering,
    closing,
    loopback,
    wire,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlab_completions._transport.engines import EngineName

CALLS = 40


def made() -> httpx.AsyncHTTPTransport:
    return httpx.AsyncHTTPTransport(verify=NO_AUTHORITIES)


def settings(engine: EngineName, *, http2: bool = False) -> Settings:
    return Settings(
        engine=load(engine),
        context=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        proxy_for=lambda _url: None,
        http2=http2,
        connections=2,
    )


def test_requests_together_have_a_lane_each_and_those_after_them_the_same() -> None:
    lanes = Lanes(made, most=3)
    taken = [lanes.take(0.0) for _ in range(3)]
    assert len(set(taken)) == 3
    for lane in taken:
        lanes.give_back(lane)
    assert [lanes.take(0.0) for _ in range(3)] == taken


def test_one_request_at_a_time_needs_one_lane() -> None:
    lanes = Lanes(made, most=3)
    first = lanes.take(0.0)
    for _ in range(5):
        lanes.give_back(first)
        assert lanes.take(0.0) is first


def test_more_requests_than_lanes_share_them_evenly() -> None:
    lanes = Lanes(made, most=3)
    users = Counter(lanes.take(0.0) for _ in range(7))
    assert sorted(users.values()) == [2, 2, 3]


def test_what_a_burst_has_left_is_closed_when_it_is_old() -> None:
    lanes = Lanes(made, most=3)
    first, second, third = (lanes.take(0.0) for _ in range(3))
    for lane in (first, second, third):
        lanes.give_back(lane)
    assert lanes.take(50.0) is first
    assert lanes.surplus(55.0) is None
    assert [lanes.surplus(55.1) for _ in range(3)] == [second, third, None]
    assert lanes.surplus(1000.0) is None, "the first is in use"
    assert lanes.take(1000.0) not in {first, second, third}


def test_a_lane_that_cannot_be_made_leaves_nothing_behind() -> None:
    faults = [SendError("proxy")]

    def make() -> httpx.AsyncHTTPTransport:
        if faults:
            raise faults.pop()
        return made()

    lanes = Lanes(make, most=1)
    with pytest.raises(SendError):
        lanes.take(0.0)
    assert lanes.take(0.0) is lanes.take(0.0)


@pytest.mark.real_time
async def test_a_request_asks_the_kernel_of_its_own_connection_alone(
    engine: EngineName, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One pool for eight would ask of each idle connection whenever a request begins
    # or ends, and once more for each rival: 24 times a request.
    asked = 0
    ask = network._has_input

    def counted(number: int) -> bool:
        nonlocal asked
        asked += 1
        return ask(number)

    monkeypatch.setattr(network, "_has_input", counted)
    async with loopback(answering(answer())) as server:
        sender = HttpxSender(engine=engine)
        async with closing(sender), asyncio.TaskGroup() as group:
            numbers = iter(range(CALLS))

            async def author() -> None:
                for _ in numbers:
                    async with sender.exchange(wire(server.url)) as response:
                        async for _ in response.chunks:
                            pass

            for _ in range(8):
                group.create_task(author())
    assert len(server.heads) == CALLS
    assert server.connections == 8
    assert asked <= 2 * CALLS


@pytest.mark.real_time
async def test_all_requests_share_the_lane_that_offers_http_2(
    engine: EngineName,
) -> None:
    begun: list[str] = []

    class Watching(Progress):
        async def trace(self, event: str, info: Mapping[str, object]) -> None:
            await super().trace(event, info)
            if event == "connection.connect_tcp.started":
                begun.append(event)

    async with loopback(answering(answer())) as server:
        client = OwnClient(settings(engine, http2=True))
        sent = [Watching(wire("http://x"), 5.0, lambda: 0.0) for _ in range(2)]
        for one in sent:
            await client.send(wire(server.url), one)
        await client.aclose()
    (lanes,) = client._lanes.values()
    assert (len(lanes._users), len(begun)) == (1, 2)


@pytest.mark.real_time
async def test_a_connection_that_is_old_is_closed_though_its_lane_is_not_used(
    engine: EngineName,
) -> None:
    async with loopback(answering(answer())) as server:
        client = OwnClient(settings(engine))
        burst = [Progress(wire("http://x"), 5.0, lambda: 0.0) for _ in range(2)]
        for one in burst:
            await (await client.send(wire(server.url), one)).aread()
        for one in burst:
            one.end()
        (lanes,) = client._lanes.values()
        lanes._taken_at.update(dict.fromkeys(lanes._taken_at, -100.0))
        await (await client.send(wire(server.url), burst[0])).aread()
        await asyncio.wait_for(server.peers[1].gone.wait(), 5)
        assert not server.peers[0].gone.is_set()
        await client.aclose()
    assert server.connections == 2


def test_a_lane_that_is_not_sound_is_not_used_again_once_it_is_free() -> None:
    lanes = Lanes(made, most=1)
    lane = lanes.take(0.0)
    assert lanes.take(0.0) is lane
    assert lanes.give_back(lane, is_sound=False), "another request is on it"
    assert not lanes.give_back(lane, is_sound=False)
    other = lanes.take(0.0)
    assert other is not lane
    assert lanes.give_back(other)
