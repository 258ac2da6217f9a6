from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from gitlab_completions._shell.exchange import WARM_UP_S
from gitlab_completions.models import Route
from gitlab_completions.policy import DirectMode, RoutingPolicy
from gitlab_completions.testing import FakeGitLab, wait_all_tasks_blocked

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from gitlab_completions.senders import Sender, WireRequest, WireResponse

NEVER = RoutingPolicy(direct=DirectMode.NEVER)


class Witness:
    """A sender that notes the warm-ups which pass it."""

    def __init__(self, behind: Sender) -> None:
        self._behind = behind
        self.warmed: list[Route] = []

    @asynccontextmanager
    async def exchange(
        self, request: WireRequest
    ) -> AsyncGenerator[WireResponse, None]:
        if request.purpose == "warm_up":
            self.warmed.append(request.route)
        async with self._behind.exchange(request) as response:
            yield response

    async def aclose(self) -> None:
        await self._behind.aclose()


@pytest.mark.parametrize(
    ("policy", "route"),
    [(RoutingPolicy(), Route.DIRECT), (NEVER, Route.INDIRECT)],
)
async def test_the_connection_of_the_next_calls_route_is_opened(
    policy: RoutingPolicy, route: Route
) -> None:
    gitlab = FakeGitLab()
    witness = Witness(gitlab)
    async with gitlab.client(policy=policy, sender=witness) as client:
        await client.warm_up()
        assert witness.warmed == [route]


async def test_who_warms_up_at_once_opens_one_connection() -> None:
    gitlab = FakeGitLab()
    witness = Witness(gitlab)
    async with gitlab.client(sender=witness) as client:
        await asyncio.gather(*(client.warm_up() for _ in range(5)))
        assert witness.warmed == [Route.DIRECT]
        await client.warm_up()
        assert len(witness.warmed) == 2


async def test_after_a_sleep_of_the_machine_it_is_opened_anew() -> None:
    gitlab = FakeGitLab()
    gitlab.inquiries.hang()
    witness = Witness(gitlab)
    async with gitlab.client(policy=NEVER, sender=witness) as client:
        first = asyncio.create_task(client.warm_up())
        await wait_all_tasks_blocked()
        gitlab.clock.suspend(3600)
        gitlab.inquiries.heal()
        await client.warm_up()
        assert witness.warmed == [Route.INDIRECT] * 2
        await first


async def test_it_is_not_waited_for_longer_than_for_a_warm_up() -> None:
    gitlab = FakeGitLab()
    gitlab.inquiries.hang()
    async with gitlab.client(policy=NEVER) as client:
        began = gitlab.clock.now()
        await client.warm_up()
        assert gitlab.clock.now() - began == pytest.approx(WARM_UP_S)
