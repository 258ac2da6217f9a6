"""A server that is killed comes back as it was, on the port that it had."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.loopback.scene import ACCESS_TOKEN
from tests.soak.faults import Part
from tests.soak.servers import serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.soak.servers import Servers

pytestmark = [pytest.mark.real_time, pytest.mark.timeout(120)]

API = "/api/v4/code_suggestions"
FAILS = {"fault": "status", "status": 503, "json": {}, "headers": {}}


async def status_of(client: httpx.AsyncClient, servers: Servers) -> int:
    """Ask for direct access."""
    url = f"{servers.instance.url}{API}/direct_access"
    answer = await client.post(url, headers={"private-token": ACCESS_TOKEN}, json={})
    return answer.status_code


async def test_a_server_is_killed_and_comes_back_as_it_was(tmp_path: Path) -> None:
    async with serving(tmp_path) as servers:
        context = ssl.create_default_context(cafile=str(servers.ca_pem))
        async with httpx.AsyncClient(verify=context, trust_env=False) as client:
            assert await status_of(client, servers) == 201
            await servers.instance.fault(Part.DIRECT_ACCESS, FAILS)
            assert await status_of(client, servers) == 503
            await servers.instance.kill()
            with pytest.raises(httpx.ConnectError):
                await status_of(client, servers)
            await servers.instance.start()
            assert await status_of(client, servers) == 503
            await servers.instance.heal(Part.DIRECT_ACCESS)
            assert await status_of(client, servers) == 201
        assert [project for _, project in servers.asked] == [None] * 4
