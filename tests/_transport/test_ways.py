"""A way tells of its proxy what may be told, and nothing of its credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
import trustme

from gitlab_completions._transport.engines import load
from gitlab_completions._transport.ways import Way
from gitlab_completions.models import Route
from gitlab_completions.senders import HttpxSender, SendError
from tests._transport.loopback import NO_AUTHORITIES, closing

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://gitlab.example.com"
PROXY = "http://user:canary@proxy.example:3128"


def by(proxy: str | None) -> Way:
    return Way(
        proxy=proxy,
        proxy_source="HTTPS_PROXY",
        context=NO_AUTHORITIES,
        trust="the system",
        core=load("httpx").core,
    )


@pytest.mark.parametrize(
    ("proxy", "scheme", "address"),
    [
        (PROXY, "http", ("proxy.example", 3128)),
        ("http://proxy.example", "http", ("proxy.example", 80)),
        ("HTTPS://proxy.example", "https", ("proxy.example", 443)),
        ("socks5://proxy.example", "socks5", ("proxy.example", 1080)),
        (None, "", None),
        ("http://:3128", "", None),
        ("http://proxy.example:none", "", None),
        ("http://[::1", "", None),
        ("http://user:pass/word@proxy.example:3128", "", None),
    ],
)
def test_a_proxy_has_an_address(
    proxy: str | None, scheme: str, address: tuple[str, int] | None
) -> None:
    assert by(proxy).proxy_scheme == scheme
    assert by(proxy).proxy_address() == address


def test_credentials_are_those_of_the_url() -> None:
    assert by("http://jo%40corp:a%2Fb@p:1").proxy_credentials == ("jo@corp", "a/b")
    assert by("http://jo@p:1").proxy_credentials == ("jo", "")
    assert by("http://p:1").proxy_credentials is None


def test_a_repr_shows_no_credentials() -> None:
    assert repr(by(PROXY)) == "Way(proxy=<HTTPS_PROXY>, trust='the system')"


async def way_of(sender: HttpxSender, route: Route = Route.DIRECT) -> Way:
    async with closing(sender):
        way = await sender.way(route, URL)
    assert way is not None
    return way


async def test_a_given_proxy_is_named_as_such() -> None:
    way = await way_of(HttpxSender(proxy=PROXY, verify=NO_AUTHORITIES))
    assert (way.proxy, way.proxy_source) == (PROXY, "HttpxSender(proxy=...)")
    assert way.context is NO_AUTHORITIES
    assert way.trust == "an SSLContext of yours"


@pytest.mark.parametrize(
    ("settings", "proxy", "source"),
    [
        ({}, None, ""),
        ({"HTTPS_PROXY": PROXY}, PROXY, "HTTPS_PROXY"),
        ({"https_proxy": PROXY}, PROXY, "https_proxy"),
        ({"ALL_PROXY": PROXY}, PROXY, "ALL_PROXY"),
        ({"HTTPS_PROXY": PROXY, "NO_PROXY": ".example.com"}, None, "NO_PROXY"),
    ],
)
async def test_the_environments_proxy_is_named_by_its_variable(
    settings: dict[str, str],
    proxy: str | None,
    source: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    way = await way_of(HttpxSender(verify=NO_AUTHORITIES))
    assert (way.proxy, way.proxy_source) == (proxy, source)


async def test_the_systems_proxy_is_named_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("urllib.request.getproxies", lambda: {"https": PROXY})
    way = await way_of(HttpxSender(verify=NO_AUTHORITIES))
    assert (way.proxy, way.proxy_source) == (PROXY, "the system's settings")


async def test_an_environment_that_is_not_trusted_names_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", PROXY)
    way = await way_of(HttpxSender(verify=NO_AUTHORITIES, trust_env=False))
    assert (way.proxy, way.proxy_source) == (None, "")


async def test_whom_tls_trusts_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, authority: Path
) -> None:
    del tmp_path
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    assert (await way_of(HttpxSender())).trust == "the system"
    added = await way_of(HttpxSender(verify=authority))
    assert added.trust == "the system and HttpxSender(verify=...)"
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    assert (await way_of(HttpxSender())).trust == "SSL_CERT_FILE"


async def test_a_client_of_the_users_is_not_looked_into() -> None:
    async with httpx.AsyncClient(verify=NO_AUTHORITIES) as client:
        assert await HttpxSender(client).way(Route.DIRECT, URL) is None


async def test_a_file_that_is_gone_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    with pytest.raises(SendError, match="certificate_file"):
        await way_of(HttpxSender())


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    path = tmp_path / "authority.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    return path
