"""An instance's address in the parts by which remotes and tokens are told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from gitlab_completions._records import Record

if TYPE_CHECKING:
    from urllib.parse import SplitResult

__all__ = ("USUAL_PORTS", "Address", "address_of", "host_of", "split")

MOST = 2048
"""Characters of a URL that is looked at; request lines end at 8 KiB in most servers."""
USUAL_PORTS = {"https": 443, "http": 80, "ssh": 22, "git": 9418}
_API = "/api/v4"


class Address(Record):
    """Where an instance is; equal when the same server is meant.

    Args:
        scheme: Such as "https".
        host: In lower case, without a full stop at its end.
        port: The scheme's usual one where the URL names none.
        root: The instance's path without a slash at its end; mostly empty.
    """

    scheme: str
    host: str
    port: int
    root: str

    @property
    def url(self) -> str:
        """The address as a URL, always written the same way."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = USUAL_PORTS.get(self.scheme) == self.port
        return f"{self.scheme}://{host}{'' if usual else f':{self.port}'}{self.root}"


def address_of(url: str | None) -> Address | None:
    """Return an instance's address, or `None` for what is no URL of one."""
    parts = split(url or "")
    if parts is None or parts.scheme not in {"https", "http"}:
        return None
    host, port = host_of(parts)
    if not host or port is None:
        return None
    root = unquote(parts.path).rstrip("/").removesuffix(_API).rstrip("/")
    return Address(scheme=parts.scheme, host=host, port=port, root=root)


def split(url: str) -> SplitResult | None:
    """Return the parts of a URL, or `None` if it is none, or longer than any is."""
    if "://" not in url or len(url) > MOST:
        return None
    try:
        return urlsplit(url)
    except ValueError:
        return None


def host_of(parts: SplitResult) -> tuple[str, int | None]:
    """Return host and port; the port is `None` when it cannot be one."""
    try:
        port = parts.port or USUAL_PORTS.get(parts.scheme)
    except ValueError:
        port = None
    return (parts.hostname or "").removesuffix("."), port
