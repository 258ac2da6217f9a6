"""How the AI Gateway lets a user token in, and what such a token claims."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gitlab_completions.emulator.answers import Request
from gitlab_completions.emulator.profiles import Generation
from gitlab_completions.emulator.tokens import (
    AUDIENCE,
    TokenAuthority,
    TokenRefusedError,
)

__all__ = ("Claims", "GatewayRefusedError", "authenticate")

# AI Gateway, `api/middleware/authentication.py`: each header must repeat its claim.
_PAIRS: Final = (
    ("X-Gitlab-Realm", "gitlab_realm"),
    ("X-Gitlab-Instance-Id", "gitlab_instance_id"),
    ("X-Gitlab-Global-User-Id", "sub"),
)


class GatewayRefusedError(Exception):
    """The caller is not let in; `text` is what a 401 tells."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a user token says about its user."""

    global_user_id: str
    realm: str
    instance_id: str

    def payload(self, generation: Generation) -> dict[str, object]:
        """Return them as claims; the instance id is claimed since 2024-09."""
        claims: dict[str, object] = {
            "sub": self.global_user_id,
            "gitlab_realm": self.realm,
        }
        if generation is Generation.OF_2026_08:
            claims["gitlab_instance_id"] = self.instance_id
        return claims


def authenticate(
    request: Request,
    authority: TokenAuthority,
    generation: Generation,
    now_unix: float,
) -> Mapping[str, object]:
    """Return the claims of the token in `request`, checked against its headers.

    Raises:
        GatewayRefusedError: If the caller is not let in at `now_unix` seconds.
    """
    claims = _verified(request, authority, now_unix)
    for header, claim in _PAIRS:
        if claim == "gitlab_instance_id" and generation is Generation.OF_2024_07:
            continue
        expected = claims.get(claim)
        if expected and request.header(header) != expected:
            raise GatewayRefusedError(f"Header mismatch '{header}'")
    return claims


def _verified(
    request: Request, authority: TokenAuthority, now_unix: float
) -> Mapping[str, object]:
    """Return the claims of the token, not yet compared with the headers.

    Raises:
        GatewayRefusedError: If there is no token, or no good one.
    """
    authorization = request.header("authorization")
    if not authorization:
        raise GatewayRefusedError("No authorization header presented")
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise GatewayRefusedError("Invalid authorization header")
    if request.header("x-gitlab-authentication-type") != "oidc":
        reason = "Invalid authentication token type - only OIDC is supported"
        raise GatewayRefusedError(reason)
    try:
        return authority.verify(token.strip(), audience=AUDIENCE, now_unix=now_unix)
    except TokenRefusedError as error:
        raise GatewayRefusedError("Forbidden by auth provider") from error
