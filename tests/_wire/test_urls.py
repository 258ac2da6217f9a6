from __future__ import annotations

import pytest

from gitlab_completions._wire.unusable import GrantRefusedError
from gitlab_completions._wire.urls import gateway_root, instance_root, is_loopback
from gitlab_completions.errors import ConfigurationError


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
        ("https://bücher.example", "https://bücher.example"),
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
    ],
)
def test_loopback(url: str) -> None:
    assert is_loopback(url)


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
    ],
)
def test_not_loopback(url: str) -> None:
    assert not is_loopback(url)


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
        "https://user:pass@cloud.gitlab.com",
        "https://cloud.gitlab.com?x=1",
        "https://cloud.gitlab.com\\@evil.example",
        "https://cloud.gitlab.com\r\nX-Evil: 1",
        "https://localhost:8080",
        "https://127.0.0.1:6379",
        "https://[::1]",
        "https://2130706433",
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
