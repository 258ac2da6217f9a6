"""Access tokens of the instance, and how GitLab refuses the ones it does not take.

Shapes and texts are those of GitLab EE 19.3, `lib/api/api_guard.rb`.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from gitlab_completions.emulator.answers import NO_HEADERS, Answer, Request, json_answer

__all__ = (
    "COMPLETION_SCOPES",
    "AccessTokens",
    "Credential",
    "TokenKind",
    "TokenState",
    "credential_of",
    "credential_refusal",
    "is_anonymous",
    "make_access_token",
)

COMPLETION_SCOPES: Final = frozenset({"api", "ai_features"})
"""Scopes of which code suggestions want one."""

_LONG_S: Final = 300 * 86_400.0
_OAUTH_S: Final = 7200.0
"""How long an OAuth token of GitLab is good, in seconds."""
_READ_ONLY: Final = frozenset({"read_api"})
_HEADERS: Final = ("private-token", "authorization", "job-token")


class TokenState(StrEnum):
    """What GitLab thinks of an access token."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    WRONG_SCOPE = "wrong_scope"


class TokenKind(StrEnum):
    """Where an access token comes from; it decides the headers it is taken in."""

    PERSONAL = "personal"
    OAUTH = "oauth"
    PROJECT_BOT = "project_bot"
    JOB = "job"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What the instance knows of an access token.

    Attributes:
        kind: Where it comes from.
        state: Whether it is good, as a token.
        scopes: What it is good for.
        has_seat: Whether its user may use Duo; the bot of a project may not.
        is_admin: Whether its user may see and set feature flags.
        user_id: The number of its user.
        good_for_s: For how many seconds more it says that it is good, whenever it is
            asked; `None` for ever, as a personal one without an expiry date is.
    """

    kind: TokenKind = TokenKind.PERSONAL
    state: TokenState = TokenState.VALID
    scopes: frozenset[str] = frozenset({"api"})
    has_seat: bool = True
    is_admin: bool = False
    user_id: int = 42
    good_for_s: float | None = _LONG_S

    @property
    def actor(self) -> str:
        """Its user, as feature flags name it."""
        return f"User:{self.user_id}"

    def in_state(self, state: TokenState) -> "Credential":
        """Return it in another state; WRONG_SCOPE is one that may read only."""
        if state is TokenState.WRONG_SCOPE:
            return replace(self, state=TokenState.VALID, scopes=_READ_ONLY)
        return replace(self, state=state)


def make_access_token() -> str:
    """Return a random token shaped like a personal access token of GitLab."""
    return f"glpat-{secrets.token_urlsafe(15)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessTokens:
    """One access token of each state and kind; random unless given."""

    valid: str = field(default_factory=make_access_token, repr=False)
    expired: str = field(default_factory=make_access_token, repr=False)
    revoked: str = field(default_factory=make_access_token, repr=False)
    wrong_scope: str = field(default_factory=make_access_token, repr=False)
    ai_features: str = field(default_factory=make_access_token, repr=False)
    oauth: str = field(default_factory=make_access_token, repr=False)
    project_bot: str = field(default_factory=make_access_token, repr=False)
    job: str = field(default_factory=make_access_token, repr=False)
    admin: str = field(default_factory=make_access_token, repr=False)

    def credentials(self) -> dict[str, Credential]:
        """Return what the instance knows of each."""
        good, bot = Credential(), Credential(kind=TokenKind.PROJECT_BOT, user_id=99)
        return {
            self.valid: good,
            self.expired: good.in_state(TokenState.EXPIRED),
            self.revoked: good.in_state(TokenState.REVOKED),
            self.wrong_scope: good.in_state(TokenState.WRONG_SCOPE),
            self.ai_features: replace(good, scopes=frozenset({"ai_features"})),
            self.oauth: replace(good, kind=TokenKind.OAUTH, good_for_s=_OAUTH_S),
            self.project_bot: replace(bot, has_seat=False),
            self.job: replace(good, kind=TokenKind.JOB),
            self.admin: replace(good, is_admin=True, user_id=1),
        }


_UNAUTHORIZED: Final = json_answer(401, {"message": "401 Unauthorized"})
_EXPIRED: Final = (
    "Token is expired. You can either do re-authorization or token refresh."
)
_REVOKED: Final = "Token was revoked. You have to re-authorize from the user."


def is_anonymous(request: Request) -> bool:
    """Say whether `request` brings no access token at all."""
    return all(request.header(name) is None for name in _HEADERS)


def credential_of(
    request: Request, credentials: Mapping[str, Credential]
) -> Credential | None:
    """Return what is known of the request's token, in the header that it came in.

    OAuth tokens are not looked for in `PRIVATE-TOKEN`, nor those of jobs anywhere that
    code suggestions look.
    """
    private = request.header("private-token")
    found = credentials.get(private or _bearer(request) or "")
    if found is None or found.kind is TokenKind.JOB:
        return None
    return None if private and found.kind is TokenKind.OAUTH else found


def credential_refusal(
    credential: Credential | None, scopes: frozenset[str] | None
) -> Answer | None:
    """Return the refusal of a credential, None when it is good.

    Args:
        credential: What is known of the token.
        scopes: Those of which it needs one; None when any token will do.
    """
    if credential is None:
        return _UNAUTHORIZED
    if credential.state is TokenState.EXPIRED:
        return _invalid(_EXPIRED)
    if credential.state is TokenState.REVOKED:
        return _invalid(_REVOKED)
    if scopes is not None and not credential.scopes & scopes:
        return _insufficient_scope()
    return None


def _bearer(request: Request) -> str | None:
    """Return the token of the header that OAuth has."""
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
