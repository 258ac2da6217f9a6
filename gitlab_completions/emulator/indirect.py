"""The way through the instance: Rails hands the body to its gateway and passes on.

GitLab sets the prompt version and the model itself, so a client's are overwritten
(GitLab EE 19.3, `ee/lib/code_suggestions/`).
"""

import json
from typing import Final

from gitlab_completions.emulator.answers import Answer, Request, as_object, json_answer
from gitlab_completions.emulator.components_body import heeds_context
from gitlab_completions.emulator.flags import Flags
from gitlab_completions.emulator.gateway import Gateway
from gitlab_completions.emulator.instance_body import IndirectBody
from gitlab_completions.emulator.model import Prompt
from gitlab_completions.emulator.streams import stream
from gitlab_completions.emulator.vendor_models import Engine

__all__ = ("forward",)

_OVERWRITTEN: Final = ("model_provider", "model_name", "prompt", "prompt_id")
_GENERATOR: Final = Engine(engine="agent", name="Code Generations Agent")
_SSE_FROM: Final = (19, 3)
# Before !256435 GitLab forgot the context on its way to v4.
_CONTEXT_SINCE: Final = (19, 5)
_V4_COMPLETIONS: Final = "code_completion_v4_endpoint"
# Rails sets these itself when it passes an answer on.
_NOT_FORWARDED: Final = ("cache-control", "expires", "date", "pragma")


def forward(
    body: IndirectBody,
    request: Request,
    gateway: Gateway,
    now_unix: float,
    *,
    flags: Flags,
) -> Answer:
    """Return what the gateway answers to `body`, or the 413 of a body too large.

    Args:
        body: A body that Grape has passed.
        request: The request it came in, for its headers.
        gateway: Completes in process: no user token, no fault of the gateway's handle.
        now_unix: The world's time in seconds.
        flags: The instance's feature flags, which choose the endpoint.
    """
    document = {k: v for k, v in body.document.items() if k not in _OVERWRITTEN}
    document["prompt_version"] = 1
    v4 = flags.is_on(_V4_COMPLETIONS, None) or gateway.settings.v2_gone
    new = gateway.profile.release >= _CONTEXT_SINCE
    if v4 and not (new and heeds_context(request)):
        document.pop("context", None)
    limit = gateway.profile.forwarded_limit_chars
    if len(json.dumps(document, ensure_ascii=False)) > limit:
        message = {"message": "413 Request Entity Too Large"}
        return json_answer(413, message, {"x-gitlab-error-origin": "monolith"})
    if body.generation:
        answer = _generate(body, request, gateway, now_unix)
        return answer.without_headers(*_NOT_FORWARDED)
    # Rails answers 200 for the gateway's 200, and shows the gateway's own headers.
    answer = gateway.complete(
        document, now_unix + gateway.settings.gateway_clock_offset_s, v4=v4
    )
    return answer.without_headers(*_NOT_FORWARDED)


def _generate(
    body: IndirectBody, request: Request, gateway: Gateway, now_unix: float
) -> Answer:
    """Answer a generation, whole or as a stream."""
    refusal = gateway.quota_refusal()
    if refusal is not None:
        return refusal
    file = as_object(body.document.get("current_file")) or {}
    prompt = Prompt(
        above=str(file.get("content_above_cursor", "")),
        below=str(file.get("content_below_cursor", "")),
        context=body.context,
        file_name=str(file.get("file_name", "")),
        generation=True,
    )
    text = gateway.infer(prompt)
    if body.stream:
        sse = _wants_sse(request, gateway)
        return stream(text, _GENERATOR, now_unix, sse=sse, settings=gateway.settings)
    model = {"engine": _GENERATOR.engine, "name": _GENERATOR.name, "lang": ""}
    choice = {"text": text, "index": 0, "finish_reason": "length"}
    metadata: dict[str, object] = {"model": model, "timestamp": int(now_unix)}
    choices = [choice] if text else []
    document = {"choices": choices, "model": model, "metadata": metadata}
    return json_answer(200, document)


def _wants_sse(request: Request, gateway: Gateway) -> bool:
    """Since 19.3 streams are events whatever is asked for; before, on request."""
    profile = gateway.profile
    if gateway.settings.v2_gone:
        return True
    asked = request.header("x-supports-sse-streaming") in {"true", "1"}
    always = profile.release >= _SSE_FROM
    return profile.sse_generations and (asked or always)
