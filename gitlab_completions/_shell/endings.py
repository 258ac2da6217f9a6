"""How an exchange ended: an observation for the core, an error for people.

One place turns statuses, broken connections and malformed bodies into the library's
errors. Messages are put together here from what we know; a server's words are not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._core.reasons import BY_WORD
from gitlab_completions._core.verdicts import Body, Observation
from gitlab_completions._frames import note_place, without_frames
from gitlab_completions._records import Record
from gitlab_completions._shell.breaks import meaning_of
from gitlab_completions._wire.messages import SendError
from gitlab_completions.errors import (
    ErrorCode,
    MalformedAnswerError,
    MissingNamespaceError,
    Origin,
    RouteConnectionError,
    RouteError,
    RouteForbiddenError,
    RouteNotFoundError,
    RouteQuotaError,
    RouteRateLimitedError,
    RouteServerError,
    RouteStatusError,
    RouteUnauthorizedError,
    StreamBrokenError,
)
from gitlab_completions.models import Route

if TYPE_CHECKING:
    from gitlab_completions._shell.access_token import TokenSourceError
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

_GITLABS_TO_GIVE = frozenset({ErrorCode.FORBIDDEN, ErrorCode.DIRECT_BARRED})
"""Of these the usual remedy speaks of GitLab, which a firewall's block page is not."""


class Ending(Record):
    """How an exchange ended.

    Args:
        seen: What the core judges.
        suggestion: What it brought, if that was a completion.
        error: What a person is told, if it was none.
        cause: What raised the error, without the frames that it came through.
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
    told = meaning_of(error, NAMES[route])
    return Ending(
        seen=Observation(status=None, body=Body.NONE, word=error.kind),
        error=told.kind(
            told.words,
            route=route,
            elapsed_s=elapsed_s,
            code=told.code,
            remedy=told.remedy,
        ),
        cause=without_frames(error),
    )


def broke(route: Route, error: Exception, elapsed_s: float) -> Ending:
    """Return the ending of an exchange whose sender raised."""
    if isinstance(error, SendError):
        return broken(route, error, elapsed_s)
    return unexpected(route, error, elapsed_s)


def silent(route: Route, elapsed_s: float, *, begun: bool) -> Ending:
    """Return the ending of an exchange that was given up for taking too long."""
    silence = SendError("timeout")
    if begun:
        return cut_off(route, silence, elapsed_s)
    return broken(route, silence, elapsed_s)


def cut_off(route: Route, error: Exception, elapsed_s: float) -> Ending:
    """Return the ending of a stream that broke after text had been given.

    The text is for its reader alone, who is told in an error of its own.
    """
    late = isinstance(error, SendError) and error.kind == "timeout"
    what = "did not end in time" if late else "broke off in its midst"
    return Ending(
        seen=Observation(status=200, body=Body.OTHER),
        error=StreamBrokenError(
            f"the stream from {NAMES[route]} {what}",
            route=route,
            elapsed_s=elapsed_s,
            code=ErrorCode.TIMEOUT if late else None,
        ),
        cause=without_frames(error),
    )


def unexpected(route: Route, error: Exception, elapsed_s: float) -> Ending:
    """Return the ending of an exchange whose sender raised what it must not."""
    message = f"the sender failed on the way to {NAMES[route]}: {type(error).__name__}"
    note_place(error)
    return Ending(
        seen=Observation(status=None, body=Body.NONE),
        error=RouteConnectionError(message, route=route, elapsed_s=elapsed_s),
        cause=without_frames(error),
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
            remedy=error.remedy,
        ),
        cause=without_frames(cause if isinstance(cause, Exception) else error),
    )


def unsendable(route: Route, error: RequestRejectedError) -> Ending:
    """Return the ending of an attempt whose request fits no limit of its route."""
    return Ending(
        seen=Observation(status=413, body=Body.JSON),
        error=RouteStatusError(
            error.message, route=route, status_code=413, code=ErrorCode.REQUEST
        ),
        cause=without_frames(error),
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
    what, remedy = _refusal_words(route, refusal, code)
    error = kind(
        what,
        route=route,
        status_code=status,
        elapsed_s=elapsed_s,
        request_id=refusal.request_id,
        origin=refusal.origin,
        code=code,
        remedy=remedy,
        retry_after_s=refusal.retry_after_s,
    )
    body = Body.JSON if refusal.is_json else Body.OTHER
    return Ending(
        seen=Observation(status=status, body=body, word=refusal.vendor_code),
        error=error,
        request_id=refusal.request_id,
        retry_after_s=refusal.retry_after_s,
    )


def broken_below(refusal: Refusal) -> SendError | None:
    """Return what a refusal stands for that is about the connection, if it is."""
    if refusal.code is ErrorCode.PROXY:  # on plain HTTP the proxy's 407 is an answer
        return SendError("proxy", detail="proxy_credentials")
    if refusal.vendor_code == "client_certificate":
        return SendError("tls", detail="client_certificate")
    return None


def _refusal_words(
    route: Route, refusal: Refusal, code: ErrorCode
) -> tuple[str, str | None]:
    """Return what happened, and what mends it where that is not the code's remedy."""
    host, status = NAMES[route], refusal.status_code
    if code is ErrorCode.CAPTIVE_PORTAL:
        return f"a sign-in page answered in place of {host} ({status})", None
    below = broken_below(refusal)
    if below is not None:
        told = meaning_of(below, host)
        return told.words, told.remedy
    finding = BY_WORD.get(refusal.vendor_code) if route is Route.INDIRECT else None
    if finding is not None:
        return finding.words, finding.remedy
    if refusal.origin is Origin.EDGE and code in _GITLABS_TO_GIVE:
        remedy = "ask who runs this network, its proxy or its firewall, to allow it"
        return f"something in front of {host} answered {status}", remedy
    return f"{host} answered {status}", None
