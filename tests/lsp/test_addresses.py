"""Two URLs of one instance are one address."""

from __future__ import annotations

import pytest

from gitlab_completions.lsp.addresses import address_of


@pytest.mark.parametrize(
    "url",
    [
        "https://gitlab.example.com",
        "https://gitlab.example.com/",
        "https://GitLab.Example.com:443",
        "https://gitlab.example.com./api/v4/",
    ],
)
def test_an_instance_has_one_address(url: str) -> None:
    address = address_of(url)
    assert address is not None
    assert address.url == "https://gitlab.example.com"


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("http://gitlab.example.com", "http://gitlab.example.com"),
        ("https://gitlab.example.com:8443", "https://gitlab.example.com:8443"),
        ("https://example.com/git/lab/", "https://example.com/git/lab"),
        ("https://example.com/git%20lab", "https://example.com/git lab"),
        ("https://[::1]:8443/a", "https://[::1]:8443/a"),
    ],
)
def test_port_scheme_and_root_tell_instances_apart(url: str, written: str) -> None:
    address = address_of(url)
    assert address is not None
    assert address.url == written
    assert address != address_of("https://gitlab.example.com")


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "gitlab.example.com",
        "ssh://git@gitlab.example.com",
        "https://",
        "https://[::1",
        "https://a:b:c",
        "https://a:99999999",
        "https://" + "a" * 3000,
    ],
)
def test_what_is_no_address_of_an_instance(url: str | None) -> None:
    assert address_of(url) is None
