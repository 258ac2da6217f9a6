"""The instance's completion endpoint, which passes requests on to the gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._records import replace
from gitlab_completions._secrets import HostHeaders
from gitlab_completions._wire.bodies import context_items, current_file
from gitlab_completions._wire.budgeting import encode_within, in_characters
from gitlab_completions._wire.characters import whole_characters
from gitlab_completions._wire.headers import access_headers
from gitlab_completions._wire.jsons import encode_body, parse_object
from gitlab_completions._wire.limits import fit
from gitlab_completions._wire.messages import WireRequest
from gitlab_completions._wire.refusals import decode_refusal
from gitlab_completions.errors import ErrorCode, RequestRejectedError
from gitlab_completions.models import Route, TokenHeader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlab_completions._secrets import Secret
    from gitlab_completions._wire.limits import Fitted
    from gitlab_completions._wire.messages import Purpose
    from gitlab_completions._wire.refusals import Refusal
    from gitlab_completions.models import CompletionRequest

__all__ = (
    "authorization",
    "completion_request",
    "refusal",
    "version_request",
)

MAX_BODY = 600_000
"""Characters of JSON. GitLab answers 413 to more."""
_NOT_FOUND = 404
_SWITCHED_OFF = "404 Not Found"
_EVENTS = {"X-Supports-Sse-Streaming": "true"}
"""Without it GitLab 17.7 to 18.9 streams bare text, whose end looks like any other when
it was cut off. Older releases do not know it, and from 19.3 on it is not needed."""


def completion_request(
    request: CompletionRequest,
    *,
    root: str,
    headers: HostHeaders,
    request_id: str,
    timeout_s: float,
    last_resort: bool,
    stream: bool = False,
    max_body_bytes: int | None = None,
) -> WireRequest:
    """Encode a completion or a generation for the instance.

    Args:
        request: What the caller wants.
        root: The instance's URL.
        headers: What `authorization` returned.
        request_id: Sent along; GitLab has its own in its logs.
        timeout_s: Seconds until the exchange must have ended.
        last_resort: No other route is left in this call.
        stream: Whether the text is to come as it is made.
        max_body_bytes: The policy's, `None` for the instance's limits alone.

    Raises:
        RequestRejectedError: When GitLab would refuse the request for its size, with
            all cut from it that may be cut.
    """
    return WireRequest(
        route=Route.INDIRECT,
        method="POST",
        url=f"{root}/api/v4/code_suggestions/completions",
        headers=headers | {"X-Request-ID": request_id} | (_EVENTS if stream else {}),
        body=_encode(request, max_body_bytes, stream=stream),
        timeout_s=timeout_s,
        purpose="stream" if stream else "completion",
        last_resort=last_resort,
    )


def authorization(
    token: Secret,
    *,
    root: str,
    user_agent: str,
    header: TokenHeader = TokenHeader.AUTHORIZATION,
) -> HostHeaders:
    """Return the headers of every request to the instance, and to no other host.

    `Bearer` serves personal, project, group and OAuth tokens alike. GitLab's version
    header for language servers stays away: instances refuse old versions by it.
    """
    return HostHeaders(root, access_headers(token.reveal(), user_agent, header))


def refusal(status_code: int, headers: Mapping[str, str], body: bytes) -> Refusal:
    """Read an answer with another status.

    Up to GitLab 17.6 it does not mark what it refuses itself. But at this endpoint its
    bare 404 is that of the operators' switch: a path that is none has another key.
    """
    told = decode_refusal(status_code, headers, body)
    if told.status_code == _NOT_FOUND and told.code is ErrorCode.NOT_FOUND:
        answer = parse_object(body) or {}
        if answer.get("message") == _SWITCHED_OFF:
            return replace(told, code=ErrorCode.SWITCHED_OFF)
    return told


def version_request(
    root: str, headers: HostHeaders, *, timeout_s: float, purpose: Purpose = "inquiry"
) -> WireRequest:
    """Encode the question for GitLab's version; `timeout_s` is in seconds.

    The smallest there is, so that it opens a connection for a warm-up as well.
    """
    return WireRequest(
        route=Route.INDIRECT,
        method="GET",
        url=f"{root}/api/v4/version",
        headers=headers,
        body=b"",
        timeout_s=timeout_s,
        purpose=purpose,
    )


def _encode(
    request: CompletionRequest, max_body_bytes: int | None, *, stream: bool
) -> bytes:
    """Return the body, cut until GitLab takes it."""

    def encoded(fitted: Fitted) -> bytes:
        return encode_body(_body(request, fitted, stream=stream))

    if max_body_bytes is None:
        body = encode_within(fit(request), encoded, MAX_BODY, size=in_characters)
    else:
        body = encode_within(fit(request), encoded, min(max_body_bytes, MAX_BODY))
    size = _characters(body)
    if size > MAX_BODY:
        raise RequestRejectedError(
            f"the request has {size} characters of JSON with all that may be cut "
            f"cut away; at most {MAX_BODY} are allowed: shorten user_instruction"
        )
    return body


def _characters(body: bytes) -> int:
    """Count as GitLab does; there are never more characters than bytes."""
    return len(body) if len(body) <= MAX_BODY else len(body.decode())


def _body(
    request: CompletionRequest, fitted: Fitted, *, stream: bool
) -> dict[str, object]:
    # Without an intent GitLab looks into the code, and may start a slow generation.
    body: dict[str, object] = {
        "current_file": current_file(fitted),
        "intent": request.intent.value,
        "stream": stream,
    }
    if fitted.project_path is not None:
        body["project_path"] = fitted.project_path
    if fitted.context:  # GitLab answers 400 to an empty list
        body["context"] = context_items(fitted.context)
    if request.generation_type is not None:
        body["generation_type"] = request.generation_type.value
    if request.user_instruction is not None:
        body["user_instruction"] = whole_characters(request.user_instruction)
    if request.choices_count is not None:
        body["choices_count"] = request.choices_count
    return body
