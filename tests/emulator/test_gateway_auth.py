"""The gateway lets in who its recorded answers let in."""

from __future__ import annotations

import pytest

from gitlab_completions.emulator.gateway_auth import Claims
from gitlab_completions.emulator.profiles import Generation
from gitlab_completions.emulator.tokens import tampered
from tests.emulator.calls import NEW, NOW, OLD, direct, make_gateway, user_headers

AUTH_TYPE = "Invalid authentication token type - only OIDC is supported"


@pytest.mark.parametrize(
    ("replaced", "new", "old"),
    [
        ({"authorization": None}, "No authorization header presented", None),
        ({"authorization": "Token x"}, "Invalid authorization header", None),
        ({"authorization": "x"}, "Invalid authorization header", None),
        ({"authorization": "Bearer"}, "Forbidden by auth provider", None),
        ({"authorization": "Bearer x.y.z"}, "Forbidden by auth provider", None),
        ({"x_gitlab_authentication_type": None}, AUTH_TYPE, None),
        ({"x_gitlab_authentication_type": "jwt"}, AUTH_TYPE, None),
        ({"x_gitlab_authentication_type": "OIDC"}, AUTH_TYPE, None),
        (
            {"x_gitlab_global_user_id": "x"},
            "Header mismatch 'X-Gitlab-Global-User-Id'",
            None,
        ),
        (
            {"x_gitlab_global_user_id": None},
            "Header mismatch 'X-Gitlab-Global-User-Id'",
            None,
        ),
        (
            {"x_gitlab_instance_id": "x"},
            "Header mismatch 'X-Gitlab-Instance-Id'",
            "let in",
        ),
        (
            {"x_gitlab_instance_id": None},
            "Header mismatch 'X-Gitlab-Instance-Id'",
            "let in",
        ),
        ({"x_gitlab_realm": "saas"}, "Header mismatch 'X-Gitlab-Realm'", None),
        ({"x_gitlab_realm": "Self-Managed"}, "Header mismatch 'X-Gitlab-Realm'", None),
        ({"x_gitlab_realm": None}, "Header mismatch 'X-Gitlab-Realm'", None),
    ],
)
def test_refusals(replaced: dict[str, str | None], new: str, old: str | None) -> None:
    for profile, error in ((NEW, new), (OLD, old or new)):
        gateway = make_gateway(profile)
        answer = direct(gateway, headers=user_headers(gateway, **replaced))
        if error == "let in":
            assert answer.status == 200
        else:
            assert answer.status == 401
            assert answer.json() == {"error": error}
            assert "www-authenticate" not in answer.headers


@pytest.mark.parametrize("profile", [OLD, NEW])
def test_a_lower_case_scheme_is_fine(profile: str) -> None:
    gateway = make_gateway(profile)
    headers = user_headers(gateway)
    headers["authorization"] = headers["authorization"].replace("Bearer", "bearer")
    assert direct(gateway, headers=headers).status == 200


@pytest.mark.parametrize(
    ("later_s", "status"), [(3600.9, 200), (3601.0, 401), (-0.1, 401)]
)
def test_time_has_no_leeway(later_s: float, status: int) -> None:
    gateway = make_gateway()
    headers = user_headers(gateway)
    assert direct(gateway, headers=headers, now=NOW + later_s).status == status


def test_a_changed_signature_is_refused() -> None:
    gateway = make_gateway()
    headers = user_headers(gateway)
    headers["authorization"] = tampered(headers["authorization"])
    assert direct(gateway, headers=headers).status == 401


def test_the_instance_is_claimed_since_2024_09() -> None:
    claims = Claims(global_user_id="u", realm="saas", instance_id="i")
    assert "gitlab_instance_id" not in claims.payload(Generation.OF_2024_07)
    assert claims.payload(Generation.OF_2026_08) == {
        "sub": "u",
        "gitlab_realm": "saas",
        "gitlab_instance_id": "i",
    }
