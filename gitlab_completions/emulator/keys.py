"""What outlives an emulator: its authority and its signing key, as files.

With them a host that is started again is the host it was: clients still trust it, and
tokens it signed before are still good. Two emulators that share the files are one
instance and its gateway in separate processes.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from gitlab_completions.emulator.extras import require

if TYPE_CHECKING:
    import trustme

__all__ = ("Keys", "new_signing_key")

_KEY_BITS: Final = 2048
_FOR_THE_OWNER: Final = 0o600


class Keys:
    """The files of a directory, made when they are first asked for.

    Args:
        directory: Where they are; it must exist.
    """

    def __init__(self, directory: Path) -> None:
        self._key = directory / "signing-key.pem"
        self._authority_key = directory / "ca-key.pem"
        self.ca_pem: Path = directory / "ca.pem"

    def make(self) -> None:
        """Make what is not there yet, before several processes ask for it at once.

        Raises:
            MissingExtraError: If trustme or cryptography is not installed.
        """
        self.authority()
        self.signing_key()

    def authority(self) -> "trustme.CA":
        """Return the certificate authority.

        Raises:
            MissingExtraError: If trustme is not installed.
        """
        require("trustme")
        import trustme  # noqa: PLC0415

        if self._authority_key.exists():
            return trustme.CA.from_pem(
                self.ca_pem.read_bytes(), self._authority_key.read_bytes()
            )
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(self.ca_pem))
        _keep(self._authority_key, authority.private_key_pem.bytes())
        return authority

    def signing_key(self) -> bytes:
        """Return the key that user tokens are signed with, as PEM.

        Raises:
            MissingExtraError: If cryptography is not installed.
        """
        if not self._key.exists():
            self.renew_signing_key()
        return self._key.read_bytes()

    def renew_signing_key(self) -> None:
        """Put another signing key in place: tokens signed before are good no more.

        Raises:
            MissingExtraError: If cryptography is not installed.
        """
        _keep(self._key, new_signing_key())


def new_signing_key() -> bytes:
    """Return a new private key as PEM.

    Raises:
        MissingExtraError: If cryptography is not installed.
    """
    require("cryptography")
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _keep(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    draft = path.with_suffix(".new")
    draft.touch(_FOR_THE_OWNER)
    draft.write_bytes(content)
    draft.replace(path)
