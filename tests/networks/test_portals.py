"""A sign-in page in the place of GitLab or the gateway is recognised as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gitlab_completions import ErrorCode, HttpxSender, Route
from gitlab_completions.emulator import AccessTokens, Emulator
from tests.loopback.scene import ACCESS_TOKEN, emulate
from tests.networks.scene import IN_URL, assert_works, bundle, told

if TYPE_CHECKING:
    from pathlib import Path

    from tests.networks.scene import Eavesdropper, Office, Told

PAGE = "<!doctype html><html><body>canary-page: sign in</body></html>"
HTML = {"content-type": "text/html"}
ELSEWHERE = {"location": "https://portal.example/login?next=canary-page"}
PORTALS: dict[str, tuple[int, str, dict[str, str]]] = {
    "a page": (200, PAGE, HTML),
    "a page without a type": (200, PAGE, {}),
    "a redirect": (302, "", ELSEWHERE),
    "a redirect with a page": (302, PAGE, {**HTML, **ELSEWHERE}),
    "see other": (303, "", ELSEWHERE),
    "a temporary redirect": (307, PAGE, {**HTML, **ELSEWHERE}),
    "by the book": (511, PAGE, HTML),
}
"""Who opens TLS can put a page into its answers; nobody else, but on plain HTTP."""


@pytest.mark.parametrize("portal", PORTALS)
async def test_a_portal_is_recognised_on_both_routes_and_direct_access(
    office: Office, eavesdropper: Eavesdropper, tmp_path: Path, portal: str
) -> None:
    status, body, headers = PORTALS[portal]
    office.inspector.answer(status, body=body, headers=headers)
    answers = await told_by_inspector(office, eavesdropper, tmp_path)
    answers.assert_all(
        ErrorCode.CAPTIVE_PORTAL, "a sign-in page answered", "sign in to the network"
    )
    for error in answers.all():
        assert "canary-page" not in f"{error} {vars(error)}"


async def test_a_firewalls_block_page_is_not_taken_for_gitlabs_refusal(
    office: Office, eavesdropper: Eavesdropper, tmp_path: Path
) -> None:
    office.inspector.answer(403, body=PAGE, headers=HTML)
    answers = await told_by_inspector(office, eavesdropper, tmp_path)
    for error in (answers.gateway, answers.instance):
        assert "something in front of" in error.message
        assert "proxy" in (error.remedy or "")
        assert "administrator" not in str(error)
    assert "canary-page" not in f"{[str(error) for error in answers.all()]}"


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "all_proxy"])
async def test_plain_http_goes_through_a_proxy_without_a_tunnel(
    office: Office, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, office.guard.url(IN_URL))
    async with Emulator(tokens=AccessTokens(valid=ACCESS_TOKEN)) as emulator:
        await assert_works(HttpxSender(), emulator)
        assert "/v2/completions" in await office.guard.requests()
        assert await office.guard.tunnels() == []


@pytest.mark.parametrize("portal", PORTALS)
async def test_a_portal_on_plain_http_is_recognised(
    office: Office, eavesdropper: Eavesdropper, portal: str
) -> None:
    status, body, headers = PORTALS[portal]
    office.relay.answer(status, body=body, headers=headers)
    answers = await told_without_tls(office.relay.url(), eavesdropper)
    answers.assert_all(
        ErrorCode.CAPTIVE_PORTAL, "a sign-in page answered", "sign in to the network"
    )


async def test_a_proxy_that_wants_credentials_says_so_on_plain_http_too(
    office: Office, eavesdropper: Eavesdropper
) -> None:
    answers = await told_without_tls(office.guard.url("jo:canary@"), eavesdropper)
    answers.assert_all(
        ErrorCode.PROXY, "the proxy wants credentials", "user:password@", "HTTPS_PROXY"
    )


async def told_by_inspector(
    office: Office, eavesdropper: Eavesdropper, directory: Path
) -> Told:
    """Have a proxy that opens TLS answer in the place of each host."""
    async with emulate() as emulator:
        trusted = bundle(directory, emulator.ca_pem, office.inspector.ca_pem)

        def make(route: Route) -> HttpxSender:
            proxy = {**dict.fromkeys(Route), route: office.inspector.url()}
            return HttpxSender(proxy=proxy, verify=trusted)

        return await told(make, lambda _route: emulator.instance_url, eavesdropper)


async def told_without_tls(url: str, eavesdropper: Eavesdropper) -> Told:
    """Have a proxy answer plain requests in the place of each host."""
    async with Emulator(tokens=AccessTokens(valid=ACCESS_TOKEN)) as emulator:

        def make(route: Route) -> HttpxSender:
            return HttpxSender(proxy={**dict.fromkeys(Route), route: url})

        return await told(make, lambda _route: emulator.instance_url, eavesdropper)
