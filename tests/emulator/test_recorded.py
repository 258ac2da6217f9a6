"""Every profile answers as the recorded gateway of its generation did.

One table: what was sent with a user token, and what each of the two gateways answered.
The bodies that are accepted or refused are in `test_gateway.py`, in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pytest

from gitlab_completions.emulator.answers import Request
from gitlab_completions.emulator.profiles import PROFILES, Generation
from gitlab_completions.emulator.settings import Quota
from tests.emulator.calls import (
    NOW,
    ask,
    completion_body,
    components,
    direct,
    make_instance,
    user_headers,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlab_completions.emulator.answers import Answer
    from gitlab_completions.emulator.instance import Instance

V2, V2_CODE = "/v2/completions", "/v2/code/completions"
V3, V4 = "/v3/code/completions", "/v4/code/suggestions"
FORBIDDEN: Final = {"error": "Forbidden by auth provider"}
NO_TOKEN: Final = {"error": "No authorization header presented"}
NO_SCHEME: Final = {"error": "Invalid authorization header"}
NO_OIDC: Final = {"error": "Invalid authentication token type - only OIDC is supported"}
UNAUTHORIZED: Final = "Unauthorized to access code"
NOT_FOUND: Final = {"detail": "Not Found"}


def mismatch(header: str) -> dict[str, str]:
    return {"error": f"Header mismatch '{header}'"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A request as it was recorded, and its answers; `new` serves for both by default.

    `headers` replace or, with None, take away good ones.
    """

    new: tuple[int, object]
    old: tuple[int, object] | None = None
    path: str = V2_CODE
    method: str = "POST"
    body: object = None
    headers: Mapping[str, str | None] = field(default_factory=dict[str, str | None])

    def expected(self, generation: Generation) -> tuple[int, object]:
        """Return status and body of that generation."""
        if generation is Generation.OF_2024_07 and self.old is not None:
            return self.old
        return self.new


OK = (200, None)
RECORDED: Final[Mapping[str, Recorded]] = {
    "completion": Recorded(new=OK),
    "completion, short path": Recorded(new=OK, path=V2),
    "lower-case scheme": Recorded(new=OK, headers={"authorization": "bearer {token}"}),
    "no token": Recorded(new=(401, NO_TOKEN), headers={"authorization": None}),
    "no scheme": Recorded(new=(401, NO_SCHEME), headers={"authorization": "{token}"}),
    "other scheme": Recorded(
        new=(401, NO_SCHEME), headers={"authorization": "Token {token}"}
    ),
    "empty token": Recorded(new=(401, FORBIDDEN), headers={"authorization": "Bearer "}),
    "garbage": Recorded(new=(401, FORBIDDEN), headers={"authorization": "Bearer x.y"}),
    "no type": Recorded(
        new=(401, NO_OIDC), headers={"x-gitlab-authentication-type": None}
    ),
    "other type": Recorded(
        new=(401, NO_OIDC), headers={"x-gitlab-authentication-type": "jwt"}
    ),
    "type in capitals": Recorded(
        new=(401, NO_OIDC), headers={"x-gitlab-authentication-type": "OIDC"}
    ),
    "other user": Recorded(
        new=(401, mismatch("X-Gitlab-Global-User-Id")),
        headers={"x-gitlab-global-user-id": "other"},
    ),
    "no user": Recorded(
        new=(401, mismatch("X-Gitlab-Global-User-Id")),
        headers={"x-gitlab-global-user-id": None},
    ),
    "other instance": Recorded(
        new=(401, mismatch("X-Gitlab-Instance-Id")),
        old=OK,
        headers={"x-gitlab-instance-id": "other"},
    ),
    "no instance": Recorded(
        new=(401, mismatch("X-Gitlab-Instance-Id")),
        old=OK,
        headers={"x-gitlab-instance-id": None},
    ),
    "other realm": Recorded(
        new=(401, mismatch("X-Gitlab-Realm")), headers={"x-gitlab-realm": "moon"}
    ),
    "no realm": Recorded(
        new=(401, mismatch("X-Gitlab-Realm")), headers={"x-gitlab-realm": None}
    ),
    "no token, unknown path": Recorded(
        new=(401, NO_TOKEN), path="/no/such", headers={"authorization": None}
    ),
    "no token, invalid body": Recorded(
        new=(401, NO_TOKEN), body={}, headers={"authorization": None}
    ),
    "unknown path": Recorded(new=(404, NOT_FOUND), path="/no/such"),
    "double slash": Recorded(new=(404, NOT_FOUND), path=f"/{V2}"),
    "trailing slash": Recorded(new=(307, None), path=f"{V2_CODE}/"),
    "metrics": Recorded(new=(404, NOT_FOUND), path="/metrics", method="GET"),
    "health": Recorded(new=(200, {}), path="/monitoring/healthz", method="GET"),
    "GET": Recorded(new=(405, {"detail": "Method Not Allowed"}), method="GET"),
    "mint": Recorded(
        new=(403, {"detail": "Unauthorized to create user access token"}),
        old=(
            403,
            {"detail": "Unauthorized to create user access token for code suggestions"},
        ),
        path="/v1/code/user_access_token",
    ),
    "v2 generations": Recorded(
        new=(403, {"detail": f"{UNAUTHORIZED} generations"}),
        path="/v2/code/generations",
    ),
    "v3": Recorded(
        new=(403, {"detail": f"{UNAUTHORIZED} suggestions"}),
        path=V3,
        body=components(),
    ),
    "v3, generation": Recorded(
        new=(500, None),
        old=(403, {"detail": f"{UNAUTHORIZED} suggestions"}),
        path=V3,
        body=components(type="code_editor_generation"),
    ),
    "v4": Recorded(
        new=(403, {"detail": f"{UNAUTHORIZED} suggestions"}),
        old=(404, NOT_FOUND),
        path=V4,
        body=components(),
    ),
}
OTHERWISE: Final = {
    # Its token is the instance's own, and speaks of no user.
    "17.0": {"other user": OK, "no user": OK},
    # protocol.md 3.1: not recorded, but what GitLab 19.5 relies on.
    "19.5": {"v4": OK},
}
"""Where a release differs from its recorded gateway."""


def sent(instance: Instance, recorded: Recorded) -> Answer:
    """Send what was recorded, with what this instance grants."""
    grant = ask(instance, "/code_suggestions/direct_access").json()
    gateway = instance.gateway
    good = user_headers(gateway)
    if isinstance(grant, dict) and "token" in grant:
        echoed = {str(k).lower(): str(v) for k, v in grant["headers"].items()}
        good |= echoed | {"authorization": f"Bearer {grant['token']}"}
    else:
        good |= {
            "x-gitlab-realm": instance.identity.realm,
            "x-gitlab-global-user-id": instance.identity.global_user_id,
        }
    token = good["authorization"].removeprefix("Bearer ")
    for name, value in recorded.headers.items():
        good.pop(name, None)
        if value is not None:
            good[name] = value.replace("{token}", token)
    return direct(
        gateway,
        recorded.body,
        path=recorded.path,
        method=recorded.method,
        headers=good,
    )


@pytest.mark.parametrize("name", RECORDED)
@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_answers_as_recorded(profile: str, name: str) -> None:
    recorded, generation = RECORDED[name], PROFILES[profile].generation
    expected = OTHERWISE.get(profile, {}).get(name, recorded.expected(generation))
    answer = sent(make_instance(profile), recorded)
    assert answer.status == expected[0]
    if expected[1] is not None:
        assert answer.json() == expected[1]
    assert "www-authenticate" not in answer.headers
    assert "retry-after" not in answer.headers


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("age_s", "status"), [(3600, 200), (3601, 401)])
def test_a_token_is_good_to_the_end_of_its_second(
    profile: str, age_s: int, status: int
) -> None:
    gateway = make_instance(profile).gateway
    headers = user_headers(gateway)
    assert direct(gateway, headers=headers, now=NOW + age_s + 0.9).status == status


@pytest.mark.parametrize("profile", PROFILES)
def test_streams_are_bare_text_where_they_are_streams(profile: str) -> None:
    answer = direct(make_instance(profile).gateway, completion_body(stream=True))
    old = PROFILES[profile].generation is Generation.OF_2024_07
    kind = "application/json" if old else "text/event-stream; charset=utf-8"
    assert answer.headers["content-type"] == kind
    assert (answer.pieces is None) is old


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("quota", "status", "error", "code"),
    [
        (Quota.EXCEEDED, 402, "insufficient_credits", "USAGE_QUOTA_EXCEEDED"),
        (Quota.NOT_ENTITLED, 403, "not_entitled", "USAGE_QUOTA_NOT_ENTITLED"),
    ],
)
def test_quotas_are_asked_for_by_the_newer_gateway(
    profile: str, quota: Quota, status: int, error: str, code: str
) -> None:
    instance = make_instance(profile)
    instance.settings.quota = quota
    body = completion_body()
    answers = [
        direct(instance.gateway, body),
        ask(instance, "/code_suggestions/completions", body),
    ]
    if PROFILES[profile].generation is Generation.OF_2024_07:
        assert [answer.status for answer in answers] == [200, 200]
        return
    for answer in answers:
        document = answer.json()
        assert isinstance(document, dict)
        assert answer.status == status
        assert (document["error"], document["error_code"]) == (error, code)
        assert set(document) == {"error", "error_code", "message"}


@pytest.mark.parametrize("profile", PROFILES)
def test_every_answer_has_the_id_of_its_request(profile: str) -> None:
    gateway = make_instance(profile).gateway
    request = Request(method="GET", path="/x", headers={"x-request-id": "my-id-1"})
    assert gateway.answer(request, NOW).headers["x-request-id"] == "my-id-1"
