"""A throw-away certificate authority for TLS on loopback."""

import ssl
from pathlib import Path
from tempfile import TemporaryDirectory

from gitlab_completions.emulator.extras import require

__all__ = ("Certificates",)


class Certificates:
    """An authority, a certificate of its for 127.0.0.1 and localhost, and its file.

    Raises:
        MissingExtraError: If trustme is not installed.
    """

    def __init__(self) -> None:
        require("trustme")
        import trustme  # noqa: PLC0415

        authority = trustme.CA()
        certificate = authority.issue_cert("127.0.0.1", "localhost")
        self._directory = TemporaryDirectory(prefix="gitlab-completions-")
        self.ca_pem: Path = Path(self._directory.name, "ca.pem")
        authority.cert_pem.write_to_path(str(self.ca_pem))
        self.server_context: ssl.SSLContext = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with certificate.private_key_and_cert_chain_pem.tempfile() as pem:
            self.server_context.load_cert_chain(pem)

    def client_context(self) -> ssl.SSLContext:
        """Return a context for clients that trusts only this authority."""
        return ssl.create_default_context(cafile=str(self.ca_pem))

    def close(self) -> None:
        """Remove the file."""
        self._directory.cleanup()
