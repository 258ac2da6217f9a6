"""What a client may ask the instance beside completions: who am I, may I, who are you.

Pure answers to callers who were let in. Paths are those of GitLab's REST API and, for
OAuth tokens, of Doorkeeper.
"""

from datetime import UTC, datetime
from typing import Final

from gitlab_completions.emulator.access_tokens import Credential, TokenKind
from gitlab_completions.emulator.answers import Answer, json_answer
from gitlab_completions.emulator.grants import Identity
from gitlab_completions.emulator.profiles import Profile
from gitlab_completions.emulator.settings import Settings

__all__ = ("connection_details", "oauth_token", "own_token", "project_check", "version")

_NOT_PERSONAL: Final = (
    "400 Bad request - This endpoint requires token type to be a personal access token"
)


def version(profile: Profile) -> Answer:
    """Tell the version, as `GET /api/v4/version`."""
    document = {"version": profile.version, "revision": "0123456789a"}
    return json_answer(200, document)


def own_token(credential: Credential, now_unix: float) -> Answer:
    """Describe a token to its owner, as `GET /api/v4/personal_access_tokens/self`.

    Its last day is a date, in UTC; it is no good any more when that day begins.
    """
    if credential.kind is TokenKind.OAUTH:
        return json_answer(400, {"message": _NOT_PERSONAL})
    left_s = credential.good_for_s
    document = {
        "id": 5,
        "name": "code suggestions",
        "revoked": False,
        "active": True,
        "created_at": "2026-01-01T00:00:00.000Z",
        "expires_at": None if left_s is None else _date(now_unix + left_s),
        "scopes": sorted(credential.scopes),
        "user_id": credential.user_id,
    }
    return json_answer(200, document)


def oauth_token(credential: Credential | None, now_unix: float) -> Answer:
    """Describe an OAuth token, as `GET /oauth/token/info`; personal ones are none."""
    if credential is None or credential.kind is not TokenKind.OAUTH:
        refusal = {
            "error": "invalid_token",
            "error_description": "The access token is invalid",
            "state": "unauthorized",
        }
        return json_answer(401, refusal)
    scopes = sorted(credential.scopes)
    left_s = None if credential.good_for_s is None else int(credential.good_for_s)
    document: dict[str, object] = {
        "resource_owner_id": credential.user_id,
        "scope": scopes,
        "scopes": scopes,
        "expires_in": left_s,
        "expires_in_seconds": left_s,
        "application": {"uid": "0123456789abcdef"},
        "created_at": int(now_unix),
    }
    return json_answer(200, document)


def project_check(project_path: object, settings: Settings) -> Answer:
    """Say whether a project has Duo, as `POST /api/v4/code_suggestions/enabled`."""
    if not isinstance(project_path, str):
        return json_answer(400, {"error": "project_path is missing"})
    if not project_path or project_path in settings.hidden_projects:
        return json_answer(404, {"message": "404 Project Not Found"})
    if project_path in settings.projects_without_duo:
        return json_answer(403, {"message": "403 Forbidden"})
    return json_answer(200, None)


def connection_details(profile: Profile, identity: Identity) -> Answer:
    """Tell what telemetry is to carry; no token is among it."""
    document: dict[str, object] = {
        "instance_id": identity.instance_id,
        "instance_version": profile.version,
        "realm": identity.realm,
        "global_user_id": identity.global_user_id,
        "host_name": identity.host_name,
        "feature_enablement_type": "add_on",
        "saas_duo_pro_namespace_ids": [3] if identity.realm == "saas" else [],
    }
    return json_answer(201, document)


def _date(unix: float) -> str:
    """Return the day of a moment, as GitLab writes it."""
    return datetime.fromtimestamp(unix, UTC).date().isoformat()
