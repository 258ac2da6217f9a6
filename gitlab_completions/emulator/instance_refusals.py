"""Why an instance refuses what it would else do, each reason on its own.

`Instance` asks them in the order of GitLab EE 19.3, `ee/lib/api/code_suggestions.rb`.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from gitlab_completions.emulator.access_tokens import Credential
from gitlab_completions.emulator.answers import (
    NO_HEADERS,
    Answer,
    as_object,
    json_answer,
)
from gitlab_completions.emulator.flags import Flags
from gitlab_completions.emulator.gateway import Gateway
from gitlab_completions.emulator.profiles import DirectRefusal, Profile
from gitlab_completions.emulator.rate_limits import FixedWindow
from gitlab_completions.emulator.settings import Settings

__all__ = ("MONOLITH", "ORIGIN", "InstanceRefusals")

ORIGIN: Final = "x-gitlab-error-origin"
MONOLITH: Final = {ORIGIN: "monolith"}
"""What tells that GitLab itself refused."""

_SWITCH: Final = "ai_duo_code_suggestions_switch"
_FAIL_OVER: Final = "incident_fail_over_completion_provider"
_DIRECT_COMPLETIONS: Final = "code_suggestions_direct_completions"
_CLOUD_CONNECTED: Final = "code_suggestions_direct_access_cloud_connected"
# A pinned model barred direct access first, and is granted by its name now.
_PINNED_BARS: Final = (18, 2)
_PINNED_GOES: Final = (19, 0)
_NOT_PAID: Final = (
    "403 Forbidden - Code suggestions tokens can only be generated for users belonging "
    "to paid, non-trial namespaces"
)
_TOO_MANY: Final = "This endpoint has been requested too many times. Try again later."
_NO_GROUP: Final = (
    "No default GitLab Duo group is set: choose one, or send a project_path."
)


class InstanceRefusals:
    """The refusals of one instance.

    Args:
        profile: Which GitLab version it is.
        settings: Its switches.
        flags: Its feature flags.
        gateway: Knows of the user's credits.
    """

    def __init__(
        self, profile: Profile, settings: Settings, flags: Flags, gateway: Gateway
    ) -> None:
        self._profile = profile
        self._settings = settings
        self._flags = flags
        self._gateway = gateway
        self._hits: dict[str, FixedWindow] = defaultdict(lambda: FixedWindow(0))

    def switched_off(self, credential: Credential) -> Answer | None:
        """Refuse when the feature is off, or not for this user."""
        on = self._flags.is_on(_SWITCH, credential.actor)
        if not on or not self._settings.code_suggestions_enabled:
            return json_answer(404, {"message": "404 Not Found"}, MONOLITH)
        if not self._settings.has_seat or not credential.has_seat:
            return json_answer(401, {"message": "401 Unauthorized"}, MONOLITH)
        return None

    def direct_barred(self, credential: Credential) -> Answer | None:
        """Refuse when the version's flag, licence or admin forbids going direct."""
        if self._is_off(_DIRECT_COMPLETIONS, credential):
            return json_answer(404, {"message": "404 Not Found"})
        barred = (
            self._profile.refusal is DirectRefusal.ONLINE_LICENCE
            or self._flags.is_on(_FAIL_OVER, credential.actor)
            or (
                self._settings.pinned_model != ""
                and _PINNED_BARS <= self._profile.release < _PINNED_GOES
            )
            or not self._settings.direct_enabled
        )
        if barred:
            text = "403 Forbidden - Direct connections are disabled"
            return json_answer(403, {"message": text})
        return None

    def _is_off(self, flag: str, credential: Credential) -> bool:
        """Say whether this version has the flag, and it is off for the user."""
        known = flag in self._flags.definitions
        return known and not self._flags.is_on(flag, credential.actor)

    def too_many(
        self,
        path: str,
        limit: int,
        now: float,
        headers: Mapping[str, str] = NO_HEADERS,
        *,
        actor: str = "User:42",
    ) -> Answer | None:
        """Count an actor's request against `limit` a minute; refuse what is over it."""
        window = self._hits[path]
        window.limit = limit
        if window.admit(actor, now):
            return None
        if self._profile.retry_after:
            # The whole period, not what is left of it (GitLab EE 18.9 and later).
            headers = {**headers, "retry-after": str(int(window.period_s))}
        return json_answer(429, {"message": {"error": _TOO_MANY}}, headers)

    def unpaid(self) -> Answer | None:
        """Refuse tokens to users of GitLab.com that belong to no paid namespace."""
        if not self._profile.saas or self._settings.has_paid_namespace:
            return None
        return json_answer(403, {"message": _NOT_PAID})

    def namespace_missing(self, project_path: object) -> Answer | None:
        """Refuse when nobody would pay: no default group and no project."""
        missing = self._settings.missing_default_duo_group
        if not missing or project_path or not self._profile.namespace_check:
            return None
        error = "missing_default_duo_group"
        document = {
            "error": error,
            "error_description": _NO_GROUP,
            "message": {"error": error},
        }
        return json_answer(422, document)

    def no_model(self, credential: Credential) -> Answer | None:
        """Refuse as the versions do that find no model for direct access."""
        if self._profile.refusal is DirectRefusal.NO_MODEL:
            text = "No Code Completion model provided"
        elif not self._profile.self_hosted and self._is_off(
            _CLOUD_CONNECTED, credential
        ):
            text = "Code Completion direct access is not yet available"
        else:
            return None
        document = {
            "message": text,
            "error_description": None,
            "error_code": None,
            "error": "Please, assign a model to Code Completion.",
        }
        return json_answer(400, document)

    def mint_refused(self) -> Answer | None:
        """Pass on the gateway's refusal of a token, in the instance's words."""
        refusal = self._gateway.quota_refusal()
        if refusal is None:
            return None
        message = "Token creation failed"
        if not self._profile.structured_errors:
            return json_answer(503, {"message": message})
        told = as_object(refusal.json()) or {}
        document = {
            "message": message,
            "error_description": told.get("message"),
            "error_code": told.get("error_code"),
            "error": told.get("error"),
        }
        return json_answer(refusal.status, document)
