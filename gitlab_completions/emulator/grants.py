"""What direct access grants: headers to echo, the token, the model to ask for.

Names and values are those of GitLab EE 19.3, `ee/lib/gitlab/ai_gateway.rb`
(`public_headers`); older versions write the names in mixed case.
"""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from gitlab_completions.emulator.gateway_auth import Claims
from gitlab_completions.emulator.profiles import Profile

__all__ = ("Identity", "grant_document", "grant_headers")

_FEATURE_SETTING: Final = "code_completions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the instance and its only user are.

    Attributes:
        instance_id: A UUID, claimed by every token and repeated in a header.
        realm: "saas" or "self-managed"; the same.
        deployment_type: ".com", "self-managed" or "dedicated".
        host_name: The name the instance goes by.
        user_id: The user's number on the instance.
    """

    instance_id: str = "11111111-2222-4333-8444-555555555555"
    realm: str = "self-managed"
    deployment_type: str = "self-managed"
    host_name: str = "gitlab.example.com"
    user_id: int = 42

    @property
    def global_user_id(self) -> str:
        """The user's id across instances: base64 of a SHA-256."""
        digest = sha256(f"{self.instance_id}{self.user_id}".encode()).digest()
        return b64encode(digest).decode()

    @classmethod
    def of(cls, profile: Profile) -> "Identity":
        """Return who a GitLab of that profile and its user are."""
        if not profile.saas:
            return cls()
        return cls(realm="saas", deployment_type=".com", host_name="gitlab.com")

    def claims(self) -> Claims:
        """Return what the user's token is to claim."""
        return Claims(
            global_user_id=self.global_user_id,
            realm=self.realm,
            instance_id=self.instance_id,
        )


def grant_headers(
    profile: Profile, identity: Identity, *, with_project: bool
) -> dict[str, str]:
    """Return the headers that a client is to echo to the gateway.

    Args:
        profile: Decides which there are, and the case of their names.
        identity: Whom they speak of.
        with_project: Whether a project was named, whose ids are then added.
    """
    headers = {
        "x-gitlab-host-name": identity.host_name,
        "x-gitlab-instance-id": identity.instance_id,
        "x-gitlab-realm": identity.realm,
        "x-gitlab-global-user-id": identity.global_user_id,
        "x-gitlab-user-id": str(identity.user_id),
        "x-gitlab-deployment-type": identity.deployment_type,
        "x-gitlab-version": profile.version.removesuffix("-ee"),
        "x-gitlab-feature-enabled-by-namespace-ids": "",
        "x-gitlab-feature-enablement-type": "add_on",
        "x-gitlab-enabled-feature-flags": "",
    }
    if identity.realm == "saas":
        headers["x-gitlab-saas-namespace-ids"] = ""
        headers["x-gitlab-saas-duo-pro-namespace-ids"] = "3"
    if with_project:
        headers |= {
            "x-gitlab-project-id": "7",
            "x-gitlab-namespace-id": "3",
            "x-gitlab-root-namespace-id": "3",
        }
    if profile.mixed_case_headers:
        headers = {name.title(): value for name, value in headers.items()}
    else:
        headers |= {
            "x-gitlab-subject-type": "human",
            "x-gitlab-unit-primitive": "complete_code",
            "X-Gitlab-Is-Team-Member": "false",
            "X-Gitlab-Model-Prompt-Cache-Enabled": "true",
        }
    # These two were never written in lower case.
    if profile.authentication_type_header:
        headers["X-Gitlab-Authentication-Type"] = "oidc"
    if profile.seat_count_header:
        headers["X-Gitlab-Duo-Seat-Count"] = "10"
    return headers


def grant_document(
    profile: Profile,
    *,
    base_url: str,
    token: str,
    expires_at_unix: int,
    headers: Mapping[str, str],
) -> dict[str, object]:
    """Return the body of a 201.

    Args:
        profile: Decides which fields there are.
        base_url: The gateway's URL as the admin typed it.
        token: The user token.
        expires_at_unix: When it expires, in Unix seconds.
        headers: What to echo to the gateway.
    """
    document: dict[str, object] = {
        "base_url": base_url.rstrip("/") if profile.strips_base_url else base_url,
        "token": token,
        "headers": dict(headers),
    }
    if profile.expires_at:
        end = None if profile.expires_at_null else expires_at_unix
        document["expires_at"] = end
    details = profile.model_details
    if details is not None:
        document["model_details"] = {
            "model_provider": details.provider,
            "model_name": details.name,
        }
        if profile.model_metadata:
            document["model_metadata"] = {
                "provider": details.provider,
                "feature_setting": _FEATURE_SETTING,
                "identifier": details.name,
            }
    return document
