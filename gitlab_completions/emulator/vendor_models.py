"""The models a gateway will run, by the names clients may ask for.

Pairs, and the model that answers, are recorded from the AI Gateway of 2026-08 and of
2024-07; the sets were not read out whole, so a rarer name may be missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gitlab_completions.emulator.profiles import Generation

__all__ = (
    "DEFAULT_OF_COMPONENTS",
    "PROVIDERS",
    "STREAMS_OF_COMPONENTS",
    "Engine",
    "UnsupportedModelError",
    "choose_engine",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The model that answers, as the answer names it."""

    engine: str
    name: str


class UnsupportedModelError(Exception):
    """The provider is known but does not have the model: 422."""


def _gitlab(engine: str, name: str) -> Engine:
    """Return an engine by GitLab's own names."""
    return Engine(engine=engine, name=name)


_VERTEX: Final = _gitlab("vertex-ai", "codestral_2508_vertex")
_FIREWORKS: Final = _gitlab("fireworks_ai", "codestral_2508_fireworks")
_FIREWORKS_2501: Final = _gitlab("fireworks_ai", "codestral_2501_fireworks")
_SONNET: Final = _gitlab("anthropic", "claude_sonnet_4_5_20250929")
_OLD: Final = _gitlab("vertex-ai", "code-gecko@002")

DEFAULT_OF_COMPONENTS: Final = _FIREWORKS
"""The model of v3 and v4 when none is named."""

STREAMS_OF_COMPONENTS: Final = _gitlab("agent", "Codestral 22B Code Completions")
"""What v4 calls it, whichever it is, in the events of a stream."""

PROVIDERS: Final[Mapping[Generation, tuple[str, ...]]] = {
    Generation.OF_2024_07: ("anthropic", "vertex-ai", "litellm"),
    Generation.OF_2026_08: (
        "anthropic",
        "vertex-ai",
        "litellm",
        "codestral",
        "fireworks_ai",
        "amazon_q",
        "gitlab",
    ),
}
"""What `model_provider` may be; the order is that of the error message."""

# The second is not recorded: GitLab 17.4 grants it, so its gateway must have it.
_PAIRS_OF_2024: Final = (
    ("vertex-ai", "code-gecko@002"),
    ("vertex-ai", "codestral@2405"),
)

_LITELLM_NAMES: Final = ("codestral", "codegemma", "codellama", "deepseekcoder")

_MODELS_OF_2026_08: Final[Mapping[tuple[str, str], Engine]] = {
    ("vertex-ai", "codestral-2501"): _VERTEX,
    ("vertex-ai", "codestral-2508"): _VERTEX,
    ("fireworks_ai", "codestral-2501"): _FIREWORKS_2501,
    ("fireworks_ai", "codestral-2508"): _FIREWORKS,
    ("fireworks_ai", "qwen2p5-coder-7b"): _FIREWORKS_2501,
    ("anthropic", "claude-sonnet-4-5-20250929"): _SONNET,
    ("amazon_q", "amazon_q"): _gitlab("amazon_q", "amazon_q"),
    ("gitlab", ""): _VERTEX,
    ("gitlab", "codestral_2501_vertex"): _VERTEX,
    ("gitlab", "codestral_2508_vertex"): _VERTEX,
    ("gitlab", "codestral_2501_fireworks"): _FIREWORKS_2501,
    ("gitlab", "codestral_2508_fireworks"): _FIREWORKS,
    ("gitlab", "claude_sonnet_4_5_20250929"): _SONNET,
    ("gitlab", "claude_sonnet_4_5_20250929_vertex"): _SONNET,
    **{("litellm", name): _gitlab("litellm", name) for name in _LITELLM_NAMES},
}


def choose_engine(
    generation: Generation, provider: str | None, name: str | None
) -> Engine | None:
    """Return the model for a request, None when the gateway fails on the name (500).

    Raises:
        UnsupportedModelError: If the provider does not have the model.
    """
    if generation is Generation.OF_2024_07:
        return _choose_old(provider, name)
    if provider is None:
        known = {model for _, model in _MODELS_OF_2026_08}
        return _VERTEX if name is None or name in known else None
    engine = _MODELS_OF_2026_08.get((provider, name or ""))
    if engine is None or name is None:
        raise UnsupportedModelError
    return engine


def _choose_old(provider: str | None, name: str | None) -> Engine | None:
    """Choose as the gateway of 2024-07.

    Raises:
        UnsupportedModelError: If the provider does not have the model.
    """
    if provider is None:
        return _OLD
    if provider == "litellm" and name is not None:
        return None  # custom models are off there: recorded as 500
    if (provider, name) not in _PAIRS_OF_2024:
        raise UnsupportedModelError
    return _OLD
