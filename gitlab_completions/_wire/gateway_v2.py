"""The AI Gateway's v2 endpoint: the one that takes a user's token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlab_completions._wire.bodies import context_items, current_file
from gitlab_completions._wire.budgeting import encode_within
from gitlab_completions._wire.headers import gateway_headers
from gitlab_completions._wire.jsons import encode_body
from gitlab_completions._wire.limits import fit
from gitlab_completions._wire.messages import WireRequest
from gitlab_completions.models import Route

if TYPE_CHECKING:
    from gitlab_completions._wire.limits import Fitted
    from gitlab_completions.details import ConnectionDetails
    from gitlab_completions.models import CompletionRequest

__all__ = ("completion_request", "health_request")


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
        body = {
            "prompt_version": 1,  # the gateway builds the prompt
            "current_file": current_file(fitted),
            **_optional(request, fitted, details),
            "stream": stream,
        }
        return encode_body(body)

    return WireRequest(
        route=Route.DIRECT,
        method="POST",
        url=f"{details.base_url}/v2/completions",
        headers=gateway_headers(details) | {"X-Request-ID": request_id},
        body=encode_within(fit(request), encoded, max_body_bytes),
        timeout_s=timeout_s,
        purpose="stream" if stream else "completion",
        last_resort=last_resort,
    )


def health_request(details: ConnectionDetails, *, timeout_s: float) -> WireRequest:
    """Encode a small request that opens a connection to the gateway.

    The path needs no token, so none is sent. `timeout_s` is in seconds.
    """
    agent = details.headers.get("User-Agent")
    return WireRequest(
        route=Route.DIRECT,
        method="GET",
        url=f"{details.base_url}/monitoring/healthz",
        headers={} if agent is None else {"User-Agent": agent},
        body=b"",
        timeout_s=timeout_s,
        purpose="warm_up",
    )


def _optional(
    request: CompletionRequest, fitted: Fitted, details: ConnectionDetails
) -> dict[str, object]:
    """Return the fields that are left out when there is nothing to say.

    The gateway answers 422 to a null `context` and to a provider without its model's
    name, and the one of GitLab 17.2 answers 500 to a null `choices_count`.
    """
    fields: dict[str, object] = {}
    if fitted.project_path is not None:
        fields["project_path"] = fitted.project_path
    if fitted.context:
        fields["context"] = context_items(fitted.context)
    if request.choices_count is not None:
        fields["choices_count"] = request.choices_count
    if details.model_details is not None:
        fields["model_provider"] = details.model_details.provider
        fields["model_name"] = details.model_details.name
    return fields
