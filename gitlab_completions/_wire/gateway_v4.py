"""The AI Gateway's v4 endpoint, which is to replace v2 in GitLab 21.0.

Its answers have their own shape, which is told by what is in them, and when streamed by
a header: `suggestions` and `streams` read those of all endpoints alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._records import fields
from gitlab_completions._wire.bodies import context_items, current_file
from gitlab_completions._wire.budgeting import encode_within
from gitlab_completions._wire.headers import LANGUAGE_SERVER_VERSION, gateway_headers
from gitlab_completions._wire.jsons import encode_body
from gitlab_completions._wire.limits import fit
from gitlab_completions._wire.messages import WireRequest
from gitlab_completions.models import Route

if TYPE_CHECKING:
    from gitlab_completions._wire.limits import Fitted
    from gitlab_completions.details import ConnectionDetails
    from gitlab_completions.models import CompletionRequest

__all__ = ("completion_request",)

MAX_COMPONENTS = 100
"""The code around the cursor is one of them."""
MAX_COMPONENT = 100_000
"""Characters of a piece of context; v2 and the instance take five times as many."""
CONTEXT_SINCE = "7.17.1"
"""The first version of GitLab's language server whose context v4 heeds. It is claimed
with context only, and to the gateway only: instances refuse old versions by it."""
PAYLOAD_PROVIDERS = frozenset({"vertex-ai", "anthropic", "amazon_q"})
"""Whose models can be named beside the code; v4 knows no others there."""

_WITH_CONTEXT = b'{"type":"code_context"'
"""What is in a body with context, for which there may have been no room, and in no
other: the quotes of what an author wrote are escaped."""


def completion_request(
    request: CompletionRequest,
    details: ConnectionDetails,
    *,
    request_id: str,
    timeout_s: float,
    last_resort: bool,
    stream: bool = False,
    max_body_bytes: int | None = None,
) -> WireRequest:
    """Encode a completion for the gateway.

    Args:
        request: What the caller wants.
        details: The grant to go direct with.
        request_id: Sent along, echoed by the gateway, and in its logs.
        timeout_s: Seconds until the exchange must have ended.
        last_resort: No other route is left in this call.
        stream: Whether the text is to come as it is made.
        max_body_bytes: The policy's, `None` for the gateway's limits alone.
    """

    def encoded(fitted: Fitted) -> bytes:
        return encode_body(_body(request, fitted, details, stream=stream))

    fitted = fit(request, most_items=MAX_COMPONENTS - 1, most_content=MAX_COMPONENT)
    body = encode_within(fitted, encoded, max_body_bytes)
    headers = {"X-Request-ID": request_id}
    if _WITH_CONTEXT in body:
        headers[LANGUAGE_SERVER_VERSION] = CONTEXT_SINCE
    return WireRequest(
        route=Route.DIRECT,
        method="POST",
        url=f"{details.base_url}/v4/code/suggestions",
        headers=gateway_headers(details) | headers,
        body=body,
        timeout_s=timeout_s,
        purpose="stream" if stream else "completion",
        last_resort=last_resort,
    )


def _body(
    request: CompletionRequest,
    fitted: Fitted,
    details: ConnectionDetails,
    *,
    stream: bool,
) -> dict[str, object]:
    """Return the body; v4 knows no project path, and has its id from the headers."""
    payload = {**current_file(fitted), **_optional(request, details), "stream": stream}
    completion = {"type": "code_editor_completion", "payload": payload}
    body: dict[str, object] = {"prompt_components": [completion, *_context(fitted)]}
    if details.model_metadata is not None:
        body["model_metadata"] = fields(details.model_metadata)
    return body


def _optional(
    request: CompletionRequest, details: ConnectionDetails
) -> dict[str, object]:
    """Return the fields that are left out when there is nothing to say.

    The model is named once: metadata says more of it than these two can.
    """
    chosen: dict[str, object] = {}
    if request.choices_count is not None:
        chosen["choices_count"] = request.choices_count
    model = details.model_details if details.model_metadata is None else None
    if model is not None and model.provider in PAYLOAD_PROVIDERS:
        chosen["model_provider"] = model.provider
        chosen["model_name"] = model.name
    return chosen


def _context(fitted: Fitted) -> list[dict[str, object]]:
    """Return the pieces of other files, each a component of its own."""
    items = context_items(fitted.context)
    return [{"type": "code_context", "payload": item} for item in items]
