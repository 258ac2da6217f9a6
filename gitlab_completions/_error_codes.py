"""What can go wrong, in a word each: whether it passes, and what a person can do."""

from __future__ import annotations

from enum import StrEnum


class ErrorCode(StrEnum):
    """What went wrong, for programs; members are added, never renamed."""

    TOKEN_INVALID = "token_invalid"
    TOKEN_EXPIRED = "token_expired"
    TOKEN_REVOKED = "token_revoked"
    TOKEN_SOURCE = "token_source"
    SCOPE_MISSING = "scope_missing"
    NO_SEAT = "no_seat"
    PROJECT_DISABLED = "project_disabled"
    NAMESPACE_MISSING = "namespace_missing"
    QUOTA = "quota"
    SWITCHED_OFF = "switched_off"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    GITLAB_TOO_OLD = "gitlab_too_old"
    RATE_LIMITED = "rate_limited"
    SERVER = "server"
    MALFORMED = "malformed"
    OFFLINE = "offline"
    TLS_UNTRUSTED = "tls_untrusted"
    PROXY = "proxy"
    CAPTIVE_PORTAL = "captive_portal"
    TIMEOUT = "timeout"
    STREAM_BROKEN = "stream_broken"
    REQUEST = "request"
    FILE_IGNORED = "file_ignored"
    SOURCE_GUARD = "source_guard"
    CONFIGURATION = "configuration"
    CLOSED = "closed"
    DIRECT_BARRED = "direct_barred"
    CIRCUIT_OPEN = "circuit_open"


RETRYABLE = frozenset(
    {
        ErrorCode.RATE_LIMITED,
        ErrorCode.SERVER,
        ErrorCode.MALFORMED,
        ErrorCode.OFFLINE,
        ErrorCode.TIMEOUT,
        ErrorCode.STREAM_BROKEN,
        ErrorCode.CIRCUIT_OPEN,
        ErrorCode.TOKEN_SOURCE,
    }
)
"""Codes whose cause passes by itself; the others want somebody to do something."""

ABOUT_TOKEN = frozenset(
    {ErrorCode.TOKEN_INVALID, ErrorCode.TOKEN_EXPIRED, ErrorCode.TOKEN_REVOKED}
)
"""Codes of a 401 that another access token may turn into an answer. Not that the user
has no seat, which is a 401 too: a source that renews its token would do so for nothing.
"""

REMEDIES: dict[ErrorCode, str] = {
    ErrorCode.TOKEN_INVALID: "check the access token, or create a new one",
    ErrorCode.TOKEN_EXPIRED: "create a new access token; this one has expired",
    ErrorCode.TOKEN_REVOKED: "create a new access token; this one was revoked",
    ErrorCode.TOKEN_SOURCE: "look at what supplies the access token; it failed",
    ErrorCode.SCOPE_MISSING: "use an access token with the scope api or ai_features",
    ErrorCode.NO_SEAT: "ask for a GitLab Duo seat, or check the token",
    ErrorCode.PROJECT_DISABLED: (
        "ask a maintainer of the project to switch GitLab Duo on in its settings"
    ),
    ErrorCode.NAMESPACE_MISSING: (
        "choose a default GitLab Duo namespace in your GitLab preferences, "
        "or give project_path"
    ),
    ErrorCode.QUOTA: "ask your GitLab administrator for more credits",
    ErrorCode.SWITCHED_OFF: (
        "ask your GitLab administrator to switch code suggestions on"
    ),
    ErrorCode.FORBIDDEN: "ask your GitLab administrator for access to Code Suggestions",
    ErrorCode.NOT_FOUND: "check the instance URL; Code Suggestions is not there",
    ErrorCode.GITLAB_TOO_OLD: "ask for GitLab 17.2 or later; this one is too old",
    ErrorCode.RATE_LIMITED: "wait, then try again",
    ErrorCode.SERVER: "try again later; the server has a problem",
    ErrorCode.MALFORMED: "try again; if it stays, check what answers at that URL",
    ErrorCode.OFFLINE: "check the network, the URL and any proxy",
    ErrorCode.TLS_UNTRUSTED: (
        "pass the authority that signed it: HttpxSender(verify='ca.pem') or "
        "SSL_CERT_FILE; where a company's proxy opens TLS, that proxy's authority"
    ),
    ErrorCode.PROXY: (
        "check the proxy and its credentials: HTTPS_PROXY or HttpxSender(proxy=...)"
    ),
    ErrorCode.CAPTIVE_PORTAL: "sign in to the network, then try again",
    ErrorCode.TIMEOUT: "try again, or allow more time: deadline_s",
    ErrorCode.STREAM_BROKEN: "ask again; what had arrived is in the error's text",
    ErrorCode.REQUEST: "change the request; no route will take it as it is",
    ErrorCode.FILE_IGNORED: "take the file off the ignore list, if it may be sent",
    ErrorCode.SOURCE_GUARD: ("look at what guards the source: redact or ignore"),
    ErrorCode.CLOSED: "create a new client",
    ErrorCode.DIRECT_BARRED: "no need to act: completions go through the instance",
    ErrorCode.CIRCUIT_OPEN: "wait; the route is tried again by itself",
}
"""What a person can do about a code."""
