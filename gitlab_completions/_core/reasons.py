"""Why code suggestions do not work, each with its code, its words and its remedy.

When which of them holds is the table's to say (`availability.py`). Some are told by a
refusal's word alone, whichever endpoint it comes from: completions are refused in these
words too.
"""

from __future__ import annotations

from gitlab_completions._records import Record
from gitlab_completions.errors import ErrorCode


class Finding(Record):
    """What it comes to.

    Args:
        code: Why code suggestions do not work; `None`: they do, or what the endpoint
            said says it best.
        words: What a person is told happened; empty for what was said.
        remedy: What a person can do, where that is not what the code says.
        available: Code suggestions work.
    """

    code: ErrorCode | None = None
    words: str = ""
    remedy: str | None = None
    available: bool = False


AS_SAID = Finding()
AVAILABLE = Finding(available=True)
TOO_OLD = Finding(
    code=ErrorCode.GITLAB_TOO_OLD, words="this GitLab is too old for code suggestions"
)
NO_SEAT = Finding(
    code=ErrorCode.NO_SEAT,
    words="GitLab does not let this user have code suggestions",
    remedy="ask your GitLab administrator for a GitLab Duo seat, or whether GitLab Duo "
    "is on at all; the users of project and group access tokens have no seat: use a "
    "personal or an OAuth token",
)
SWITCHED_OFF = Finding(
    code=ErrorCode.SWITCHED_OFF,
    words="code suggestions are switched off on this GitLab",
)
PROJECT_OFF = Finding(
    code=ErrorCode.PROJECT_DISABLED,
    words="GitLab Duo is switched off for this project",
)
NO_SUCH_PROJECT = Finding(
    code=ErrorCode.NOT_FOUND,
    words="GitLab shows no such project to this user",
    remedy="check project_path and the user's membership, or leave project_path out",
)
NO_ENDPOINT = Finding(
    code=ErrorCode.NOT_FOUND, words="this GitLab has no code suggestions"
)
GRANULAR = Finding(
    code=ErrorCode.SCOPE_MISSING,
    words="the fine-grained access token lacks a permission for code suggestions",
    remedy="let the token create code suggestion completions and direct access, or "
    "use one with the scope api or ai_features",
)
PROOF_WANTED = Finding(
    code=ErrorCode.FORBIDDEN,
    words="GitLab wants each use of this token signed (DPoP)",
    remedy="switch DPoP off among your access tokens in GitLab's settings, or use an "
    "OAuth token",
)
CLIENT_REFUSED = Finding(
    code=ErrorCode.FORBIDDEN,
    words="GitLab took this client for a version of its language server that it bars",
    remedy="leave that server's name out of the User-Agent and do not add its version "
    "header; else ask your GitLab administrator",
)
NO_NAMESPACE = Finding(
    code=ErrorCode.NAMESPACE_MISSING,
    words="GitLab does not know which namespace pays for this user",
)
NO_CREDITS = Finding(code=ErrorCode.QUOTA, words="no GitLab credits are left")


_ACCOUNTS = {
    "account_blocked": "ask your GitLab administrator: the account is blocked",
    "account_pending": "ask your GitLab administrator to approve the account",
    "account_deactivated": "sign in to GitLab in a browser: the account is deactivated",
    "account_unconfirmed": "confirm the account's e-mail address",
    "account_terms": "sign in to GitLab in a browser and accept its terms of service",
    "account_password": "sign in to GitLab in a browser and renew the password",
}
"""What mends it when GitLab refuses all requests of an account, by the word for why."""

BY_WORD: dict[str, Finding] = {
    "dpop_error": PROOF_WANTED,
    "restricted_language_server": CLIENT_REFUSED,
    "insufficient_granular_scope": GRANULAR,
    **{
        word: Finding(
            code=ErrorCode.FORBIDDEN,
            words="GitLab refuses all requests of this account",
            remedy=remedy,
        )
        for word, remedy in _ACCOUNTS.items()
    },
}
"""What a refusal's word comes to, at whichever endpoint."""
