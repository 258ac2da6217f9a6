"""The two hosts' addresses: checked once, then only ever appended to.

What is checked must be what the HTTP library connects to. It reads a URL by rules of
its own, and two readings of one text are how such checks are got round: `127。0。0。1`,
with the full stops of another script, is a name here and this machine there. So a root
is put together anew from what was understood, its host in ASCII and nothing in it that
two parsers could take differently; an international name is encoded here, as httpx
would.

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

__all__ = ("gateway_root", "instance_root", "is_local")

MAX_URL = 2048
"""Characters of a URL; request lines end at 8 KiB in most servers.

Looked at first: `urlsplit` takes a hundred times its input, and keeps the last 128.
"""
_API = "/api/v4"
_ASCII_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")
_BRACKETED = re.compile(r"\[[0-9a-f:.]+\](:.*)?", re.IGNORECASE)
_MOST_LABEL = 63
_MOST_NAME = 253
"""Characters of a host's label and of its name: what DNS can carry (RFC 1035). Python
raises no `OSError` for more when it looks the name up."""
_USUAL_PORTS = {"https": 443, "http": 80}
_LOCAL_NAMES = frozenset(
    {"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"}
)
"""Names of this machine: RFC 6761's, and those in Debian's and Fedora's hosts files."""


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
    if is_local(root) and not is_local(instance_root):
        # A remote host must not learn what listens on this machine or beside it.
        raise GrantRefusedError("bad_grant")
    return root


def is_local(url: str) -> bool:
    """Tell whether the URL's host is this machine, or only to be reached from it.

    The latter are link-local addresses, where clouds keep a machine's credentials. A
    private network's are not: a gateway inside a company is where it should be.
    """
    parts = _parse(url)
    host = "" if parts is None else (parts.hostname or "").removesuffix(".")
    if host in _LOCAL_NAMES or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    address = mapped or address
    return address.is_loopback or address.is_unspecified or address.is_link_local


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
    if not {".", ".."}.isdisjoint(path.split("/")):
        _refuse(name, "must not have dots for a part of its path")
    return f"{parts.scheme}://{_host_and_port(name, parts)}{path}"


def _split(name: str, url: str) -> SplitResult:
    """Split the URL, and refuse what has no place in it."""
    if len(url) > MAX_URL:
        _refuse(name, f"must not be longer than {MAX_URL} characters")
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
    host = _ascii(host)
    bracketed = "[" in parts.netloc or "]" in parts.netloc
    if bracketed and not _BRACKETED.fullmatch(parts.netloc):
        host = ""  # `urlsplit` leaves out what stands around the brackets
    if not _is_host(host):
        _refuse(name, "has a host that is neither a name nor an address")
    shown = f"[{host}]" if ":" in host else host
    port = _port(name, parts)
    return shown if port is None else f"{shown}:{port}"


def _port(name: str, parts: SplitResult) -> int | None:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        _refuse(name, "has a port that is not a number from 1 to 65535")
    for scheme, usual in _USUAL_PORTS.items():
        if port == usual and scheme != parts.scheme:
            _refuse(name, f"has the port of {scheme} and starts with {parts.scheme}")
    return port


def _ascii(host: str) -> str:
    """Return the host as it is looked up; an empty string when it cannot be."""
    if host.isascii():
        return host
    import idna  # noqa: PLC0415 - few have such a name; httpx brings it, and goes by it

    try:
        return idna.encode(host).decode()
    except UnicodeError:
        return ""


def _is_host(host: str) -> bool:
    labels = host.removesuffix(".").split(".")
    if ":" in host or _NUMERIC_LABEL.fullmatch(labels[-1]):
        # Resolvers also take 127.1 and 2130706433 for addresses; nobody means them.
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return False
        return True
    if len(host) > _MOST_NAME or max(map(len, labels)) > _MOST_LABEL:
        return False
    return _ASCII_HOST.fullmatch(host) is not None


def _refuse(name: str, problem: str) -> NoReturn:
    raise ConfigurationError(f"{name} {problem}")
