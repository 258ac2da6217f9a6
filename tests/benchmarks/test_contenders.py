"""The contenders do the same work, and a warm-up opens the connection that is used."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from gitlab_completions.testing import FakeGitLab
from tests.benchmarks.contenders import CONTENDERS, HTTPX, IDEAL, Ours, document
from tests.benchmarks.paths import FarAway, far_away

if TYPE_CHECKING:
    from collections.abc import Iterator

RTT_S = 0.01


@pytest.fixture(scope="module")
def away() -> Iterator[FarAway]:
    with far_away(RTT_S) as away:
        yield away


@pytest.mark.real_time
@pytest.mark.parametrize("name", CONTENDERS)
async def test_a_warm_up_opens_the_one_connection_that_is_used(
    away: FarAway, name: str
) -> None:
    away.server.reset()
    entrances = away.entrances()
    async with aclosing(CONTENDERS[name](entrances.place)) as contender:
        await contender.warm_up()
        for _ in range(3):
            await contender.ask()
    gateway = away.server.counts()["gateway"]
    assert (gateway.connections, gateway.started, gateway.finished) == (1, 3, 3)
    assert away.distance.opened(entrances.gateway) == 1


@pytest.mark.real_time
async def test_only_this_library_asks_the_instance(away: FarAway) -> None:
    for name in (IDEAL, HTTPX):
        entrances = away.entrances()
        async with aclosing(CONTENDERS[name](entrances.place)) as contender:
            await contender.warm_up()
            await contender.ask()
        assert away.distance.opened(entrances.instance) == 0


async def test_all_send_the_same_file(away: FarAway) -> None:
    request = Ours(away.entrances().place)._request
    fake = FakeGitLab()
    async with fake.client() as client:
        await client.complete(request)
    (seen,) = fake.gateway.requests
    sent = seen.json()
    assert isinstance(sent, dict)
    assert sent.items() >= document().items()
