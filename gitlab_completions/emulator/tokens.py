"""User tokens: signing and checking them the way the AI Gateway does.

The gateway signs RS256 without a `kid`, and its checks have no leeway: a token is good
to the end of the second named by `exp` (recorded on both generations). `Rs256Authority`
does the same; `Hs256Authority` spares an in-memory fake the RSA key and `cryptography`.
"""

import secrets
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Final, Protocol

from gitlab_completions.emulator.extras import require
from gitlab_completions.emulator.keys import new_signing_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import (
        RSAPrivateKey,
        RSAPublicKey,
    )

__all__ = (
    "AUDIENCE",
    "Hs256Authority",
    "Rs256Authority",
    "TokenAuthority",
    "TokenRefusedError",
    "tampered",
)

AUDIENCE: Final = "gitlab-ai-gateway"
"""Issuer and audience of a user token (AI Gateway, `cloud_connector_service_name`)."""


class TokenRefusedError(Exception):
    """A token is malformed, badly signed, for someone else, too old or too young."""


class TokenAuthority(Protocol):
    """Signs claims and checks what it signed."""

    def mint(self, claims: Mapping[str, object], /) -> str:
        """Sign `claims` as a JWT."""
        ...

    def verify(
        self, token: str, /, *, audience: str, now_unix: float
    ) -> Mapping[str, object]:
        """Return the claims of a token that is good at `now_unix` seconds.

        Raises:
            TokenRefusedError: If it is not.
        """
        ...


class Rs256Authority:
    """RS256 with a given private key in PEM, or one that is made once per process."""

    def __init__(self, key_pem: bytes | None = None) -> None:
        require("jwt", "cryptography")
        self._key = _signing_key() if key_pem is None else _rsa_key(key_pem)

    def mint(self, claims: Mapping[str, object], /) -> str:
        """Sign `claims`; the header has no `kid`, as the gateway's."""
        return _mint(claims, self._key, "RS256")

    def verify(
        self, token: str, /, *, audience: str, now_unix: float
    ) -> Mapping[str, object]:
        """Return the claims of a good token; see `TokenAuthority.verify`.

        Raises:
            TokenRefusedError: If it is not good at `now_unix` seconds.
        """
        claims = _claims(token, self._key.public_key(), "RS256", audience)
        return _in_time(claims, now_unix)


class Hs256Authority:
    """HS256 with a random or given secret of at least 32 bytes; PyJWT is enough."""

    def __init__(self, secret: bytes | None = None) -> None:
        require("jwt")
        self._secret = secrets.token_bytes(32) if secret is None else secret

    def mint(self, claims: Mapping[str, object], /) -> str:
        """Sign `claims`."""
        return _mint(claims, self._secret, "HS256")

    def verify(
        self, token: str, /, *, audience: str, now_unix: float
    ) -> Mapping[str, object]:
        """Return the claims of a good token; see `TokenAuthority.verify`.

        Raises:
            TokenRefusedError: If it is not good at `now_unix` seconds.
        """
        return _in_time(_claims(token, self._secret, "HS256", audience), now_unix)


def tampered(token: str) -> str:
    """Change the signature of `token` in its first character."""
    head, _, signature = token.rpartition(".")
    return f"{head}.{'A' if signature[:1] != 'A' else 'B'}{signature[1:]}"


@cache
def _signing_key() -> "RSAPrivateKey":
    """Return the key that all authorities of this process share."""
    # A key costs some 50 ms: every emulator of a test run shares one.
    return _rsa_key(new_signing_key())


def _rsa_key(pem: bytes) -> "RSAPrivateKey":
    """Read a private key.

    Raises:
        ValueError: If it is no RSA key.
    """
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        load_pem_private_key,
    )

    key = load_pem_private_key(pem, None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("user tokens are signed with an RSA key")  # noqa: TRY004
    return key


def _mint(
    claims: Mapping[str, object], key: "RSAPrivateKey | bytes", algorithm: str
) -> str:
    """Sign `claims`; PyJWT adds no key id."""
    import jwt  # noqa: PLC0415

    return jwt.encode(dict(claims), key, algorithm=algorithm)


def _claims(
    token: str, key: "RSAPublicKey | bytes", algorithm: str, audience: str
) -> Mapping[str, object]:
    """Return the claims of a token whose signature and audience are right.

    Raises:
        TokenRefusedError: If they are not.
    """
    import jwt  # noqa: PLC0415

    try:
        claims: dict[str, object] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=audience,
            options={
                # Times are checked later: PyJWT would read the wall clock.
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
                "require": ["exp", "aud"],
            },
        )
    except jwt.InvalidTokenError as error:
        raise TokenRefusedError(str(error)) from error
    return claims


def _in_time(claims: Mapping[str, object], now_unix: float) -> Mapping[str, object]:
    """Return `claims` when they are good at `now_unix` seconds.

    Raises:
        TokenRefusedError: If they are not.
    """
    exp, nbf = claims.get("exp"), claims.get("nbf", 0)
    if not isinstance(exp, int) or not isinstance(nbf, int):
        raise TokenRefusedError("exp or nbf is no integer")
    if not nbf <= int(now_unix) <= exp:
        raise TokenRefusedError("too old or not yet valid")
    return claims
