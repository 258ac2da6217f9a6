"""The exceptions, each with a stable code, a remedy, and whether trying again helps.

    GitLabCompletionsError
    ├── ConfigurationError (ValueError)      constructor arguments, environment
    ├── ClientClosedError
    ├── RequestRejectedError (ValueError)    this request can go nowhere
    ├── AllRoutesFailedError                 .attempts .direct_refusal
    │   └── DeadlineExceededError (TimeoutError)
    ├── DirectAccessError                    in events, status() and .direct_refusal
    │   ├── DirectAccessBarredError
    │   └── DirectAccessUnavailableError
    └── RouteError                           .route .elapsed_s
        ├── CircuitOpenError
        ├── RouteTimeoutError
        ├── RouteConnectionError
        ├── RouteStatusError                 .status_code .request_id .origin
        │   ├── RouteUnauthorizedError       401
        │   ├── RouteQuotaError              402
        │   ├── RouteForbiddenError          403
        │   ├── RouteNotFoundError           404
        │   ├── RouteRateLimitedError        429
        │   ├── RouteServerError             5xx
        │   └── MissingNamespaceError        422 `missing_default_duo_group`
        ├── MalformedAnswerError
        └── StreamBrokenError                .text: what had arrived

Messages are written here, never copied from a server: an old gateway's refusal
echoes the author's source. All of them pickle.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from gitlab_completions._error_codes import REMEDIES, RETRYABLE, ErrorCode

if TYPE_CHECKING:
    from gitlab_completions.models import Attempt, Route

__all__ = (
    "AllRoutesFailedError",
    "CircuitOpenError",
    "ClientClosedError",
    "ConfigurationError",
    "DeadlineExceededError",
    "DirectAccessBarredError",
    "DirectAccessError",
    "DirectAccessUnavailableError",
    "ErrorCode",
    "GitLabCompletionsError",
    "MalformedAnswerError",
    "MissingNamespaceError",
    "Origin",
    "RequestRejectedError",
    "RouteConnectionError",
    "RouteError",
    "RouteForbiddenError",
    "RouteNotFoundError",
    "RouteQuotaError",
    "RouteRateLimitedError",
    "RouteServerError",
    "RouteStatusError",
    "RouteTimeoutError",
    "RouteUnauthorizedError",
    "StreamBrokenError",
)


class Origin(StrEnum):
    """Who wrote an error answer, as far as its headers and body tell."""

    INSTANCE = "instance"
    GATEWAY = "gateway"
    EDGE = "edge"
    """Something in front: a proxy, a load balancer, a captive portal."""
    UNKNOWN = "unknown"


def _rebuild(
    kind: type[GitLabCompletionsError], message: str, state: dict[str, object]
) -> GitLabCompletionsError:
    """Make the error again after pickling, without calling its constructor."""
    error = kind.__new__(kind, message)
    error.args = (message,)
    error.__dict__.update(state)
    return error


class GitLabCompletionsError(Exception):
    """The root of all errors of this library.

    Args:
        message: One line that says what happened.
        code: What went wrong, for programs.
        remedy: What a person can do about it; by default what the code says.
        retry_after_s: Seconds until trying again can help, where known.
    """

    default_code: ErrorCode = ErrorCode.SERVER

    def __init__(
        self,
        message: str,
        *,
        code: ErrorCode | None = None,
        remedy: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code: ErrorCode = code or self.default_code
        self.remedy: str | None = remedy or REMEDIES.get(self.code)
        self.retry_after_s: float | None = retry_after_s

    @property
    def message(self) -> str:
        """What happened, without the remedy."""
        return str(self.args[0])

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed later without anybody's doing."""
        return self.code in RETRYABLE

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}" if self.remedy else self.message

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.message, dict(self.__dict__))


class ConfigurationError(GitLabCompletionsError, ValueError):
    """A constructor argument or environment variable is wrong."""

    default_code = ErrorCode.CONFIGURATION


class ClientClosedError(GitLabCompletionsError):
    """The client has been closed, before or during the call."""

    default_code = ErrorCode.CLOSED


class RequestRejectedError(GitLabCompletionsError, ValueError):
    """This request can go nowhere: it is wrong in itself, whatever the route."""

    default_code = ErrorCode.REQUEST


class DirectAccessError(GitLabCompletionsError):
    """Direct access is not to be had now; completions go through the instance.

    Seen in events, `status()` and `AllRoutesFailedError.direct_refusal`; `complete`
    never raises it.

    Args:
        message: One line that says what happened.
        status_code: HTTP status of the answer, where there was one.
        code: What went wrong, for programs.
        retry_after_s: Seconds until direct access is asked for again.
    """

    def __init__(
        self,
        message: str,
        *,
        status_code: int | None = None,
        code: ErrorCode | None = None,
        remedy: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, code=code, remedy=remedy, retry_after_s=retry_after_s)
        self.status_code: int | None = status_code


class DirectAccessBarredError(DirectAccessError):
    """The instance, or what it granted, says no; it is asked again much later."""

    default_code = ErrorCode.DIRECT_BARRED


class DirectAccessUnavailableError(DirectAccessError):
    """Asking for direct access failed; it is asked again soon."""


class RouteError(GitLabCompletionsError):
    """An attempt on one route gave no completion.

    Args:
        message: One line that says what happened.
        route: The route of the attempt.
        elapsed_s: Seconds from the send to the failure.
        code: What went wrong, for programs.
        remedy: What a person can do about it.
        retry_after_s: Seconds until trying again can help, where known.
    """

    def __init__(
        self,
        message: str,
        *,
        route: Route,
        elapsed_s: float = 0.0,
        code: ErrorCode | None = None,
        remedy: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, code=code, remedy=remedy, retry_after_s=retry_after_s)
        self.route: Route = route
        self.elapsed_s: float = elapsed_s


class CircuitOpenError(RouteError):
    """The route was not tried: it is resting after failures or a rate limit."""

    default_code = ErrorCode.CIRCUIT_OPEN


class RouteTimeoutError(RouteError):
    """The route did not answer in the time that the attempt had."""

    default_code = ErrorCode.TIMEOUT


class RouteConnectionError(RouteError):
    """The connection could not be made, or broke."""

    default_code = ErrorCode.OFFLINE


class RouteStatusError(RouteError):
    """The route answered with a status that is no completion.

    Args:
        message: One line that says what happened.
        route: The route of the attempt.
        status_code: HTTP status of the answer.
        elapsed_s: Seconds from the send to the failure.
        request_id: The server's id of the request, for its logs.
        origin: Who wrote the answer.
        code: What went wrong, for programs.
        remedy: What a person can do about it.
        retry_after_s: Seconds until trying again can help, where the server says.
    """

    def __init__(
        self,
        message: str,
        *,
        route: Route,
        status_code: int,
        elapsed_s: float = 0.0,
        request_id: str | None = None,
        origin: Origin = Origin.UNKNOWN,
        code: ErrorCode | None = None,
        remedy: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(
            message,
            route=route,
            elapsed_s=elapsed_s,
            code=code,
            remedy=remedy,
            retry_after_s=retry_after_s,
        )
        self.status_code: int = status_code
        self.request_id: str | None = request_id
        self.origin: Origin = origin


class RouteUnauthorizedError(RouteStatusError):
    """401, or the access token could not be had."""

    default_code = ErrorCode.TOKEN_INVALID


class RouteQuotaError(RouteStatusError):
    """402: no credits are left."""

    default_code = ErrorCode.QUOTA


class RouteForbiddenError(RouteStatusError):
    """403: not allowed."""

    default_code = ErrorCode.FORBIDDEN


class RouteNotFoundError(RouteStatusError):
    """404: nothing there, or switched off."""

    default_code = ErrorCode.NOT_FOUND


class RouteRateLimitedError(RouteStatusError):
    """429: too many requests."""

    default_code = ErrorCode.RATE_LIMITED


class RouteServerError(RouteStatusError):
    """5xx: the server has a problem."""

    default_code = ErrorCode.SERVER


class MissingNamespaceError(RouteStatusError):
    """422: the user has several GitLab Duo namespaces and no default one."""

    default_code = ErrorCode.NAMESPACE_MISSING


class MalformedAnswerError(RouteError):
    """The answer was not a completion: HTML, broken JSON, too large, cut off."""

    default_code = ErrorCode.MALFORMED


class StreamBrokenError(RouteError):
    """A stream ended in its midst, after text had been given.

    Args:
        message: One line that says what happened.
        route: Where it came from.
        elapsed_s: Seconds since it was sent.
        text: What had arrived.
        code: What went wrong, for programs.
        remedy: What a person can do about it.
        retry_after_s: Seconds until trying again can help, where known.
    """

    default_code = ErrorCode.STREAM_BROKEN

    def __init__(
        self,
        message: str,
        *,
        route: Route,
        elapsed_s: float = 0.0,
        text: str = "",
        code: ErrorCode | None = None,
        remedy: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(
            message,
            route=route,
            elapsed_s=elapsed_s,
            code=code,
            remedy=remedy,
            retry_after_s=retry_after_s,
        )
        self.text: str = text


class AllRoutesFailedError(GitLabCompletionsError):
    """No route gave a completion.

    Code, remedy and cause are those of the error that decided: the instance's
    answer where there was one, else direct's.

    Args:
        message: One line that says what happened.
        attempts: Every send of the call, in order; empty when none was possible.
        direct_refusal: Why direct was no choice, where it was none.
        code: What went wrong, for programs.
        remedy: What a person can do about it.
        retry_after_s: Seconds until trying again can help, where known.
    """

    def __init__(
        self,
        message: str,
        *,
        attempts: tuple[Attempt, ...] = (),
        direct_refusal: DirectAccessError | None = None,
        code: ErrorCode | None = None,
        remedy: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, code=code, remedy=remedy, retry_after_s=retry_after_s)
        self.attempts: tuple[Attempt, ...] = attempts
        self.direct_refusal: DirectAccessError | None = direct_refusal


class DeadlineExceededError(AllRoutesFailedError, TimeoutError):
    """The call's deadline passed before any route answered."""

    default_code = ErrorCode.TIMEOUT
