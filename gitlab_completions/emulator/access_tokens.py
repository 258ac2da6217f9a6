"""Access tokens of the instance, and how GitLab refuses the ones it does not take.

Shapes and texts are those of GitLab EE 19.3, `lib/api/api_guard.rb`.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from gitlab_completions.emulator.answers import NO_HEADERS, Answer, Request, json_answer

__all__ = ("AccessTokens", "TokenState", "make_access_token", "refuse")


class TokenState(StrEnum):
    """What GitLab thinks of an access token."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    WRONG_SCOPE = "wrong_scope"


def make_access_token() -> str:
    """Return a random token shaped like a personal access token of GitLab."""
    return f"glpat-{secrets.token_urlsafe(15)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessTokens:
    """One access token of each state; random unless given."""

    valid: str = field(default_factory=make_access_token, repr=False)
    expired: str = field(default_factory=make_access_token, repr=False)
    revoked: str = field(default_factory=make_access_token, repr=False)
    wrong_scope: str = field(default_factory=make_access_token, repr=False)

    def states(self) -> dict[str, TokenState]:
        """Return the state of each token."""
        return {
            self.valid: TokenState.VALID,
            self.expired: TokenState.EXPIRED,
            self.revoked: TokenState.REVOKED,
            self.wrong_scope: TokenState.WRONG_SCOPE,
        }


_UNAUTHORIZED: Final = json_answer(401, {"message": "401 Unauthorized"})
_EXPIRED: Final = (
    "Token is expired. You can either do re-authorization or token refresh."
)
_REVOKED: Final = "Token was revoked. You have to re-authorize from the user."


def refuse(request: Request, states: Mapping[str, TokenState]) -> Answer | None:
    """Return the refusal of the request's credentials, None when they are good."""
    state = states.get(_token_of(request) or "")
    match state:
        case TokenState.VALID:
            return None
        case TokenState.EXPIRED:
            return _invalid(_EXPIRED)
        case TokenState.REVOKED:
            return _invalid(_REVOKED)
        case TokenState.WRONG_SCOPE:
            return _insufficient_scope()
        case None:
            return _UNAUTHORIZED


def _token_of(request: Request) -> str | None:
    """Return the token, from either header."""
    private = request.header("private-token")
    if private is not None:
        return private
    scheme, _, token = (request.header("authorization") or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _invalid(description: str) -> Answer:
    """Return the 401 of a token that was good once, with its challenge."""
    challenge = (
        'Bearer realm="Protected by OAuth 2.0", error="invalid_token", '
        f'error_description="{description}"'
    )
    document = {"error": "invalid_token", "error_description": description}
    return json_answer(401, document, {"www-authenticate": challenge})


def _insufficient_scope() -> Answer:
    """Return the 403 of a token that may read only."""
    document = {
        "error": "insufficient_scope",
        "error_description": "The request requires higher privileges than provided by "
        "the access token.",
        "scope": "ai_features api read_api",
    }
    return json_answer(403, document, NO_HEADERS)
