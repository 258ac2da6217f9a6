"""A GitLab instance: grants direct access, completes indirectly, checks its callers.

Pure: `answer()` is told the time and returns a record. The order of refusals is that of
GitLab EE 19.3, `ee/lib/api/code_suggestions.rb`; what other versions do differently is
in their profiles.
"""

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from gitlab_completions.emulator import inquiries
from gitlab_completions.emulator.access_tokens import (
    COMPLETION_SCOPES,
    AccessTokens,
    Credential,
    credential_of,
    credential_refusal,
    is_anonymous,
)
from gitlab_completions.emulator.answers import (
    Answer,
    Request,
    as_object,
    dated,
    json_answer,
    text_answer,
)
from gitlab_completions.emulator.faults import Endpoint, FaultKind
from gitlab_completions.emulator.feature_flags_api import FeatureFlagsApi
from gitlab_completions.emulator.flags import Flags
from gitlab_completions.emulator.gateway import Gateway, new_id
from gitlab_completions.emulator.grants import Identity, grant_document, grant_headers
from gitlab_completions.emulator.graphql import GRAPHQL_SCOPES, GraphQL
from gitlab_completions.emulator.indirect import forward
from gitlab_completions.emulator.instance_body import (
    file_problems,
    project_path_of,
    read_indirect,
)
from gitlab_completions.emulator.instance_refusals import (
    MONOLITH,
    ORIGIN,
    InstanceRefusals,
)
from gitlab_completions.emulator.language_server_gate import gate_refusal
from gitlab_completions.emulator.profiles import ModelDetails, Profile, Release
from gitlab_completions.emulator.settings import Settings
from gitlab_completions.emulator.streams import struck
from gitlab_completions.emulator.tokens import tampered

__all__ = ("Instance",)

_API: Final = "/api/v4"
_DIRECT: Final = f"{_API}/code_suggestions/direct_access"
_COMPLETIONS: Final = f"{_API}/code_suggestions/completions"
_ENABLED: Final = f"{_API}/code_suggestions/enabled"
_DETAILS: Final = f"{_API}/code_suggestions/connection_details"
_VERSION: Final = f"{_API}/version"
_OWN_TOKEN: Final = f"{_API}/personal_access_tokens/self"
_OAUTH_TOKEN: Final = "/oauth/token/info"
_FEATURES: Final = f"{_API}/features"
_GRAPHQL: Final = "/api/graphql"
_HEALTH: Final = "/-/health"

_CANARY: Final = "gitlab_canary=true; path=/; secure; HttpOnly; SameSite=None"
_VERSION_SCOPES: Final = frozenset({"api", "read_api", "read_user", "ai_features"})
_ADMIN_SCOPES: Final = frozenset({"api"})
# The first releases whose endpoints are no experiments behind flags.
_SINCE: Final[Mapping[str, Release]] = {
    _COMPLETIONS: (16, 8),
    _ENABLED: (16, 8),
    _DIRECT: (17, 0),
    _DETAILS: (18, 3),
}
_GATE_SINCE: Final = (18, 1)
_PINNED_SINCE: Final = (19, 0)
_DETAILS_LIMIT: Final = 10

_Handler = Callable[[Request, Credential, float], Answer]


class Instance:
    """One GitLab instance with one user.

    Args:
        profile: Which GitLab version it is.
        gateway: Mints the tokens and completes what comes indirectly.
        gateway_url: What it tells clients the gateway's base URL is.
        settings: Switches; the gateway's own if not given, so that both share them.
        tokens: Access tokens; random ones if not given.
        identity: Who the instance and its user are.
        root: Relative URL root such as "/gitlab", "" for none.
        make_id: Makes request ids; a fake passes a deterministic one.
        roll: Returns a number from 0 to 1, for flags that are on for a share of time.

    Attributes:
        credentials: What is known of each access token.
        flags: The feature flags.
        direct_access: The handle on the endpoint that grants it.
        completions: The handle on the endpoint of completions.
        inquiries: The handle on GraphQL and the rest of the API.
        cookies_returned: How many requests brought a cookie.
    """

    def __init__(
        self,
        profile: Profile,
        gateway: Gateway,
        *,
        gateway_url: str,
        settings: Settings | None = None,
        tokens: AccessTokens | None = None,
        identity: Identity | None = None,
        root: str = "",
        make_id: Callable[[], str] = new_id,
        roll: Callable[[], float] = random.random,
    ) -> None:
        self.profile = profile
        self.gateway = gateway
        self.gateway_url = gateway_url
        self.settings: Settings = gateway.settings if settings is None else settings
        self.tokens: AccessTokens = AccessTokens() if tokens is None else tokens
        self.credentials: dict[str, Credential] = self.tokens.credentials()
        self.identity: Identity = Identity.of(profile) if identity is None else identity
        self.root: str = root.rstrip("/")
        self.direct_access: Endpoint = Endpoint("direct_access")
        self.completions: Endpoint = Endpoint("instance")
        self.inquiries: Endpoint = Endpoint("inquiries")
        self.flags: Flags = Flags(profile, roll=roll)
        self.cookies_returned: int = 0
        self._make_id = make_id
        self._refusals = InstanceRefusals(profile, self.settings, self.flags, gateway)
        self._graphql = GraphQL(
            profile,
            self.settings,
            self.flags,
            may_complete=lambda credential: not self._refusals.switched_off(credential),
        )

    def endpoint_of(self, request: Request) -> Endpoint | None:
        """Return the handle whose faults strike `request`, None for other paths."""
        endpoints = {_DIRECT: self.direct_access, _COMPLETIONS: self.completions}
        path = self._local(request.path) or ""
        asks = path.startswith((_API, _GRAPHQL, _OAUTH_TOKEN))
        return endpoints.get(path) or (self.inquiries if asks else None)

    def answer(self, request: Request, now_unix: float) -> Answer:
        """Answer `request` at `now_unix` seconds, as the world's clock shows it."""
        answer = self._route(request, now_unix)
        if answer.pieces is not None:
            answer = struck(answer, self.completions.take_flaw())
        if ORIGIN in answer.headers and not self.profile.origin_header:
            answer = answer.without_headers(ORIGIN)
        if "x-request-id" not in answer.headers:
            answer = answer.with_headers({"x-request-id": self._make_id()})
        if request.header("cookie") is not None:
            self.cookies_returned += 1
        if self.settings.canary_cookie:
            answer = answer.with_headers({"set-cookie": _CANARY})
        return dated(answer, now_unix + self.settings.instance_clock_offset_s)

    def _local(self, path: str) -> str | None:
        """Return `path` without the URL root; None outside of it."""
        if self.root and not path.startswith(f"{self.root}/"):
            return None
        return path[len(self.root) :]

    def _route(self, request: Request, now: float) -> Answer:
        """Answer by path and method, then by access token."""
        path = self._local(request.path)
        if path == _HEALTH:
            return text_answer(200, "GitLab OK")
        if path == _GRAPHQL:
            return self._query(request)
        if path is not None and (path == _FEATURES or path.startswith(f"{_FEATURES}/")):
            return self._features(request, path[len(_FEATURES) + 1 :] or None)
        handlers = self._handlers()
        if path is None or path not in handlers:
            return json_answer(404, {"error": "404 Not Found"})
        method, scopes, handler = handlers[path]
        if request.method != method:
            return json_answer(405, {"error": "405 Not Allowed"}, {"allow": method})
        credential = credential_of(request, self.credentials)
        refusal = self._gate(request)
        if path != _OAUTH_TOKEN:
            refusal = refusal or credential_refusal(credential, scopes)
        return refusal or handler(request, credential or Credential(), now)

    def _handlers(self) -> Mapping[str, tuple[str, frozenset[str] | None, _Handler]]:
        """Return what serves which path: method, scopes, and who answers."""
        handlers: dict[str, tuple[str, frozenset[str] | None, _Handler]] = {
            _DIRECT: ("POST", COMPLETION_SCOPES, self._direct_access),
            _COMPLETIONS: ("POST", COMPLETION_SCOPES, self._completions),
            _ENABLED: ("POST", COMPLETION_SCOPES, self._enabled),
            _VERSION: ("GET", _VERSION_SCOPES, self._version),
            _OWN_TOKEN: ("GET", None, self._own_token),
            _OAUTH_TOKEN: ("GET", None, self._oauth_token),
            _DETAILS: ("POST", COMPLETION_SCOPES, self._details),
        }
        release = self.profile.release
        return {
            path: handler
            for path, handler in handlers.items()
            if release >= _SINCE.get(path, release)
        }

    def _gate(self, request: Request) -> Answer | None:
        """Refuse language servers that are too old, since there is that gate."""
        if self.profile.release < _GATE_SINCE:
            return None
        return gate_refusal(request, self.settings.minimum_language_server_version)

    def _query(self, request: Request) -> Answer:
        """Answer a GraphQL query; whoever brings no token is nobody."""
        if request.method != "POST":
            return json_answer(404, {"error": "404 Not Found"})
        refusal = self._gate(request)
        if refusal is not None:
            return refusal
        credential = credential_of(request, self.credentials)
        if not is_anonymous(request) and credential_refusal(credential, GRAPHQL_SCOPES):
            return json_answer(401, {"errors": [{"message": "Invalid token"}]})
        return self._graphql.answer(request, credential)

    def _features(self, request: Request, name: str | None) -> Answer:
        """Answer admins about flags, and nobody else."""
        credential = credential_of(request, self.credentials)
        refusal = self._gate(request) or credential_refusal(credential, _ADMIN_SCOPES)
        if refusal is not None:
            return refusal
        if credential is None or not credential.is_admin:
            return json_answer(403, {"message": "403 Forbidden"})
        ids = {known.user_id for known in self.credentials.values()}
        users = {f"user{user_id}": user_id for user_id in ids}
        return FeatureFlagsApi(self.flags, users).answer(request, name)

    def _version(self, request: Request, credential: Credential, now: float) -> Answer:
        """Tell the version."""
        del request, credential, now
        return inquiries.version(self.profile)

    def _own_token(
        self, request: Request, credential: Credential, now: float
    ) -> Answer:
        """Describe the caller's token."""
        del request
        return inquiries.own_token(credential, now)

    def _oauth_token(
        self, request: Request, credential: Credential, now: float
    ) -> Answer:
        """Describe the caller's token, if it is one of OAuth."""
        good = credential_refusal(credential_of(request, self.credentials), None)
        return inquiries.oauth_token(None if good else credential, now)

    def _enabled(self, request: Request, credential: Credential, now: float) -> Answer:
        """Say whether a project has Duo."""
        del now
        refusal = self._refusals.switched_off(credential)
        return refusal or inquiries.project_check(
            project_path_of(request), self.settings
        )

    def _details(self, request: Request, credential: Credential, now: float) -> Answer:
        """Tell what telemetry is to carry."""
        del request
        return (
            self._refusals.switched_off(credential)
            or self._refusals.too_many(
                _DETAILS, _DETAILS_LIMIT, now, actor=credential.actor
            )
            or inquiries.connection_details(self.profile, self.identity)
        )

    def _direct_access(
        self, request: Request, credential: Credential, now: float
    ) -> Answer:
        """Grant direct access, or say why not; the order is GitLab's."""
        project_path = project_path_of(request)
        if not isinstance(project_path, str | None):
            return json_answer(400, {"error": "project_path is invalid"})
        if not self.profile.reads_project_path:
            project_path = None
        return (
            self._refusals.switched_off(credential)
            or self._refusals.direct_barred(credential)
            or self._refusals.too_many(
                _DIRECT,
                self.settings.direct_access_limit,
                now,
                actor=credential.actor,
            )
            or self._refusals.unpaid()
            or self._refusals.namespace_missing(project_path)
            or self._refusals.no_model(credential)
            or self._refusals.mint_refused()
            or self._grant(now, with_project=bool(project_path))
        )

    def _completions(
        self, request: Request, credential: Credential, now: float
    ) -> Answer:
        """Complete through the gateway, or say why not."""
        try:
            fields = as_object(json.loads(request.body or b"{}"))
        except (ValueError, RecursionError):
            fields = None
        refusal = self._refusals.switched_off(credential)
        if refusal is not None:
            return refusal
        if fields is None:
            return json_answer(400, {"error": "Problem parsing JSON"})
        problems = file_problems(fields)
        if problems:
            return json_answer(400, {"error": problems})
        project_path = fields.get("project_path")
        body = read_indirect(fields)
        return (
            self._refusals.too_many(
                _COMPLETIONS,
                self.settings.completions_limit,
                now,
                MONOLITH,
                actor=credential.actor,
            )
            or self._refusals.namespace_missing(project_path)
            or forward(body, request, self.gateway, now, flags=self.flags)
        )

    def _grant(self, now: float, *, with_project: bool) -> Answer:
        """Grant direct access, with a flawed token if that is the fault."""
        fault = self.direct_access.take_flaw()
        flaw = None if fault is None else fault.kind
        claims = self.identity.claims()
        if self.profile.instance_token:
            claims = replace(claims, global_user_id="")
        token, expires_at = self.gateway.mint(
            claims, now, expired=flaw is FaultKind.EXPIRED_TOKEN
        )
        headers = grant_headers(self.profile, self.identity, with_project=with_project)
        document = grant_document(
            self._pinned(),
            base_url=self.gateway_url,
            token=tampered(token) if flaw is FaultKind.TAMPERED_TOKEN else token,
            expires_at_unix=expires_at,
            headers=headers,
        )
        return json_answer(201, document)

    def _pinned(self) -> Profile:
        """Return the profile with the model that is pinned, where one can be."""
        name, profile = self.settings.pinned_model, self.profile
        if not name or profile.release < _PINNED_SINCE:
            return profile
        details = ModelDetails(provider="gitlab", name=name)
        return replace(profile, model_details=details)
