"""Each reason to refuse stands on its own, and depends on the release."""

from __future__ import annotations

import pytest

from gitlab_completions.emulator.access_tokens import Credential
from gitlab_completions.emulator.flags import Flags
from gitlab_completions.emulator.instance_refusals import ORIGIN, InstanceRefusals
from gitlab_completions.emulator.profiles import PROFILES
from tests.emulator.calls import NOW, field, make_gateway

SOMEBODY = Credential()


def refusals(
    profile: str = "19.3", settings: dict[str, object] | None = None
) -> InstanceRefusals:
    gateway = make_gateway(profile)
    gateway.settings.update(settings or {})
    known = PROFILES[profile]
    return InstanceRefusals(known, gateway.settings, Flags(known), gateway)


def test_nothing_is_refused_of_an_instance_that_is_well() -> None:
    made = refusals()
    assert made.switched_off(SOMEBODY) is None
    assert made.direct_barred(SOMEBODY) is None
    assert made.unpaid() is None
    assert made.namespace_missing(None) is None
    assert made.no_model(SOMEBODY) is None
    assert made.mint_refused() is None


def test_a_switch_and_a_seat_are_the_monolith_s_word() -> None:
    for setting, status in (("code_suggestions_enabled", 404), ("has_seat", 401)):
        made = refusals(settings={setting: False})
        answer = made.switched_off(SOMEBODY)
        assert answer is not None
        assert (answer.status, answer.headers) == (
            status,
            {"content-type": "application/json", ORIGIN: "monolith"},
        )


def test_each_path_has_a_count_of_its_own() -> None:
    made = refusals()
    assert made.too_many("/a", 1, NOW) is None
    assert made.too_many("/b", 1, NOW) is None
    limited = made.too_many("/a", 1, NOW)
    assert limited is not None
    assert (limited.status, limited.headers["retry-after"]) == (429, "60")
    assert made.too_many("/a", 2, NOW + 60) is None


def test_each_user_has_a_count_of_its_own() -> None:
    made = refusals()
    assert made.too_many("/a", 1, NOW, actor="User:1") is None
    assert made.too_many("/a", 1, NOW, actor="User:2") is None
    assert made.too_many("/a", 1, NOW, actor="User:1") is not None


@pytest.mark.parametrize(
    ("profile", "path", "status"),
    [("18.3", None, None), ("18.9", None, 422), ("18.9", "a/b", None)],
)
def test_who_pays_must_be_known_since_18_9(
    profile: str, path: str | None, status: int | None
) -> None:
    made = refusals(profile, {"missing_default_duo_group": True})
    answer = made.namespace_missing(path)
    assert (None if answer is None else answer.status) == status


@pytest.mark.parametrize(("profile", "status"), [("18.3", 503), ("18.9", 402)])
def test_a_mint_that_is_refused_keeps_its_status_since_18_9(
    profile: str, status: int
) -> None:
    made = refusals(profile, {"quota": "exceeded"})
    answer = made.mint_refused()
    assert answer is not None
    assert answer.status == status
    assert field(answer.json(), "message") == "Token creation failed"
