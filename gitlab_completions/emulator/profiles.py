"""What differs between GitLab versions, as data: one frozen record per version.

Labels are GitLab versions, with a suffix where a flag or a licence decides. Facts are
read from GitLab EE's `ee/lib/api/code_suggestions.rb` and its history, and from answers
recorded on the AI Gateway of 2024-07 and of 2026-08.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

__all__ = (
    "PROFILES",
    "DirectRefusal",
    "Generation",
    "ModelDetails",
    "Profile",
    "Release",
)

Release = tuple[int, int]
"""A GitLab release: major and minor."""


class Generation(StrEnum):
    """Which recorded release of the AI Gateway answers."""

    OF_2024_07 = "2024-07"
    OF_2026_08 = "2026-08"


class DirectRefusal(StrEnum):
    """Why this version never grants direct access, whatever its admin sets."""

    FLAG_OFF = "flag_off"
    ONLINE_LICENCE = "online_licence"
    NO_MODEL = "no_model"
    NOT_YET_AVAILABLE = "not_yet_available"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDetails:
    """The model a grant tells the client to ask the gateway for."""

    provider: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How one GitLab version, with its gateway, answers.

    Attributes:
        name: Its key in `PROFILES`.
        version: What the instance calls its version.
        generation: Which release of the gateway belongs to it.
        refusal: Why it never grants direct access, if it never does.
        mixed_case_headers: Whether granted header names look like `X-Gitlab-Realm`.
        authentication_type_header: Whether `X-Gitlab-Authentication-Type` is granted.
        seat_count_header: Whether `X-Gitlab-Duo-Seat-Count` is granted.
        expires_at: Whether a grant says when it ends.
        strips_base_url: Whether a trailing slash is taken off the gateway's URL.
        reads_project_path: Whether direct access knows `project_path`.
        namespace_check: Whether a missing default group can be a 422.
        model_details: The model that is granted, if one is.
        model_metadata: Whether it is granted in its new form too.
        expires_at_null: Whether a grant names the end and leaves it open.
        instance_token: Whether the instance's own token is granted, which speaks of
            no user.
        saas: Whether it is GitLab.com.
        self_hosted: Whether its gateway is its own, and no flag of the cloud's matters.
        flags_on: Names of the flags that its operators have switched on.
        v4_user_tokens: Whether v4 of its gateway takes user tokens.
        retry_after: Whether a 429 has `Retry-After`.
        origin_header: Whether refusals have `X-GitLab-Error-Origin`.
        structured_errors: Whether a refused token keeps the gateway's status, else 503.
        sse_generations: Whether streamed generations can be server-sent events.
        forwarded_limit_chars: The largest body that is forwarded, in characters.
        instance_keep_alive_s: When the instance closes an idle connection, in seconds.
        gateway_keep_alive_s: When the gateway does.
    """

    name: str
    version: str
    generation: Generation = Generation.OF_2026_08
    refusal: DirectRefusal | None = None
    mixed_case_headers: bool = False
    authentication_type_header: bool = True
    seat_count_header: bool = False
    expires_at: bool = True
    strips_base_url: bool = True
    reads_project_path: bool = True
    namespace_check: bool = True
    model_details: ModelDetails | None = None
    model_metadata: bool = False
    expires_at_null: bool = False
    instance_token: bool = False
    saas: bool = False
    self_hosted: bool = False
    flags_on: tuple[str, ...] = ()
    v4_user_tokens: bool = False
    retry_after: bool = True
    origin_header: bool = True
    structured_errors: bool = True
    sse_generations: bool = True
    forwarded_limit_chars: int = 600_000
    instance_keep_alive_s: float = 75.0
    gateway_keep_alive_s: float = 75.0

    @property
    def release(self) -> Release:
        """Major and minor of the version."""
        major, minor = self.version.split(".")[:2]
        return int(major), int(minor)


def _indexed(*profiles: Profile) -> Mapping[str, Profile]:
    """Return `profiles` by their names."""
    return MappingProxyType({profile.name: profile for profile in profiles})


# Direct access hung on this one, for each user, before it came to all in 17.2.
_DIRECT_COMPLETIONS = "code_suggestions_direct_completions"
# In 19.3 it hangs on this one where the gateway is GitLab's own.
_CLOUD_CONNECTED = "code_suggestions_direct_access_cloud_connected"
_V4_COMPLETIONS = "code_completion_v4_endpoint"

_CODESTRAL_2405 = ModelDetails(provider="vertex-ai", name="codestral@2405")
_CODESTRAL_2501 = ModelDetails(provider="fireworks_ai", name="codestral-2501")
_CODESTRAL_2508 = ModelDetails(provider="fireworks_ai", name="codestral-2508")

_V17_2 = Profile(
    name="17.2",
    version="17.2.0-ee",
    generation=Generation.OF_2024_07,
    mixed_case_headers=True,
    authentication_type_header=False,  # by 17.4 the grant has it
    strips_base_url=False,  # up to 18.9 the admin's spelling is handed out
    reads_project_path=False,  # since 18.1
    namespace_check=False,  # since 18.9
    retry_after=False,  # since 18.9
    origin_header=False,  # since 17.7
    structured_errors=False,  # since 18.9
    sse_generations=False,  # since 17.7
)
_V17_1 = replace(
    _V17_2,
    name="17.1",
    version="17.1.0-ee",
    flags_on=(_DIRECT_COMPLETIONS,),
    expires_at=False,  # left out by a revision of 17.1
    forwarded_limit_chars=500_000,
)
_V17_4 = replace(
    _V17_2,
    name="17.4",
    version="17.4.0-ee",
    authentication_type_header=True,
    seat_count_header=True,  # from 17.3, gone in 19.3
    model_details=_CODESTRAL_2405,
)
_V17_7 = replace(
    _V17_4,
    name="17.7",
    version="17.7.0-ee",
    generation=Generation.OF_2026_08,
    model_details=_CODESTRAL_2501,
    origin_header=True,
    sse_generations=True,
)
_V18_2 = replace(_V17_7, name="18.2", version="18.2.0-ee", reads_project_path=True)
_V18_9 = replace(
    _V18_2,
    name="18.9",
    version="18.9.0-ee",
    namespace_check=True,
    retry_after=True,
    structured_errors=True,
)
_V19_0 = Profile(name="19.0", version="19.0.0-ee", model_details=_CODESTRAL_2508)
_V19_3 = replace(_V19_0, name="19.3", version="19.3.0-ee", flags_on=(_CLOUD_CONNECTED,))
_V19_5 = replace(
    _V19_3,
    name="19.5",
    version="19.5.0-ee",
    flags_on=(_V4_COMPLETIONS,),
    # Metadata is granted when a model is pinned, and a pinned one is `gitlab`'s.
    model_details=ModelDetails(provider="gitlab", name="codestral_2508_fireworks"),
    model_metadata=True,
    v4_user_tokens=True,
)
# Self-hosted: uvicorn, unproxied, closes an idle connection after 5 s (recorded).
_SELF_HOSTED = replace(
    _V19_3,
    name="self-hosted",
    flags_on=(),
    self_hosted=True,
    gateway_keep_alive_s=5.0,
)

PROFILES: Mapping[str, Profile] = _indexed(
    replace(
        _V17_1,
        name="17.0",
        version="17.0.0-ee",
        expires_at=True,
        expires_at_null=True,
        instance_token=True,
    ),
    replace(_V17_1, name="17.1-flag-off", flags_on=(), refusal=DirectRefusal.FLAG_OFF),
    _V17_1,
    _V17_2,
    _V17_4,
    _V17_7,
    _V18_2,
    replace(_V18_2, name="18.3", version="18.3.0-ee"),
    _V18_9,
    _V19_0,
    replace(_V19_0, name="19.0-online-licence", refusal=DirectRefusal.ONLINE_LICENCE),
    replace(_V19_0, name="19.1", version="19.1.0-ee", refusal=DirectRefusal.NO_MODEL),
    replace(_V19_0, name="19.2", version="19.2.0-ee", refusal=DirectRefusal.NO_MODEL),
    _V19_3,
    replace(
        _V19_3,
        name="19.3-flag-off",
        flags_on=(),
        refusal=DirectRefusal.NOT_YET_AVAILABLE,
    ),
    replace(
        _V19_3,
        name="19.3-gitlab.com",
        version="19.3.0-pre",
        saas=True,
        flags_on=(_CLOUD_CONNECTED, _V4_COMPLETIONS),
    ),
    _V19_5,
    _SELF_HOSTED,
    replace(_SELF_HOSTED, name="self-hosted-model", model_details=None),
)
"""Every built-in profile by its name; "19.3" is the default."""
