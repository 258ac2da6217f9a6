"""The instance's gate for GitLab's own language server, which others must not meet.

A request counts as one of a language server when it carries that one's version, or its
User-Agent; below the least version that an admin has set it is refused
(GitLab, `lib/gitlab/auth/editor_extensions/`).
"""

import re
from typing import Final

from gitlab_completions.emulator.answers import Answer, Request, json_answer

__all__ = ("gate_refusal", "version_of")

HEADER: Final = "x-gitlab-language-server-version"
_AGENTS: Final = re.compile(
    r"gitlab-language-server|code-completions-language-server-experiment"
)
_SEMVER: Final = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:[-+].*)?")
# What a User-Agent without a version counts as.
_OLDEST: Final = (0, 1, 0)

_REALM: Final = {"www-authenticate": 'Bearer realm="Protected by OAuth 2.0"'}
_REFUSED: Final = json_answer(
    401,
    {
        "error": "restricted_language_server_client_error",
        "error_description": "Language server client error: the version is too old.",
    },
    _REALM,
)


def gate_refusal(request: Request, minimum: str) -> Answer | None:
    """Return the refusal of a language server that is older than `minimum`.

    Args:
        request: What arrived.
        minimum: The least version that is let in, "" to let in every one.
    """
    least = version_of(minimum)
    if least is None:
        return None
    version = version_of(request.header(HEADER) or "")
    if version is None and _AGENTS.search(request.header("user-agent") or ""):
        version = _OLDEST
    return _REFUSED if version is not None and version < least else None


def version_of(text: str) -> tuple[int, int, int] | None:
    """Read a version of three numbers; None when it is none."""
    found = _SEMVER.fullmatch(text)
    if found is None:
        return None
    major, minor, patch = map(int, found.groups())
    return major, minor, patch
