"""The proxy that was given, or the environment's, and never in a message."""

from __future__ import annotations

import pytest
from httpx._utils import get_environment_proxies

from gitlab_completions._transport.proxies import Proxies, environment_proxy
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.models import Route

PROXY = "http://user:canary-password@proxy.example:3128"
URL = "https://gateway.example/v2/code/completions"


def test_one_url_serves_both_routes() -> None:
    proxies = Proxies.check(PROXY, trust_env=True)
    assert [proxies.of(route)(URL) for route in Route] == [PROXY, PROXY]


def test_a_route_can_go_without_and_the_other_by_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://env.example:1")
    proxies = Proxies.check({Route.DIRECT: None}, trust_env=True)
    assert proxies.of(Route.DIRECT)(URL) is None
    assert proxies.of(Route.INDIRECT)(URL) == "http://env.example:1"


def test_the_environment_is_not_asked_when_it_is_not_trusted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://env.example:1")
    assert Proxies.check(None, trust_env=False).of(Route.DIRECT)(URL) is None


@pytest.mark.parametrize(
    ("settings", "url", "proxy"),
    [
        ({}, URL, None),
        ({"HTTPS_PROXY": "http://p:1"}, URL, "http://p:1"),
        ({"https_proxy": "p:1"}, URL, "http://p:1"),
        ({"HTTP_PROXY": "http://p:1"}, URL, None),
        ({"HTTP_PROXY": "http://p:1"}, "http://gitlab.example/", "http://p:1"),
        ({"ALL_PROXY": "socks5://p:1"}, URL, "socks5://p:1"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, URL, None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "other, .example"}, URL, None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "gateway.example"}, URL, None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "way.example"}, URL, "http://p:1"),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "::1"}, "https://[::1]:8/", None),
        (
            {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "gateway.example:443"},
            URL,
            None,
        ),
        (
            {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "gateway.example:444"},
            URL,
            "http://p:1",
        ),
        (
            {"ALL_PROXY": "http://a:1", "https_proxy": "http://p:1"},
            URL,
            "http://p:1",
        ),
        ({"all_proxy": "a:1"}, URL, "http://a:1"),
        ({"HTTPS_PROXY": "http://[::1]:3128"}, URL, "http://[::1]:3128"),
        ({"HTTPS_PROXY": ""}, URL, None),
    ],
)
def test_the_environment_names_a_proxy(
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, str],
    url: str,
    proxy: str | None,
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert environment_proxy(url) == proxy


@pytest.mark.parametrize(
    ("no_proxy", "url", "excepted"),
    [
        ("localhost, *", URL, True),
        ("*.example", URL, True),
        ("*.example", "https://example/", False),
        ("*.ample", URL, False),
        ("[::1]", "https://[::1]:8443/", True),
        ("[::1]:8443", "https://[::1]:8443/", True),
        ("[::1]:8444", "https://[::1]:8443/", False),
        ("fd00::/8", "https://[fd12::7]/", True),
        ("10.0.0.0/8", "https://10.1.2.3/", True),
        ("10.1.2.3/8", "https://10.9.9.9/", True),
        ("10.0.0.0/8", "https://11.1.2.3/", False),
        ("10.0.0.0/8", URL, False),
        ("10.0.0.0/x, a/b, /", "https://10.1.2.3/", False),
        ("", URL, False),
    ],
)
def test_no_proxy_means_what_it_means_to_other_programs(
    monkeypatch: pytest.MonkeyPatch, no_proxy: str, url: str, excepted: bool
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://p:1")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert (environment_proxy(url) is None) is excepted


def test_a_socks_proxy_is_known_as_one() -> None:
    for url in ("socks5://p:1", "SOCKS5H://p:1"):
        assert Proxies.check({Route.DIRECT: url}, trust_env=True).speak_socks
    assert not Proxies.check({Route.DIRECT: None}, trust_env=True).speak_socks
    assert not Proxies.check(PROXY, trust_env=True).speak_socks


def test_the_environment_is_read_as_httpx_reads_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "p:1")
    monkeypatch.setenv("NO_PROXY", "other.example")
    assert get_environment_proxies()["https://"] == environment_proxy(URL)


@pytest.mark.parametrize(
    ("proxy", "right"),
    [
        (3128, "a URL or a mapping of Route, not int"),
        ({"direct-ish": PROXY}, "keys of proxy must be Route"),
        ({Route.DIRECT: 3128}, "not int"),
        ("proxy.example:canary-password", "such as"),
        ("http://user:canary-password@", "such as"),
        ("ftp://canary-password@proxy.example", "such as"),
        ("http://proxy.example:canary-password", "such as"),
        ("http://user:12/canary-password@proxy.example", "as %XX"),
        ("http://user:12?canary-password@proxy.example", "as %XX"),
        ("http://user:12#canary-password@proxy.example", "as %XX"),
    ],
)
def test_a_wrong_proxy_is_refused_without_being_shown(
    proxy: object, right: str
) -> None:
    with pytest.raises(ConfigurationError, match=right) as caught:
        Proxies.check(proxy, trust_env=True)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://p:1/", "https://[::1]:1", "SOCKS5H://u:%2F@p"])
def test_a_good_url_is_kept_as_it_is(url: str) -> None:
    proxies = Proxies.check({Route.DIRECT: url}, trust_env=True)
    assert proxies.of(Route.DIRECT)(URL) == url


def test_a_repr_shows_no_proxy() -> None:
    assert "canary" not in repr(Proxies.check(PROXY, trust_env=True))
