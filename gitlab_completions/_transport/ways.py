"""How an exchange gets to a host: by which proxy, named where, and whom TLS trusts."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from gitlab_completions._records import Record
from gitlab_completions._transport.proxies import is_proxy_url

if TYPE_CHECKING:
    import ssl
    from urllib.parse import SplitResult

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
    def has_sound_proxy(self) -> bool:
        """Whether there is a proxy whose URL can be one."""
        return self.proxy is not None and is_proxy_url(self.proxy)

    @property
    def proxy_scheme(self) -> str:
        """What the proxy speaks: `http`, `https`, `socks5`; empty without one."""
        return self._parts.scheme.lower()

    @property
    def proxy_credentials(self) -> tuple[str, str] | None:
        """The user and the password that the proxy's URL holds."""
        parts = self._parts
        if not parts.username:
            return None
        return unquote(parts.username), unquote(parts.password or "")

    def proxy_address(self) -> tuple[str, int] | None:
        """Return the proxy's host and port, and nothing of its credentials.

        `None` without one, and for a URL that is none.
        """
        parts = self._parts
        if not parts.hostname:
            return None
        port = parts.port or _PROXY_PORTS.get(parts.scheme, _SOCKS_PORT)
        return parts.hostname, port

    @property
    def _parts(self) -> SplitResult:
        """The proxy's URL; an empty one when there is none, or it is none."""
        return urlsplit(self.proxy or "" if self.has_sound_proxy else "")

    def __repr__(self) -> str:
        return f"Way(proxy=<{self.proxy_source or 'none'}>, trust={self.trust!r})"
