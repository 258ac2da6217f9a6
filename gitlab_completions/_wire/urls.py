"""The two hosts' addresses: checked once, then only ever appended to.

A message never holds the URL, which may hold credentials.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from gitlab_completions._wire.unusable import GrantRefusedError
from gitlab_completions.errors import ConfigurationError

if TYPE_CHECKING:
    from urllib.parse import SplitResult

__all__ = ("gateway_root", "instance_root", "is_loopback")

_API = "/api/v4"
_ASCII_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")


def instance_root(url: str, *, allow_plain_http: bool) -> str:
    """Return the URL that the instance's API paths are appended to.

    Trailing slashes and a trailing `/api/v4` are taken off; any other path is kept as
    GitLab's relative URL root.

    Raises:
        ConfigurationError: When the URL is not a GitLab instance's; the message says
            what is wrong.
    """
    return _root("instance_url", url, allow_plain_http, tail=_API)


def gateway_root(
    base_url: object, *, instance_root: str, allow_plain_http: bool
) -> str:
    """Return the URL that the gateway's paths are appended to, as an instance named it.

    GitLab before 18.10 sends what the administrator typed, and the gateway answers
    404 to a doubled slash, so trailing slashes are taken off here too.

    Raises:
        GrantRefusedError: `bad_grant`, when the URL must not be used: what goes there
            holds a token and the author's source.
    """
    try:
        root = _root("base_url", base_url, allow_plain_http)
    except ConfigurationError:
        raise GrantRefusedError("bad_grant") from None
    if is_loopback(root) and not is_loopback(instance_root):
        # A remote host must not learn what listens on this machine.
        raise GrantRefusedError("bad_grant")
    return root


def is_loopback(url: str) -> bool:
    """Tell whether the URL's host is this machine by its name or number."""
    parts = _parse(url)
    host = "" if parts is None else (parts.hostname or "").removesuffix(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    address = mapped or address
    return address.is_loopback or address.is_unspecified


def _root(name: str, url: object, allow_plain_http: bool, tail: str = "") -> str:
    if not isinstance(url, str):
        raise ConfigurationError(f"{name} must be a string, not {type(url).__name__}")
    parts = _split(name, url)
    if parts.scheme == "http" and not allow_plain_http:
        raise ConfigurationError(
            f"{name} must start with https://, since tokens and source travel there; "
            "for an emulator allow http with RoutingPolicy(allow_plain_http=True)"
        )
    path = parts.path.rstrip("/").removesuffix(tail).rstrip("/")
    return f"{parts.scheme}://{_host_and_port(name, parts)}{path}"


def _split(name: str, url: str) -> SplitResult:
    """Split the URL, and refuse what has no place in it."""
    if any(not mark.isprintable() or mark.isspace() or mark == "\\" for mark in url):
        _refuse(name, "must not hold spaces, backslashes or control characters")
    if "://" not in url:
        _refuse(name, "must start with https://")
    parts = _parse(url)
    if parts is None:
        _refuse(name, "is not a valid URL: look at its host")
    if parts.scheme not in {"https", "http"}:
        _refuse(name, "must start with https://, not with another scheme")
    if "@" in parts.netloc:
        _refuse(name, "must not hold credentials: pass the token as access_token")
    if "?" in url or "#" in url:
        _refuse(name, "must not have a query or a fragment")
    return parts


def _parse(url: str) -> SplitResult | None:
    """Split the URL; its error is let go here, since it holds the URL's host part."""
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _host_and_port(name: str, parts: SplitResult) -> str:
    host = parts.hostname
    if not host:
        _refuse(name, "has no host: write https://gitlab.example.com")
    if not _is_host(host):
        _refuse(name, "has a host that is neither a name nor an address")
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        _refuse(name, "has a port that is not a number from 1 to 65535")
    shown = f"[{host}]" if ":" in host else host
    return shown if port is None else f"{shown}:{port}"


def _is_host(host: str) -> bool:
    if not host.isascii():
        return True  # an international name: the HTTP library encodes it
    label = host.removesuffix(".").rpartition(".")[2]
    if ":" in host or _NUMERIC_LABEL.fullmatch(label):
        # Resolvers also take 127.1 and 2130706433 for addresses; nobody means them.
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return False
        return True
    return _ASCII_HOST.fullmatch(host) is not None


def _refuse(name: str, problem: str) -> NoReturn:
    raise ConfigurationError(f"{name} {problem}")
