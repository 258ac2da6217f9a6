"""A throw-away certificate authority for TLS on loopback."""

import ssl
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from gitlab_completions.emulator.extras import require

if TYPE_CHECKING:
    import trustme

__all__ = ("Certificates",)


class Certificates:
    """An authority, a certificate of its for 127.0.0.1 and localhost, and its file.

    Beside it stands another such certificate, whose authority is in no file.

    Raises:
        MissingExtraError: If trustme is not installed.
    """

    def __init__(self) -> None:
        require("trustme")
        import trustme  # noqa: PLC0415

        authority, stranger = trustme.CA(), trustme.CA()
        self._directory = TemporaryDirectory(prefix="gitlab-completions-")
        self.ca_pem: Path = Path(self._directory.name, "ca.pem")
        authority.cert_pem.write_to_path(str(self.ca_pem))
        self.server_context: ssl.SSLContext = _server_context(authority)
        self.untrusted_context: ssl.SSLContext = _server_context(stranger)

    def client_context(self) -> ssl.SSLContext:
        """Return a context for clients that trusts only this authority."""
        return ssl.create_default_context(cafile=str(self.ca_pem))

    def close(self) -> None:
        """Remove the file."""
        self._directory.cleanup()


def _server_context(authority: "trustme.CA") -> ssl.SSLContext:
    """Return a context for servers with a certificate of the authority's."""
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with certificate.private_key_and_cert_chain_pem.tempfile() as pem:
        context.load_cert_chain(pem)
    return context
