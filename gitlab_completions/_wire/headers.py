"""Header pairs: what is read from answers, and what may go into requests.

Names of an answer's headers come in lower case.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitlab_completions._secrets import HostHeaders
from gitlab_completions._wire.jsons import as_object
from gitlab_completions.errors import ConfigurationError
from gitlab_completions.models import TokenHeader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlab_completions.details import ConnectionDetails

__all__ = (
    "access_headers",
    "bearer_headers",
    "check_access_token",
    "date_s",
    "gateway_headers",
    "grant_headers",
    "is_json",
    "request_id",
    "retry_after_s",
    "user_agent",
)

MAX_PAIRS = 64
MAX_VALUE = 4096
"""Characters of a granted value; GitLab's longest is a list of flags."""
MAX_USER_AGENT = 200
MAX_DATE = 100
"""Characters; an HTTP date has 29 to 33. The parser takes twenty times what it reads.
"""
AUTHENTICATION_TYPE = "X-Gitlab-Authentication-Type"

_SECONDS = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,9})?")
_VISIBLE = re.compile(r"[!-~]+")
_PRINTABLE = re.compile(r"[ -~]*")
# GitLab's are UUIDs or ULIDs; without blanks and brackets nobody's source is one.
_REQUEST_ID = re.compile(r"[0-9A-Za-z._:/+=@~-]{1,255}")
_ECHOED_NAME = re.compile(r"[Xx]-[!#$%&'*+.^_`|~0-9A-Za-z-]{1,255}")
LANGUAGE_SERVER_VERSION = "X-Gitlab-Language-Server-Version"

# The id is made for each request; the gateway demands the type, in this very case,
# and GitLab before 17.2 does not grant it. The version is claimed where v4 wants it.
_OURS = frozenset(
    {
        *("authorization", "content-type", "user-agent", "x-request-id"),
        LANGUAGE_SERVER_VERSION.lower(),
    }
)
# The names are GitLab's to choose, and new ones are passed on. Not these: proxies and
# frameworks act on them (the method, the URL, who asks), cloud services take them for
# credentials. The instance also chose the host, so with them it could have this
# machine say to a server inside the user's network what nobody outside may say.
_ACTED_ON = (
    *("x-http-method", "x-method-override", "x-original", "x-rewrite", "x-host"),
    *("x-forwarded", "x-real-ip", "x-client", "x-cluster-client", "x-true-client"),
    *("x-proxy", "x-envoy", "x-accel", "x-sendfile", "x-remote", "x-auth", "x-api-key"),
    *("x-amz", "x-aws", "x-goog", "x-ms-", "x-metadata", "x-vault"),
)
# GitLab refuses old versions of its language server by these names.
_GATED_NAMES = ("gitlab-language-server", "code-completions-language-server-experiment")


def date_s(text: str) -> float | None:
    """Return the seconds since 1970 of an HTTP date, or `None` if it is unreadable.

    A date without a zone is in GMT, as HTTP's all are; `timestamp` would take it for
    one in the zone of this machine.
    """
    if len(text) > MAX_DATE:
        return None
    from calendar import timegm  # noqa: PLC0415 - with the next it costs 5 ms
    from email.utils import parsedate_to_datetime  # noqa: PLC0415

    try:
        return float(timegm(parsedate_to_datetime(text).utctimetuple()))
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that `Retry-After` asks for.

    A date counts from the answer's own `Date`, so no clock of ours matters. What is
    unreadable counts as absent, and less than nothing as one second.
    """
    text = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        seconds = float(text)
    else:
        until, sent = date_s(text), date_s(headers.get("date", ""))
        if until is None or sent is None:
            return None
        seconds = until - sent
    return seconds if seconds > 0 else 1.0


def request_id(headers: Mapping[str, str]) -> str | None:
    """Return the server's id of the request, when it is fit for a log."""
    text = headers.get("x-request-id", "").strip()
    return text if _REQUEST_ID.fullmatch(text) else None


def is_json(headers: Mapping[str, str]) -> bool:
    """Tell whether the answer says that it is JSON."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def user_agent(extra: str | None, version: str) -> str:
    """Return the `User-Agent` header, `extra` in brackets.

    Raises:
        ConfigurationError: When `extra` is blank, too long, no printable ASCII, or
            names a client whose versions GitLab restricts.
    """
    ours = f"gitlab_completions/{version}"
    return ours if extra is None else f"{ours} ({_check_extra(extra)})"


def _check_extra(extra: object) -> str:
    if not isinstance(extra, str):
        right = f"must be a string, not {type(extra).__name__}"
    elif not extra.strip():
        right = 'must not be blank: write "my-editor/2", or leave it out'
    elif len(extra) > MAX_USER_AGENT:
        right = f"has {len(extra)} characters; at most {MAX_USER_AGENT} are allowed"
    elif not _PRINTABLE.fullmatch(extra):
        right = "must be printable ASCII"
    elif any(name in extra.lower() for name in _GATED_NAMES):
        right = "must not name GitLab's language server: GitLab restricts its versions"
    else:
        return extra.strip()
    raise ConfigurationError(f"user_agent {right}")


def check_access_token(token: object) -> str:
    """Return the access token when a header can carry it.

    Raises:
        ConfigurationError: When it cannot; the message never holds the token.
    """
    if not isinstance(token, str):
        right = f"must be a string, not {type(token).__name__}"
    elif not token:
        right = "must not be empty"
    elif token != token.strip():
        right = "must not begin or end with a blank or newline: strip what was read"
    elif not _VISIBLE.fullmatch(token):
        right = "must be ASCII, without blanks or control characters"
    else:
        return token
    raise ConfigurationError(f"access_token {right}")


def bearer_headers(token: str, user_agent: str) -> dict[str, str]:
    """Return what every request carries that has a token, the gateway's or another."""
    return access_headers(token, user_agent, TokenHeader.AUTHORIZATION)


def access_headers(token: str, user_agent: str, header: TokenHeader) -> dict[str, str]:
    """Return what every request to the instance carries, the token in that header.

    The gateway of 2026 answers 422 to a body without its type.
    """
    bearer = header is TokenHeader.AUTHORIZATION
    return {
        header.value: f"Bearer {token}" if bearer else token,
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": user_agent,
    }


def grant_headers(pairs: object) -> tuple[dict[str, str], int]:
    """Return the granted header pairs to echo, and how many were left out.

    Names are the same in any case, and the last pair of a name wins. The
    authentication type is set here, whatever was granted.
    """
    granted = as_object(pairs) or {}
    kept: dict[str, tuple[str, str]] = {}
    for name, value in granted.items():
        key = name.lower()
        if _is_echoed(name, value) and (key in kept or len(kept) < MAX_PAIRS):
            kept[key] = (name, str(value).strip())
    dropped = len(granted) - len(kept)
    kept.pop(AUTHENTICATION_TYPE.lower(), None)
    return dict(kept.values()) | {AUTHENTICATION_TYPE: "oidc"}, dropped


def gateway_headers(details: ConnectionDetails) -> HostHeaders:
    """Return the grant's headers, for the host that came with them alone."""
    headers = details.headers
    if isinstance(headers, HostHeaders):
        return headers
    return HostHeaders(details.base_url, headers)


def _is_echoed(name: str, value: object) -> bool:
    return (
        name.lower() not in _OURS
        and not name.lower().startswith(_ACTED_ON)
        and _ECHOED_NAME.fullmatch(name) is not None
        and isinstance(value, str)
        and len(value) <= MAX_VALUE
        and _PRINTABLE.fullmatch(value) is not None
    )
