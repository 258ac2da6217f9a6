"""Which proxy a URL goes through: the one it was given, or the environment's.

httpx looks at the environment only when it makes the transports itself, and then they
have no socket options; so this asks the standard library, as httpx does.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from gitlab_completions._records import Record
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.models import Route

if TYPE_CHECKING:
    from collections.abc import Callable

_SCHEMES = {"http", "https", "socks5", "socks5h"}
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Proxies(Record):
    """The proxies of all routes.

    Args:
        given: Per route: a proxy's URL, or `None` for no proxy. A route that is not
            named goes by the environment.
        trust_env: Whether the environment is asked at all.
    """

    given: Mapping[Route, str | None]
    trust_env: bool

    def __repr__(self) -> str:
        return f"Proxies(<{len(self.given)} given>, trust_env={self.trust_env})"

    @classmethod
    def check(cls, proxy: object, *, trust_env: bool) -> Proxies:
        """Read what a user gave.

        Raises:
            ConfigurationError: When it is no proxy URL and no mapping of routes. The
                message never shows the URL: it may hold a password.
        """
        given: dict[Route, str | None] = {}
        for route, url in _pairs(proxy):
            if not isinstance(route, Route):
                raise ConfigurationError("the keys of proxy must be Route members")
            given[route] = None if url is None else _checked_url(url)
        return cls(given=given, trust_env=trust_env)

    @property
    def speak_socks(self) -> bool:
        """Whether one that was given needs a package that httpx does not bring."""
        return any(
            (url or "").lower().startswith("socks") for url in self.given.values()
        )

    def of(self, route: Route) -> Callable[[str], str | None]:
        """Return what tells the proxy for a URL of the route."""
        if route in self.given:
            proxy = self.given[route]
            return lambda _url: proxy
        return environment_proxy if self.trust_env else lambda _url: None

    def source(self, route: Route, url: str) -> str:
        """Return who decides on the proxy for a URL, by name; empty: nobody does."""
        if route in self.given:
            return "HttpxSender(proxy=...)"
        return environment_source(url) if self.trust_env else ""


def environment_proxy(url: str) -> str | None:
    """Return the proxy that the environment names for the URL, if any.

    `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` in either case, or else the
    system's settings on Windows and macOS. `NO_PROXY` names hosts, domains with all
    below them, either with a port, addresses, and networks such as `10.0.0.0/8`.
    """
    # 20 ms to import: with httpx, off the loop, and not with this package.
    from urllib.request import getproxies, proxy_bypass  # noqa: PLC0415

    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
    found = getproxies()
    proxy = found.get(parts.scheme) or found.get("all")
    if not proxy or proxy_bypass(host) or proxy_bypass(f"{host}:{port}"):
        return None
    if _is_excepted(host, port, found.get("no", "")):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def environment_source(url: str) -> str:
    """Return what in the environment decides on the proxy for the URL, by name.

    A variable, `NO_PROXY`, or the system's settings; empty when nothing does.
    """
    scheme = urlsplit(url).scheme
    names = (f"{scheme}_proxy", f"{scheme}_proxy".upper(), "all_proxy", "ALL_PROXY")
    named = next((name for name in names if os.environ.get(name)), "")
    if environment_proxy(url) is not None:
        return named or "the system's settings"
    return "NO_PROXY" if named else ""


def _is_excepted(host: str, port: int, no_proxy: str) -> bool:
    """Whether `NO_PROXY` means the host in a way that the standard library overlooks.

    Others take these, and a variable is written for all programs: `*` among others,
    `*.example.com`, `[::1]`, and networks.
    """
    for entry in (part.strip().lower() for part in no_proxy.split(",")):
        below = entry[1:] if entry.startswith("*.") else None
        if entry in {"*", f"[{host}]", f"[{host}]:{port}"}:
            return True
        if below is not None and host.endswith(below):
            return True
        if "/" in entry and _is_within(host, entry):
            return True
    return False


def _is_within(host: str, network: str) -> bool:
    from ipaddress import ip_address, ip_network  # noqa: PLC0415

    try:
        return ip_address(host) in ip_network(network, strict=False)
    except ValueError:
        return False  # a name, which is not resolved: its proxy may be all it has


def _pairs(proxy: object) -> list[tuple[object, object]]:
    if proxy is None:
        return []
    if isinstance(proxy, str):
        return [(route, proxy) for route in Route]
    if isinstance(proxy, Mapping):
        return list(cast("Mapping[object, object]", proxy).items())
    raise ConfigurationError(
        f"proxy must be a URL or a mapping of Route, not {type(proxy).__name__}"
    )


def is_proxy_url(url: str) -> bool:
    """Whether a URL can be a proxy's.

    Without the path that most often is the rest of a password with a slash in it: the
    user's name would be taken for the host.
    """
    try:
        parts = urlsplit(url)
        sound = parts.scheme in _SCHEMES and parts.hostname and parts.port != 0
    except ValueError:
        return False
    return bool(sound) and not (parts.path.strip("/") or parts.query or parts.fragment)


def _checked_url(url: object) -> str:
    right = (
        "a proxy must be a URL such as 'http://user:password@proxy.example.com:3128'"
    )
    if not isinstance(url, str):
        raise ConfigurationError(f"{right}, not {type(url).__name__}")
    if not is_proxy_url(url):
        raise ConfigurationError(
            f"{right}, with what is special in the password as %XX; this one has no "
            "scheme, host or good port, or more than these"
        )
    return url
