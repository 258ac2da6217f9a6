"""A throw-away certificate authority for TLS on loopback."""

import functools
import ssl
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from gitlab_completions.emulator.extras import require
from gitlab_completions.emulator.keys import Keys

if TYPE_CHECKING:
    import trustme

__all__ = ("Certificates",)


class Certificates:
    """An authority, a certificate of its for 127.0.0.1 and localhost, and its file.

    Beside it stands another such certificate, whose authority is in no file.

    Args:
        keys: Where the authority is kept; a throw-away one if not given.

    Raises:
        MissingExtraError: If trustme is not installed.
    """

    def __init__(self, keys: Keys | None = None) -> None:
        require("trustme")
        self._directory = TemporaryDirectory(prefix="gitlab-completions-")
        keys = Keys(Path(self._directory.name)) if keys is None else keys
        self.ca_pem: Path = keys.ca_pem
        self.server_context: ssl.SSLContext = _server_context(keys.authority())
        self.untrusted_context: ssl.SSLContext = _untrusted_context()

    def client_context(self) -> ssl.SSLContext:
        """Return a context for clients that trusts only this authority."""
        return ssl.create_default_context(cafile=str(self.ca_pem))

    def close(self) -> None:
        """Remove the files of a throw-away authority."""
        self._directory.cleanup()


@functools.cache
def _untrusted_context() -> ssl.SSLContext:
    """Return a context whose authority nobody has: one is enough for a process."""
    import trustme  # noqa: PLC0415

    return _server_context(trustme.CA())


def _server_context(authority: "trustme.CA") -> ssl.SSLContext:
    """Return a context for servers with a certificate of the authority's."""
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with certificate.private_key_and_cert_chain_pem.tempfile() as pem:
        context.load_cert_chain(pem)
    return context
