from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import httpx2
import pytest
from hypothesis import example, given, strategies as st

from gitlab_completions._wire.unusable import GrantRefusedError
from gitlab_completions._wire.urls import gateway_root, instance_root, is_local
from gitlab_completions.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("https://gitlab.com", "https://gitlab.com"),
        ("https://gitlab.com///", "https://gitlab.com"),
        ("https://gitlab.com/api/v4", "https://gitlab.com"),
        ("https://gitlab.com/api/v4/", "https://gitlab.com"),
        ("https://corp.example/gitlab", "https://corp.example/gitlab"),
        ("https://corp.example/gitlab/api/v4/", "https://corp.example/gitlab"),
        ("https://corp.example/api/v4/x", "https://corp.example/api/v4/x"),
        ("HTTPS://GitLab.COM:8443/Path", "https://gitlab.com:8443/Path"),
        ("https://gitlab.com:", "https://gitlab.com"),
        ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"),
        ("https://192.0.2.7", "https://192.0.2.7"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://BÜCHER.example:8443/Ä", "https://xn--bcher-kva.example:8443/Ä"),
        ("https://faß.example", "https://xn--fa-hia.example"),
        ("https://bücher。example", "https://xn--bcher-kva.example"),
        ("https://gitlab.com:08443", "https://gitlab.com:8443"),
        ("https://gitlab.com:443", "https://gitlab.com:443"),
        ("https://git_lab.corp", "https://git_lab.corp"),
        ("https://gitlab.com.", "https://gitlab.com."),
    ],
)
def test_an_instance_url_is_brought_to_its_root(url: str, root: str) -> None:
    assert instance_root(url, allow_plain_http=False) == root
    assert instance_root(root, allow_plain_http=False) == root


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        (None, "must be a string, not NoneType"),
        (b"https://gitlab.com", "must be a string, not bytes"),
        ("", "must start with https://"),
        ("gitlab.com", "must start with https://"),
        ("gitlab.com:8443", "must start with https://"),
        ("//gitlab.com", "must start with https://"),
        ("ftp://gitlab.com", "another scheme"),
        ("://gitlab.com", "another scheme"),
        ("https://user:s3cret@gitlab.com", "must not hold credentials"),
        ("https://s3cret@gitlab.com", "must not hold credentials"),
        ("https://user:s3cret@[::1", "is not a valid URL"),
        ("https://user:s3cret@gitlab\u2100.com", "is not a valid URL"),
        ("https://gitlab.com?private_token=s3cret", "query"),
        ("https://gitlab.com/?", "query"),
        ("https://gitlab.com/#s3cret", "fragment"),
        ("https://", "has no host"),
        ("https:///path", "has no host"),
        ("https://:8443", "has no host"),
        ("https://gitlab.com:s3cret", "port"),
        ("https://gitlab.com:0", "port"),
        ("https://gitlab.com:65536", "port"),
        ("https://git lab.com", "spaces"),
        (" https://gitlab.com", "spaces"),
        ("https://gitlab.com\n", "control"),
        ("https://gitlab.com\x00", "control"),
        ("https://gitlab.com\u00a0", "spaces"),
        ("https://gitlab.com\\s3cret", "backslashes"),
        ("https://git<lab>.com", "neither a name nor an address"),
        ("https://gitlab..com", "neither a name nor an address"),
        ("https://gitlab%2ecom", "neither a name nor an address"),
        ("https://127.1", "neither a name nor an address"),
        ("https://2130706433", "neither a name nor an address"),
        ("https://0x7f000001", "neither a name nor an address"),
        ("https://300.1.1.1", "neither a name nor an address"),
        ("http://gitlab.com", "RoutingPolicy(allow_plain_http=True)"),
        ("https://gitlab.com:80", "the port of http"),
        ("https://gitlab.com:0080", "the port of http"),
        ("https://gitlab.com:+443", "port"),
        ("https://gitlab.com:\uff14\uff14\uff13", "port"),
        ("https://gitlab.com:443:80", "port"),
        ("https://[fe80::1%25eth0]", "neither a name nor an address"),
        ("https://[::1%lo]", "neither a name nor an address"),
        ("https://[v1.s3cret]", "a host"),
        ("https://[::1]s3cret", "a host"),
        ("https://s3cret[::1]", "a host"),
        ("https://[::1]s3cret:443", "a host"),
        ("https://\uff47itlab.com", "neither a name nor an address"),
        ("https://\uff11\uff12\uff17.0.0.1", "neither a name nor an address"),
        (
            "https://\u0661\u0662\u0667.\u0660.\u0660.\u0661",
            "neither a name nor an address",
        ),
        ("https://127。1", "neither a name nor an address"),
        ("https://é_s3cret.example", "neither a name nor an address"),
        ("https://é%2e.example", "neither a name nor an address"),
        ("https://é.7", "neither a name nor an address"),
        (f"https://{'a' * 64}.example", "neither a name nor an address"),
        (f"https://{'a.' * 127}example", "neither a name nor an address"),
        ("https://gitlab.com/../s3cret", "dots"),
        ("https://gitlab.com/a/.", "dots"),
        (f"https://gitlab.com/{'a' * 2048}", "2048 characters"),
    ],
)
def test_a_bad_instance_url_is_refused_without_being_shown(
    url: str, problem: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        instance_root(url, allow_plain_http=False)
    assert problem in str(caught.value)
    assert str(caught.value).startswith("instance_url ")
    assert "s3cret" not in str(caught.value)
    assert caught.value.__context__ is None  # it would show the URL


def test_plain_http_is_a_choice() -> None:
    root = instance_root("http://127.0.0.1:8080/", allow_plain_http=True)
    assert root == "http://127.0.0.1:8080"


def test_plain_http_does_not_go_to_the_port_of_https() -> None:
    with pytest.raises(ConfigurationError, match="the port of https"):
        instance_root("http://gitlab.com:443", allow_plain_http=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:1",
        "https://LOCALHOST",
        "https://gdk.localhost",
        "https://localhost.",
        "http://127.0.0.1",
        "http://127.255.255.254",
        "http://[::1]",
        "http://[::ffff:127.0.0.1]",
        "http://0.0.0.0",
        "http://[::]",
        "http://localhost.localdomain",
        "http://ip6-localhost",
        "http://169.254.169.254",
        "http://[fe80::1]",
        "http://[::ffff:169.254.169.254]",
        "http://[0:0:0:0:0:ffff:127.0.0.1]",
    ],
)
def test_local(url: str) -> None:
    assert is_local(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://gitlab.com",
        "https://127.0.0.1.example",
        "https://localhost.example",
        "https://128.0.0.1",
        "https://[2001:db8::1]",
        "https://[::1",
        "no url",
        "https://10.0.0.7",
        "https://192.168.1.7",
        "https://[fd00::7]",
    ],
)
def test_not_local(url: str) -> None:
    assert not is_local(url)


@pytest.mark.parametrize(
    ("base_url", "root"),
    [
        ("https://cloud.gitlab.com/ai", "https://cloud.gitlab.com/ai"),
        ("https://cloud.gitlab.com/ai//", "https://cloud.gitlab.com/ai"),
        ("https://gateway.corp:5052/api/v4", "https://gateway.corp:5052/api/v4"),
    ],
)
def test_a_gateways_url_loses_nothing_but_slashes(base_url: str, root: str) -> None:
    found = gateway_root(
        base_url, instance_root="https://gitlab.com", allow_plain_http=False
    )
    assert found == root


@pytest.mark.parametrize(
    "base_url",
    [
        None,
        7,
        ["https://cloud.gitlab.com"],
        "",
        "/ai",
        "http://cloud.gitlab.com/ai",
        "file:///etc/passwd",
        "https://cloud.gitlab.com/" + "x" * 2048,
        "https://user:pass@cloud.gitlab.com",
        "https://cloud.gitlab.com?x=1",
        "https://cloud.gitlab.com\\@evil.example",
        "https://cloud.gitlab.com\r\nX-Evil: 1",
        "https://localhost:8080",
        "https://127.0.0.1:6379",
        "https://[::1]",
        "https://2130706433",
        "https://127。0。0。1",
        "https://localhost。",
        "https://\uff4cocalhost",
        "https://169.254.169.254/latest",
        "https://[::ffff:a9fe:a9fe]",
        "https://cloud.gitlab.com:80",
        "https://cloud.gitlab.com/../ai",
    ],
)
def test_a_bad_gateways_url_is_a_bad_grant(base_url: object) -> None:
    with pytest.raises(GrantRefusedError) as caught:
        gateway_root(
            base_url, instance_root="https://gitlab.com", allow_plain_http=False
        )
    assert caught.value.reason == "bad_grant"


def test_a_loopback_instance_may_name_a_loopback_gateway() -> None:
    root = gateway_root(
        "http://127.0.0.1:5052/",
        instance_root="http://localhost:3000",
        allow_plain_http=True,
    )
    assert root == "http://127.0.0.1:5052"


def test_a_private_gateway_is_the_administrators_choice() -> None:
    for base_url in ("https://10.0.0.7:8443", "https://gateway.corp"):
        found = gateway_root(
            base_url, instance_root="https://gitlab.corp", allow_plain_http=False
        )
        assert found == base_url


ODD = (
    "az09AZ-_.:%@/\\[]#?&;+*!'\u00e9\u00df\u3002\uff0e\uff0f\uff1a\uff20\u2460\u0661\u00ad"
    "\u200d\u2100\u212a\ud800\t\r\n\0 "
)
HOSTS = st.one_of(
    st.text(alphabet=ODD, max_size=20),
    st.from_regex(r"[a-z0-9.-]{1,12}", fullmatch=True),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
    st.sampled_from(["gitlab.com", "127.0.0.1", "localhost", "[::1]"]),
)
URLS = st.builds(
    lambda scheme, user, host, port, path: f"{scheme}://{user}{host}{port}{path}",
    st.sampled_from(["https", "http", "HTTPS", "ftp", ""]),
    st.sampled_from(["", "", "", "user@", "user:pass@", "@"]),
    st.builds("".join, st.lists(HOSTS, min_size=1, max_size=3)),
    st.one_of(
        st.just(""),
        st.integers(0, 70_000).map(lambda port: f":{port}"),
        st.text(alphabet="0123456789+-_ \uff14", max_size=6).map(
            lambda port: f":{port}"
        ),
    ),
    st.text(alphabet=ODD, max_size=12).map(lambda path: f"/{path}" if path else ""),
)
LIBRARIES: tuple[Callable[[str], httpx.URL | httpx2.URL], ...] = (httpx.URL, httpx2.URL)


@given(URLS)
@example("https://127\u30020\u30020\u30021")
@example("https://b\u00fccher.example:8443/x")
@example("https://[::1]\u00e9")
@example("https://[::ffff:127.0.0.1]:443/")
@example("https://gitlab.com:0443/%2e%2e")
@example("https://xn--a.example.")
def test_the_http_library_connects_to_the_host_that_was_checked(url: str) -> None:
    try:
        root = instance_root(url, allow_plain_http=True)
    except ConfigurationError:
        return
    assert instance_root(root, allow_plain_http=True) == root
    checked = urlsplit(root)
    assert checked.netloc.isascii()
    assert "@" not in checked.netloc
    for parse in LIBRARIES:
        sent = parse(f"{root}/v2/completions")
        usual = {"http": 80, "https": 443}[sent.scheme]
        assert sent.scheme == checked.scheme
        assert sent.raw_host.decode() == checked.hostname
        assert (sent.port or usual) == (checked.port or usual)
        assert sent.userinfo == b""
        assert sent.query == b""
        assert sent.path == f"{checked.path}/v2/completions" or "%" in checked.path
