"""How a line puts what events hold: routes, errors, spans and names as JSON.

Whatever a user or a server was free to choose is let through only where it looks like a
name (a model's, a language's), and is unknown else: it may be somebody's text.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

from gitlab_completions.errors import (
    AllRoutesFailedError,
    ErrorCode,
    Origin,
    RouteConnectionError,
    RouteError,
    RouteStatusError,
    RouteTimeoutError,
)
from gitlab_completions.models import Route

if TYPE_CHECKING:
    from gitlab_completions.errors import GitLabCompletionsError
    from gitlab_completions.events import ContextSize

Line: TypeAlias = dict[str, object]

ISSUERS = {Route.DIRECT: "gitlab-ai-gateway", Route.INDIRECT: "instance"}
"""Who issued the token that a route goes by: the first is the `iss` of the gateway's
own tokens."""
TRANSPORT = "transport"
"""Where an error comes from that nobody answered: a connection, a silence."""
LANGUAGE_CHARS = 32  # as GitLab's schema bounds it
_STATUS_CODES = range(100, 600)
_UNSENT = {(401, ErrorCode.TOKEN_SOURCE), (413, ErrorCode.REQUEST)}


def on(route: Route | None) -> Line:
    """Return what a route is called, in our words and in GitLab's."""
    return {
        "is_direct_connection": None if route is None else route is Route.DIRECT,
        "route": None if route is None else route.value,
        "token_issuer": None if route is None else ISSUERS[route],
    }


def why(error: RouteError | None) -> Line:
    """Return why an attempt brought nothing, and who said so."""
    return {
        "api_status_code": None if error is None else _answered(error),
        "error_code": None if error is None else error.code.value,
        "error_origin": None if error is None else _origin(error),
    }


def deciding(error: GitLabCompletionsError) -> RouteError | None:
    """Return the attempt's error that decided a call: the last one with its code."""
    if isinstance(error, RouteError):
        return error
    if not isinstance(error, AllRoutesFailedError):
        return None
    failed = [one.error for one in error.attempts if one.error is not None]
    alike = [one for one in failed if one.code is error.code] or failed
    return alike[-1] if alike else None


def status_code(number: int | None) -> int | None:
    """Return a status that HTTP knows; GitLab's schema takes no other."""
    return number if number in _STATUS_CODES else None


def context_item(item: ContextSize) -> Line:
    """Return an item of a call's context by GitLab's names."""
    return {
        "file_extension": item.file_extension,
        "type": item.kind,
        "byte_size": item.size_bytes,
    }


def seconds(span_s: float | None) -> float | None:
    """Return a span to the microsecond; JSON knows no infinite one."""
    if span_s is None or not math.isfinite(span_s):
        return None
    return round(span_s, 6)


def _answered(error: RouteError) -> int | None:
    if not isinstance(error, RouteStatusError) or _is_unsent(error):
        return None
    return status_code(error.status_code)


def _is_unsent(error: RouteStatusError) -> bool:
    """Tell whether the status is what a server would have said, had it been asked.

    There was no access token, or the request fits no limit of its route.
    """
    unsent = (error.status_code, error.code) in _UNSENT
    return unsent and error.origin is Origin.UNKNOWN


def _origin(error: RouteError) -> str | None:
    if isinstance(error, RouteStatusError):
        return None if _is_unsent(error) else error.origin.value
    silent = isinstance(error, RouteConnectionError | RouteTimeoutError)
    return TRANSPORT if silent else None
