"""The AI Gateway: who may come in, and what a completion looks like.

Pure: `answer()` is told the time and returns a record. Order and bodies are recorded
from GitLab's gateway of 2024-07 and of 2026-08: authentication before routing, then the
body, the quota, the scope, the model.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, cast

from gitlab_completions.emulator import completion_body, completion_shapes
from gitlab_completions.emulator.answers import (
    Answer,
    Request,
    dated,
    json_answer,
    text_answer,
)
from gitlab_completions.emulator.completion_body import BodyRefusedError, CompletionBody
from gitlab_completions.emulator.components_body import heeds_context, read_components
from gitlab_completions.emulator.faults import Endpoint
from gitlab_completions.emulator.gateway_auth import (
    Claims,
    GatewayRefusedError,
    authenticate,
)
from gitlab_completions.emulator.model import (
    Model,
    Prompt,
    continue_line,
    post_process,
)
from gitlab_completions.emulator.profiles import Generation, Profile
from gitlab_completions.emulator.settings import Quota, Settings
from gitlab_completions.emulator.streams import stream, struck
from gitlab_completions.emulator.tokens import AUDIENCE, TokenAuthority
from gitlab_completions.emulator.vendor_models import (
    DEFAULT_OF_COMPONENTS,
    STREAMS_OF_COMPONENTS,
)

__all__ = ("COMPLETION_PATHS", "Gateway", "new_id")

COMPLETION_PATHS: Final = ("/v2/completions", "/v2/code/completions")
"""The two spellings of the completion endpoint; one handler serves both."""

_HEALTH: Final = "/monitoring/healthz"
_MINT: Final = "/v1/code/user_access_token"
_GENERATIONS: Final = "/v2/code/generations"
_V3: Final = "/v3/code/completions"
_V4: Final = "/v4/code/suggestions"

_SCOPES: Final[Mapping[Generation, tuple[str, ...]]] = {
    Generation.OF_2024_07: ("code_suggestions",),
    Generation.OF_2026_08: ("complete_code", "ai_gateway_model_provider_proxy"),
}
_QUOTA: Final[Mapping[Quota, Answer]] = {
    Quota.EXCEEDED: json_answer(
        402,
        {
            "error": "insufficient_credits",
            "error_code": "USAGE_QUOTA_EXCEEDED",
            "message": "Consumer does not have sufficient credits for this request",
        },
    ),
    Quota.NOT_ENTITLED: json_answer(
        403,
        {
            "error": "not_entitled",
            "error_code": "USAGE_QUOTA_NOT_ENTITLED",
            "message": "Consumer does not have entitlements to use this feature.",
        },
    ),
}


def new_id() -> str:
    """Return 32 random hexadecimal digits, as the gateway's request ids."""
    return uuid.uuid4().hex


class Gateway:
    """One AI Gateway.

    Args:
        profile: Which GitLab version it belongs to; decides its generation.
        authority: Signs and checks user tokens.
        settings: Switches, shared with the instance; default ones if not given.
        model: Answers prompts; by default goes on as the text went on before.
        make_id: Makes request and token ids; a fake passes a deterministic one.
    """

    def __init__(
        self,
        profile: Profile,
        authority: TokenAuthority,
        *,
        settings: Settings | None = None,
        model: Model = continue_line,
        make_id: Callable[[], str] = new_id,
    ) -> None:
        self.profile = profile
        self.authority = authority
        self.settings: Settings = Settings() if settings is None else settings
        self.model = model
        self.endpoint: Endpoint = Endpoint("gateway")
        self.cookies_returned: int = 0
        self._make_id = make_id

    def endpoint_of(self, request: Request) -> Endpoint | None:
        """Return the handle whose faults strike `request`, None for a health check."""
        return None if request.path == _HEALTH else self.endpoint

    def answer(self, request: Request, now_unix: float) -> Answer:
        """Answer `request` at `now_unix` seconds, as the world's clock shows it."""
        now = now_unix + self.settings.gateway_clock_offset_s
        request_id = request.header("x-request-id") or self._make_id()
        answer = self._route(request, now)
        if answer.pieces is not None:
            answer = struck(answer, self.endpoint.take_flaw())
        # Elapsed seconds; this gateway has no clock to measure them with.
        added = {"x-request-id": request_id, "x-process-time": "0.001"}
        if request.header("cookie") is not None:
            self.cookies_returned += 1
        if self.settings.canary_cookie:
            added["set-cookie"] = _EDGE_COOKIE
        return dated(answer.with_headers(added), now)

    def mint(
        self, claims: Claims, now_unix: float, *, expired: bool = False
    ) -> tuple[str, int]:
        """Make a user token for `claims`.

        Returns:
            The token, and when it expires in Unix seconds. With `expired` the token has
            long expired although that moment lies ahead.
        """
        now = int(now_unix + self.settings.gateway_clock_offset_s)
        lifetime = self.settings.token_lifetime_s
        issued = now - lifetime - 3600 if expired else now
        payload = {
            "iss": AUDIENCE,
            "aud": AUDIENCE,
            "exp": issued + lifetime,
            "nbf": issued,
            "iat": issued,
            "jti": self._make_id(),
            "scopes": list(_SCOPES[self.profile.generation]),
            **claims.payload(self.profile.generation),
        }
        return self.authority.mint(payload), now + lifetime

    def quota_refusal(self) -> Answer | None:
        """Return the 402 or 403 in force; the gateway of 2024-07 knows no quotas."""
        if self.profile.generation is Generation.OF_2024_07:
            return None
        return _QUOTA.get(self.settings.quota)

    def complete(
        self, document: object, now_unix: float, *, flags: str = "", v4: bool = False
    ) -> Answer:
        """Complete a decoded v2 body for a caller who is let in.

        Args:
            document: The body.
            now_unix: The gateway's own time in seconds.
            flags: The enabled feature flags, separated by commas.
            v4: Whether to answer in the shape of the v4 endpoint.
        """
        try:
            body = completion_body.read_body(document, self.profile.generation)
        except BodyRefusedError as error:
            return error.answer
        refusal = self.quota_refusal()
        if refusal is not None:
            return refusal
        if v4:
            body = replace(body, engine=DEFAULT_OF_COMPONENTS)
        return self._completion(body, now_unix, flags=flags, v4=v4)

    def infer(self, prompt: Prompt) -> str:
        """Return the model's raw text."""
        return self.model(prompt)

    def _route(self, request: Request, now: float) -> Answer:
        """Answer by path and method, after the caller was let in."""
        if request.path == _HEALTH and request.method in {"GET", "HEAD"}:
            return json_answer(200, {})
        if request.path == "/metrics":
            return json_answer(404, {"detail": "Not Found"})
        try:
            claims = authenticate(request, self.authority, self.profile.generation, now)
        except GatewayRefusedError as error:
            return json_answer(401, {"error": error.text})
        handler = self._handlers().get(request.path)
        if handler is None:
            return self._no_route(request)
        if request.method != "POST":
            allow = {"allow": "POST"}
            return json_answer(405, {"detail": "Method Not Allowed"}, allow)
        try:
            return handler(request, claims, now)
        except BodyRefusedError as error:
            return error.answer

    def _handlers(
        self,
    ) -> Mapping[str, Callable[[Request, Mapping[str, object], float], Answer]]:
        """Return what serves which path."""
        handlers = dict.fromkeys(COMPLETION_PATHS, self._completions)
        handlers |= {_GENERATIONS: self._generations, _V3: self._components}
        if self.settings.v2_gone:
            handlers = {}  # v3 is to go together with it
        handlers[_MINT] = self._minting
        if self.profile.generation is Generation.OF_2026_08:
            handlers[_V4] = self._components
        return handlers

    def _no_route(self, request: Request) -> Answer:
        """Redirect a path that only has a slash too many; 404 for others."""
        bare = request.path.rstrip("/")
        if request.path != bare and bare in self._handlers():
            scheme = request.header("x-forwarded-proto") or "http"
            where = f"{scheme}://{request.header('host') or 'localhost'}{bare}"
            return Answer(status=307, headers={"location": where})
        return json_answer(404, {"detail": "Not Found"})

    def _completions(
        self, request: Request, claims: Mapping[str, object], now: float
    ) -> Answer:
        """Serve a direct completion.

        Raises:
            BodyRefusedError: If the body is refused.
        """
        generation = self.profile.generation
        document = completion_body.decode(request, generation)
        body = completion_body.read_body(document, generation)
        refusal = self.quota_refusal()
        if refusal is not None:
            return refusal
        amazon = body.engine is not None and body.engine.engine == "amazon_q"
        if amazon or _SCOPES[generation][0] not in _scopes(claims):
            detail = "Unauthorized to access code completions"
            return json_answer(403, {"detail": detail})
        flags = request.header("x-gitlab-enabled-feature-flags") or ""
        return self._completion(body, now, flags=flags)

    def _minting(
        self, request: Request, claims: Mapping[str, object], now: float
    ) -> Answer:
        """Refuse a user token, which makes no other one."""
        del request, claims, now
        old = self.profile.generation is Generation.OF_2024_07
        purpose = " for code suggestions" if old else ""
        detail = f"Unauthorized to create user access token{purpose}"
        return json_answer(403, {"detail": detail})

    def _generations(
        self, request: Request, claims: Mapping[str, object], now: float
    ) -> Answer:
        """Check the body and refuse the caller.

        Raises:
            BodyRefusedError: If the body is refused.
        """
        del claims, now
        document = completion_body.decode(request, self.profile.generation)
        completion_body.read_body(document, self.profile.generation)
        # The issuer of user tokens is refused, whatever their scopes.
        return json_answer(403, {"detail": "Unauthorized to access code generations"})

    def _components(
        self, request: Request, claims: Mapping[str, object], now: float
    ) -> Answer:
        """Serve v3 or v4 to a user token, which opens the latter of 19.5 only.

        Raises:
            BodyRefusedError: If the body is refused.
        """
        generation = self.profile.generation
        document = completion_body.decode(request, generation)
        heeds = heeds_context(request)
        body = read_components(document, generation, with_context=heeds)
        refusal = self.quota_refusal()
        if refusal is not None:
            return refusal
        new = generation is Generation.OF_2026_08
        if new and request.path == _V3 and body.prompt.generation:
            return text_answer(500, _INTERNAL)  # recorded, whatever it trips over
        opens = request.path == _V4 and self.profile.v4_user_tokens
        scoped = _SCOPES[generation][0] in _scopes(claims)
        if not opens or not scoped or body.prompt.generation:
            # The issuer of user tokens is refused, whatever their scopes.
            detail = "Unauthorized to access code suggestions"
            return json_answer(403, {"detail": detail})
        flags = request.header("x-gitlab-enabled-feature-flags") or ""
        return self._completion(body, now, flags=flags, v4=True)

    def _completion(
        self, body: CompletionBody, now: float, *, flags: str, v4: bool = False
    ) -> Answer:
        """Ask the model, and answer in the shape that is wanted."""
        old = self.profile.generation is Generation.OF_2024_07
        if body.engine is None:
            return Answer(status=500) if old else text_answer(500, _INTERNAL)
        raw = self.infer(body.prompt) if self._suggests(body) else ""
        if body.stream and not old:
            engine = STREAMS_OF_COMPONENTS if v4 else body.engine
            return stream(raw, engine, now, sse=v4, settings=self.settings)
        said = completion_shapes.Completion(
            text=post_process(raw, body.prompt.below),
            engine=body.engine,
            language=completion_shapes.language_of(body),
            prompt_chars=len(body.prompt.above) + len(body.prompt.below),
            context_chars=sum(map(len, body.prompt.context)),
            created_unix=int(now),
            flags=tuple(filter(None, flags.split(","))),
        )
        if v4:
            return json_answer(200, completion_shapes.v4_document(said))
        return json_answer(200, completion_shapes.v2_document(said, old=old))

    def _suggests(self, body: CompletionBody) -> bool:
        """Say whether the model is asked at all.

        The gateway of 2026-08 asks none for a name without an extension, unless the
        language is named (recorded).
        """
        if self.profile.generation is Generation.OF_2024_07 or body.language:
            return True
        return completion_shapes.extension_of(body.prompt.file_name) != ""


_EDGE_COOKIE: Final = "__cf_bm=emulated; path=/; HttpOnly; Secure; SameSite=None"
_INTERNAL: Final = "Internal Server Error"


def _scopes(claims: Mapping[str, object]) -> frozenset[str]:
    """Return the scopes that a token claims."""
    scopes = claims.get("scopes")
    if not isinstance(scopes, list):
        return frozenset()
    return frozenset(map(str, cast("list[object]", scopes)))
