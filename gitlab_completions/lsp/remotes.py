"""Which project of an instance a repository's remotes name: pure.

GitLab's remotes look like `git@host:group/project.git`, `ssh://git@host:2222/group/
project.git` or `https://host:8443/root/group/project.git`. The ports of SSH say nothing
of the instance; those of HTTP do, and so does its relative URL root, which SSH does not
have. What comes out is checked, since it goes into every request.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from gitlab_completions._records import Record
from gitlab_completions.lsp.addresses import USUAL_PORTS, host_of, split

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitlab_completions.lsp.addresses import Address
    from gitlab_completions.lsp.git_config import Entry

__all__ = ("project_of",)

MOST_PATH = 255
"""Characters of a project's path that the gateway takes."""
MOST_RULES = 1000
"""Rules of `insteadOf` that are tried on a URL."""
MOST_REMOTES = 1000
"""URLs of remotes that are looked at: each is tried with each rule."""
_PATH = re.compile(r"[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)+")
_SCP = re.compile(r"(?:[^/@:\[\]]*@)?(\[[^/\[\]]+\]|[^/@:\[\]]+):(.*)", re.DOTALL)
"""As git takes it: a host and a path, if the first colon is before any slash."""
_OVER_SSH = frozenset({"ssh", "git+ssh", "ssh+git", "git"})
_ALTERNATIVE = "altssh."
"""GitLab.com takes SSH on port 443 of `altssh.gitlab.com`."""


class _Rule(Record):
    """Git's `url.<base>.insteadOf = <start>`."""

    start: str
    base: str


def project_of(entries: Iterable[Entry], instance: Address) -> str | None:
    """Return the path of the project that a configuration's remotes name.

    Of several it is that of `origin`, if it is on the instance, else the first one.

    Args:
        entries: The configuration's variables, in their order.
        instance: Where the instance is.
    """
    urls: dict[str, list[str]] = {}
    rules: list[_Rule] = []
    left = MOST_REMOTES
    for entry in entries:
        if (entry.section, entry.name) == ("remote", "url") and left:
            urls.setdefault(entry.subsection, []).append(entry.value)
            left -= 1
        if (entry.section, entry.name) == ("url", "insteadof") and entry.value:
            rules.append(_Rule(start=entry.value, base=entry.subsection))
    for remote in sorted(urls, key=lambda name: name != "origin"):
        for url in urls[remote]:
            project = _project_at(_rewritten(url, rules[:MOST_RULES]), instance)
            if project is not None:
                return project
    return None


def _rewritten(url: str, rules: Sequence[_Rule]) -> str:
    """Return the URL that git would go to: the rule with the longest start wins."""
    fitting = [rule for rule in rules if url.startswith(rule.start)]
    rule = max(fitting, key=lambda each: len(each.start), default=None)
    return url if rule is None else f"{rule.base}{url[len(rule.start) :]}"


def _project_at(url: str, instance: Address) -> str | None:
    """Return the instance's project that a remote's URL names, `None` for others."""
    parts = split(url)
    if parts is None:
        scp = None if "://" in url else _SCP.fullmatch(url)
        return _over_ssh(scp[1], scp[2], instance) if scp else None
    host, port = host_of(parts)
    if parts.scheme in _OVER_SSH:
        return _over_ssh(host, parts.path, instance)
    if parts.scheme not in {"https", "http"} or host != instance.host:
        return None
    if not _same_port(parts.scheme, port, instance):
        return None
    path = unquote(parts.path)
    if not path.startswith(f"{instance.root}/"):
        return None
    return _checked(path.removeprefix(instance.root))


def _over_ssh(host: str, path: str, instance: Address) -> str | None:
    """Return what a path over SSH names; its root is GitLab's, wherever the web is."""
    host = host.lower()
    if host.startswith("["):  # an address, or a host with a port
        host = host[1:-1].rpartition("@")[2]
        host = host if host.count(":") > 1 else host.partition(":")[0]
    host = host.removesuffix(".").removeprefix(_ALTERNATIVE)
    return _checked(path) if host == instance.host else None


def _same_port(scheme: str, port: int | None, instance: Address) -> bool:
    """Tell whether ports are the same; a remote of plain HTTP is often an old one."""
    if scheme == instance.scheme:
        return port == instance.port
    usual = USUAL_PORTS[scheme] == port
    return usual and USUAL_PORTS[instance.scheme] == instance.port


def _checked(path: str) -> str | None:
    path = path.strip("/").removesuffix(".git").removesuffix(".wiki").rstrip("/")
    if len(path) > MOST_PATH or not _PATH.fullmatch(path):
        return None
    return None if {".", ".."} & set(path.split("/")) else path
