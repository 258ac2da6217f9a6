"""Settings are set one by one, or from JSON, all or none."""

from __future__ import annotations

import pytest

from gitlab_completions.emulator.settings import Quota, Settings


def test_good_values_are_taken() -> None:
    settings = Settings()
    settings.update(
        {
            "direct_enabled": False,
            "quota": "exceeded",
            "completions_limit": 5,
            "gateway_clock_offset_s": -30,
            "hidden_projects": ["team/app"],
            "minimum_language_server_version": "7.17.1",
        }
    )
    assert not settings.direct_enabled
    assert settings.quota is Quota.EXCEEDED
    assert settings.completions_limit == 5
    assert settings.hidden_projects == ("team/app",)
    assert settings.minimum_language_server_version == "7.17.1"
    assert settings.document()["gateway_clock_offset_s"] == -30


@pytest.mark.parametrize(
    "values",
    [
        {"no_such": 1},
        {"direct_enabled": 1},
        {"completions_limit": True},
        {"completions_limit": 1.5},
        {"gateway_clock_offset_s": True},
        {"gateway_clock_offset_s": "1"},
        {"quota": "no"},
        {"quota": 7},
        {"direct_enabled": None},
        {"hidden_projects": "team/app"},
        {"hidden_projects": [7]},
        {"minimum_language_server_version": 7},
    ],
)
def test_bad_values_change_nothing(values: dict[str, object]) -> None:
    settings = Settings()
    with pytest.raises(ValueError, match=r"no setting|takes "):
        settings.update({"has_seat": False, **values})
    assert settings == Settings()
