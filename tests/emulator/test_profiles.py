"""Profiles are data, one per GitLab version."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from gitlab_completions.emulator.profiles import PROFILES, Generation


def test_the_versions_that_matter_are_there() -> None:
    assert set(PROFILES) == {
        "17.0",
        "17.1-flag-off",
        "17.1",
        "17.2",
        "17.4",
        "17.7",
        "18.2",
        "18.3",
        "18.9",
        "19.0",
        "19.0-online-licence",
        "19.1",
        "19.2",
        "19.3",
        "19.3-flag-off",
        "19.3-gitlab.com",
        "19.5",
        "self-hosted",
        "self-hosted-model",
    }
    assert all(profile.name == name for name, profile in PROFILES.items())


def test_generations_change_between_17_2_and_18_9() -> None:
    assert PROFILES["17.2"].generation is Generation.OF_2024_07
    assert PROFILES["18.9"].generation is Generation.OF_2026_08


def test_a_profile_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(PROFILES["19.3"], "version", "20.0")  # noqa: B010
