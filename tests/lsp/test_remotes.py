"""Remotes name the instance's projects, and nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from gitlab_completions.lsp import remotes
from gitlab_completions.lsp.addresses import address_of
from gitlab_completions.lsp.git_config import Entry, entries
from gitlab_completions.lsp.remotes import project_of

INSTANCE = "https://gitlab.example.com"
ROOTED = "https://example.com:8443/git/lab"


def found(config: str, instance: str = INSTANCE) -> str | None:
    address = address_of(instance)
    assert address is not None
    return project_of(entries(config), address)


def remote(url: str, name: str = "origin") -> str:
    return f'[remote "{name}"]\n\turl = "{url}"\n'


@pytest.mark.parametrize(
    "url",
    [
        "git@gitlab.example.com:group/sub/project.git",
        "gitlab.example.com:group/sub/project",
        "git@GitLab.Example.com:/group/sub/project.git/",
        "[git@gitlab.example.com:2222]:group/sub/project.git",
        "[gitlab.example.com]:group/sub/project.git",
        "ssh://git@gitlab.example.com/group/sub/project.git",
        "ssh://git@gitlab.example.com:2222/group/sub/project.git",
        "git+ssh://git@gitlab.example.com./group/sub/project",
        "ssh://git@altssh.gitlab.example.com:443/group/sub/project.git",
        "git://gitlab.example.com/group/sub/project.git",
        "https://gitlab.example.com/group/sub/project.git",
        "https://gitlab.example.com:443/group/sub/project",
        "https://oauth2:glpat-canary@gitlab.example.com/group/sub/project.git",
        "HTTPS://gitlab.example.com//group/sub/project.git/",
        "https://gitlab.example.com/group/sub/project.wiki.git",
        "https://gitlab.example.com/group/s%75b/project.git",
        "http://gitlab.example.com/group/sub/project.git",
    ],
)
def test_every_form_of_a_remote_names_the_project(url: str) -> None:
    assert found(remote(url)) == "group/sub/project"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "git@github.com:group/project.git",
        "git@gitlab.example.com.evil.com:group/project.git",
        "git@evil.com:gitlab.example.com/group/project.git",
        "https://gitlab.example.com@evil.com/group/project.git",
        "https://gitlab.example.com:8443/group/project.git",
        "http://gitlab.example.com:8080/group/project.git",
        "https://[::1/group/project.git",
        "https://gitlab.example.com:x/group/project.git",
        "/srv/git/gitlab.example.com:group/project.git",
        "../group/project.git",
        "C:/group/project",
        "file:///gitlab.example.com/group/project.git",
        "ext::sh -c gitlab.example.com:group/project",
        "git@gitlab.example.com:project.git",
        "git@gitlab.example.com:../project.git",
        "git@gitlab.example.com:group/./project.git",
        "git@gitlab.example.com:group//project.git",
        "git@gitlab.example.com:group/pro ject.git",
        "git@gitlab.example.com:group/pröject.git",
        "git@gitlab.example.com:~me/project/.git",
        "https://gitlab.example.com/group/project%0A%0Ax",
        "git@gitlab.example.com:group/" + "p" * 250,
    ],
)
def test_other_remotes_name_none(url: str) -> None:
    assert found(remote(url)) is None


@pytest.mark.parametrize(
    ("url", "project"),
    [
        ("https://example.com:8443/git/lab/group/project.git", "group/project"),
        ("https://example.com:8443/git/other/project.git", None),
        ("https://example.com:8443/git/labs/project.git", None),
        ("https://example.com/git/lab/group/project.git", None),
        ("http://example.com:8443/git/lab/group/project.git", None),
        ("git@example.com:group/project.git", "group/project"),
        ("git@example.com:git/lab.git", "git/lab"),
        ("ssh://git@example.com:22/git/lab/project.git", "git/lab/project"),
    ],
)
def test_an_instance_below_a_path_and_on_a_port(url: str, project: str | None) -> None:
    assert found(remote(url), ROOTED) == project


def test_an_instance_with_an_address_for_a_host() -> None:
    for url in (
        "git@[2001:db8::1]:group/project",
        "ssh://[2001:db8::1]:22/group/project",
    ):
        assert found(remote(url), "https://[2001:db8::1]") == "group/project"


def test_origin_comes_first_if_it_is_on_the_instance() -> None:
    fork, origin = f"{INSTANCE}/me/fork", f"{INSTANCE}/group/project"
    assert found(remote(fork, "me") + remote(origin)) == "group/project"
    elsewhere = remote("git@github.com:group/project.git")
    assert found(elsewhere + remote(fork, "me") + remote(origin, "gl")) == "me/fork"


def test_the_first_url_on_the_instance_counts_of_several() -> None:
    several = remote("git@github.com:a/b.git") + f"\turl = {INSTANCE}/c/d.git\n"
    assert found(several) == "c/d"
    assert found(f'[remote "origin"]\n\tpushurl = {INSTANCE}/c/d.git\n') is None


@pytest.mark.parametrize(
    ("url", "project"),
    [
        ("gl:group/project", "group/project"),
        ("gl:work/project", "team/work/project"),
        ("https://github.com/a/b", "mirror/a/b"),
        ("glx:group/project", None),
    ],
)
def test_the_longest_rule_of_insteadof_rewrites_a_url(
    url: str, project: str | None
) -> None:
    rules = """
[url "git@gitlab.example.com:"]
    insteadOf = gl:
[url "https://gitlab.example.com/team/work/"]
    insteadOf = gl:work/
[url "ssh://git@gitlab.example.com/mirror/"]
    insteadOf = https://github.com/
    insteadOf =
    pushInsteadOf = glx:
"""
    assert found(remote(url) + rules) == project
    assert found(rules + remote(url)) == project


PARTS = (
    *("https://", "ssh://", "git@", "gitlab.example.com", "evil.com", ":", "/", "//"),
    *("group", "..", ".git", "%2e", "%0A", "[", "]", "443", "~", " ", "\n", "\udce9"),
)
URLS = st.lists(st.sampled_from(PARTS), max_size=9).map("".join)


@given(url=URLS)
def test_whatever_a_remote_says_a_path_is_one(url: str) -> None:
    address = address_of(INSTANCE)
    assert address is not None
    entry = Entry(section="remote", subsection="origin", name="url", value=url)
    path = project_of([entry], address)
    assert path is None or (path.isascii() and path.count("/") >= 1 and ":" not in path)


def test_not_more_urls_are_looked_at_than_any_project_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(remotes, "MOST_REMOTES", 2)
    others = remote("https://elsewhere.example/a/b", "a")
    assert found(others + remote(f"{INSTANCE}/a/b", "b")) == "a/b"
    assert found(others * 2 + remote(f"{INSTANCE}/a/b", "b")) is None
