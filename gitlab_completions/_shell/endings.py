"""How an exchange ended: an observation for the core, an error for people.

One place turns statuses, broken connections and malformed bodies into the library's
errors. Messages are put together here from what we know; a server's words are not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._core.verdicts import Body, Observation
from gitlab_completions._records import Record
from gitlab_completions.errors import (
    ErrorCode,
    MalformedAnswerError,
    MissingNamespaceError,
    RouteConnectionError,
    RouteError,
    RouteForbiddenError,
    RouteNotFoundError,
    RouteQuotaError,
    RouteRateLimitedError,
    RouteServerError,
    RouteStatusError,
    RouteTimeoutError,
    RouteUnauthorizedError,
)
from gitlab_completions.models import Route

if TYPE_CHECKING:
    from gitlab_completions._shell.access_token import TokenSourceError
    from gitlab_completions._wire.messages import SendError
    from gitlab_completions._wire.refusals import Refusal
    from gitlab_completions._wire.suggestions import Suggestion
    from gitlab_completions.errors import RequestRejectedError

NAMES = {Route.DIRECT: "the AI Gateway", Route.INDIRECT: "GitLab"}

_BY_STATUS: dict[int, type[RouteStatusError]] = {
    401: RouteUnauthorizedError,
    402: RouteQuotaError,
    403: RouteForbiddenError,
    404: RouteNotFoundError,
    429: RouteRateLimitedError,
}
_SERVER_ERRORS = range(500, 600)
LARGEST = 1 << 20
"""Bytes of an answer; our sender refuses more."""
_NOT_THE_USERS = frozenset(
    {
        ErrorCode.TOKEN_INVALID,
        ErrorCode.TOKEN_EXPIRED,
        ErrorCode.TOKEN_REVOKED,
        ErrorCode.SCOPE_MISSING,
        ErrorCode.NO_SEAT,
        ErrorCode.FORBIDDEN,
        ErrorCode.NOT_FOUND,
        ErrorCode.REQUEST,
    }
)
"""Of the gateway these say nothing that a person could mend: its token is not theirs,
and what it refuses the instance takes."""

_BROKEN: dict[str, tuple[type[RouteError], ErrorCode, str]] = {
    "connect": (RouteConnectionError, ErrorCode.OFFLINE, "could not be reached"),
    "tls": (
        RouteConnectionError,
        ErrorCode.TLS_UNTRUSTED,
        "could not be spoken to over TLS: its certificate is not trusted",
    ),
    "proxy": (
        RouteConnectionError,
        ErrorCode.PROXY,
        "could not be reached through the proxy",
    ),
    "timeout": (RouteTimeoutError, ErrorCode.TIMEOUT, "did not answer in time"),
    "broken": (RouteConnectionError, ErrorCode.OFFLINE, "broke the connection"),
    "protocol": (
        MalformedAnswerError,
        ErrorCode.MALFORMED,
        "gave an answer that is not HTTP as it should be",
    ),
    "pool": (
        RouteConnectionError,
        ErrorCode.TIMEOUT,
        "had no free connection left",
    ),
}


class Ending(Record):
    """How an exchange ended.

    Args:
        seen: What the core judges.
        suggestion: What it brought, if that was a completion.
        error: What a person is told, if it was none.
        cause: What raised the error.
        request_id: The server's id of the request.
        retry_after_s: Seconds that the server asks to wait.
    """

    seen: Observation
    suggestion: Suggestion | None = None
    error: RouteError | None = None
    cause: Exception | None = None
    request_id: str | None = None
    retry_after_s: float | None = None


def answered(suggestion: Suggestion, request_id: str | None) -> Ending:
    """Return the ending of an exchange that brought a completion."""
    body = Body.GOOD if suggestion.choices else Body.BLANK
    return Ending(
        seen=Observation(status=200, body=body),
        suggestion=suggestion,
        request_id=request_id,
    )


def malformed(
    route: Route, status_code: int, reason: str, *, portal: bool, elapsed_s: float
) -> Ending:
    """Return the ending of an exchange whose answer is no completion."""
    what = "a sign-in page answered in place of" if portal else "no completion from"
    error = MalformedAnswerError(
        f"{what} {NAMES[route]}: {reason}",
        route=route,
        elapsed_s=elapsed_s,
        code=ErrorCode.CAPTIVE_PORTAL if portal else None,
    )
    return Ending(seen=Observation(status=status_code, body=Body.OTHER), error=error)


def broken(route: Route, error: SendError, elapsed_s: float) -> Ending:
    """Return the ending of an exchange that broke below HTTP."""
    kind, code, words = _BROKEN[error.kind]
    if error.kind == "tls":
        code, words = _tls_trouble(error)
    elif error.kind == "protocol":
        words = _protocol_trouble(error)
    message = f"{NAMES[route]} {words}"
    return Ending(
        seen=Observation(status=None, body=Body.NONE, word=error.kind),
        error=kind(message, route=route, elapsed_s=elapsed_s, code=code),
        cause=error,
    )


def _tls_trouble(error: SendError) -> tuple[ErrorCode, str]:
    """Tell a certificate that is not trusted from settings that do not work."""
    _, code, untrusted = _BROKEN["tls"]
    if error.__cause__ is None or _is_due_to(error, "SSLCertVerificationError"):
        return code, untrusted
    if _is_due_to(error, "FileNotFoundError"):
        words = (
            "was not asked: a certificate file is missing (SSL_CERT_FILE, verify, cert)"
        )
        return ErrorCode.CONFIGURATION, words
    return ErrorCode.OFFLINE, "could not agree with us on TLS"


def _protocol_trouble(error: SendError) -> str:
    """Tell an answer that is not as it should be from a client that does not work."""
    cause = error.__cause__
    if error.bytes_received > LARGEST:
        return "gave an answer over 1 MiB"
    if cause is None or type(cause).__module__.startswith(("httpx", "httpcore")):
        return "gave an answer that is not HTTP as it should be"
    return f"was not asked: the HTTP client raised {type(cause).__name__}"


def _is_due_to(error: BaseException | None, name: str) -> bool:
    """Tell whether an exception of that name is in the chain."""
    while error is not None and type(error).__name__ != name:
        error = error.__cause__ or error.__context__
    return error is not None


def unexpected(route: Route, error: Exception, elapsed_s: float) -> Ending:
    """Return the ending of an exchange whose sender raised what it must not."""
    message = f"the sender failed on the way to {NAMES[route]}: {type(error).__name__}"
    return Ending(
        seen=Observation(status=None, body=Body.NONE),
        error=RouteConnectionError(message, route=route, elapsed_s=elapsed_s),
        cause=error,
    )


def no_token(route: Route, error: TokenSourceError, elapsed_s: float) -> Ending:
    """Return the ending of an exchange for which there was no access token."""
    cause = error.__cause__
    return Ending(
        seen=Observation(status=None, body=Body.NONE, word="token_source"),
        error=RouteUnauthorizedError(
            f"the access token could not be had: {error}",
            route=route,
            status_code=401,
            elapsed_s=elapsed_s,
            code=ErrorCode.TOKEN_SOURCE,
        ),
        cause=cause if isinstance(cause, Exception) else error,
    )


def unsendable(route: Route, error: RequestRejectedError) -> Ending:
    """Return the ending of an attempt whose request fits no limit of its route."""
    return Ending(
        seen=Observation(status=413, body=Body.JSON),
        error=RouteStatusError(
            error.message, route=route, status_code=413, code=ErrorCode.REQUEST
        ),
        cause=error,
    )


def refused(route: Route, refusal: Refusal, elapsed_s: float) -> Ending:
    """Return the ending of an exchange that was answered with a refusal."""
    status = refusal.status_code
    kind = _BY_STATUS.get(status, RouteStatusError)
    if status in _SERVER_ERRORS:
        kind = RouteServerError
    elif refusal.code is ErrorCode.NAMESPACE_MISSING:
        kind = MissingNamespaceError
    code = refusal.code
    if route is Route.DIRECT and code in _NOT_THE_USERS:
        code = ErrorCode.DIRECT_BARRED
    error = kind(
        f"{NAMES[route]} answered {status}",
        route=route,
        status_code=status,
        elapsed_s=elapsed_s,
        request_id=refusal.request_id,
        origin=refusal.origin,
        code=code,
        retry_after_s=refusal.retry_after_s,
    )
    body = Body.JSON if refusal.is_json else Body.OTHER
    return Ending(
        seen=Observation(status=status, body=body, word=refusal.vendor_code),
        error=error,
        request_id=refusal.request_id,
        retry_after_s=refusal.retry_after_s,
    )
