"""The two hosts share settings and know each other's addresses."""

from __future__ import annotations

from gitlab_completions.emulator.access_tokens import AccessTokens
from gitlab_completions.emulator.hosts import Hosts
from gitlab_completions.emulator.model import continue_line
from gitlab_completions.emulator.profiles import PROFILES
from gitlab_completions.emulator.settings import Settings


def make_hosts(settings: Settings) -> Hosts:
    return Hosts(
        PROFILES["self-hosted"],
        settings=settings,
        tokens=AccessTokens(),
        model=continue_line,
        root="/gitlab",
        tls=False,
    )


async def test_urls_are_those_of_the_fronts() -> None:
    settings = Settings()
    hosts = make_hosts(settings)
    await hosts.start(0, 0)
    port = hosts.gateway_front.port
    assert hosts.gateway_url == f"http://127.0.0.1:{port}"
    assert hosts.instance.gateway_url == hosts.gateway_url
    assert hosts.instance_url.endswith("/gitlab")
    assert hosts.instance.settings is hosts.gateway.settings is settings
    await hosts.aclose()


async def test_hosts_that_never_started_can_be_closed() -> None:
    await make_hosts(Settings()).aclose()
