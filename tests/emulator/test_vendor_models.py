"""Names of models lead to the ones that were recorded to answer."""

from __future__ import annotations

import pytest

from gitlab_completions.emulator.profiles import PROFILES, Generation
from gitlab_completions.emulator.vendor_models import (
    UnsupportedModelError,
    choose_engine,
)


@pytest.mark.parametrize(
    ("provider", "name", "engine"),
    [
        (None, None, "codestral_2508_vertex"),
        ("vertex-ai", "codestral-2501", "codestral_2508_vertex"),
        ("fireworks_ai", "codestral-2508", "codestral_2508_fireworks"),
        ("fireworks_ai", "qwen2p5-coder-7b", "codestral_2501_fireworks"),
        ("gitlab", "codestral_2501_vertex", "codestral_2508_vertex"),
        ("gitlab", "", "codestral_2508_vertex"),
        ("litellm", "codegemma", "codegemma"),
    ],
)
def test_the_model_that_answers(
    provider: str | None, name: str | None, engine: str
) -> None:
    chosen = choose_engine(Generation.OF_2026_08, provider, name)
    assert chosen is not None
    assert chosen.name == engine


def test_unsupported_pairs() -> None:
    with pytest.raises(UnsupportedModelError):
        choose_engine(Generation.OF_2026_08, "vertex-ai", "code-gecko@002")
    with pytest.raises(UnsupportedModelError):
        choose_engine(Generation.OF_2024_07, "vertex-ai", "codestral-2508")
    with pytest.raises(UnsupportedModelError):
        choose_engine(Generation.OF_2026_08, "gitlab", None)


def test_names_the_gateway_fails_on() -> None:
    assert choose_engine(Generation.OF_2026_08, None, "no-such") is None
    assert choose_engine(Generation.OF_2024_07, "litellm", "codestral") is None


def test_every_granted_model_is_known_to_its_gateway() -> None:
    for profile in PROFILES.values():
        details = profile.model_details
        if details is not None:
            chosen = choose_engine(profile.generation, details.provider, details.name)
            assert chosen is not None
