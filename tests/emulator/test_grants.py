"""A grant has the headers and the model of its version."""

from __future__ import annotations

import pytest

from gitlab_completions.emulator.grants import Identity, grant_document, grant_headers
from gitlab_completions.emulator.profiles import PROFILES


def headers_of(profile: str, *, with_project: bool = False) -> dict[str, str]:
    return grant_headers(PROFILES[profile], Identity(), with_project=with_project)


def document_of(profile: str) -> dict[str, object]:
    return grant_document(
        PROFILES[profile], base_url="u//", token="t", expires_at_unix=9, headers={}
    )


def test_the_global_user_id_is_a_digest_in_base64() -> None:
    assert Identity().global_user_id.endswith("=")
    assert len(Identity().global_user_id) == 44
    assert Identity(user_id=43).global_user_id != Identity().global_user_id


@pytest.mark.parametrize(
    ("profile", "name"),
    [
        ("17.2", "X-Gitlab-Instance-Id"),
        ("18.9", "X-Gitlab-Instance-Id"),
        ("18.9", "X-Gitlab-Duo-Seat-Count"),
        ("19.3", "x-gitlab-instance-id"),
        ("19.3", "x-gitlab-unit-primitive"),
        ("19.3", "X-Gitlab-Authentication-Type"),
    ],
)
def test_names_are_spelt_as_in_their_version(profile: str, name: str) -> None:
    assert name in headers_of(profile)


@pytest.mark.parametrize(
    ("profile", "name"),
    [
        ("17.1", "X-Gitlab-Authentication-Type"),
        ("17.2", "X-Gitlab-Authentication-Type"),
        ("19.3", "X-Gitlab-Duo-Seat-Count"),
        ("19.3", "x-gitlab-project-id"),
    ],
)
def test_some_names_are_left_out(profile: str, name: str) -> None:
    assert name not in headers_of(profile)


def test_a_project_adds_its_ids() -> None:
    assert headers_of("19.3", with_project=True)["x-gitlab-project-id"] == "7"


def test_values_may_be_empty_and_are_all_strings() -> None:
    assert "" in headers_of("19.3").values()
    assert headers_of("19.3")["x-gitlab-version"] == "19.3.0"


def test_the_model_and_its_metadata() -> None:
    assert "model_details" not in document_of("17.2")
    assert "model_details" not in document_of("self-hosted-model")
    assert "model_metadata" not in document_of("19.3")
    assert document_of("19.5")["model_details"] == {
        "model_provider": "gitlab",
        "model_name": "codestral_2508_fireworks",
    }
    assert document_of("19.5")["model_metadata"] == {
        "provider": "gitlab",
        "feature_setting": "code_completions",
        "identifier": "codestral_2508_fireworks",
    }


def test_urls_are_stripped_since_18_10() -> None:
    assert document_of("18.9")["base_url"] == "u//"
    assert document_of("19.3")["base_url"] == "u"
    assert "expires_at" not in document_of("17.1")
