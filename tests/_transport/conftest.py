from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import httpx
import httpx2
import pytest

from gitlab_completions.senders import HttpxSender
from tests._transport.loopback import NO_AUTHORITIES, closing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture(params=["httpx", "httpx2"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let our own clients run on either library."""
    name: str = request.param
    monkeypatch.setitem(sys.modules, "httpx", {"httpx": httpx, "httpx2": httpx2}[name])
    return name


@pytest.fixture(params=["own httpx", "own httpx2", "their httpx", "their httpx2"])
async def any_sender(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[HttpxSender]:
    """A sender of each kind: on its own client and on the user's."""
    kind, _, name = request.param.partition(" ")
    module = {"httpx": httpx, "httpx2": httpx2}[name]
    if kind == "own":
        monkeypatch.setitem(sys.modules, "httpx", module)
        own = HttpxSender()
        async with closing(own):
            yield own
        return
    async with module.AsyncClient(verify=NO_AUTHORITIES) as client:
        yield HttpxSender(client)
