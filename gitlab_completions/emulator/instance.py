"""A GitLab instance: grants direct access, completes indirectly, checks its callers.

Pure: `answer()` is told the time and returns a record. The order of refusals is that of
GitLab EE 19.3, `ee/lib/api/code_suggestions.rb`; what other versions do differently is
in their profiles.
"""

import json
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import parse_qsl

from gitlab_completions.emulator.access_tokens import AccessTokens, TokenState, refuse
from gitlab_completions.emulator.answers import (
    NO_HEADERS,
    Answer,
    Request,
    as_object,
    dated,
    json_answer,
    text_answer,
)
from gitlab_completions.emulator.faults import Endpoint, FaultKind
from gitlab_completions.emulator.gateway import Gateway, new_id
from gitlab_completions.emulator.grants import Identity, grant_document, grant_headers
from gitlab_completions.emulator.indirect import forward
from gitlab_completions.emulator.instance_body import file_problems, read_indirect
from gitlab_completions.emulator.profiles import DirectRefusal, Profile
from gitlab_completions.emulator.rate_limits import FixedWindow
from gitlab_completions.emulator.settings import Settings
from gitlab_completions.emulator.streams import struck
from gitlab_completions.emulator.tokens import tampered

__all__ = ("Instance",)

_API: Final = "/api/v4"
_DIRECT: Final = f"{_API}/code_suggestions/direct_access"
_COMPLETIONS: Final = f"{_API}/code_suggestions/completions"
_VERSION: Final = f"{_API}/version"
_HEALTH: Final = "/-/health"

_ORIGIN: Final = "x-gitlab-error-origin"
_TOO_MANY: Final = "This endpoint has been requested too many times. Try again later."
_NO_GROUP: Final = (
    "No default GitLab Duo group is set: choose one, or send a project_path."
)


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
    ) -> None:
        self.profile = profile
        self.gateway = gateway
        self.gateway_url = gateway_url
        self.settings: Settings = gateway.settings if settings is None else settings
        self.tokens: AccessTokens = AccessTokens() if tokens is None else tokens
        self.token_states: dict[str, TokenState] = self.tokens.states()
        self.identity: Identity = Identity() if identity is None else identity
        self.root: str = root.rstrip("/")
        self.direct_access: Endpoint = Endpoint("direct_access")
        self.completions: Endpoint = Endpoint("instance")
        self._make_id = make_id
        self._hits = {_DIRECT: FixedWindow(50), _COMPLETIONS: FixedWindow(60)}

    def endpoint_of(self, request: Request) -> Endpoint | None:
        """Return the handle whose faults strike `request`, None for other paths."""
        endpoints = {_DIRECT: self.direct_access, _COMPLETIONS: self.completions}
        return endpoints.get(self._local(request.path) or "")

    def answer(self, request: Request, now_unix: float) -> Answer:
        """Answer `request` at `now_unix` seconds, as the world's clock shows it."""
        answer = self._route(request, now_unix)
        if answer.pieces is not None:
            answer = struck(answer, self.completions.take_flaw())
        if _ORIGIN in answer.headers and not self.profile.origin_header:
            answer = answer.without_headers(_ORIGIN)
        if "x-request-id" not in answer.headers:
            answer = answer.with_headers({"x-request-id": self._make_id()})
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
        handlers: Mapping[str, tuple[str, Callable[[Request, float], Answer]]] = {
            _DIRECT: ("POST", self._direct_access),
            _COMPLETIONS: ("POST", self._completions),
            _VERSION: ("GET", self._version),
        }
        if path is None or path not in handlers:
            return json_answer(404, {"error": "404 Not Found"})
        method, handler = handlers[path]
        if request.method != method:
            return json_answer(405, {"error": "405 Not Allowed"}, {"allow": method})
        return refuse(request, self.token_states) or handler(request, now)

    def _version(self, request: Request, now: float) -> Answer:
        """Tell the version, as `GET /api/v4/version`."""
        del request, now
        document = {"version": self.profile.version, "revision": "0123456789a"}
        return json_answer(200, document)

    def _direct_access(self, request: Request, now: float) -> Answer:
        """Grant direct access, or say why not; the order is GitLab's."""
        project_path = _project_path(request)
        if not isinstance(project_path, str | None):
            return json_answer(400, {"error": "project_path is invalid"})
        if not self.profile.reads_project_path:
            project_path = None
        return (
            self._switched_off()
            or self._direct_barred()
            or self._too_many(_DIRECT, self.settings.direct_access_limit, now)
            or self._namespace_missing(project_path)
            or self._no_model()
            or self._mint_refused()
            or self._grant(now, with_project=bool(project_path))
        )

    def _completions(self, request: Request, now: float) -> Answer:
        """Complete through the gateway, or say why not."""
        try:
            fields = as_object(json.loads(request.body or b"{}"))
        except (ValueError, RecursionError):
            fields = None
        refusal = self._switched_off()
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
            self._too_many(
                _COMPLETIONS, self.settings.completions_limit, now, _MONOLITH
            )
            or self._namespace_missing(project_path)
            or forward(body, request, self.gateway, now)
        )

    def _switched_off(self) -> Answer | None:
        """Refuse when the feature is off, or not for this user."""
        if not self.settings.code_suggestions_enabled:
            return json_answer(404, {"message": "404 Not Found"}, _MONOLITH)
        if not self.settings.has_seat:
            return json_answer(401, {"message": "401 Unauthorized"}, _MONOLITH)
        return None

    def _direct_barred(self) -> Answer | None:
        """Refuse when the version's flag, licence or admin forbids going direct."""
        refusal = self.profile.refusal
        if refusal is DirectRefusal.FLAG_OFF:
            return json_answer(404, {"message": "404 Not Found"})
        barred = refusal is DirectRefusal.ONLINE_LICENCE
        if barred or not self.settings.direct_enabled:
            text = "403 Forbidden - Direct connections are disabled"
            return json_answer(403, {"message": text})
        return None

    def _too_many(
        self,
        path: str,
        limit: int,
        now: float,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Answer | None:
        """Count a request against `limit` a minute; refuse what is over it."""
        window = self._hits[path]
        window.limit = limit
        if window.admit("user", now):
            return None
        if self.profile.retry_after:
            # The whole period, not what is left of it (GitLab EE 18.9 and later).
            headers = {**headers, "retry-after": str(int(window.period_s))}
        return json_answer(429, {"message": {"error": _TOO_MANY}}, headers)

    def _namespace_missing(self, project_path: object) -> Answer | None:
        """Refuse when nobody would pay: no default group and no project."""
        missing = self.settings.missing_default_duo_group
        if not missing or project_path or not self.profile.namespace_check:
            return None
        error = "missing_default_duo_group"
        document = {
            "error": error,
            "error_description": _NO_GROUP,
            "message": {"error": error},
        }
        return json_answer(422, document)

    def _no_model(self) -> Answer | None:
        """Refuse as the versions do that find no model for direct access."""
        texts = {
            DirectRefusal.NO_MODEL: "No Code Completion model provided",
            DirectRefusal.NOT_YET_AVAILABLE: "Code Completion direct access is not "
            "yet available",
        }
        refusal = self.profile.refusal
        if refusal is None or refusal not in texts:
            return None
        document = {
            "message": texts[refusal],
            "error_description": None,
            "error_code": None,
            "error": "Please, assign a model to Code Completion.",
        }
        return json_answer(400, document)

    def _mint_refused(self) -> Answer | None:
        """Pass on the gateway's refusal of a token, in the instance's words."""
        refusal = self.gateway.quota_refusal()
        if refusal is None:
            return None
        message = "Token creation failed"
        if not self.profile.structured_errors:
            return json_answer(503, {"message": message})
        told = as_object(refusal.json()) or {}
        document = {
            "message": message,
            "error_description": told.get("message"),
            "error_code": told.get("error_code"),
            "error": told.get("error"),
        }
        return json_answer(refusal.status, document)

    def _grant(self, now: float, *, with_project: bool) -> Answer:
        """Grant direct access, with a flawed token if that is the fault."""
        fault = self.direct_access.take_flaw()
        flaw = None if fault is None else fault.kind
        token, expires_at = self.gateway.mint(
            self.identity.claims(), now, expired=flaw is FaultKind.EXPIRED_TOKEN
        )
        headers = grant_headers(self.profile, self.identity, with_project=with_project)
        document = grant_document(
            self.profile,
            base_url=self.gateway_url,
            token=tampered(token) if flaw is FaultKind.TAMPERED_TOKEN else token,
            expires_at_unix=expires_at,
            headers=headers,
        )
        return json_answer(201, document)


_MONOLITH: Final = {_ORIGIN: "monolith"}


def _project_path(request: Request) -> object:
    """Read `project_path` from a JSON or a form body; unreadable bodies have none."""
    if "json" in (request.header("content-type") or ""):
        try:
            return (as_object(json.loads(request.body or b"{}")) or {}).get(
                "project_path"
            )
        except (ValueError, RecursionError):
            return None
    return dict(parse_qsl(request.body.decode("latin-1"))).get("project_path")
