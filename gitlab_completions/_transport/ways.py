"""How an exchange gets to a host: by which proxy, named where, and whom TLS trusts."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gitlab_completions._records import Record

if TYPE_CHECKING:
    import ssl

    from gitlab_completions._transport.engines import Core

_PROXY_PORTS = {"http": 80, "https": 443}
_SOCKS_PORT = 1080


class Way(Record):
    """How an exchange gets to a URL.

    Args:
        proxy: The proxy's URL, which may hold a password; `None` for no proxy.
        proxy_source: What decides on the proxy, by name; empty when nothing does.
        context: For TLS.
        trust: Whose authorities are trusted, in words.
        core: What makes connections below HTTP.
    """

    proxy: str | None
    proxy_source: str
    context: ssl.SSLContext
    trust: str
    core: Core

    @property
    def proxy_scheme(self) -> str:
        """What the proxy speaks: `http`, `https`, `socks5`; empty without one."""
        return urlsplit(self.proxy).scheme.lower() if self.proxy else ""

    def proxy_address(self) -> tuple[str, int] | None:
        """Return the proxy's host and port, and nothing of its credentials.

        `None` without one, and for a URL that is none.
        """
        if self.proxy is None:
            return None
        try:
            parts = urlsplit(self.proxy)
            port = parts.port or _PROXY_PORTS.get(parts.scheme, _SOCKS_PORT)
        except ValueError:
            return None
        return (parts.hostname, port) if parts.hostname else None

    def __repr__(self) -> str:
        return f"Way(proxy=<{self.proxy_source or 'none'}>, trust={self.trust!r})"
