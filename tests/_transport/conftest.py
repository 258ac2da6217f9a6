from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import httpx
import httpx2
import pytest

from gitlab_completions._transport.engines import EngineName
from gitlab_completions.senders import HttpxSender
from tests._transport.loopback import NO_AUTHORITIES, closing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ENGINES: tuple[EngineName, ...] = get_args(EngineName)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> EngineName:
    """Let our own clients run on either library."""
    name: EngineName = request.param
    return name


@pytest.fixture(params=["own httpx", "own httpx2", "their httpx", "their httpx2"])
async def any_sender(request: pytest.FixtureRequest) -> AsyncIterator[HttpxSender]:
    """A sender of each kind: on its own client and on the user's."""
    kind, _, name = request.param.partition(" ")
    if kind == "own":
        own = HttpxSender(engine=name)
        async with closing(own):
            yield own
        return
    module = {"httpx": httpx, "httpx2": httpx2}[name]
    async with module.AsyncClient(verify=NO_AUTHORITIES) as client:
        yield HttpxSender(client)
