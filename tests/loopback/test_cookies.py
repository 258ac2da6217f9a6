"""Cookies of GitLab.com choose its machines; the client keeps and returns none."""

from __future__ import annotations

import httpx
import pytest

from gitlab_completions import DirectMode, RoutingPolicy
from tests.loopback.scene import client_of, complete, emulate

INDIRECT = RoutingPolicy(direct=DirectMode.NEVER, indirect_per_minute=None)


@pytest.mark.parametrize("policy", [RoutingPolicy(), INDIRECT], ids=["auto", "never"])
async def test_no_cookie_comes_back(policy: RoutingPolicy) -> None:
    async with emulate("19.3-gitlab.com") as emulator:
        emulator.settings.canary_cookie = True
        async with client_of(emulator, policy=policy) as client:
            await client.warm_up()
            for _ in range(3):
                await complete(client)
        requests = [
            *emulator.direct_access.requests,
            *emulator.gateway.requests,
            *emulator.instance.requests,
            *emulator.inquiries.requests,
        ]
        assert len(requests) >= 3
        assert not any("cookie" in request.headers for request in requests)
        assert emulator.cookies_returned == 0


async def test_whoever_keeps_cookies_returns_them() -> None:
    async with emulate("19.3-gitlab.com") as emulator:
        emulator.settings.canary_cookie = True
        verify = emulator.ssl_context() or False
        async with httpx.AsyncClient(verify=verify, trust_env=False) as keeper:
            for _ in range(2):
                await keeper.get(f"{emulator.instance_url}/api/v4/version")
        assert emulator.cookies_returned == 1
